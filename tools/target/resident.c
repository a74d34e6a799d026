/* SPDX-License-Identifier: MIT */
/* target/resident.c - the resident bytes of a target that are not its heap's, by mapping. */
#include "target/inspect.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *const part_names[PARTS] = {"program", "libraries",     "stacks",         "heap_brk",
                                       "files",   "shared_memory", "other_anonymous"};
const char *const part_words[PARTS] = {
    "the program's file and data", "libraries and their data", "stacks",
    "heap of the C library (brk)", "other mapped files",       "shared memory",
    "other anonymous memory"};

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Is the file mapped executable anywhere? Then it is a library. */
static bool executable(const struct vmas *maps, const struct vma *v)
{
    for (size_t i = 0; i < maps->count; i++)
        if (maps->vma[i].inode == v->inode && maps->vma[i].perms[2] == 'x' &&
            strcmp(maps->vma[i].path, v->path) == 0)
            return true;
    return false;
}

static enum part part_of_file(const struct vmas *maps, const struct vma *v, const char *program)
{
    if (starts(v->path, "/memfd:") || starts(v->path, "/dev/shm/") || starts(v->path, "/SYSV") ||
        starts(v->path, "/dev/zero"))
        return PART_SHARED;
    if (strcmp(v->path, program) == 0)
        return PART_PROGRAM;
    return executable(maps, v) ? PART_LIBRARIES : PART_FILES;
}

/* Anonymous memory right behind a writable mapping of a file is that file's .bss. */
static bool continues_file(const struct vma *before, const struct vma *v)
{
    return before && before->end == v->start && before->inode && before->perms[1] == 'w' &&
           before->perms[3] == 'p';
}

/* The C library maps stacks of threads with pages below that nobody may touch. */
static bool is_stack(const struct vma *before, const struct vma *v)
{
    return strncmp(v->perms, "rw-p", 4) == 0 && before && before->end == v->start && !before->inode &&
           strncmp(before->perms, "---p", 4) == 0 && before->end - before->start <= 1 << 20;
}

static enum part part_of(const struct vmas *maps, size_t i, const char *program)
{
    const struct vma *v = &maps->vma[i], *before = i ? v - 1 : NULL;
    if (v->inode)
        return part_of_file(maps, v, program);
    if (starts(v->path, "[heap]"))
        return PART_HEAP_BRK;
    if (starts(v->path, "[stack") || starts(v->path, "[anon:stack"))
        return PART_STACKS;
    if (starts(v->path, "[v") || starts(v->path, "[uprobes]"))
        return PART_LIBRARIES; /* the kernel's */
    if (v->perms[3] == 's')
        return PART_SHARED;
    if (continues_file(before, v))
        return part_of_file(maps, before, program);
    return is_stack(before, v) ? PART_STACKS : PART_ANONYMOUS;
}

/* Resident bytes of the heap's ranges within V. Ranges are sorted; *FROM moves along with the mappings. */
static uint64_t ours_within(struct target *t, const struct heap *h, const struct vma *v, size_t *from)
{
    uint64_t bytes = 0;
    while (*from < h->range_count && h->ranges[*from].end <= v->start)
        ++*from;
    for (size_t i = *from; i < h->range_count && h->ranges[i].start < v->end; i++) {
        const struct range *r = &h->ranges[i];
        bool whole = r->start >= v->start && r->end <= v->end;
        bytes += whole ? r->resident
                       : target_resident_bytes(t, max_size(r->start, v->start), min_size(r->end, v->end));
    }
    return bytes;
}

void parts_read(struct target *t, const struct heap *h, uint64_t parts[PARTS])
{
    char path[64], program[PATH_MAX] = "";
    size_t from = 0;
    snprintf(path, sizeof path, "/proc/%d/exe", t->process.pid);
    ssize_t n = readlink(path, program, sizeof program - 1);
    program[n > 0 ? n : 0] = '\0';
    memset(parts, 0, PARTS * sizeof parts[0]);
    for (size_t i = 0; i < t->maps.count; i++) {
        const struct vma *v = &t->maps.vma[i];
        uint64_t ours = ours_within(t, h, v, &from);
        parts[part_of(&t->maps, i, program)] += v->rss - min_size(v->rss, ours);
    }
}
