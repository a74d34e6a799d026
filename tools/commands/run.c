/* SPDX-License-Identifier: MIT */
/* commands/run.c - hakmem run: a command with the library preloaded. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/child.h"
#include "target/elf.h"
#include "commands/values.h"
#include "commands/suitable.h"
#include "commands/commands.h"
#include "common/say.h"

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

/* --- The environment of the command --------------------------------------------------------------*/

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

/* A path that also holds where the command changes its directory. */
static bool set_stats_file(const char *file)
{
    char *directory = file[0] == '/' ? NULL : getcwd(NULL, 0);
    char *path = directory ? need_format("%s/%s", directory, file) : need_format("%s", file);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        error("cannot open %s: %s", path, strerror(errno));
    else
        close(fd);
    (void)setenv("HAKMEM_STATS_FILE", path, 1);
    free(directory);
    free(path);
    return fd >= 0;
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

int command_run(int argc, char **argv)
{
    static const struct option options[] = {{"stats", optional_argument, NULL, 's'},
                                            {"option", required_argument, NULL, 'o'},
                                            {"library", required_argument, NULL, 'l'},
                                            {0}};
    const char *stats = NULL, *library = library_path();
    bool summary = false;
    for (int o; (o = getopt_long(argc, argv, "+", options, NULL)) != -1;) {
        if (o == '?')
            return option_error("run", argv);
        if (o == 'o' && !values_set(optarg))
            return EXIT_USAGE;
        if (o == 'l')
            library = optarg;
        if (o == 's') {
            stats = optarg;
            summary = !optarg;
        }
    }
    if (optind == argc)
        return usage_error("run: which command?");
    char *real = absolute_path(library), *file = find_command(argv[optind]);
    if (!library_good(real))
        return EXIT_CANNOT_RUN;
    if (!file) {
        error("%s: no such command", argv[optind]);
        return EXIT_NOT_FOUND;
    }
    if (!suitable(file))
        return EXIT_CANNOT_RUN;
    warn_of_children(file, argv + optind);
    if (stats && !set_stats_file(stats))
        return EXIT_NO;
    set_preload(real);
    free(real);
    free(file);
    return summary ? child_with_summary(argv + optind) : child_exec(argv + optind);
}
