/* SPDX-License-Identifier: MIT */
/* profile/collect.c - sampling in a running process, switched on and off from outside.
 *
 * What is written into the process: the two numbers of the request and its byte, and "knocks": the number of
 * granules of the window as each thread's cache knows it becomes 0. Then the next free of that thread takes the slow
 * path, which sets the number anew and sees the request. A thread may store it at the same moment: then
 * it is in the slow path already. */
#include "profile/collect.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/layout.h"
#include "cache/tcache.h"
#include "common/say.h"
#include "common/units.h"

enum {
    ANSWER_MS = 2000, /* to wait for an answer */
    BEGIN_MS = 60000, /* at the most, for a process that sleeps meanwhile */
    POLL_MS = 5,
    REFUSED_POLLS = 20, /* that see a refusal, before it is believed: it may be an old one */
    SPARE_SECONDS = 10, /* beyond which it ends by itself, if this command is killed */
    CACHES_MOST = 1 << 18
};

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
    interrupted = signal;
}

void collect_catch_signals(void)
{
    static const int which[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction act = {.sa_handler = interrupt}, old;
    for (size_t i = 0; i < sizeof which / sizeof which[0]; i++)
        if (sigaction(which[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            (void)sigaction(which[i], &act, NULL);
}

bool collect_interrupted(void)
{
    return interrupted != 0;
}

static void pause_ms(uint64_t ms)
{
    struct timespec t = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    (void)nanosleep(&t, NULL);
}

/* --- What the process says -----------------------------------------------------------------------*/

static uint32_t epoch_now(struct collect *c)
{
    return half_at(&c->target, at(&c->target, ROW_samples) + offsetof(struct samples, epoch));
}

static bool request_now(struct collect *c, struct sample_request *r)
{
    return target_read(&c->target, at(&c->target, ROW_sample_request), r, sizeof *r);
}

/* Is it the process that it was? False, with `why`. */
static bool still_there(struct collect *c)
{
    struct target *t = &c->target;
    struct process same;
    int pid = t->process.pid;
    if (!proc_read(&same, pid) || same.start != t->process.start || same.state == 'Z' || same.state == 'X')
        snprintf(t->why, sizeof t->why, "process %d (%s) ended meanwhile", pid, t->process.name);
    else if (word_at(t, t->layout + offsetof(struct hak_layout, self)) != t->layout)
        snprintf(t->why, sizeof t->why, "process %d (%s) executes another program now", pid, t->process.name);
    else
        return true;
    return false;
}

/* --- What is written -----------------------------------------------------------------------------*/

static bool write_field(struct collect *c, uint64_t offset, const void *value, size_t size)
{
    struct target *t = &c->target;
    if (target_write(t, at(t, ROW_sample_request) + offset, value, size))
        return true;
    if (errno == ESRCH)
        snprintf(t->why, sizeof t->why, "process %d (%s) ended meanwhile", t->process.pid, t->process.name);
    else
        snprintf(t->why, sizeof t->why, "process %d (%s) cannot be asked: %s", t->process.pid,
                 t->process.name, strerror(errno));
    return false;
}

static bool want(struct collect *c, uint8_t what)
{
    return write_field(c, offsetof(struct sample_request, wanted), &what, sizeof what);
}

/* Each thread's next free takes the slow path. The list may change meanwhile, or be damaged: what is no cache
 * is left alone. */
static void knock(struct collect *c)
{
    static const uint64_t none = 0;
    struct target *t = &c->target;
    uint64_t head = at(t, ROW_threads_all), link = word_at(t, head + offsetof(struct list, next));
    for (unsigned n = 0; link && link != head && n < CACHES_MOST; n++) {
        struct list own;
        uint64_t cache = link - offsetof(struct tcache, all);
        if (link % 8 || !proc_find(&t->maps, cache) || !target_read(t, link, &own, sizeof own))
            break;
        /* Its neighbour in the list points back to it, or it is none. */
        if (word_at(t, (uintptr_t)own.prev + offsetof(struct list, next)) == link)
            (void)target_write(t, cache + offsetof(struct tcache, window_granules), &none, sizeof none);
        link = (uintptr_t)own.next;
    }
}

/* Caches of new threads may lie in new mappings. */
void collect_renew(struct collect *c)
{
    struct target *t = &c->target;
    struct vmas fresh;
    if (proc_maps(&fresh, t->process.pid, false)) {
        proc_maps_free(&t->maps);
        t->maps = fresh;
    }
}

/* --- Beginning -----------------------------------------------------------------------------------*/

static bool refuse_mode(struct collect *c)
{
    struct target *t = &c->target;
    c->mode = (enum heap_mode)half_at(t, at(t, ROW_heap_mode));
    if (c->mode != HEAP_PASSIVE && c->mode != HEAP_CHECKED)
        return false;
    snprintf(t->why, sizeof t->why, "process %d (%s) runs libhakmem in %s mode: %s", t->process.pid,
             t->process.name, c->mode == HEAP_PASSIVE ? "passive" : "checked",
             c->mode == HEAP_PASSIVE ? "the C library has its memory" : "nothing is sampled there");
    return true;
}

static enum collected why_later(struct collect *c)
{
    struct target *t = &c->target;
    struct process now;
    bool stopped = proc_read(&now, t->process.pid) && (now.state == 'T' || now.state == 't');
    snprintf(t->why, sizeof t->why,
             "process %d (%s) has not begun to sample: it %s; only a slow path of its malloc can, "
             "so ask again when it works",
             t->process.pid, t->process.name,
             stopped ? "is stopped" : "sleeps, or is busy with something else");
    return COLLECT_LATER;
}

/* Wait until sampling is on, for as long as it would be, within bounds. */
static enum collected wait_begun(struct collect *c, double seconds)
{
    struct target *t = &c->target;
    struct sample_request r;
    int refusals = 0;
    uint64_t wait = (uint64_t)(fmin(fmax(seconds * 1000, ANSWER_MS), BEGIN_MS));
    for (uint64_t end = now_ms() + wait; now_ms() < end && !interrupted;) {
        if (!still_there(c) || !request_now(c, &r))
            return COLLECT_FAILED;
        if ((c->epoch = epoch_now(c)) % 2) {
            c->on = true;
            return COLLECTED;
        }
        refusals = !r.wanted && r.refused ? refusals + 1 : 0;
        if (refusals == REFUSED_POLLS) {
            snprintf(t->why, sizeof t->why, "process %d (%s) has no memory for it (HAKMEM_SAMPLE_MEMORY)",
                     t->process.pid, t->process.name);
            return COLLECT_FAILED;
        }
        pause_ms(POLL_MS);
    }
    return why_later(c);
}

/* Ask for it. */
static enum collected switch_on(struct collect *c, uint64_t mean, double seconds)
{
    struct sample_request r = {.mean = mean, .seconds = (uint64_t)seconds + SPARE_SECONDS};
    c->ours = true;
    if (!write_field(c, offsetof(struct sample_request, mean), &r.mean, sizeof r.mean) ||
        !write_field(c, offsetof(struct sample_request, seconds), &r.seconds, sizeof r.seconds) ||
        !want(c, SAMPLE_WANTS_START))
        return COLLECT_FAILED;
    knock(c);
    enum collected answer = wait_begun(c, seconds);
    if (answer == COLLECTED)
        knock(c); /* a thread that came by before it was on does so again */
    else if (answer == COLLECT_LATER)
        (void)want(c, 0); /* nobody would read what it samples */
    return answer;
}

/* It samples already: MEAN, unless it is 0, is not what it has. */
static void tell_distance(struct collect *c, uint64_t mean)
{
    struct target *t = &c->target;
    uint64_t has = word_at(t, at(t, ROW_samples) + offsetof(struct samples, mean));
    if (mean && has != mean)
        error("note: process %d (%s) samples already, one in %s: --rate has no effect", t->process.pid,
              t->process.name, units_bytes(has));
}

enum collected collect_begin(struct collect *c, int pid, uint64_t mean, double seconds)
{
    struct target *t = &c->target;
    struct sample_request r;
    if (!target_attach(t, pid, false) || refuse_mode(c))
        return COLLECT_FAILED;
    if (!request_now(c, &r) || r.wanted > SAMPLE_WANTS_STOP || r.refused > 1) {
        snprintf(t->why, sizeof t->why, "process %d (%s) has damaged what the library keeps there", pid,
                 t->process.name);
        return COLLECT_FAILED;
    }
    c->epoch = epoch_now(c);
    c->begun_ms = now_ms();
    if (c->epoch % 2) {
        tell_distance(c, mean);
        return seconds <= 0 || tables_read(t, &c->before, false) ? COLLECTED : COLLECT_FAILED;
    }
    if (seconds <= 0) {
        snprintf(t->why, sizeof t->why,
                 "process %d (%s) is not sampling: there is nothing to read without --seconds", pid,
                 t->process.name);
        return COLLECT_FAILED;
    }
    return switch_on(c, mean, seconds);
}

/* --- The end -------------------------------------------------------------------------------------*/

bool collect_wait(struct collect *c, double seconds)
{
    enum { LOOK_MS = 200 }; /* whether it is still there */
    uint64_t end = now_ms() + (uint64_t)(seconds * 1000);
    for (uint64_t now; (now = now_ms()) < end && !interrupted;) {
        pause_ms(end - now < LOOK_MS ? end - now : LOOK_MS);
        if (!still_there(c))
            return false;
    }
    return true;
}

void collect_end(struct collect *c)
{
    if (!c->on || epoch_now(c) != c->epoch)
        return;
    c->on = false;
    collect_renew(c);
    if (!want(c, SAMPLE_WANTS_STOP))
        return;
    knock(c);
    for (uint64_t end = now_ms() + ANSWER_MS; now_ms() < end && epoch_now(c) == c->epoch;)
        pause_ms(POLL_MS);
}

bool collect_read(struct collect *c, struct profile *p)
{
    struct target *t = &c->target;
    struct tables now = {0};
    if (!still_there(c))
        return false;
    collect_renew(c);
    bool good = tables_read(t, &now, false);
    uint32_t epoch = now.head.epoch;
    if (good && epoch != c->epoch && epoch != c->epoch + 1) {
        snprintf(t->why, sizeof t->why,
                 "process %d (%s) began to sample anew meanwhile: somebody else asked it to", t->process.pid,
                 t->process.name);
        good = false;
    }
    if (good) {
        tables_add(p, t, &now, c->before.sites ? &c->before : NULL);
        p->title = need_format("process %d (%s)", t->process.pid, t->process.name);
        p->when = (double)time(NULL);
        uint64_t from = c->before.sites ? c->begun_ms : now.head.begun_ms;
        uint64_t to = epoch % 2 ? now.at_ms : now.head.ended_ms;
        p->seconds = to > from ? (double)(to - from) / 1000 : 0;
        p->difference = c->before.sites != NULL;
    }
    tables_free(&now);
    return good;
}

void collect_free(struct collect *c)
{
    tables_free(&c->before);
    target_close(&c->target);
}
