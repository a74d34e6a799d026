/* SPDX-License-Identifier: MIT */
/* profile/legacy.c - the text that the library writes (lib/insight/profile.c): gperftools' heap profiles, and what
 * the library adds as comments. Without those, as others write it, numbers are taken as they stand. */
#include "profile/input.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/proc.h"
#include "common/say.h"
#include "target/elf.h"

enum { DEPTH_MOST = 4096 };

/* While it is read. */
struct reading {
    struct profile *p;
    struct vmas maps;
    struct module *named; /* those of comments */
    size_t named_count;
    uint32_t *known; /* numbers in P + 1 of the mappings; 0: not met yet */
    double value[VALUES];
    uint32_t stack[DEPTH_MOST], depth;
    bool any; /* a sample that is not added yet */
};

/* --- Objects -------------------------------------------------------------------------------------*/

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Of a path that the kernel shows, or NULL. */
static char *file_of(const char *path)
{
    const char *deleted = strstr(path, " (deleted)");
    return path[0] == '/' && !deleted ? need_format("%s", path) : NULL;
}

/* "# module START END BUILD_ID NAME" */
static void parse_module(struct reading *r, char *line)
{
    struct module m = {0};
    char *end;
    m.start = strtoull(line, &end, 16);
    m.end = strtoull(end, &end, 16);
    while (*end == ' ')
        end++;
    for (; digit(end[0]) >= 0 && digit(end[1]) >= 0 && m.build_id_size < sizeof m.build_id; end += 2)
        m.build_id[m.build_id_size++] = (uint8_t)(digit(end[0]) * 16 + digit(end[1]));
    char *name = strchr(end, ' ');
    if (m.start >= m.end || !name)
        return;
    const struct vma *v = proc_find(&r->maps, m.start);
    const char *path = v && v->path[0] ? v->path : name + 1;
    m.name = need_format("%s", path);
    m.file = file_of(path);
    r->named = need_memory(r->named, (r->named_count + 1) * sizeof m);
    r->named[r->named_count++] = m;
}

/* The object of the mapping I: it and its neighbours of the same file. */
static uint32_t module_of_map(struct reading *r, size_t i)
{
    const struct vma *v = r->maps.vma;
    size_t first = i, last = i;
    uint64_t vaddr;
    if (!v[i].path[0])
        return 0;
    while (first && strcmp(v[first - 1].path, v[i].path) == 0)
        first--;
    while (last + 1 < r->maps.count && strcmp(v[last + 1].path, v[i].path) == 0)
        last++;
    if (!r->known[first]) {
        struct module m = {.start = v[first].start,
                           .end = v[last].end,
                           .offset = v[first].offset,
                           .name = (char *)(uintptr_t)v[i].path,
                           .file = file_of(v[i].path)};
        if (m.file)
            m.build_id_size = elf_build_id(m.file, m.build_id, sizeof m.build_id, &vaddr);
        r->known[first] = profile_module(r->p, &m) + 1;
        free(m.file);
    }
    return r->known[first];
}

static uint32_t module_of(struct reading *r, uint64_t address)
{
    const struct module *found = NULL;
    for (size_t i = 0; i < r->named_count; i++)
        if (address >= r->named[i].start && address < r->named[i].end)
            found = &r->named[i]; /* the last one: it was there at the end */
    if (found)
        return profile_module(r->p, found) + 1;
    const struct vma *v = proc_find(&r->maps, address);
    return v ? module_of_map(r, (size_t)(v - r->maps.vma)) : 0;
}

/* --- Lines ---------------------------------------------------------------------------------------*/

static void finish_sample(struct reading *r)
{
    if (r->any && !r->depth)
        r->stack[r->depth++] = profile_nowhere(r->p);
    if (r->any)
        (void)profile_add(r->p, r->stack, r->depth, r->value, 1);
    r->any = false;
}

static bool number_after(char **at, const char *mark, double *out)
{
    char *end;
    *out = strtod(*at, &end);
    if (end == *at || strncmp(end, mark, strlen(mark)) != 0)
        return false;
    *at = end + strlen(mark);
    return isfinite(*out) != 0;
}

/* "3: 4096 [5: 8192] @ 0x..." */
static bool parse_sample(struct reading *r, char *line)
{
    finish_sample(r);
    memset(r->value, 0, sizeof r->value);
    r->depth = 0;
    if (!number_after(&line, ": ", &r->value[INUSE_OBJECTS]) ||
        !number_after(&line, " [", &r->value[INUSE_SPACE]) ||
        !number_after(&line, ": ", &r->value[ALLOC_OBJECTS]) ||
        !number_after(&line, "] @", &r->value[ALLOC_SPACE]))
        return false;
    for (char *end; r->depth < DEPTH_MOST; line = end) {
        uint64_t pc = strtoull(line, &end, 16);
        if (end == line)
            break;
        uint32_t module = pc ? module_of(r, pc - 1) : 0;
        bool own = module && strstr(r->p->module[module - 1].name, "libhakmem.so");
        if (pc && !(own && !r->depth))
            r->stack[r->depth++] = profile_location(r->p, pc - 1, module);
    }
    r->any = true;
    return line[strspn(line, " ")] == '\0';
}

static double field(const char *line, const char *name)
{
    const char *at = strstr(line, name);
    double value = at ? strtod(at + strlen(name), NULL) : 0;
    return isfinite(value) ? value : 0;
}

/* What the library knows beside: numbers of samples. */
static void parse_more(struct reading *r, const char *line)
{
    double weighed = field(line, " weighed="), mean = r->p->mean;
    double weight = weighed >= 1 && mean >= 1 ? 1 / -expm1(-weighed / mean) : 1;
    const char *at = strstr(line, " lifetimes=");
    char *end;
    r->value[FOREIGN_FREES] = field(line, " foreign=") * weight;
    r->value[LIVED] = field(line, " lived_ms=") * weight;
    at = at ? at + strlen(" lifetimes=") : "";
    for (int i = 0; i < SAMPLE_LIFETIMES; i++, at = end + (*end == ',')) {
        r->value[LIFETIMES + i] = strtod(at, &end) * weight;
        if (end == at)
            break;
    }
    if (field(line, " complete=") < 1)
        r->value[CUT] = r->value[ALLOC_OBJECTS];
}

/* Several files may come into one profile. */
static void parse_head(struct profile *p, const char *line)
{
    p->mean = field(line, " mean=");
    p->seconds = fmax(p->seconds, field(line, " ms=") / 1000);
    p->taken += field(line, " samples=");
    p->dropped += field(line, " dropped=");
    if (field(line, " pid=") > 0 && !p->title)
        p->title = need_format("process %.0f", field(line, " pid="));
}

static bool parse_line(struct reading *r, char *line)
{
    line += strspn(line, " \t");
    if (strncmp(line, "# libhakmem ", 12) == 0)
        parse_head(r->p, line);
    else if (strncmp(line, "# module ", 9) == 0)
        parse_module(r, line + 9);
    else if (strncmp(line, "# samples=", 10) == 0 && r->any)
        parse_more(r, line + 1);
    else if (*line && *line != '#')
        return parse_sample(r, line);
    return true;
}

static void free_reading(struct reading *r)
{
    for (size_t i = 0; i < r->named_count; i++) {
        free(r->named[i].name);
        free(r->named[i].file);
    }
    free(r->named);
    free(r->known);
    proc_maps_free(&r->maps);
}

bool input_text(struct profile *p, char *text, const char **why)
{
    struct reading *r = need_memory(NULL, sizeof *r);
    *r = (struct reading){.p = p};
    char *end = strstr(text, "\nMAPPED_LIBRARIES:\n");
    bool good = end != NULL;
    if (good) {
        *end = '\0';
        proc_maps_parse(&r->maps, need_format("%s", end + strlen("\nMAPPED_LIBRARIES:\n")));
        r->known = need_memory(NULL, r->maps.count * sizeof *r->known);
        memset(r->known, 0, r->maps.count * sizeof *r->known);
    }
    char *line = strchrnul(text, '\n'), *next;
    for (line += *line == '\n'; good && *line; line = next) {
        char *stop = strchrnul(line, '\n');
        next = stop + (*stop == '\n');
        *stop = '\0';
        good = parse_line(r, line);
    }
    finish_sample(r);
    free_reading(r);
    free(r);
    *why = "it is cut off, or damaged";
    return good;
}
