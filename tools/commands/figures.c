/* SPDX-License-Identifier: MIT */
/* commands/figures.c - what the processes of a command left of figures, and which left none. */
#include "commands/figures.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/units.h"
#include "common/say.h"

enum { ROWS_MOST = 20, GROUPS_MOST = 64 };

/* --- Blocks --------------------------------------------------------------------------------------*/

struct block {
    int pid;
    char program[64];
    uint64_t allocations, hits, live_blocks, live_bytes, mapped, purged, failures, resident;
};

static const char *value_of(const char *block, const char *end, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = block; p && p < end; p = strchr(p, '\n'), p = p ? p + 1 : NULL)
        if (strncmp(p, name, n) == 0 && p[n] == '=')
            return p + n + 1;
    return NULL;
}

static uint64_t number_of(const char *block, const char *end, const char *name)
{
    const char *value = value_of(block, end, name);
    return value ? strtoull(value, NULL, 10) : 0;
}

/* The block at P; false if it is not whole: a process was killed while it wrote. */
static bool read_block(const char *p, struct block *out, const char **next)
{
    const char *end = strstr(p, "\n\n"), *program;
    if (!end)
        return false;
    *next = end + 1;
    *out = (struct block){.pid = (int)number_of(p, end, "pid"),
                          .allocations = number_of(p, end, "allocations"),
                          .hits = number_of(p, end, "cache_hits"),
                          .live_blocks = number_of(p, end, "live_blocks"),
                          .live_bytes = number_of(p, end, "live_bytes"),
                          .mapped = number_of(p, end, "mapped_bytes"),
                          .purged = number_of(p, end, "purged_bytes"),
                          .failures = number_of(p, end, "failures"),
                          .resident = number_of(p, end, "process_resident_bytes")};
    program = value_of(p, end, "program");
    if (program)
        snprintf(out->program, sizeof out->program, "%.*s", (int)strcspn(program, "\n"), program);
    return true;
}

struct blocks {
    struct block *list;
    size_t count;
};

static struct blocks read_blocks(const char *text)
{
    struct blocks all = {NULL, 0};
    struct block b;
    for (const char *p = text; (p = strstr(p, "pid=")) != NULL && read_block(p, &b, &p);) {
        all.list = need_memory(all.list, (all.count + 1) * sizeof b);
        all.list[all.count++] = b;
    }
    return all;
}

/* The last of PID: what it was before it executed that left none. */
static const struct block *block_of(const struct blocks *all, int pid)
{
    for (size_t i = all->count; i-- > 0;)
        if (all->list[i].pid == pid)
            return &all->list[i];
    return NULL;
}

/* --- Those with figures --------------------------------------------------------------------------*/

static bool is_name_of(const char *program, const char *name)
{
    const char *slash = strrchr(name, '/');
    return strcmp(program, slash ? slash + 1 : name) == 0;
}

static void print_first(const char *name, int pid, const struct block *b, bool others)
{
    if (is_name_of(b->program, name))
        fprintf(stderr, "hakmem: %s (process %d) with libhakmem, at its end:\n", name, pid);
    else
        fprintf(stderr, "hakmem: %s (process %d), which became %s, with libhakmem, at its end:\n", name, pid,
                units_plain(b->program));
    if (b->allocations)
        fprintf(stderr, "  allocations  %" PRIu64 ", %s from a thread cache, %" PRIu64 " failed\n",
                b->allocations, units_share(b->hits, b->allocations), b->failures);
    else
        fprintf(stderr, "  allocations  none: %s\n",
                others ? "other processes did the work, or its malloc was not the library's"
                       : "it called no malloc, or not the library's");
    fprintf(stderr, "  still in use %s in %" PRIu64 " blocks\n", units_bytes(b->live_bytes), b->live_blocks);
    fprintf(stderr, "  memory       %s mapped, %s given back before, process %s resident\n",
            units_bytes(b->mapped), units_bytes(b->purged), units_bytes(b->resident));
}

static int by_allocations(const void *a, const void *b)
{
    const struct block *x = a, *y = b;
    return x->allocations < y->allocations ? 1 : x->allocations > y->allocations ? -1 : x->pid - y->pid;
}

/* All but FIRST, those with most allocations first. */
static void print_others(struct blocks *all, int first)
{
    uint64_t rest = 0;
    size_t shown = 0, more = 0;
    qsort(all->list, all->count, sizeof all->list[0], by_allocations);
    fprintf(stderr, "hakmem: other processes, at their ends:\n%9s %12s %8s %8s %8s %8s %s\n", "PID",
            "ALLOCATIONS", "CACHED", "FAILED", "IN USE", "RESIDENT", "PROGRAM");
    for (size_t i = 0; i < all->count; i++) {
        const struct block *b = &all->list[i];
        if (b->pid == first)
            continue;
        if (shown++ < ROWS_MOST) {
            fprintf(stderr, "%9d %12" PRIu64 " %8s %8" PRIu64 " %8s %8s %.24s\n", b->pid, b->allocations,
                    units_share(b->hits, b->allocations), b->failures, units_bytes(b->live_bytes),
                    units_bytes(b->resident), units_plain(b->program));
        } else {
            more++;
            rest += b->allocations;
        }
    }
    if (more)
        fprintf(stderr, "  and %zu more with %" PRIu64 " allocations\n", more, rest);
}

/* --- Those without -------------------------------------------------------------------------------*/

/* Processes of one program that have no figures for one reason. */
struct group {
    const char *name;
    char why[128];
    unsigned count;
    int pid;
};

static void add_to_group(struct group *groups, unsigned *count, const struct member *m)
{
    const char *why = family_why(m);
    for (unsigned i = 0; i < *count; i++)
        if (strcmp(groups[i].name, m->name) == 0 && strcmp(groups[i].why, why) == 0) {
            groups[i].count++;
            return;
        }
    if (*count == GROUPS_MOST)
        return;
    struct group *g = &groups[(*count)++];
    *g = (struct group){.name = m->name, .count = 1, .pid = m->pid};
    snprintf(g->why, sizeof g->why, "%s", why);
}

static void print_without(const struct blocks *all, const struct family *f, int first)
{
    struct group groups[GROUPS_MOST];
    unsigned count = 0;
    for (unsigned i = 0; i < f->count; i++)
        if (f->list[i].pid != first && !block_of(all, f->list[i].pid))
            add_to_group(groups, &count, &f->list[i]);
    for (unsigned i = 0; i < count; i++)
        if (groups[i].count == 1)
            fprintf(stderr, "hakmem: no figures of %s (process %d): %s\n", groups[i].name, groups[i].pid,
                    groups[i].why);
        else
            fprintf(stderr, "hakmem: no figures of %u processes %s, each: %s\n", groups[i].count,
                    groups[i].name, groups[i].why);
}

/* -------------------------------------------------------------------------------------------------*/

static const struct member *first_member(const struct family *f, int pid)
{
    for (unsigned i = 0; i < f->count; i++)
        if (f->list[i].pid == pid)
            return &f->list[i];
    return NULL;
}

void figures_print(const char *name, const char *text, int pid, const struct family *f)
{
    struct blocks all = read_blocks(text);
    const struct block *own = block_of(&all, pid);
    const struct member *m = first_member(f, pid);
    bool others = false;
    for (size_t i = 0; i < all.count; i++)
        others = others || all.list[i].pid != pid;
    fflush(stdout);
    if (own)
        print_first(name, pid, own, others);
    else
        error("no figures of %s (process %d): %s", name, pid,
              m ? family_why(m) : "it ended without exit(3), or does not use the library");
    if (others)
        print_others(&all, pid);
    print_without(&all, f, pid);
    free(all.list);
}
