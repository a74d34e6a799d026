/* SPDX-License-Identifier: MIT */
/* lines.h - a test reads what it traced to HAKMEM_TRACE_FILE=trace-%p. */
#ifndef LINES_H
#define LINES_H

#include "check.h"

static struct lines {
    char *text; /* NUL-terminated; mapped by libc's own hands: nothing here is traced */
    size_t size;
} lines;

static UNUSED const char *lines_path(pid_t pid)
{
    static char path[64];
    snprintf(path, sizeof path, "trace-%d", (int)pid);
    return path;
}

/* Read the file of PID as it is now. */
static UNUSED void lines_read(pid_t pid)
{
    static char buffer[4 << 20];
    int fd = open(lines_path(pid), O_RDONLY);
    CHECK(fd >= 0);
    lines.text = buffer;
    lines.size = 0;
    for (ssize_t n = 1; n > 0; lines.size += (size_t)n) {
        n = read(fd, buffer + lines.size, sizeof buffer - 1 - lines.size);
        CHECK(n >= 0);
    }
    close(fd);
    while (lines.size && buffer[lines.size - 1] != '\n') /* another thread's line, half of it */
        lines.size--;
    buffer[lines.size] = '\0';
}

static UNUSED void lines_done(pid_t pid)
{
    CHECK(unlink(lines_path(pid)) == 0);
}

/* The line at or after AT that begins with BEGINNING, or NULL. */
static UNUSED const char *lines_find(const char *at, const char *beginning)
{
    while (at && *at) {
        if (strncmp(at, beginning, strlen(beginning)) == 0)
            return at;
        at = strchr(at, '\n');
        at = at ? at + 1 : NULL;
    }
    return NULL;
}

static UNUSED const char *lines_next(const char *line)
{
    const char *end = strchr(line, '\n');
    return end ? end + 1 : NULL;
}

static UNUSED size_t lines_count(const char *beginning)
{
    size_t n = 0;
    for (const char *l = lines.text; (l = lines_find(l, beginning)) != NULL; l = lines_next(l))
        n++;
    return n;
}

/* The number behind " NAME=" in LINE; it must be there. */
static UNUSED unsigned long long lines_value(const char *line, const char *name)
{
    char key[64];
    snprintf(key, sizeof key, " %s=", name);
    const char *at = strstr(line, key), *end = strchr(line, '\n');
    CHECK(at && at < end);
    return strtoull(at + strlen(key), NULL, 0);
}

/* Does LINE say NAME=TEXT? */
static UNUSED int lines_says(const char *line, const char *name, const char *text)
{
    char key[128];
    snprintf(key, sizeof key, " %s=%s", name, text);
    const char *at = strstr(line, key), *end = strchr(line, '\n');
    return at && at < end && (at[strlen(key)] == ' ' || at[strlen(key)] == '\n');
}

/* Lines of channel NAME that the file says were left out. */
static UNUSED unsigned long long lines_left_out(const char *beginning)
{
    unsigned long long n = 0;
    for (const char *l = lines.text; (l = lines_find(l, beginning)) != NULL; l = lines_next(l)) {
        char *end;
        unsigned long long more = strtoull(l + strlen(beginning), &end, 10);
        if (strncmp(end, " lines left out\n", 16) == 0)
            n += more;
    }
    return n;
}

#endif
