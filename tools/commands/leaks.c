/* SPDX-License-Identifier: MIT */
/* commands/leaks.c - hakmem leaks: stacks whose live bytes only grow.
 *
 * What is live is looked at again and again. A stack is suspect if
 * - over the second half of the looks its live bytes have an ascending trend by the test of Mann and Kendall,
 *   one-sided, at a level that all stacks share: in the first half everything grows, as sampling has just begun;
 * - they grew then by as much as GROWTH_LEAST of its samples stand for;
 * - blocks of the first half hold a quarter of what it has at the end, so that it is not what comes and goes. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/commands.h"
#include "commands/leaks.h"
#include "common/say.h"
#include "common/units.h"
#include "profile/symbols.h"
#include "profile/trend.h"

enum {
    LOOKS = 40,
    GROWTH_LEAST = 4,
    OLD_SHARE = 4, /* a quarter */
    SECONDS = 60,
    SECONDS_MOST = 86400,
    RATE = 65536,
    FRAMES_SHOWN = 8
};
static const double level = 0.01;

/* What the looks told of a stack. */
struct series {
    uint32_t site; /* one of its */
    double live[LOOKS];
    double weight; /* bytes that one of its samples stands for, the largest */
    double old_bytes, old_blocks;
    double growth, p;
};

struct watch {
    struct collect c;
    struct tables now;
    struct intern stacks; /* their indices in the tables */
    struct series *of;
    unsigned looks;
    uint64_t middle_ms; /* when the first half ended */
};

static struct series *series_of(struct watch *w, uint32_t site)
{
    uint32_t stack = w->now.sites[site].stack, before = w->stacks.count,
             n = intern(&w->stacks, &stack, sizeof stack);
    if (n == before && (n & (n - 1)) == 0)
        w->of = need_memory(w->of, (n ? (size_t)n * 2 : 1) * sizeof *w->of);
    if (n == before)
        w->of[n] = (struct series){.site = site, .p = 1};
    return &w->of[n];
}

/* --- Looking -------------------------------------------------------------------------------------*/

static bool look(struct watch *w, bool live)
{
    struct target *t = &w->c.target;
    tables_free(&w->now);
    if (!tables_read(t, &w->now, live))
        return false;
    for (uint32_t i = 1; i < w->now.sites_count; i++) {
        const struct sample_site *site = &w->now.sites[i];
        if (!site->allocs || site->frees > site->allocs || site->freed_bytes > site->bytes)
            continue;
        struct series *s = series_of(w, i);
        double weight = tables_weight(&w->now, site), size = (double)site->bytes / (double)site->allocs;
        s->live[w->looks] += (double)(site->bytes - site->freed_bytes) * weight;
        s->weight = size * weight > s->weight ? size * weight : s->weight;
    }
    w->looks++;
    return true;
}

static bool look_often(struct watch *w, double seconds)
{
    while (w->looks < LOOKS && !collect_interrupted()) {
        if (!collect_wait(&w->c, seconds / LOOKS))
            return false;
        if (w->looks == LOOKS / 2)
            w->middle_ms = now_ms();
        if (!collect_interrupted() && !look(w, w->looks == LOOKS - 1))
            return false;
    }
    return true;
}

/* Blocks of the first half that are there still. */
static void count_old(struct watch *w)
{
    for (size_t i = 1; i < w->now.live_count; i++) {
        const struct sample *l = &w->now.live[i];
        if (!l->address || l->at_ms > w->middle_ms || !l->site || l->site >= w->now.sites_count)
            continue;
        struct series *s = series_of(w, l->site);
        double weight = tables_weight(&w->now, &w->now.sites[l->site]);
        s->old_bytes += (double)l->size * weight;
        s->old_blocks += weight;
    }
}

/* --- Judging -------------------------------------------------------------------------------------*/

static bool suspect(const struct series *s, double at_most)
{
    return s->p < at_most && s->growth >= GROWTH_LEAST * s->weight &&
           s->old_bytes * OLD_SHARE >= s->live[LOOKS - 1];
}

static int by_growth(const void *a, const void *b)
{
    const struct series *x = a, *y = b;
    return x->growth < y->growth ? 1 : x->growth > y->growth ? -1 : 0;
}

void leaks_print_stack(struct profile *p, struct target *t, struct tables *a, uint32_t site)
{
    static const double none[VALUES];
    struct frames stack = {0};
    struct names names = {0};
    bool complete;
    uint32_t depth = tables_stack(p, t, a, site, &stack, &complete);
    if (depth) {
        uint32_t number = profile_add(p, stack.of, depth, none, 1);
        symbols_find(p, t->process.pid);
        size_t n = profile_names(p, number, &names);
        for (size_t i = first_user(p, names.of, n), k = 0; i < n && k < FRAMES_SHOWN; i++, k++)
            printf("    %s%s\n", k ? "called by " : "", units_plain(text_of(p, names.of[i])));
    }
    free(stack.of);
    free(names.of);
}

static void print_suspect(struct watch *w, struct profile *p, const struct series *s)
{
    printf("\n  grew by %s to %s (p = %.1g); %s of it in %.0f blocks of the first half\n",
           units_bytes((uint64_t)s->growth), units_bytes((uint64_t)s->live[LOOKS - 1]), s->p,
           units_bytes((uint64_t)s->old_bytes), s->old_blocks);
    leaks_print_stack(p, &w->c.target, &w->now, s->site);
}

static void print(struct watch *w, struct profile *p, double seconds)
{
    const struct target *t = &w->c.target;
    uint32_t holding = 0, found = 0;
    for (uint32_t i = 0; i < w->stacks.count; i++) {
        struct series *s = &w->of[i];
        holding += s->live[LOOKS - 1] > 0;
        s->growth = s->live[LOOKS - 1] - s->live[LOOKS / 2 - 1];
        s->p = trend_p(s->live + LOOKS / 2, LOOKS - LOOKS / 2);
    }
    if (w->stacks.count)
        qsort(w->of, w->stacks.count, sizeof *w->of, by_growth);
    double at_most = level / (holding ? holding : 1);
    for (uint32_t i = 0; i < w->stacks.count; i++)
        found += suspect(&w->of[i], at_most);
    printf("process %d (%s): %d looks in %.1f seconds, a sample in %s\n", t->process.pid, t->process.name,
           LOOKS, seconds, units_bytes(w->now.head.mean));
    printf("%" PRIu32 " stacks hold memory; %" PRIu32
           " only grew (Mann-Kendall, p < %g for all of them together)\n",
           holding, found, level);
    for (uint32_t i = 0; i < w->stacks.count; i++)
        if (suspect(&w->of[i], at_most))
            print_suspect(w, p, &w->of[i]);
}

static int leaks(int pid, double seconds, double rate, bool scan, bool stop)
{
    static struct watch w;
    struct blocks found = {0};
    collect_catch_signals();
    enum collected begun = collect_begin(&w.c, pid, (uint64_t)rate, seconds);
    int status = begun == COLLECTED ? EXIT_OK : begun == COLLECT_LATER ? EXIT_LATER : EXIT_NO;
    uint64_t from = now_ms();
    if (status == EXIT_OK && !look_often(&w, seconds))
        status = EXIT_NO;
    if (status == EXIT_OK && w.looks == LOOKS) {
        count_old(&w);
        status = !scan || leaks_scan(&w.c, &w.now, stop, &found) ? EXIT_OK : EXIT_NO;
    }
    if (status != EXIT_OK)
        error("%s", w.c.target.why);
    collect_end(&w.c);
    if (status == EXIT_OK && w.looks < LOOKS) {
        error("interrupted: too few looks to tell anything");
        status = EXIT_NO;
    }
    if (status == EXIT_OK) {
        struct profile p;
        profile_init(&p);
        print(&w, &p, (double)(now_ms() - from) / 1000);
        if (scan)
            leaks_print_unreachable(&p, &w.c.target, &w.now, &found);
        profile_free(&p);
    }
    blocks_free(&found);
    tables_free(&w.now);
    intern_free(&w.stacks);
    free(w.of);
    collect_free(&w.c);
    return status;
}

int command_leaks(int argc, char **argv)
{
    static const struct option options[] = {{"seconds", required_argument, NULL, 's'},
                                            {"rate", required_argument, NULL, 'r'},
                                            {"scan", no_argument, NULL, 'c'},
                                            {"stop", no_argument, NULL, 'p'},
                                            {0}};
    double seconds = SECONDS, rate = RATE;
    bool scan = false, stop = false;
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (o == '?')
            return usage_error("leaks: see hakmem help leaks");
        scan = scan || o == 'c';
        stop = stop || o == 'p';
        if (o == 's' && !parse_number(optarg, 1, SECONDS_MOST, &seconds))
            return usage_error("leaks: --seconds wants 1 to %d, not '%s'", SECONDS_MOST, optarg);
        if (o == 'r' && !parse_number(optarg, 1, 1e12, &rate))
            return usage_error("leaks: --rate wants a number of bytes, not '%s'", optarg);
    }
    if (stop && !scan)
        return usage_error("leaks: --stop goes with --scan");
    if (argc - optind != 1)
        return usage_error("leaks: name one process by its ID");
    int pid = parse_pid(argv[optind]);
    return pid < 0 ? EXIT_USAGE : leaks(pid, seconds, rate, scan, stop);
}
