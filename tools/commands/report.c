/* SPDX-License-Identifier: MIT */
/* commands/report.c - what stat and explain both print of a heap. */
#include "commands/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/json.h"
#include "common/units.h"

static const char *const state_names[STATES] = {"unused", "active", "empty", "span", "purge", "closed"};
static const char *const state_words[STATES] = {"UNUSED",   "ACTIVE",       "EMPTY",
                                                "in spans", "being purged", "reserved"};

/* --- Who -----------------------------------------------------------------------------------------*/

void report_json_head(struct target *t, const struct heap *h)
{
    json_number("pid", (uint64_t)t->process.pid);
    json_text("command", t->process.name);
    json_text("version", t->version);
    json_text("library", t->library);
    json_bool("library_deleted", t->deleted);
    json_text("mode", h->mode_name);
    json_bool("falls_back_to_libc", h->mixed);
}

void report_print_head(struct target *t, const struct heap *h)
{
    printf("process %d (%s), libhakmem %s in %s mode%s\n", t->process.pid, t->process.name, t->version,
           h->mode_name, h->mixed ? ", the C library where the pool fails" : "");
    if (t->deleted)
        puts("note: the file of the library was replaced or deleted since it started");
    if (h->mode == at(t, ROW_heap_passive))
        puts("note: in passive mode every call is handed to the C library");
    if (h->mode == at(t, ROW_heap_early))
        puts("note: nothing was allocated yet");
}

/* --- The heap ------------------------------------------------------------------------------------*/

void report_json_heap(struct target *t, const struct heap *h)
{
    json_open("heap", '{');
    json_number("live_bytes", heap_live_bytes(h));
    json_number("cached_bytes", heap_cached_bytes(h) - h->shelved_bytes);
    json_number("in_use_bytes", h->in_use);
    json_number("kept_slab_bytes", h->kept_slabs);
    json_number("kept_large_bytes", h->kept_large);
    json_number("idle_strip_bytes", h->idle_strips);
    json_number("metadata_bytes", h->metadata);
    json_number("threads", h->threads);
    json_number("thread_caches", h->caches);
    json_number("superslabs", h->superslabs);
    json_open("slabs", '{');
    for (int i = 0; i < STATES; i++)
        json_number(state_names[i], h->slabs[i]);
    json_close();
    json_open("slab_resident_bytes", '{');
    for (int i = 0; i < STATES; i++)
        json_number(state_names[i], h->slab_resident[i]);
    json_close();
    json_number("spans", h->spans - min_size(h->spans, h->shelved));
    json_number("span_bytes", h->span_bytes - min_size(h->span_bytes, h->shelved_bytes));
    json_number("shelved_spans", h->shelved);
    json_number("shelved_bytes", h->shelved_bytes);
    json_number("large_blocks", h->larges);
    json_number("large_bytes", h->large_bytes);
    json_number("large_cached_mappings", h->cached_larges);
    json_number("large_cached_bytes", h->cached_large_bytes);
    json_number("structures_skipped", h->damaged);
    json_close();
    json_open("counters", '{');
    json_number("allocations", h->popped + heap_counter(t, h, ROW_count_uncached) +
                                   heap_counter(t, h, ROW_count_spans) + h->shelf_taken +
                                   heap_counter(t, h, ROW_count_larges));
    json_number("cache_hits", h->popped - min_size(h->popped, h->misses));
    json_number("class_locks", h->class_locks);
    json_number("direct", heap_counter(t, h, ROW_count_uncached));
    json_number("spans", heap_counter(t, h, ROW_count_spans) + h->shelf_taken);
    json_number("larges", heap_counter(t, h, ROW_count_larges));
    json_number("stage_partial", heap_counter(t, h, ROW_count_partial));
    json_number("stage_empty", heap_counter(t, h, ROW_count_empty));
    json_number("stage_empty_any", heap_counter(t, h, ROW_count_empty_any));
    json_number("stage_unused", heap_counter(t, h, ROW_count_unused));
    json_number("stage_new", heap_counter(t, h, ROW_count_new));
    json_number("purged_bytes", heap_counter(t, h, ROW_count_purged));
    json_number("failures", heap_counter(t, h, ROW_count_failures));
    json_close();
}

static void line(const char *what, uint64_t count, const char *unit, const char *bytes, const char *resident)
{
    printf("  %-26s %9" PRIu64 " %-7s %9s", what, count, unit, bytes);
    if (*resident)
        printf(", %s resident", resident);
    putchar('\n');
}

void report_print_heap(struct target *t, const struct heap *h)
{
    uint64_t granule = UINT64_C(1) << at(t, ROW_granule_shift);
    puts("\nmemory of the heap");
    line("superslabs", h->superslabs, "", units_bytes(h->superslabs << at(t, ROW_superslab_shift)), "");
    for (int i = 0; i < STATES; i++) {
        char what[48];
        snprintf(what, sizeof what, "slabs, %s", state_words[i]);
        if (h->slabs[i])
            line(what, h->slabs[i], "", units_bytes(h->slabs[i] * granule),
                 h->slab_resident[i] ? units_bytes(h->slab_resident[i]) : "");
    }
    line("caches of threads", h->threads, "in use", units_bytes(heap_cached_bytes(h)), "");
    if (h->shelved)
        line("  of that spans", h->shelved, "", units_bytes(h->shelved_bytes), "");
    line("large mappings in use", h->larges, "", units_bytes(h->large_bytes),
         h->large_resident ? units_bytes(h->large_resident) : "");
    if (h->cached_larges)
        line("large mappings kept", h->cached_larges, "", units_bytes(h->cached_large_bytes),
             h->cached_large_resident ? units_bytes(h->cached_large_resident) : "");
}

void report_json_classes(const struct heap *h)
{
    json_open("classes", '[');
    for (unsigned c = 1; c < h->classes; c++) {
        const struct class_sums *s = &h->class[c];
        if (!s->slabs && !s->out && !s->popped)
            continue;
        json_open(NULL, '{');
        json_number("class", c);
        json_number("size", s->size);
        json_number("live", heap_live(s));
        json_number("cached", s->cached);
        json_number("free_in_slabs", s->carved > s->out ? s->carved - s->out : 0);
        json_number("slabs", s->slabs);
        json_number("resident_bytes", s->resident);
        json_number("handed_out", s->popped);
        json_close();
    }
    json_close();
}

/* --- Options that differ from their defaults -----------------------------------------------------*/

struct changed {
    char name[64], path[4096];
    bool is_path;
    uint64_t value;
};

/* NUMBER is what option O was at start: what the process set it to since then. */
static uint64_t in_force(struct target *t, uint64_t o, uint64_t number)
{
    uint64_t engine = at(t, ROW_at_engine), settings = engine + offset_of(t, ROW_engine_settings), now;
    if (!field_at(t, engine, ROW_engine_decisions))
        return number; /* nothing was set yet, perhaps not even read */
    return target_read(t, settings + offset_of(t, ROW_settings_number) + o * 8, &now, 8) ? now : number;
}

/* Option O; false if it is what it is by default. */
static bool changed(struct target *t, uint64_t o, struct changed *out)
{
    uint64_t row = at(t, ROW_at_option_rows) + o * at(t, ROW_option_row_size),
             page = at(t, ROW_at_option_page);
    char copy[256];
    uint64_t size = at(t, ROW_option_row_size), name = offset_of(t, ROW_option_name);
    if (size > sizeof copy || name >= size || !target_read_file(t, row, copy, size))
        return false;
    *out = (struct changed){.is_path = field(t, copy, ROW_option_type) == at(t, ROW_option_is_path)};
    uint64_t number, path;
    if (!target_read_file(t, page + offset_of(t, ROW_option_number) + o * 8, &number, 8) ||
        !target_read_file(t, page + offset_of(t, ROW_option_path) + o * 8, &path, 8))
        return false;
    snprintf(out->name, sizeof out->name, "%.*s", (int)(size - name), copy + name);
    if (out->is_path)
        target_text(t, path, out->path, sizeof out->path);
    out->value = in_force(t, o, number);
    return out->is_path ? path != 0 : out->value != field(t, copy, ROW_option_def);
}

/* What the engine chose last. */
void report_json_policy(struct target *t)
{
    uint64_t policy = at(t, ROW_at_policy);
    json_open("policy", '{');
    json_number("decisions", field_at(t, at(t, ROW_at_engine), ROW_engine_decisions));
    json_number("growth_step", field_at(t, policy, ROW_policy_growth_step));
    json_number("retain_bytes", field_at(t, policy, ROW_policy_retain_bytes));
    json_number("large_cache_bytes", field_at(t, policy, ROW_policy_large_cache_bytes));
    json_number("purge_delay_ms", field_at(t, policy, ROW_policy_purge_delay_ms));
    json_number("huge_pages", field_at(t, policy, ROW_policy_huge));
    json_close();
}

void report_json_options(struct target *t)
{
    struct changed c;
    json_open("options_changed", '{');
    for (uint64_t o = 0; o < at(t, ROW_option_count) && o < 512; o++) {
        if (!changed(t, o, &c))
            continue;
        if (c.is_path)
            json_text(c.name, c.path);
        else
            json_number(c.name, c.value);
    }
    json_close();
}

void report_print_options(struct target *t)
{
    struct changed c;
    bool any = false;
    for (uint64_t o = 0; o < at(t, ROW_option_count) && o < 512; o++) {
        if (!changed(t, o, &c))
            continue;
        if (!any)
            puts("\noptions that are not at their defaults");
        any = true;
        if (c.is_path)
            printf("  %s=%s\n", c.name, units_plain(c.path));
        else
            printf("  %s=%" PRIu64 "\n", c.name, c.value);
    }
}

/* --- The last allocation that failed -------------------------------------------------------------*/

struct failed {
    uint64_t time_ns, size, alignment, reason, code, mapped, mappings;
    int64_t tid, size_class;
    char call[24];
};

static bool last_failure(struct target *t, struct failed *f)
{
    uint64_t ring = at(t, ROW_at_failures), begun = field_at(t, ring, ROW_failures_begun);
    char slot[1024];
    size_t size = at(t, ROW_failures_size);
    if (!begun || !at(t, ROW_failures_count) || size > sizeof slot)
        return false;
    uint64_t n = begun - 1,
             where = ring + offset_of(t, ROW_failures_slot) + n % at(t, ROW_failures_count) * size;
    for (int i = 0; i < 3; i++) { /* its turn tells a record that is whole */
        if (!target_read(t, where, slot, size) || field(t, slot, ROW_failures_turn) != 2 * n + 2 ||
            field_at(t, where, ROW_failures_turn) != 2 * n + 2)
            continue;
        const char *record = slot + offset_of(t, ROW_failures_record);
        *f = (struct failed){.time_ns = field(t, record, ROW_failure_time),
                             .size = field(t, record, ROW_failure_size),
                             .alignment = field(t, record, ROW_failure_alignment),
                             .reason = field(t, record, ROW_failure_reason),
                             .code = field(t, record, ROW_failure_code),
                             .mapped = field(t, record, ROW_failure_mapped),
                             .mappings = field(t, record, ROW_failure_mappings),
                             .tid = (int64_t)field(t, record, ROW_failure_tid),
                             .size_class = (int64_t)field(t, record, ROW_failure_class)};
        target_text(t, field(t, record, ROW_failure_call), f->call, sizeof f->call);
        return true;
    }
    return false;
}

static const char *reason_name(struct target *t, uint64_t reason)
{
    return reason == at(t, ROW_reason_threshold)    ? "Threshold"
           : reason == at(t, ROW_reason_exhaustion) ? "Exhaustion"
           : reason == at(t, ROW_reason_mapfail)    ? "MapFail"
                                                    : "none";
}

void report_json_failure(struct target *t)
{
    struct failed f;
    if (!last_failure(t, &f)) {
        json_text("last_failure", NULL);
        return;
    }
    json_open("last_failure", '{');
    json_number("time_ns", f.time_ns);
    json_number("tid", (uint64_t)f.tid);
    json_number("size", f.size);
    json_number("alignment", f.alignment);
    json_text("reason", reason_name(t, f.reason));
    json_text("call", f.call);
    json_number("errno", f.code);
    json_number("mapped_bytes", f.mapped);
    json_number("mappings", f.mappings);
    json_close();
}

void report_print_failure(struct target *t)
{
    struct failed f;
    char when[32] = "";
    struct tm tm;
    if (!last_failure(t, &f))
        return;
    time_t seconds = (time_t)(f.time_ns / 1000000000);
    if (localtime_r(&seconds, &tm))
        strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &tm);
    printf("\nlast allocation that failed, %s\n  %s: %" PRIu64 " bytes", when, reason_name(t, f.reason),
           f.size);
    if (f.code)
        printf(", %s: %s", units_plain(f.call), strerror((int)f.code));
    printf("\n  the library held %s in %" PRIu64 " mappings\n", units_bytes(f.mapped), f.mappings);
}
