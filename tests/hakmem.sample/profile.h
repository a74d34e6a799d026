/* SPDX-License-Identifier: MIT */
/* profile.h - the lines of a profile that hak_profile_dump wrote. */
#ifndef PROFILE_H
#define PROFILE_H

#include "check.h"

/* One stack, or the sum of several. */
struct site {
    unsigned long live, live_bytes, all, all_bytes; /* estimates */
    unsigned long samples, weighed, frees, foreign, lived_ms;
};

static FILE *profile_open(const char *path)
{
    FILE *f = fopen(path, "r");
    CHECK(f != NULL);
    return f;
}

/* True if one of the addresses in FRAMES lies in [FROM, FROM + SIZE). */
static UNUSED int profile_passes(const char *frames, const void *from, size_t size)
{
    char *end;
    for (unsigned long pc; (pc = strtoul(frames, &end, 16)) != 0 && end != frames; frames = end)
        if (pc - (unsigned long)from <= size)
            return 1;
    return 0;
}

/* The sum of the sites whose stacks pass [FROM, FROM + SIZE); of all where FROM is NULL. */
static UNUSED struct site profile_sum(const char *path, const void *from, size_t size)
{
    static char line[8192], note[1024];
    struct site sum = {0}, s;
    FILE *f = profile_open(path);
    CHECK(fgets(line, sizeof line, f) && strncmp(line, "heap profile: ", 14) == 0);
    while (fgets(line, sizeof line, f)) {
        int at = 0;
        if (sscanf(line, "%lu: %lu [%lu: %lu] @%n", &s.live, &s.live_bytes, &s.all, &s.all_bytes, &at) != 4)
            continue;
        CHECK(at && fgets(note, sizeof note, f));
        CHECK(sscanf(note, "# samples=%lu weighed=%lu frees=%lu foreign=%lu lived_ms=%lu", &s.samples,
                     &s.weighed, &s.frees, &s.foreign, &s.lived_ms) == 5);
        if (from && !profile_passes(line + at, from, size))
            continue;
        for (size_t i = 0; i < sizeof s / sizeof(unsigned long); i++)
            ((unsigned long *)&sum)[i] += ((unsigned long *)&s)[i];
    }
    fclose(f);
    return sum;
}

/* A number of the line that tells of the whole profile: "dropped" and the like. */
static UNUSED unsigned long profile_number(const char *path, const char *name)
{
    static char line[8192];
    FILE *f = profile_open(path);
    char *at = NULL;
    while (!at && fgets(line, sizeof line, f))
        if (strncmp(line, "# libhakmem ", 12) == 0)
            at = strstr(line, name);
    fclose(f);
    CHECK(at && at[strlen(name)] == '=');
    return strtoul(at + strlen(name) + 1, NULL, 10);
}

#endif
