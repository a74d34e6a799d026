/* SPDX-License-Identifier: MIT */
/* commands/preload.c - the environment of a command that gets the library. */
#include "commands/preload.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "commands/suitable.h"
#include "common/say.h"
#include "target/elf.h"

/* Can FILE be run with the library? An error, and false. */
static bool suitable(const char *file)
{
    struct suitability s;
    suitability_of(file, &s);
    if (s.unfit)
        error("%s %s", s.file, s.unfit);
    else if (s.ignored)
        error("warning: %s %s", s.file, s.ignored);
    return !s.unfit;
}

/* True if the word names this library, wherever it lies. */
static bool names_library(const char *word, size_t n)
{
    const char *base = memrchr(word, '/', n);
    base = base ? base + 1 : word;
    return (size_t)(word + n - base) >= 12 && strncmp(base, "libhakmem.so", 12) == 0;
}

/* LIBRARY in front, then what LD_PRELOAD already has, but for other names of the library. */
static void set_preload(const char *library)
{
    const char *old = getenv("LD_PRELOAD");
    char *value = need_format("%s", library);
    for (const char *p = old ? old : ""; *p;) {
        size_t n = strcspn(p, ": ");
        if (n && !names_library(p, n)) {
            char *longer = need_format("%s:%.*s", value, (int)n, p);
            free(value);
            value = longer;
        }
        p += n + (p[n] != '\0');
    }
    if (setenv("LD_PRELOAD", value, 1) != 0)
        exit(EXIT_CANNOT_RUN);
    free(value);
}

/* False after an error if LIBRARY cannot be preloaded. */
static bool library_good(const char *library)
{
    struct elf_file elf;
    if (!elf_inspect(library, &elf))
        error("the library %s cannot be read: %s", library, strerror(errno));
    else if (!elf.is_ours)
        error("%s is no library for this machine", library);
    else if (strpbrk(library, ": "))
        error("%s: the loader takes no path with a blank or colon in LD_PRELOAD", library);
    else
        return true;
    return false;
}

int preload_prepare(char *const *argv, const char *library)
{
    char *real = absolute_path(library), *file = find_command(argv[0]);
    int status = EXIT_CANNOT_RUN;
    if (library_good(real)) {
        if (!file)
            error("%s: no such command", argv[0]);
        status = !file ? EXIT_NOT_FOUND : suitable(file) ? EXIT_OK : EXIT_CANNOT_RUN;
    }
    if (status == EXIT_OK) {
        warn_of_children(file, argv);
        set_preload(real);
    }
    free(real);
    free(file);
    return status;
}
