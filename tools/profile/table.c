/* SPDX-License-Identifier: MIT */
/* profile/table.c - a profile for readers: who holds memory, who asked for it, how long it was kept. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/say.h"
#include "common/units.h"
#include "profile/functions.h"
#include "profile/output.h"

enum { STACKS_SHOWN = 5, FRAMES_SHOWN = 6, NAME_WIDTH = 60 };

/* --- Numbers -------------------------------------------------------------------------------------*/

static const char *bytes_of(double value)
{
    static char text[8][24];
    static unsigned next;
    char *out = text[next++ % 8];
    snprintf(out, sizeof text[0], "%s%s", value < -0.5 ? "-" : "",
             units_bytes((uint64_t)llround(fabs(value))));
    return out;
}

static double share(double part, double whole)
{
    return fabs(whole) > 0.5 ? part * 100 / whole : 0;
}

/* --- Functions -----------------------------------------------------------------------------------*/

static void print_functions(const struct functions *f, const struct profile *p, enum value space,
                            unsigned rows, const char *title, FILE *out)
{
    enum value objects = space == INUSE_SPACE ? INUSE_OBJECTS : ALLOC_OBJECTS;
    double whole = 0;
    for (size_t i = 0; i < f->count; i++)
        whole += f->of[i].flat[space];
    fprintf(out, "%-10s %6s %12s  %10s %6s  %s\n", title, "share", "blocks", "with calls", "share",
            "function");
    size_t shown = 0;
    for (; shown < f->count && shown < rows; shown++) {
        const struct function *r = &f->of[shown];
        if (fabs(r->flat[space]) < 0.5 && fabs(r->total[space]) < 0.5)
            break;
        fprintf(out, "%10s %5.1f%% %12.0f  %10s %5.1f%%  %.*s\n", bytes_of(r->flat[space]),
                share(r->flat[space], whole), r->flat[objects], bytes_of(r->total[space]),
                share(r->total[space], whole), 512, units_plain(text_of(p, r->name)));
    }
    if (!shown)
        fprintf(out, "%10s\n", "nothing");
    else if (shown < f->count)
        fprintf(out, "%10s %zu functions more\n", "", f->count - shown);
}

void write_functions(struct profile *p, enum value space, unsigned rows, FILE *out)
{
    struct functions f;
    functions_take(&f, p);
    functions_sort(&f, space);
    print_functions(&f, p, space, rows, space == INUSE_SPACE ? "in use" : "allocated", out);
    functions_free(&f);
}

/* --- Lifetimes -----------------------------------------------------------------------------------*/

/* The bound of lifetime N. */
static const char *bound_of(int n)
{
    static char text[8][24];
    static unsigned next;
    char *out = text[next++ % 8];
    double ms = ldexp(1, 2 * n);
    if (ms < 1000)
        snprintf(out, sizeof text[0], "%.0f ms", ms);
    else if (ms < 120e3)
        snprintf(out, sizeof text[0], "%.0f s", ms / 1e3);
    else if (ms < 7200e3)
        snprintf(out, sizeof text[0], "%.0f min", ms / 60e3);
    else
        snprintf(out, sizeof text[0], "%.0f h", ms / 3600e3);
    return out;
}

/* Below which bound PART of the freed blocks stayed. */
static const char *within(const double value[VALUES], double part)
{
    double freed = 0, sum = 0;
    int n = 0;
    for (int i = 0; i < SAMPLE_LIFETIMES; i++)
        freed += value[LIFETIMES + i];
    for (; n < SAMPLE_LIFETIMES - 1 && (sum += value[LIFETIMES + n]) < freed * part; n++)
        ;
    return bound_of(n);
}

static void print_lifetime(const double value[VALUES], FILE *out)
{
    double freed = freed_objects(value);
    fprintf(out, "  %s in %.0f blocks", bytes_of(value[ALLOC_SPACE]), value[ALLOC_OBJECTS]);
    if (freed < 0.5) {
        fputs("; none was freed\n", out);
        return;
    }
    fprintf(out, "; %.0f%% freed: half of those within %s, nine tenths within %s, the mean %.0f ms",
            share(freed, value[ALLOC_OBJECTS]), within(value, 0.5), within(value, 0.9), value[LIVED] / freed);
    if (value[FOREIGN_FREES] >= 0.5)
        fprintf(out, "; %.0f%% by another thread", share(value[FOREIGN_FREES], freed));
    fputc('\n', out);
}

/* The functions of a stack from the one that wants the memory on. */
static void print_stack(struct profile *p, uint32_t stack, struct names *names, FILE *out)
{
    size_t n = profile_names(p, stack, names), from = first_user(p, names->of, n);
    fputs("      ", out);
    for (size_t i = from; i < n && i < from + FRAMES_SHOWN; i++)
        fprintf(out, "%s%.*s", i > from ? " < " : "", NAME_WIDTH, units_plain(text_of(p, names->of[i])));
    fputs(n > from + FRAMES_SHOWN ? " < ...\n" : "\n", out);
}

static const struct profile *sorting;
static int by_space(const void *a, const void *b)
{
    double x = sorting->value[*(const uint32_t *)a][ALLOC_SPACE],
           y = sorting->value[*(const uint32_t *)b][ALLOC_SPACE];
    return x < y ? 1 : x > y ? -1 : 0;
}

static void print_lifetimes(struct profile *p, FILE *out)
{
    struct names names = {0};
    uint32_t count = p->stacks.count, *order = need_memory(NULL, count * sizeof *order);
    for (uint32_t i = 0; i < count; i++)
        order[i] = i;
    sorting = p;
    qsort(order, count, sizeof *order, by_space);
    fprintf(out, "\nhow long blocks live, by the stacks that ask for most\n");
    for (uint32_t i = 0; i < count && i < STACKS_SHOWN && p->value[order[i]][ALLOC_SPACE] >= 0.5; i++) {
        print_lifetime(p->value[order[i]], out);
        print_stack(p, order[i], &names, out);
    }
    free(order);
    free(names.of);
}

/* --- The whole -----------------------------------------------------------------------------------*/

static void print_head(const struct profile *p, const double sum[VALUES], FILE *out)
{
    fprintf(out, "%s", units_plain(p->title ? p->title : "difference of two profiles"));
    if (p->seconds > 0)
        fprintf(out, ", %.1f seconds", p->seconds);
    if (p->mean >= 1)
        fprintf(out, ", a sample in %s", bytes_of(p->mean));
    fprintf(out, "\n%.0f samples, %.0f dropped; %.1f%% of the blocks have a complete stack\n", p->taken,
            p->dropped, 100 - share(sum[CUT], sum[ALLOC_OBJECTS]));
    fprintf(
        out,
        "%s in %.0f blocks allocated, %s in %.0f of them in use, %.1f%% of those freed by another thread\n",
        bytes_of(sum[ALLOC_SPACE]), sum[ALLOC_OBJECTS], bytes_of(sum[INUSE_SPACE]), sum[INUSE_OBJECTS],
        share(sum[FOREIGN_FREES], freed_objects(sum)));
    if (p->difference)
        fputs("note: a difference; what is in use may be less than before\n", out);
    if (p->torn)
        fputs("note: read while it changed: some numbers may be off by a sample\n", out);
    if (p->dropped > 0)
        fputs("note: samples found no room: HAKMEM_SAMPLE_MEMORY makes more\n", out);
}

void write_table(struct profile *p, enum value type, unsigned rows, FILE *out)
{
    double sum[VALUES];
    struct functions f;
    bool allocated = type == ALLOC_OBJECTS || type == ALLOC_SPACE;
    profile_sum(p, sum);
    functions_take(&f, p);
    print_head(p, sum, out);
    for (int i = 0; i < 2; i++) {
        enum value space = allocated == (i == 0) ? ALLOC_SPACE : INUSE_SPACE;
        functions_sort(&f, space);
        fputc('\n', out);
        print_functions(&f, p, space, rows, space == ALLOC_SPACE ? "allocated" : "in use", out);
    }
    if (!p->difference)
        print_lifetimes(p, out);
    functions_free(&f);
}
