/* SPDX-License-Identifier: MIT */
/* commands/stat.c - hakmem stat PID: the counters of a running process. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#include "target/inspect.h"
#include "commands/report.h"
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

static void print_counters(const struct heap *h)
{
    const struct census *c = &h->census;
    puts("\nsince the process began");
    number("blocks out of thread caches", c->popped);
    number("  of those, the cache was empty", c->misses);
    number("class locks taken for blocks", h->class_locks);
    if (c->popped)
        printf("  %-40s %16.1f\n", "  for 1,000 blocks", 1000.0 * (double)h->class_locks / (double)c->popped);
    number("blocks without a cache", c->counter[COUNT_UNCACHED_ALLOCS]);
    number("spans (32 KiB to 1 MiB)", c->taken);
    number("large mappings", c->counter[COUNT_LARGE_ALLOCS]);
    bytes("given back to the system", h->stats.purged_bytes);
    number("allocations that failed", h->stats.failures);
    puts("\nslabs came from");
    number("partial slabs", h->stats.stage_partial);
    number("EMPTY slabs of the same class", h->stats.stage_empty);
    number("EMPTY slabs of another class", h->stats.stage_empty_any);
    number("UNUSED slabs", h->stats.stage_unused);
    number("new superslabs", h->stats.stage_new);
}

static void print_classes(const struct heap *h)
{
    printf("\nsize classes\n  %8s %14s %12s %12s %8s %16s\n", "size", "in use", "cached", "free", "slabs",
           "handed out");
    for (unsigned c = 1; c < CLASSES; c++) {
        const struct census_class *of = &h->census.of[c];
        if (census_used(of) || of->popped)
            printf("  %8zu %14zu %12zu %12zu %8zu %16" PRIu64 "\n", class_size(c), of->live, of->cached,
                   of->free, of->slabs, of->popped);
    }
}

static void print_text(struct target *t, const struct heap *h, bool classes)
{
    struct live_policy policy;
    (void)report_policy(t, &policy);
    report_print_head(t, h);
    puts("\nnow");
    bytes("resident, the whole process", proc_resident_fast(t->process.pid));
    bytes("blocks in use", h->stats.live_bytes);
    bytes("free blocks cached for threads", heap_cached_bytes(h));
    bytes("slabs and mappings in use", h->in_use);
    if (h->census.strip.idle)
        bytes("  of that free in strips", h->census.strip.idle);
    bytes("kept for reuse: EMPTY slabs", h->kept_slabs);
    bytes("kept for reuse: large mappings", h->kept_large);
    bytes("descriptors, address space", h->stats.metadata_bytes);
    number("threads with a cache", h->stats.threads);
    print_counters(h);
    puts("\nthe adaptive engine chose");
    number("decisions", word_at(t, at(t, ROW_decisions)));
    bytes("growth step", policy.growth_step);
    bytes("EMPTY slabs to keep, at least", policy.retain_bytes);
    number("milliseconds before they go", policy.purge_delay_ms);
    if (policy.soft_limit_bytes)
        bytes("soft limit of what is in use", policy.soft_limit_bytes);
    if (policy.pressure != PRESSURE_NONE)
        puts(policy.pressure == PRESSURE_FULL ? "  nothing to keep: all wait for memory"
                                              : "  nothing to keep: some wait for memory");
    report_print_helper(t, h);
    if (classes)
        print_classes(h);
    report_print_options(t);
    report_print_failure(t);
}

static void print_json(struct target *t, const struct heap *h, bool classes)
{
    json_open(&json_out, NULL, '{');
    report_json_head(t, h);
    json_number(&json_out, "resident_bytes", proc_resident_fast(t->process.pid));
    report_json_heap(h);
    if (classes)
        report_json_classes(h);
    report_json_policy(t);
    report_json_helper(t, h);
    report_json_options(t);
    report_json_failure(t);
    json_close(&json_out);
}

int command_stat(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'}, {"classes", no_argument, NULL, 'c'}, {0}};
    bool json = false, classes = false;
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (o == '?')
            return option_error("stat", argv);
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
        print_json(&t, &h, classes);
    else
        print_text(&t, &h, classes);
    heap_free(&h);
    target_close(&t);
    return EXIT_OK;
}
