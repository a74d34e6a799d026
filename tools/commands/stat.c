/* SPDX-License-Identifier: MIT */
/* commands/stat.c - hakmem stat PID: the counters of a running process. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "target/inspect.h"
#include "commands/report.h"
#include "common/json.h"
#include "common/units.h"
#include "commands/commands.h"
#include "common/say.h"

static void number(const char *what, uint64_t n)
{
    printf("  %-40s %16" PRIu64 "\n", what, n);
}

static void bytes(const char *what, uint64_t n)
{
    printf("  %-40s %16s\n", what, units_bytes(n));
}

static void print_counters(struct target *t, const struct heap *h)
{
    puts("\nsince the process began");
    number("blocks out of thread caches", h->popped);
    number("  of those, the cache was empty", h->misses);
    number("class locks taken for blocks", h->class_locks);
    if (h->popped)
        printf("  %-40s %16.1f\n", "  for 1,000 blocks", 1000.0 * (double)h->class_locks / (double)h->popped);
    number("blocks without a cache", heap_counter(t, h, ROW_count_uncached));
    number("spans (32 KiB to 1 MiB)", heap_counter(t, h, ROW_count_spans) + h->shelf_taken);
    number("large mappings", heap_counter(t, h, ROW_count_larges));
    bytes("given back to the system", heap_counter(t, h, ROW_count_purged));
    number("allocations that failed", heap_counter(t, h, ROW_count_failures));
    puts("\nslabs came from");
    number("partial slabs", heap_counter(t, h, ROW_count_partial));
    number("EMPTY slabs of the same class", heap_counter(t, h, ROW_count_empty));
    number("EMPTY slabs of another class", heap_counter(t, h, ROW_count_empty_any));
    number("UNUSED slabs", heap_counter(t, h, ROW_count_unused));
    number("new superslabs", heap_counter(t, h, ROW_count_new));
}

static void print_classes(const struct heap *h)
{
    printf("\nsize classes\n  %8s %14s %12s %12s %8s %16s\n", "size", "in use", "cached", "free", "slabs",
           "handed out");
    for (unsigned c = 1; c < h->classes; c++) {
        const struct class_sums *s = &h->class[c];
        if (s->slabs || s->out || s->popped)
            printf("  %8" PRIu64 " %14" PRIu64 " %12" PRIu64 " %12" PRIu64 " %8" PRIu64 " %16" PRIu64 "\n",
                   s->size, heap_live(s), s->cached, s->carved > s->out ? s->carved - s->out : 0, s->slabs,
                   s->popped);
    }
}

static void print_text(struct target *t, const struct heap *h, bool classes)
{
    report_print_head(t, h);
    puts("\nnow");
    bytes("resident, the whole process", proc_resident_fast(t->process.pid));
    bytes("blocks in use", heap_live_bytes(h));
    bytes("free blocks cached for threads", heap_cached_bytes(h));
    bytes("slabs and mappings in use", h->in_use);
    if (h->idle_strips)
        bytes("  of that free in strips", h->idle_strips);
    bytes("kept for reuse: EMPTY slabs", h->kept_slabs);
    bytes("kept for reuse: large mappings", h->kept_large);
    bytes("descriptors, address space", h->metadata);
    number("threads with a cache", h->threads);
    print_counters(t, h);
    puts("\nthe adaptive engine chose");
    number("decisions", field_at(t, at(t, ROW_at_engine), ROW_engine_decisions));
    bytes("growth step", field_at(t, at(t, ROW_at_policy), ROW_policy_growth_step));
    bytes("EMPTY slabs to keep, at least", field_at(t, at(t, ROW_at_policy), ROW_policy_retain_bytes));
    number("milliseconds before they go", field_at(t, at(t, ROW_at_policy), ROW_policy_purge_delay_ms));
    if (classes)
        print_classes(h);
    report_print_options(t);
    report_print_failure(t);
}

static void text_json(struct target *t, const struct heap *h, bool classes)
{
    json_open(NULL, '{');
    report_json_head(t, h);
    json_number("resident_bytes", proc_resident_fast(t->process.pid));
    report_json_heap(t, h);
    if (classes)
        report_json_classes(h);
    report_json_policy(t);
    report_json_options(t);
    report_json_failure(t);
    json_close();
}

int command_stat(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'}, {"classes", no_argument, NULL, 'c'}, {0}};
    bool json = false, classes = false;
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (o == '?')
            return usage_error("stat: see hakmem help stat");
        json = json || o == 'j';
        classes = classes || o == 'c';
    }
    if (argc - optind != 1)
        return usage_error("stat: name one process by its ID");
    int pid = parse_pid(argv[optind]);
    if (pid < 0)
        return EXIT_USAGE;
    struct target t;
    struct heap h;
    if (!target_attach(&t, pid, false)) {
        error("%s", t.why);
        return EXIT_NO;
    }
    heap_read(&t, &h, false);
    if (t.gone) {
        error("process %d (%s) ended while it was read", pid, t.process.name);
        return EXIT_NO;
    }
    if (json)
        text_json(&t, &h, classes);
    else
        print_text(&t, &h, classes);
    heap_free(&h);
    target_close(&t);
    return EXIT_OK;
}
