/* SPDX-License-Identifier: MIT */
/* profile/profile.c - a heap profile, put together and asked for names. */
#include "profile/profile.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/say.h"

const char *const value_names[TYPES] = {"alloc_objects", "alloc_space",   "inuse_objects",
                                        "inuse_space",   "foreign_frees", "lived"};
const char *const value_units[TYPES] = {"count", "bytes", "count", "bytes", "count", "milliseconds"};

enum value value_find(const char *name)
{
    int i = 0;
    while (i < TYPES && strcmp(value_names[i], name) != 0)
        i++;
    return (enum value)i;
}

void profile_init(struct profile *p)
{
    *p = (struct profile){0};
    (void)intern_text(&p->texts, "");
}

void profile_free(struct profile *p)
{
    for (uint32_t i = 0; i < p->module_count; i++) {
        free(p->module[i].name);
        free(p->module[i].file);
    }
    intern_free(&p->texts);
    intern_free(&p->addresses);
    intern_free(&p->stacks);
    free(p->location);
    free(p->line);
    free(p->module);
    free(p->value);
    free(p->title);
    *p = (struct profile){0};
}

/* --- Parts ---------------------------------------------------------------------------------------*/

/* Room for one element more behind COUNT of SIZE bytes each. */
static void *room(void *array, uint32_t count, uint32_t *most, size_t size)
{
    if (count < *most)
        return array;
    *most = *most ? *most * 2 : 64;
    return need_memory(array, *most * size);
}

uint32_t profile_text(struct profile *p, const char *text)
{
    return intern_text(&p->texts, text);
}

static bool same_module(const struct module *a, const struct module *b)
{
    return a->start == b->start && a->end == b->end && a->build_id_size == b->build_id_size &&
           memcmp(a->build_id, b->build_id, a->build_id_size) == 0 && strcmp(a->name, b->name) == 0;
}

uint32_t profile_module(struct profile *p, const struct module *m)
{
    for (uint32_t i = 0; i < p->module_count; i++)
        if (same_module(&p->module[i], m))
            return i;
    p->module = need_memory(p->module, (p->module_count + 1) * sizeof *m);
    struct module *own = &p->module[p->module_count];
    *own = *m;
    own->name = need_format("%s", m->name);
    own->file = m->file ? need_format("%s", m->file) : NULL;
    return p->module_count++;
}

uint32_t profile_location(struct profile *p, uint64_t address, uint32_t module)
{
    const uint64_t key[2] = {address, module};
    uint32_t before = p->addresses.count, number = intern(&p->addresses, key, sizeof key);
    if (number < before)
        return number;
    p->location = room(p->location, number, &p->location_room, sizeof *p->location);
    p->location[number] = (struct location){.address = address, .module = module};
    return number;
}

void profile_line(struct profile *p, uint32_t location, uint32_t function, uint32_t file, int64_t line)
{
    struct location *l = &p->location[location];
    p->line = room(p->line, p->line_count, &p->line_room, sizeof *p->line);
    if (!l->lines)
        l->first_line = p->line_count;
    p->line[p->line_count++] = (struct function_line){function, file, line};
    l->lines++;
}

uint32_t profile_nowhere(struct profile *p)
{
    uint32_t before = p->addresses.count, location = profile_location(p, 0, 0);
    if (location == before)
        profile_line(p, location, profile_text(p, "[no stack]"), 0, 0);
    return location;
}

uint32_t profile_add(struct profile *p, const uint32_t *locations, uint32_t depth, const double value[VALUES],
                     double factor)
{
    uint32_t before = p->stacks.count;
    uint32_t stack = intern(&p->stacks, locations, depth * sizeof *locations);
    if (stack == before) {
        p->value = room(p->value, stack, &p->value_room, sizeof *p->value);
        memset(p->value[stack], 0, sizeof p->value[stack]);
    }
    for (int i = 0; i < VALUES; i++)
        p->value[stack][i] += value[i] * factor;
    return stack;
}

void profile_sum(const struct profile *p, double sum[VALUES])
{
    memset(sum, 0, VALUES * sizeof sum[0]);
    for (uint32_t s = 0; s < p->stacks.count; s++)
        for (int i = 0; i < VALUES; i++)
            sum[i] += p->value[s][i];
}

/* --- Names ---------------------------------------------------------------------------------------*/

/* The name of what has none: where it is in its object, or in the process. */
static uint32_t nameless(struct profile *p, const struct location *l)
{
    char text[512];
    const struct module *m = l->module ? &p->module[l->module - 1] : NULL;
    if (m) {
        const char *slash = strrchr(m->name, '/');
        snprintf(text, sizeof text, "%s+0x%" PRIx64, slash ? slash + 1 : m->name,
                 l->address - m->start + m->offset);
    } else {
        snprintf(text, sizeof text, "0x%" PRIx64, l->address);
    }
    return profile_text(p, text);
}

static void put_name(struct names *names, size_t n, uint32_t name)
{
    if (n == names->room) {
        names->room = n ? n * 2 : 128;
        names->of = need_memory(names->of, names->room * sizeof *names->of);
    }
    names->of[n] = name;
}

size_t profile_names(struct profile *p, uint32_t stack, struct names *names)
{
    uint32_t depth;
    const uint32_t *locations = stack_of(p, stack, &depth);
    size_t n = 0;
    for (uint32_t i = 0; i < depth; i++) {
        const struct location *l = &p->location[locations[i]];
        if (!l->lines)
            put_name(names, n++, nameless(p, l));
        for (uint32_t k = 0; k < l->lines; k++)
            put_name(names, n++, p->line[l->first_line + k].function);
    }
    return n;
}

/* Whole names, and beginnings: those end in '*'. */
static const char *const handing[] = {"memalign",  "aligned_alloc", "posix_memalign", "__libc_memalign",
                                      "valloc",    "pvalloc",       "operator new*",  "_Znwm*",
                                      "_Znam*",    "std::*",        "__gnu_cxx::*",   "_ZNSt*",
                                      "_ZNKSt*",   "_ZNSa*",        "_ZN9__gnu_cxx*", "alloc::*",
                                      "<alloc::*", "__rust_alloc*", "__rdl_alloc*",   "__rg_alloc*"};

/* Behind the type that a function of C++ returns, which the names of templates begin with. */
static const char *behind_type(const char *name)
{
    const char *start = name;
    int depth = 0;
    if (strncmp(name, "operator ", 9) == 0)
        return name;
    for (const char *c = name; *c && !(*c == '(' && !depth); c++) {
        depth += (*c == '<') - (*c == '>');
        if (*c == ' ' && !depth)
            start = c + 1;
    }
    return start;
}

/* Does NAME say that it is somebody's malloc? zmalloc, g_malloc, PyMem_Malloc, xrealloc: not preallocate. */
static bool says_so(const char *name)
{
    static const char *const words[] = {"malloc", "calloc", "realloc"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const char *at = strcasestr(name, words[i]);
        size_t n = strlen(words[i]);
        if (at && at[n] != 'a' && (at == name || (at[-1] | 0x20) != 'p' || *words[i] != 'r'))
            return true;
    }
    return false;
}

bool hands_on(const char *name)
{
    name = behind_type(name);
    for (size_t i = 0; i < sizeof handing / sizeof handing[0]; i++) {
        size_t n = strlen(handing[i]) - 1;
        if (handing[i][n] == '*' ? strncmp(name, handing[i], n) == 0 : strcmp(name, handing[i]) == 0)
            return true;
    }
    return says_so(name);
}

size_t first_user(const struct profile *p, const uint32_t *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!hands_on(text_of(p, names[i])))
            return i;
    return count ? count - 1 : 0;
}

/* --- Differences ---------------------------------------------------------------------------------*/

/* The location of OUT that stands for a function of P called NAME: known by the name alone. */
static uint32_t by_name(struct profile *out, const struct profile *p, uint32_t name)
{
    uint32_t function = profile_text(out, text_of(p, name));
    uint32_t before = out->addresses.count;
    uint32_t location = profile_location(out, function, 0);
    if (location == before)
        profile_line(out, location, function, 0, 0);
    return location;
}

static void add_by_names(struct profile *out, struct profile *p, double factor)
{
    struct names names = {0};
    uint32_t *stack = NULL;
    for (uint32_t s = 0; s < p->stacks.count; s++) {
        size_t n = profile_names(p, s, &names);
        stack = need_memory(stack, n * sizeof *stack);
        for (size_t i = 0; i < n; i++)
            stack[i] = by_name(out, p, names.of[i]);
        (void)profile_add(out, stack, (uint32_t)n, p->value[s], factor);
    }
    free(stack);
    free(names.of);
}

void profile_subtract(struct profile *out, struct profile *to, struct profile *from)
{
    add_by_names(out, to, 1);
    add_by_names(out, from, -1);
    out->difference = true;
    out->mean = to->mean;
    out->when = to->when;
    out->seconds = to->seconds;
    out->taken = to->taken + from->taken;
    out->dropped = to->dropped + from->dropped;
}
