/* SPDX-License-Identifier: MIT */
/* commands/report-helper.c - what stat and explain both print of the helper thread: what it did, and what
 * comes next. */
#include "commands/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "adapt/helper.h"
#include "adapt/permit.h"
#include "base/clock.h"
#include "common/say.h"
#include "common/units.h"
#include "settings/options.h"

/* For machines, and in words. */
static const struct {
    const char *name, *words;
} against[AGAINST_REASONS] = {
    [AGAINST_OPTION] = {"option", "HAKMEM_ACE_THREAD=0 forbids it"},
    [AGAINST_SECURE] = {"secure", "the process runs in secure execution"},
    [AGAINST_SANITIZER] = {"sanitizer", "ThreadSanitizer has to see each thread begin"},
    [AGAINST_IMPORT] = {"import", "the program, or a library, uses"},
    [AGAINST_IDENTITY] = {"identity", "it is privileged, and the program, or a library, uses"},
    [AGAINST_FILTER] = {"filter", "it has a filter of seccomp(2) that process 1 has not"},
    [AGAINST_UNKNOWN] = {"unknown", "/proc/self/status cannot be read there"},
    [AGAINST_THREADS] = {"threads", "it has threads that the C library does not know"},
    [AGAINST_FORK] = {"fork", "it is the child of a fork in a thread"},
    [AGAINST_SYSTEM] = {"system", "the system refuses the thread, or membarrier(2)"},
    [AGAINST_VFORK] = {"vfork", "it was the child of vfork(2) that asked"},
    [AGAINST_LOADING] = {"loading", "a library was being opened or closed"},
    [AGAINST_CACHES] = {"caches", "of several threads fewer than two have a cache"},
};
static const char *const state_names[] = {
    [HELPER_NONE] = "none",         [HELPER_NEVER] = "never", [HELPER_WANTED] = "wanted",
    [HELPER_STARTING] = "starting", [HELPER_IDLE] = "idle",   [HELPER_ACTIVE] = "active",
    [HELPER_DISMISSED] = "ending"};

struct view {
    const char *state;
    unsigned is;      /* enum helper_state */
    unsigned against; /* enum permit_reason */
    char name[64];    /* of a function: "" if that is not the reason */
    bool at_all;      /* it may be had there: else nothing can come */
    bool asked;       /* HAKMEM_ACE_THREAD is 1 */
    uint64_t starts;
    /* Milliseconds from now on, and since then; NOT_KNOWN: never. */
    uint64_t acted, looks, ends;
};
static const uint64_t NOT_KNOWN = UINT64_MAX;

/* From NOW to WHEN, which may have passed meanwhile. A clock of another name space tells nothing. */
static uint64_t until(uint64_t now, uint64_t when)
{
    enum { MOST = 2 * 3600000 /* HAKMEM_PURGE_DELAY, and some seconds */ };
    if (when <= now)
        return 0;
    return when - now < MOST ? when - now : NOT_KNOWN;
}

static uint64_t since(uint64_t now, uint64_t when)
{
    return when && when <= now ? now - when : NOT_KNOWN;
}

static uint64_t ace_thread(struct target *t)
{
    uint64_t value = 0;
    (void)target_read_file(
        t, at(t, ROW_option_page) + offsetof(struct option_values, number) + OPT_ACE_THREAD * 8, &value, 8);
    return value;
}

static void judge(struct view *v, struct target *t, const struct heap *h)
{
    uint64_t option = ace_thread(t);
    v->asked = option == 1;
    if (!option)
        v->against = AGAINST_OPTION;
    v->at_all = option && v->is != HELPER_NEVER && h->mode != HEAP_PASSIVE;
    v->state = v->at_all ? state_names[v->is] : state_names[HELPER_NEVER];
    if (v->at_all && v->is == HELPER_NONE && v->starts)
        v->state = "ended";
}

static void look(struct view *v, struct target *t, const struct heap *h)
{
    struct helper_report r;
    uint64_t now = clock_now_ms();
    memset(&r, 0, sizeof r);
    (void)target_read(t, at(t, ROW_helper), &r, sizeof r);
    *v = (struct view){.is = r.state <= HELPER_DISMISSED ? r.state : HELPER_NONE,
                       .against = r.against < AGAINST_REASONS ? r.against : AGAINST_NOTHING,
                       .starts = h->stats.helper_starts,
                       .acted = since(now, r.acted_ms),
                       .looks = NOT_KNOWN,
                       .ends = NOT_KNOWN};
    judge(v, t, h);
    if (v->against == AGAINST_IMPORT || v->against == AGAINST_IDENTITY)
        target_text(t, (uintptr_t)r.name, v->name, sizeof v->name);
    if ((v->is == HELPER_IDLE || v->is == HELPER_ACTIVE) && r.looks_ms) {
        v->looks = until(now, r.looks_ms);
        v->ends = until(now, r.ends_ms);
    }
}

/* --- JSON ----------------------------------------------------------------------------------------*/

static void json_time(const char *name, uint64_t ms)
{
    if (ms == NOT_KNOWN)
        json_text(&json_out, name, NULL);
    else
        json_number(&json_out, name, ms);
}

void report_json_helper(struct target *t, const struct heap *h)
{
    struct view v;
    look(&v, t, h);
    json_open(&json_out, "helper", '{');
    json_text(&json_out, "state", v.state);
    json_text(&json_out, "against", against[v.against].name);
    json_text(&json_out, "imports", v.name[0] ? v.name : NULL);
    json_number(&json_out, "starts", v.starts);
    json_number(&json_out, "returned_bytes", h->stats.helper_bytes);
    json_number(&json_out, "caches_taken", h->stats.sleepers);
    json_number(&json_out, "cache_bytes", h->stats.sleeper_bytes);
    json_time("acted_ms_ago", v.acted);
    json_time("looks_in_ms", v.looks);
    json_time("ends_in_ms", v.ends);
    json_close(&json_out);
}

/* --- Text ----------------------------------------------------------------------------------------*/

static const char *seconds(uint64_t ms)
{
    static char texts[4][32];
    static unsigned next;
    char *out = texts[next++ % 4];
    snprintf(out, sizeof texts[0], "%" PRIu64 ".%" PRIu64 " s", ms / 1000, ms % 1000 / 100);
    return out;
}

static void row(const char *what, const char *value)
{
    printf("  %-40s %16s\n", what, value);
}

static void print_reason(const struct view *v, const char *before)
{
    if (v->against == AGAINST_IMPORT && !v->name[0])
        printf("  %sit is static, and could use anything\n", before);
    else if (v->against != AGAINST_NOTHING)
        printf("  %s%s%s%s\n", before, against[v->against].words, v->name[0] ? " " : "",
               units_plain(v->name));
}

/* Why there is none, or what comes next. */
static void print_next(const struct view *v, enum heap_mode mode)
{
    if (mode == HEAP_PASSIVE) {
        puts("  none in passive mode");
    } else if (!v->at_all) {
        print_reason(v, "none: ");
    } else if (v->is == HELPER_NONE) {
        puts(v->asked ? "  starts with the next slow path"
                      : "  starts with the next slow path that finds some megabytes free");
        print_reason(v, "not the last time: ");
    } else if (v->is == HELPER_WANTED) {
        puts("  starts with the next slow path of a thread that allocates");
    } else if (v->ends != NOT_KNOWN) {
        printf("  looks again within %" PRIu64 " ms", v->looks);
        printf(", ends in %s if nothing happens\n", seconds(v->ends));
    }
}

void report_print_helper(struct target *t, const struct heap *h)
{
    struct view v;
    char starts[24], taken[24];
    look(&v, t, h);
    snprintf(starts, sizeof starts, "%" PRIu64, v.starts);
    snprintf(taken, sizeof taken, "%" PRIu64, h->stats.sleepers);
    puts("\nthe helper thread");
    row("state", v.state);
    print_next(&v, h->mode);
    if (!v.starts)
        return;
    row("started, times", starts);
    row("gave back to the system", units_bytes(h->stats.helper_bytes));
    row("took caches of sleeping threads", taken);
    row("  with free blocks", units_bytes(h->stats.sleeper_bytes));
    if (v.acted != NOT_KNOWN)
        row("gave something back, time ago", seconds(v.acted));
}
