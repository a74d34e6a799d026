/* SPDX-License-Identifier: MIT */
/* common/say.c - errors, memory, and where the files of the package are. */
#include "common/say.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void verror(const char *format, va_list list)
{
    fflush(stdout);
    fputs("hakmem: ", stderr);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
}

static int put_out(void *to, const char *text, size_t len)
{
    (void)to;
    return fwrite(text, 1, len, stdout) == len ? 0 : EIO;
}

static struct text text_out = {.put = put_out};
struct json json_out = {.to = &text_out};

void error(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    verror(format, list);
    va_end(list);
}

int usage_error(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    verror(format, list);
    va_end(list);
    fputs("hakmem: try hakmem --help\n", stderr);
    return EXIT_USAGE;
}

/* Of what it knows only the last argument can want another one. Of letters in a row it stays at the argument
 * until it has seen all of them; we have none. */
int option_error(const char *command, char **argv)
{
    const char *at = argv[optind - 1], *next = argv[optind];
    bool is_long = strncmp(at, "--", 2) == 0;
    if (optopt && is_long && !strchr(at, '=') && !next)
        return usage_error("%s: a value is missing behind '%s'; see hakmem help %s", command, at, command);
    if (optopt && is_long && strchr(at, '=') && !(next && next[0] == '-' && strchr(next, optopt)))
        return usage_error("%s: no value may follow '%s'; see hakmem help %s", command, at, command);
    at = optopt && (is_long || at[0] != '-') ? next : at;
    if (at[1] >= '0' && at[1] <= '9')
        return usage_error("%s: '%s' is not a process ID, nor an option; see hakmem help %s", command, at,
                           command);
    return usage_error("%s: no option '%s'; see hakmem help %s", command, at, command);
}

void *need_memory(void *old, size_t size)
{
    void *p = realloc(old, size ? size : 1);
    if (!p) {
        error("out of memory");
        exit(EXIT_NO);
    }
    return p;
}

char *need_format(const char *format, ...)
{
    va_list list;
    char *text = NULL;
    va_start(list, format);
    if (vasprintf(&text, format, list) < 0) {
        error("out of memory");
        exit(EXIT_NO);
    }
    va_end(list);
    return text;
}

int parse_pid(const char *text)
{
    char *end;
    errno = 0;
    long n = strtol(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || errno || n < 1 || n > INT_MAX) {
        (void)usage_error("'%s' is not a process ID", text);
        return -1;
    }
    return (int)n;
}

bool parse_number(const char *text, double least, double most, double *out)
{
    char *end;
    *out = strtod(text, &end);
    return end != text && !*end && *out >= least && *out <= most;
}

const char *own_path(void)
{
    static char path[PATH_MAX];
    ssize_t n = path[0] ? 0 : readlink("/proc/self/exe", path, sizeof path - 1);
    if (n < 0)
        path[0] = '\0';
    return path;
}

char *absolute_path(const char *file)
{
    const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
    char *directory = slash ? need_format("%.*s/", (int)(slash - file), file) : need_format("%s", ".");
    char *real = realpath(directory, NULL);
    char *path = real ? need_format("%s/%s", strcmp(real, "/") ? real : "", base) : need_format("%s", file);
    free(directory);
    free(real);
    return path;
}

const char *library_path(void)
{
    static char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s", own_path());
    char *slash = strrchr(path, '/');
    if (slash) {
        strcpy(slash, "/../lib/.libs/libhakmem.so.1");
        if (access(path, F_OK) == 0)
            return path;
    }
    return HAK_LIBRARY;
}
