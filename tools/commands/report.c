/* SPDX-License-Identifier: MIT */
/* commands/report.c - what stat and explain both print of a heap. */
#include "commands/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adapt/ace.h"
#include "common/say.h"
#include "common/units.h"
#include "events/failure.h"
#include "settings/options.h"

/* In the order in which they are shown: for machines, and in words. */
static const struct {
    enum slab_state state;
    const char *name, *words;
} states[] = {
    {SLAB_UNUSED, "unused", "UNUSED"},     {SLAB_ACTIVE, "active", "ACTIVE"},
    {SLAB_EMPTY, "empty", "EMPTY"},        {SLAB_SPAN, "span", "in spans"},
    {SLAB_PURGE, "purge", "being purged"}, {SLAB_CLOSED, "closed", "reserved"},
};
enum { STATES = sizeof states / sizeof states[0] };
static_assert((int)STATES == (int)SLAB_STATES, "a row for each state");

/* --- Who -----------------------------------------------------------------------------------------*/

void report_json_head(struct target *t, const struct heap *h)
{
    json_number(&json_out, "pid", (uint64_t)t->process.pid);
    json_text(&json_out, "command", t->process.name);
    json_text(&json_out, "version", t->version);
    json_text(&json_out, "library", t->library);
    json_bool(&json_out, "library_deleted", t->deleted);
    json_text(&json_out, "mode", h->mode_name);
    json_bool(&json_out, "falls_back_to_libc", h->mixed);
}

void report_print_head(struct target *t, const struct heap *h)
{
    printf("process %d (%s), libhakmem %s in %s mode%s\n", t->process.pid, t->process.name, t->version,
           h->mode_name, h->mixed ? ", the C library where the pool fails" : "");
    if (t->deleted)
        puts("note: the file of the library was replaced or deleted since it started");
    if (h->mode == HEAP_PASSIVE)
        puts("note: in passive mode every call is handed to the C library");
    if (h->mode == HEAP_EARLY)
        puts("note: nothing was allocated yet");
}

/* --- The heap ------------------------------------------------------------------------------------*/

/* The statistics that are counters, or those that are not. */
static void json_statistics(const struct heap *h, bool counting)
{
    for (unsigned i = 0; i < STATISTICS; i++)
        if (statistics[i].counter == counting && (!statistics[i].resident || h->stats.resident_bytes))
            json_number(&json_out, statistics[i].name, statistic(&h->stats, i));
}

void report_json_heap(const struct heap *h)
{
    const struct census *c = &h->census;
    json_open(&json_out, "heap", '{');
    json_statistics(h, false);
    json_number(&json_out, "in_use_bytes", h->in_use);
    json_number(&json_out, "kept_slab_bytes", h->kept_slabs);
    json_number(&json_out, "kept_large_bytes", h->kept_large);
    json_number(&json_out, "idle_strip_bytes", h->census.strip.idle);
    json_number(&json_out, "thread_caches", h->caches);
    json_open(&json_out, "slabs", '{');
    for (int i = 0; i < STATES; i++)
        json_number(&json_out, states[i].name, h->residents.state[states[i].state]);
    json_close(&json_out);
    json_open(&json_out, "slab_resident_bytes", '{');
    for (int i = 0; i < STATES; i++)
        json_number(&json_out, states[i].name, h->residents.state_resident[states[i].state]);
    json_close(&json_out);
    json_number(&json_out, "spans", heap_spans(h));
    json_number(&json_out, "shelved_spans", c->shelved);
    json_number(&json_out, "large_cached_mappings", h->large_cached);
    json_number(&json_out, "structures_skipped", h->damaged);
    json_close(&json_out);
    json_open(&json_out, "counters", '{');
    json_statistics(h, true);
    json_number(&json_out, "class_locks", h->class_locks);
    json_number(&json_out, "direct", c->counter[COUNT_UNCACHED_ALLOCS]);
    json_number(&json_out, "spans", c->taken);
    json_number(&json_out, "larges", c->counter[COUNT_LARGE_ALLOCS]);
    json_close(&json_out);
}

static void line(const char *what, uint64_t count, const char *unit, const char *bytes, const char *resident)
{
    printf("  %-26s %9" PRIu64 " %-7s %9s", what, count, unit, bytes);
    if (*resident)
        printf(", %s resident", resident);
    putchar('\n');
}

void report_print_heap(const struct heap *h)
{
    const struct hak_stats *s = &h->stats;
    puts("\nmemory of the heap");
    line("superslabs", s->superslabs, "", units_bytes(s->superslabs << SUPERSLAB_SHIFT), "");
    for (int i = 0; i < STATES; i++) {
        char what[48];
        size_t slabs = h->residents.state[states[i].state],
               resident = h->residents.state_resident[states[i].state];
        snprintf(what, sizeof what, "slabs, %s", states[i].words);
        if (slabs)
            line(what, slabs, "", units_bytes(slabs << GRANULE_SHIFT), resident ? units_bytes(resident) : "");
    }
    line("caches of threads", s->threads, "in use", units_bytes(heap_cached_bytes(h)), "");
    if (h->census.shelved)
        line("  of that spans", h->census.shelved, "", units_bytes(s->shelved_bytes), "");
    line("large mappings in use", s->large_blocks, "", units_bytes(s->large_bytes),
         h->large_resident ? units_bytes(h->large_resident) : "");
    if (h->large_cached)
        line("large mappings kept", h->large_cached, "", units_bytes(s->large_cached_bytes),
             h->large_cached_resident ? units_bytes(h->large_cached_resident) : "");
}

void report_json_classes(const struct heap *h)
{
    json_open(&json_out, "classes", '[');
    for (unsigned c = 1; c < CLASSES; c++) {
        const struct census_class *of = &h->census.of[c];
        if (!census_used(of) && !of->popped)
            continue;
        json_open(&json_out, NULL, '{');
        json_number(&json_out, "class", c);
        json_number(&json_out, "size", class_size(c));
        json_number(&json_out, "live", of->live);
        json_number(&json_out, "cached", of->cached);
        json_number(&json_out, "free_in_slabs", of->free);
        json_number(&json_out, "slabs", of->slabs);
        json_number(&json_out, "resident_bytes", h->residents.of[c].resident);
        json_number(&json_out, "handed_out", of->popped);
        json_close(&json_out);
    }
    json_close(&json_out);
}

/* --- Options that differ from their defaults -----------------------------------------------------*/

struct changed {
    char name[64], path[4096]; /* of a limit: the share that it came from, "" if none */
    bool is_path;
    uint64_t value;
};

/* NUMBER is what option O was at start: what the process set it to since then. */
static uint64_t in_force(struct target *t, enum option o, uint64_t number)
{
    struct ace_settings now;
    if (!word_at(t, at(t, ROW_decisions)) || !target_read(t, at(t, ROW_settings), &now, sizeof now))
        return number; /* nothing was set yet, perhaps not even read */
    return now.number[o];
}

/* Option O; false if it is what it is by default. */
static bool changed(struct target *t, enum option o, struct changed *out)
{
    struct option_row row;
    uint64_t page = at(t, ROW_option_page), number, path;
    if (!target_read_file(t, at(t, ROW_option_rows) + o * sizeof row, &row, sizeof row) ||
        !target_read_file(t, page + offsetof(struct option_values, number) + o * 8, &number, 8) ||
        !target_read_file(t, page + offsetof(struct option_values, path) + o * 8, &path, 8))
        return false;
    *out = (struct changed){.is_path = row.type == OPTION_PATH, .value = in_force(t, o, number)};
    snprintf(out->name, sizeof out->name, "%.*s", (int)sizeof row.name, row.name);
    /* A share of no limit is the default again, and was meant to be something else; a number that was set
     * since then is no share. */
    if (path && (out->is_path || out->value == number))
        target_text(t, path, out->path, sizeof out->path);
    return out->path[0] || (!out->is_path && out->value != row.def);
}

bool report_policy(struct target *t, struct live_policy *out)
{
    return target_read(t, at(t, ROW_policy), out, sizeof *out);
}

/* What the engine chose last. */
void report_json_policy(struct target *t)
{
    struct live_policy p;
    (void)report_policy(t, &p);
    json_open(&json_out, "policy", '{');
    json_number(&json_out, "decisions", word_at(t, at(t, ROW_decisions)));
    json_number(&json_out, "growth_step", p.growth_step);
    json_number(&json_out, "retain_bytes", p.retain_bytes);
    json_number(&json_out, "large_cache_bytes", p.large_cache_bytes);
    json_number(&json_out, "purge_delay_ms", p.purge_delay_ms);
    json_number(&json_out, "huge_pages", p.huge);
    json_number(&json_out, "soft_limit_bytes", p.soft_limit_bytes);
    json_number(&json_out, "pressure", p.pressure);
    json_close(&json_out);
}

void report_json_options(struct target *t)
{
    struct changed c;
    json_open(&json_out, "options_changed", '{');
    for (enum option o = 0; o < OPT_COUNT; o++) {
        if (!changed(t, o, &c))
            continue;
        if (c.is_path)
            json_text(&json_out, c.name, c.path);
        else
            json_number(&json_out, c.name, c.value);
    }
    json_close(&json_out);
}

/* What a share of the control group's limit came to when the process began. */
static const char *share_words(uint64_t value)
{
    static char text[32];
    snprintf(text, sizeof text, "%" PRIu64, value);
    return value ? text : "no limit: the control group had none";
}

void report_print_options(struct target *t)
{
    struct changed c;
    bool any = false;
    for (enum option o = 0; o < OPT_COUNT; o++) {
        if (!changed(t, o, &c))
            continue;
        if (!any)
            puts("\noptions that are not at their defaults");
        any = true;
        if (c.is_path)
            printf("  %s=%s\n", c.name, units_plain(c.path));
        else if (c.path[0])
            printf("  %s=%s, which is %s\n", c.name, units_plain(c.path), share_words(c.value));
        else
            printf("  %s=%" PRIu64 "\n", c.name, c.value);
    }
}

/* --- The last allocation that failed -------------------------------------------------------------*/

/* The ring, as events/failure.c tells those who read a core dump. */
struct ring {
    char magic[16];
    uint64_t first_slot, slot_size, slots, begun, lost;
};
struct slot {
    uint64_t turn;
    struct failure record;
};

static bool last_failure(struct target *t, struct failure *f, char call[24])
{
    struct ring ring;
    struct slot slot;
    if (!target_read(t, at(t, ROW_failures), &ring, sizeof ring) || !ring.begun || !ring.slots)
        return false;
    uint64_t n = ring.begun - 1,
             where = at(t, ROW_failures) + ring.first_slot + n % ring.slots * ring.slot_size;
    for (int i = 0; i < 3; i++) { /* its turn tells a record that is whole */
        if (!target_read(t, where, &slot, sizeof slot) || slot.turn != 2 * n + 2 ||
            word_at(t, where) != 2 * n + 2)
            continue;
        *f = slot.record;
        target_text(t, (uintptr_t)f->call, call, 24);
        return true;
    }
    return false;
}

static const char *reason_name(uint64_t reason)
{
    return failure_reason_name[reason < FAILURE_REASONS ? reason : FAILURE_NONE];
}

void report_json_failure(struct target *t)
{
    struct failure f;
    char call[24];
    if (!last_failure(t, &f, call)) {
        json_text(&json_out, "last_failure", NULL);
        return;
    }
    json_open(&json_out, "last_failure", '{');
    json_number(&json_out, "time_ns", f.time_ns);
    json_number(&json_out, "tid", (uint64_t)f.tid);
    json_number(&json_out, "size", f.size);
    json_number(&json_out, "alignment", f.alignment);
    json_text(&json_out, "reason", reason_name(f.reason));
    json_text(&json_out, "call", call);
    json_number(&json_out, "errno", (uint64_t)f.code);
    json_number(&json_out, "mapped_bytes", f.mapped);
    json_number(&json_out, "mappings", f.mappings);
    json_close(&json_out);
}

void report_print_failure(struct target *t)
{
    struct failure f;
    char call[24];
    char when[32] = "";
    struct tm tm;
    if (!last_failure(t, &f, call))
        return;
    time_t seconds = (time_t)(f.time_ns / 1000000000);
    if (localtime_r(&seconds, &tm))
        strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &tm);
    printf("\nlast allocation that failed, %s\n  %s: %" PRIu64 " bytes", when, reason_name(f.reason), f.size);
    if (f.code)
        printf(", %s: %s", units_plain(call), strerror((int)f.code));
    printf("\n  the library held %s in %" PRIu64 " mappings\n", units_bytes(f.mapped), f.mappings);
}
