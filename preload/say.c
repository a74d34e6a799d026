/* SPDX-License-Identifier: MIT */
/* say.c - messages, and memory or the end. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "preload.h"

bool quiet;

void fault(const char *format, ...)
{
    va_list list;
    char line[2048];
    va_start(list, format);
    (void)vsnprintf(line, sizeof line, format, list);
    va_end(list);
    (void)fflush(stdout);
    (void)fprintf(stderr, "hakmem-preload: %s\n", line);
}

void say(const char *format, ...)
{
    va_list list;
    if (quiet)
        return;
    va_start(list, format);
    (void)vprintf(format, list);
    va_end(list);
    (void)putchar('\n');
}

void *need_memory(size_t size)
{
    void *p = malloc(size ? size : 1);
    if (!p) {
        fault("out of memory");
        _exit(EXIT_FAULT);
    }
    return p;
}
