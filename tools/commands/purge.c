/* SPDX-License-Identifier: MIT */
/* commands/purge.c - hakmem purge PID: let a running process give back what is free. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "adapt/request.h"
#include "base/layout.h"
#include "target/inspect.h"
#include "commands/commands.h"
#include "commands/report.h"
#include "common/say.h"
#include "common/units.h"

enum { POLL_LEAST = 1000000, POLL_MOST = 50000000 /* nanoseconds */, WAIT_MOST = 86400 /* seconds */ };

struct purge {
    struct target target;
    struct heap heap;
    struct request answer; /* as it was read last */
    uint64_t begun;        /* before it was asked */
    uint64_t resident_before, resident_after;
};

enum outcome { SERVED, LATER, LOST };

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Read the answer. False, with `why`: the process ended, or is another program by now. */
static bool read_answer(struct purge *p)
{
    struct target *t = &p->target;
    struct process same;
    uint64_t self = t->layout + offsetof(struct hak_layout, self);
    int pid = t->process.pid;
    if (!proc_read(&same, pid) || same.start != t->process.start || same.state == 'Z' || same.state == 'X')
        snprintf(t->why, sizeof t->why, "process %d (%s) ended before it answered", pid, t->process.name);
    else if (!target_read(t, at(t, ROW_request), &p->answer, sizeof p->answer) ||
             word_at(t, self) != t->layout)
        snprintf(t->why, sizeof t->why, "process %d (%s) executes another program now", pid, t->process.name);
    else
        return true;
    return false;
}

/* What another process, or damage, cannot have made of it. */
static bool sound(const struct request *r)
{
    return r->wanted <= 1 && r->busy <= 1 && r->done <= r->begun && r->begun - r->done <= 1;
}

/* Ask. False, with `why`. */
static bool ask(struct purge *p)
{
    struct target *t = &p->target;
    int pid = t->process.pid;
    if (!read_answer(p))
        return false;
    if (p->heap.mode == HEAP_PASSIVE) {
        snprintf(t->why, sizeof t->why,
                 "process %d (%s) runs libhakmem in passive mode: the C library has its memory", pid,
                 t->process.name);
        return false;
    }
    if (!sound(&p->answer)) {
        snprintf(t->why, sizeof t->why, "process %d (%s) has damaged what the library keeps there", pid,
                 t->process.name);
        return false;
    }
    p->begun = p->answer.begun;
    p->resident_before = proc_resident(pid);
    static const uint8_t yes = 1;
    if (target_write(t, at(t, ROW_request) + offsetof(struct request, wanted), &yes, sizeof yes))
        return true;
    if (errno == ESRCH)
        snprintf(t->why, sizeof t->why, "process %d (%s) ended while it was read", pid, t->process.name);
    else
        snprintf(t->why, sizeof t->why, "process %d (%s) cannot be asked: %s", pid, t->process.name,
                 strerror(errno));
    return false;
}

/* `done` was stored behind the rest of the answer. */
static enum outcome wait_for(struct purge *p, double seconds)
{
    double end = now() + seconds;
    for (long pause = POLL_LEAST;; pause = pause < POLL_MOST ? pause * 2 : POLL_MOST) {
        if (!read_answer(p))
            return LOST;
        if (p->answer.done > p->begun)
            return read_answer(p) ? SERVED : LOST;
        if (now() >= end)
            return LATER;
        struct timespec t = {0, pause};
        (void)nanosleep(&t, NULL);
    }
}

static const char *why_later(const struct purge *p)
{
    struct process process;
    if (p->answer.begun > p->begun)
        return "it is at it";
    if (proc_read(&process, p->target.process.pid) && (process.state == 'T' || process.state == 't'))
        return "it is stopped; it will be done at the next slow path of its malloc";
    if (p->heap.mode == HEAP_EARLY)
        return "it has not allocated yet; it will be done at the first slow path of its malloc";
    return "it sleeps, or is busy with something else; it will be done at the next slow path of its malloc";
}

static void print_json(struct purge *p, bool served)
{
    json_open(&json_out, NULL, '{');
    report_json_head(&p->target, &p->heap);
    json_bool(&json_out, "served", served);
    if (served) {
        json_number(&json_out, "returned_bytes", p->answer.bytes);
        json_number(&json_out, "kept_before_bytes", p->answer.before);
        json_number(&json_out, "kept_after_bytes", p->answer.after);
        json_number(&json_out, "resident_before_bytes", p->resident_before);
        json_number(&json_out, "resident_after_bytes", p->resident_after);
    }
    json_close(&json_out);
}

static void print_text(struct purge *p)
{
    report_print_head(&p->target, &p->heap);
    printf("%-32s %12s %12s\n", "", "before", "after");
    printf("  %-30s %12s %12s\n", "kept for reuse", units_bytes(p->answer.before),
           units_bytes(p->answer.after));
    printf("  %-30s %12s %12s\n", "resident, the whole process", units_bytes(p->resident_before),
           units_bytes(p->resident_after));
    printf("  %-30s %12s %12s\n", "given back to the system", "", units_bytes(p->answer.bytes));
}

static int purge(struct purge *p, double seconds, bool json)
{
    struct target *t = &p->target;
    heap_read(t, &p->heap, false);
    enum outcome outcome = ask(p) ? wait_for(p, seconds) : LOST;
    if (outcome == LOST) {
        error("%s", t->why);
        return EXIT_NO;
    }
    p->resident_after = proc_resident(t->process.pid);
    if (json)
        print_json(p, outcome == SERVED);
    else if (outcome == SERVED)
        print_text(p);
    if (outcome == SERVED)
        return EXIT_OK;
    error("process %d (%s) has not answered yet: %s", t->process.pid, t->process.name, why_later(p));
    return EXIT_LATER;
}

int command_purge(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'}, {"wait", required_argument, NULL, 'w'}, {0}};
    static struct purge p;
    bool json = false;
    double seconds = 2;
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (o == '?')
            return option_error("purge", argv);
        json = json || o == 'j';
        if (o == 'w' && !parse_number(optarg, 0, WAIT_MOST, &seconds))
            return usage_error("purge: --wait wants 0 to %d seconds, not '%s'", WAIT_MOST, optarg);
    }
    if (argc - optind != 1)
        return usage_error("purge: name one process by its ID");
    int pid = parse_pid(argv[optind]);
    if (pid < 0)
        return EXIT_USAGE;
    if (!target_attach(&p.target, pid, false)) {
        error("%s", p.target.why);
        return EXIT_NO;
    }
    int status = purge(&p, seconds, json);
    heap_free(&p.heap);
    target_close(&p.target);
    return status;
}
