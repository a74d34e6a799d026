/* SPDX-License-Identifier: MIT */
/* profile/tables.c - the tables of sampled allocations, copied from a process.
 *
 * The process may be in the middle of a change, or have damaged them: each index and number is checked before it is
 * used, and what makes no sense is left out and counted. */
#include "profile/tables.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/say.h"

enum {
    TRIES = 50,          /* to copy them between two changes */
    PAUSE = 1000,        /* microseconds */
    TABLE_MOST = 1 << 30 /* bytes of one of them */
};
#define PC_MASK ((UINT64_C(1) << SAMPLE_PC_BITS) - 1)

uint64_t now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void tables_free(struct tables *a)
{
    free(a->words);
    free(a->sites);
    free(a->modules);
    free(a->live);
    *a = (struct tables){0};
}

/* --- Copies --------------------------------------------------------------------------------------*/

/* COUNT elements of SIZE bytes at ADDRESS, cut to what is mapped there, into *TO. Their number. */
static size_t copy(struct target *t, struct tables *a, const void *address, uint64_t count, size_t size,
                   void **to)
{
    uint64_t from = (uintptr_t)address, end = from;
    uint64_t bytes = count <= TABLE_MOST / size ? count * size : 0;
    for (const struct vma *v; end - from < bytes && (v = proc_find(&t->maps, end)) != NULL;)
        end = v->end;
    uint64_t mapped = end - from < bytes ? (end - from) / size : bytes / size;
    a->strange += mapped != count;
    *to = need_memory(*to, (size_t)mapped * size);
    if (mapped && !target_read(t, from, *to, (size_t)mapped * size)) {
        a->strange++;
        return 0;
    }
    return (size_t)mapped;
}

static uint32_t at_most(struct tables *a, uint64_t used, uint64_t most)
{
    a->strange += used > most;
    return (uint32_t)(used > most ? most : used);
}

static void copy_all(struct target *t, struct tables *a, bool live)
{
    struct samples *s = &a->head;
    a->strange = 0;
    a->words_count =
        copy(t, a, s->words, at_most(a, s->words_used, s->words_most), sizeof *a->words, (void **)&a->words);
    a->sites_count = (uint32_t)copy(t, a, s->sites, at_most(a, s->sites_used, s->sites_most),
                                    sizeof *a->sites, (void **)&a->sites);
    a->modules_count = (uint32_t)copy(t, a, s->modules, at_most(a, s->modules_used, SAMPLE_MODULES),
                                      sizeof *a->modules, (void **)&a->modules);
    if (live)
        a->live_count =
            copy(t, a, s->live, at_most(a, s->live_used, s->live_most), sizeof *a->live, (void **)&a->live);
}

static uint32_t changes_now(struct target *t)
{
    return half_at(t, at(t, ROW_samples) + offsetof(struct samples, changes));
}

bool tables_read(struct target *t, struct tables *a, bool live)
{
    for (int i = 0; i < TRIES; i++) {
        uint32_t before = changes_now(t);
        if (!target_read(t, at(t, ROW_samples), &a->head, sizeof a->head))
            break;
        /* The mapping may be younger than the list of mappings. */
        if (a->head.words && !proc_find(&t->maps, (uintptr_t)a->head.words)) {
            proc_maps_free(&t->maps);
            if (!proc_maps(&t->maps, t->process.pid, false))
                break;
        }
        copy_all(t, a, live);
        a->at_ms = now_ms();
        a->torn = before % 2 || changes_now(t) != before;
        if (!a->torn)
            return !t->gone;
        (void)usleep(PAUSE);
    }
    if (!a->torn || t->gone) {
        snprintf(t->why, sizeof t->why, "process %d (%s) ended while it was read", t->process.pid,
                 t->process.name);
        return false;
    }
    return true;
}

/* --- Into a profile ------------------------------------------------------------------------------*/

double tables_weight(const struct tables *a, const struct sample_site *site)
{
    double mean = (double)a->head.mean, weighed = (double)site->weighed;
    return mean < 1 || weighed < 1 ? 1 : 1 / -expm1(-weighed / mean);
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* The mapping of T that M, whose name may have lost its beginning, is part of. */
static const char *path_in_maps(const struct target *t, const struct sample_module *m, const char *name)
{
    const struct vma *v = proc_find(&t->maps, m->start);
    return v && v->path[0] && (!name[0] || ends_with(v->path, name)) ? v->path : NULL;
}

/* An object as the tables have it; 0 if it makes no sense, else its number in P + 1. */
static uint32_t add_module(struct profile *p, struct target *t, const struct sample_module *m)
{
    char name[sizeof m->name + 1] = "", file[4200], exe[64], real[4096] = "";
    memcpy(name, m->name, sizeof m->name);
    if (m->start >= m->end || m->end >> SAMPLE_PC_BITS || m->build_id_size > sizeof m->build_id)
        return 0;
    snprintf(exe, sizeof exe, "/proc/%d/exe", t->process.pid);
    const char *path = path_in_maps(t, m, name);
    if (!name[0]) {
        ssize_t n = readlink(exe, real, sizeof real - 1);
        real[n > 0 ? n : 0] = '\0';
        path = real[0] ? real : path;
    }
    if (!path)
        path = name;
    if (!name[0])
        snprintf(file, sizeof file, "%s", exe);
    else
        snprintf(file, sizeof file, "/proc/%d/root%s", t->process.pid, path);
    struct module own = {.start = m->start,
                         .end = m->end,
                         .name = (char *)(uintptr_t)path,
                         .file = path[0] == '/' ? file : NULL,
                         .build_id_size = m->build_id_size};
    memcpy(own.build_id, m->build_id, m->build_id_size);
    return profile_module(p, &own) + 1;
}

/* Code that belongs to no object of the tables: by the mappings. */
static uint32_t module_of_maps(struct profile *p, struct target *t, uint64_t address)
{
    char file[4200];
    const struct vma *v = proc_find(&t->maps, address);
    if (!v || !v->path[0])
        return 0;
    snprintf(file, sizeof file, "/proc/%d/root%s", t->process.pid, v->path);
    struct module own = {.start = v->start,
                         .end = v->end,
                         .offset = v->offset,
                         .name = (char *)(uintptr_t)v->path,
                         .file = v->path[0] == '/' ? file : NULL};
    return profile_module(p, &own) + 1;
}

/* The number in P + 1 of the object of FRAME; 0: none. *OWN: it is the library itself. */
static uint32_t module_of(struct profile *p, struct target *t, struct tables *a, uint64_t frame, bool *own)
{
    uint64_t number = frame >> SAMPLE_PC_BITS, pc = frame & PC_MASK;
    const struct sample_module *m = number && number < a->modules_count ? &a->modules[number] : NULL;
    if (number && (!m || pc < m->start || pc > m->end)) {
        a->strange++;
        m = NULL;
    }
    if (m && !a->met[number]) {
        a->met[number] = true;
        a->known[number] = add_module(p, t, m);
    }
    uint32_t found = m ? a->known[number] : module_of_maps(p, t, pc);
    *own = found && strstr(p->module[found - 1].name, "libhakmem.so") != NULL;
    return found;
}

uint32_t tables_stack(struct profile *p, struct target *t, struct tables *a, uint32_t index,
                      struct frames *stack, bool *complete)
{
    struct sample_stack head;
    uint64_t first = a->sites[index].stack, words = sizeof head / sizeof *a->words;
    if (!first || first + words > a->words_count)
        return 0;
    memcpy(&head, &a->words[first], sizeof head);
    if (head.depth > SAMPLE_DEPTH || first + words + head.depth > a->words_count)
        return 0;
    if (!stack->room)
        stack->of = need_memory(stack->of, (stack->room = SAMPLE_DEPTH) * sizeof *stack->of);
    uint32_t n = 0;
    for (uint32_t i = 0; i < head.depth; i++) {
        uint64_t frame = a->words[first + words + i], pc = frame & PC_MASK;
        bool own = false;
        uint32_t module = module_of(p, t, a, frame, &own);
        if (pc && !(own && !n)) /* not malloc itself */
            stack->of[n++] = profile_location(p, pc - 1, module);
    }
    *complete = head.complete != 0;
    if (!n)
        stack->of[n++] = profile_nowhere(p);
    return n;
}

/* What SITE says, with weights; less what it said BEFORE. False where it makes no sense. */
static bool site_value(const struct tables *a, const struct sample_site *site,
                       const struct sample_site *before, bool complete, double value[VALUES])
{
    static const struct sample_site none;
    const struct sample_site *old = before ? before : &none;
    double weight = tables_weight(a, site);
    if (site->frees > site->allocs || site->foreign > site->frees || site->freed_bytes > site->bytes)
        return false;
    double allocs = (double)site->allocs - (double)old->allocs,
           frees = (double)site->frees - (double)old->frees;
    double bytes = (double)site->bytes - (double)old->bytes;
    double freed = (double)site->freed_bytes - (double)old->freed_bytes;
    memset(value, 0, VALUES * sizeof value[0]);
    value[ALLOC_OBJECTS] = allocs * weight;
    value[ALLOC_SPACE] = bytes * weight;
    value[INUSE_OBJECTS] = (allocs - frees) * weight;
    value[INUSE_SPACE] = (bytes - freed) * weight;
    value[FOREIGN_FREES] = ((double)site->foreign - (double)old->foreign) * weight;
    value[LIVED] = ((double)site->lived_ms - (double)old->lived_ms) * weight;
    for (int i = 0; i < SAMPLE_LIFETIMES; i++)
        value[LIFETIMES + i] = ((double)site->lifetimes[i] - (double)old->lifetimes[i]) * weight;
    value[CUT] = complete ? 0 : value[ALLOC_OBJECTS];
    return true;
}

void tables_add(struct profile *p, struct target *t, struct tables *a, const struct tables *before)
{
    struct frames stack = {0};
    double value[VALUES];
    for (uint32_t i = 1; i < a->sites_count; i++) {
        const struct sample_site *site = &a->sites[i];
        const struct sample_site *old = before && i < before->sites_count ? &before->sites[i] : NULL;
        bool complete = false;
        if (!site->allocs)
            continue;
        uint32_t depth = tables_stack(p, t, a, i, &stack, &complete);
        if (depth && site_value(a, site, old, complete, value))
            (void)profile_add(p, stack.of, depth, value, 1);
        else
            a->strange++;
    }
    free(stack.of);
    p->mean = (double)a->head.mean;
    p->taken += (double)(a->head.taken - (before ? before->head.taken : 0));
    p->dropped += (double)(a->head.dropped - (before ? before->head.dropped : 0));
    p->torn = a->torn;
}
