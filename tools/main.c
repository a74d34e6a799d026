/* SPDX-License-Identifier: MIT */
/* main.c - the hakmem command: which of its commands is meant. */
#include "tool.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config.h"

void error(const char *format, ...)
{
    va_list list;
    fflush(stdout);
    fputs("hakmem: ", stderr);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("hakmem " PACKAGE_VERSION);
        return EXIT_OK;
    }
    error("no such command");
    return EXIT_USAGE;
}
