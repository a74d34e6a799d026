/* SPDX-License-Identifier: MIT */
/* commands/leaks-scan.c - hakmem leaks --scan: sampled blocks that nothing points to. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "commands/leaks.h"
#include "common/say.h"
#include "common/units.h"

enum {
    STACKS_SHOWN = 10,
    YOUNG_MS = 1000,  /* a pointer to a block of the last moment may be on its way */
    PAUSE_US = 200000 /* between two looks */
};

/* One look. */
static bool look(struct collect *c, struct tables *a, struct blocks *b, bool stop)
{
    struct target *t = &c->target;
    tables_free(a);
    collect_renew(c);
    if (!tables_read(t, a, true))
        return false;
    uint64_t young = stop ? 0 : YOUNG_MS;
    blocks_take(b, a, now_ms() > young ? now_ms() - young : 0);
    threads_look(t, b);
    blocks_seek(b, t, a);
    return !t->gone;
}

/* Only those of BEFORE that are there still, and were unseen then, can be unreachable. */
static void agree(struct blocks *b, const struct blocks *before)
{
    size_t k = 0;
    for (size_t i = 0; i < b->count; i++) {
        while (k < before->count && before->of[k].start < b->of[i].start)
            k++;
        bool same = k < before->count && before->of[k].start == b->of[i].start &&
                    before->of[k].at_ms == b->of[i].at_ms;
        b->of[i].seen = b->of[i].seen || !same || before->of[k].seen;
    }
}

bool leaks_scan(struct collect *c, struct tables *a, bool stop, struct blocks *found)
{
    struct blocks first = {0};
    bool good;
    if (stop) {
        good = threads_stop(&c->target) && look(c, a, found, true);
        threads_continue();
    } else {
        good = look(c, a, &first, false);
        (void)usleep(PAUSE_US);
        good = good && look(c, a, found, false);
        agree(found, &first);
    }
    blocks_free(&first);
    if (!good && !c->target.why[0])
        snprintf(c->target.why, sizeof c->target.why, "process %d (%s) ended meanwhile",
                 c->target.process.pid, c->target.process.name);
    return good;
}

/* --- Printing ------------------------------------------------------------------------------------*/

struct sum {
    uint32_t stack, site;
    double blocks, bytes;
};

static int by_stack(const void *a, const void *b)
{
    const struct sum *x = a, *y = b;
    return x->stack < y->stack ? -1 : x->stack > y->stack;
}

static int by_bytes(const void *a, const void *b)
{
    const struct sum *x = a, *y = b;
    return x->bytes < y->bytes ? 1 : x->bytes > y->bytes ? -1 : 0;
}

/* What FOUND has of each stack, the most first: their number. */
static size_t sum_up(const struct tables *a, const struct blocks *found, struct sum *sum)
{
    size_t n = 0, kept = 0;
    for (size_t i = 0; i < found->count; i++) {
        const struct wanted *b = &found->of[i];
        const struct sample_site *site = &a->sites[b->site];
        double weight = tables_weight(a, site);
        if (!b->seen)
            sum[n++] = (struct sum){site->stack, b->site, weight, weight * (double)(b->end - b->start)};
    }
    qsort(sum, n, sizeof *sum, by_stack);
    for (size_t i = 0; i < n; i++) {
        if (kept && sum[kept - 1].stack == sum[i].stack) {
            sum[kept - 1].blocks += sum[i].blocks;
            sum[kept - 1].bytes += sum[i].bytes;
        } else {
            sum[kept++] = sum[i];
        }
    }
    qsort(sum, kept, sizeof *sum, by_bytes);
    return kept;
}

void leaks_print_unreachable(struct profile *p, struct target *t, struct tables *a,
                             const struct blocks *found)
{
    struct sum *sum = need_memory(NULL, (found->count + 1) * sizeof *sum);
    size_t n = sum_up(a, found, sum);
    double blocks = 0, bytes = 0;
    for (size_t i = 0; i < n; i++) {
        blocks += sum[i].blocks;
        bytes += sum[i].bytes;
    }
    printf("\nnothing points to %s in %.0f blocks, by %zu sampled ones and %s of memory that was looked "
           "through\n",
           units_bytes((uint64_t)bytes), blocks, found->count, units_bytes(found->read));
    for (size_t i = 0; i < n && i < STACKS_SHOWN; i++) {
        printf("\n  unreachable: %s in %.0f blocks\n", units_bytes((uint64_t)sum[i].bytes), sum[i].blocks);
        leaks_print_stack(p, t, a, sum[i].site);
    }
    if (n > STACKS_SHOWN)
        printf("\n  and of %zu stacks more\n", n - STACKS_SHOWN);
    free(sum);
}
