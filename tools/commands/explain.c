/* SPDX-License-Identifier: MIT */
/* commands/explain.c - hakmem explain PID: to whom the resident bytes of a process belong. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target/inspect.h"
#include "commands/report.h"
#include "common/units.h"
#include "commands/commands.h"
#include "common/say.h"
#include "profile/output.h"
#include "profile/symbols.h"
#include "profile/tables.h"

enum { TRIES = 4, TOLERANCE = 50 /* a fiftieth: 2 % */, TOP_CLASSES = 10, TOP_FUNCTIONS = 15 };

struct picture {
    struct target target;
    struct heap heap;
    uint64_t parts[PARTS];
    uint64_t resident, accounted;
};

static uint64_t sum_of_parts(const uint64_t parts[PARTS])
{
    uint64_t sum = 0;
    for (int i = 0; i < PARTS; i++)
        sum += parts[i];
    return sum;
}

static uint64_t distance(const struct picture *p)
{
    return p->accounted > p->resident ? p->accounted - p->resident : p->resident - p->accounted;
}

static void forget(struct picture *p)
{
    heap_free(&p->heap);
    target_close(&p->target);
}

/* One look. False, with `why`. */
static bool look(struct picture *p, int pid)
{
    if (!target_attach(&p->target, pid, true))
        return false;
    if (p->target.pagemap < 0) {
        snprintf(p->target.why, sizeof p->target.why, "/proc/%d/pagemap cannot be read", pid);
        return false;
    }
    heap_read(&p->target, &p->heap, true);
    parts_read(&p->target, &p->heap, p->parts);
    p->accounted = account_sum(&p->heap.residents.account) + sum_of_parts(p->parts);
    p->resident = proc_resident(pid);
    if (p->target.gone || !p->resident)
        snprintf(p->target.why, sizeof p->target.why, "process %d (%s) ended while it was read", pid,
                 p->target.process.name);
    return !p->target.gone && p->resident;
}

/* The process runs meanwhile: of several looks the one whose sum fits best. */
static bool look_well(struct picture *best, int pid)
{
    if (!look(best, pid))
        return false;
    for (int i = 1; i < TRIES && (distance(best) > best->resident / TOLERANCE || best->heap.damaged); i++) {
        struct picture next;
        bool good = look(&next, pid);
        if (good && (distance(&next) < distance(best) || next.heap.damaged < best->heap.damaged)) {
            struct picture worse = *best;
            *best = next;
            next = worse;
        }
        forget(&next);
    }
    return true;
}

/* --- JSON ----------------------------------------------------------------------------------------*/

static void json_parts(const struct picture *p)
{
    const struct account *a = &p->heap.residents.account;
    json_open(&json_out, "parts", '{');
    json_number(&json_out, "live", a->live);
    json_number(&json_out, "cached", a->cached);
    json_number(&json_out, "free_in_slabs", a->free_in_slabs);
    json_number(&json_out, "retained", a->retained);
    json_number(&json_out, "metadata", a->metadata);
    json_number(&json_out, "fragmentation", a->fragmentation);
    for (int i = 0; i < PARTS; i++)
        json_number(&json_out, part_names[i], p->parts[i]);
    json_close(&json_out);
}

static int print_json(struct picture *p)
{
    json_open(&json_out, NULL, '{');
    report_json_head(&p->target, &p->heap);
    json_number(&json_out, "resident_bytes", p->resident);
    json_number(&json_out, "accounted_bytes", p->accounted);
    json_parts(p);
    report_json_heap(&p->heap);
    report_json_classes(&p->heap);
    report_json_policy(&p->target);
    report_json_helper(&p->target, &p->heap);
    report_json_options(&p->target);
    report_json_failure(&p->target);
    json_close(&json_out);
    return EXIT_OK;
}

/* --- Text ----------------------------------------------------------------------------------------*/

static void row(const char *what, uint64_t bytes, uint64_t of)
{
    if (bytes)
        printf("  %-46s %10s %7s\n", what, units_bytes(bytes), units_share(bytes, of));
}

static void print_parts(const struct picture *p)
{
    const struct account *a = &p->heap.residents.account;
    uint64_t all = p->resident;
    printf("%-48s %10s   share\n", "resident memory", "bytes");
    row("blocks in use", a->live, all);
    row("free blocks cached for threads", a->cached, all);
    row("free blocks in slabs in use", a->free_in_slabs, all);
    row("kept for reuse: EMPTY slabs, large mappings", a->retained, all);
    row("descriptors and tables of libhakmem", a->metadata, all);
    row("ends of slabs and pages", a->fragmentation, all);
    for (int i = 0; i < PARTS; i++)
        row(part_words[i], p->parts[i], all);
    row("accounted for", p->accounted, all);
    printf("  %-46s %10s\n", "resident, as the kernel counts", units_bytes(p->resident));
}

static const struct heap *sorting;
static int by_bytes(const void *a, const void *b)
{
    size_t x = sorting->residents.of[*(const unsigned *)a].resident;
    size_t y = sorting->residents.of[*(const unsigned *)b].resident;
    return x < y ? 1 : x > y ? -1 : 0;
}

static void print_classes(const struct heap *h)
{
    unsigned order[CLASSES], n = 0;
    for (unsigned c = 1; c < CLASSES; c++)
        if (h->census.of[c].slabs)
            order[n++] = c;
    sorting = h;
    qsort(order, n, sizeof order[0], by_bytes);
    if (!n)
        return;
    printf("\nsize classes by resident bytes%s\n", n > TOP_CLASSES ? ", the largest ten" : "");
    printf("  %8s %10s %12s %10s %10s %7s\n", "size", "resident", "in use", "cached", "free", "slabs");
    for (unsigned i = 0; i < n && i < TOP_CLASSES; i++) {
        const struct census_class *of = &h->census.of[order[i]];
        printf("  %8zu %10s %12zu %10zu %10zu %7zu\n", class_size(order[i]),
               units_bytes(h->residents.of[order[i]].resident), of->live, of->cached, of->free, of->slabs);
    }
}

/* Who holds the blocks in use, where allocations are sampled. */
static bool print_who(struct picture *p)
{
    struct target *t = &p->target;
    struct tables tables = {0};
    struct profile profile;
    profile_init(&profile);
    bool read = tables_read(t, &tables, false), on = read && tables.head.epoch % 2;
    putchar('\n');
    if (on) {
        tables_add(&profile, t, &tables, NULL);
        symbols_find(&profile, t->process.pid);
        printf("blocks in use by function, of those allocated in the last %.0f seconds\n",
               (double)(tables.at_ms - tables.head.begun_ms) / 1000);
        write_functions(&profile, INUSE_SPACE, TOP_FUNCTIONS, stdout);
    } else if (read) {
        puts("blocks in use by function: allocations are not sampled (HAKMEM_SAMPLE, hakmem profile)");
    }
    tables_free(&tables);
    profile_free(&profile);
    return read;
}

static int print_text(struct picture *p, bool who)
{
    report_print_head(&p->target, &p->heap);
    putchar('\n');
    print_parts(p);
    if (who && !print_who(p)) {
        error("%s", p->target.why);
        return EXIT_NO;
    }
    print_classes(&p->heap);
    report_print_heap(&p->heap);
    report_print_helper(&p->target, &p->heap);
    report_print_options(&p->target);
    report_print_failure(&p->target);
    if (p->heap.damaged)
        printf("\nnote: %" PRIu64 " structures made no sense: changed while they were read, or damaged\n",
               p->heap.damaged);
    return EXIT_OK;
}

int command_explain(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'}, {"who", no_argument, NULL, 'w'}, {0}};
    bool json = false, who = false;
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (o == '?')
            return option_error("explain", argv);
        json = json || o == 'j';
        who = who || o == 'w';
    }
    if (json && who)
        return usage_error("explain: --who is for readers: hakmem profile --format json has it for machines");
    if (argc - optind != 1)
        return usage_error("explain: name one process by its ID");
    int pid = parse_pid(argv[optind]);
    if (pid < 0)
        return EXIT_USAGE;
    struct picture p = {0};
    if (!look_well(&p, pid)) {
        error("%s", p.target.why);
        return EXIT_NO;
    }
    int status = json ? print_json(&p) : print_text(&p, who);
    forget(&p);
    return status;
}
