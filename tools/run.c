/* SPDX-License-Identifier: MIT */
/* run.c - hakmem run: a command with the library preloaded. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "child.h"
#include "object.h"
#include "settings.h"
#include "tool.h"

/* --- Can it be run with the library? -------------------------------------------------------------*/

/* Where execvp would find NAME, or NULL: allocated. */
static char *find_command(const char *name)
{
    if (strchr(name, '/'))
        return access(name, F_OK) == 0 ? need_format("%s", name) : NULL;
    const char *path = getenv("PATH");
    for (const char *dir = path ? path : "/bin:/usr/bin"; dir;) {
        const char *end = strchrnul(dir, ':');
        char *file = need_format("%.*s%s%s", (int)(end - dir), dir, end > dir ? "/" : "", name);
        struct stat st;
        if (access(file, X_OK) == 0 && stat(file, &st) == 0 && S_ISREG(st.st_mode))
            return file;
        free(file);
        dir = *end ? end + 1 : NULL;
    }
    return NULL;
}

static bool is_loader(const char *file)
{
    const char *slash = strrchr(file, '/');
    return strncmp(slash ? slash + 1 : file, "ld-", 3) == 0 ||
           strncmp(slash ? slash + 1 : file, "ld.so", 5) == 0;
}

/* Warn where the loader will ignore LD_PRELOAD. */
static void warn_secure(const char *file)
{
    struct stat st;
    if (stat(file, &st) != 0)
        return;
    bool user = (st.st_mode & S_ISUID) && st.st_uid != geteuid();
    bool group = (st.st_mode & S_ISGID) && (st.st_mode & S_IXGRP) && st.st_gid != getegid();
    if (user || group)
        error("warning: %s is set-%s-ID: the loader ignores LD_PRELOAD for it", file,
              user ? "user" : "group");
    else if (geteuid() != 0 && getxattr(file, "security.capability", NULL, 0) > 0)
        error("warning: %s has capabilities: the loader ignores LD_PRELOAD for it", file);
}

/* Why FILE cannot be run with a library of this machine: an error, and false. */
static bool suitable(const char *file)
{
    struct elf_file elf;
    char script[256];
    for (int depth = 0; depth < 4; depth++) {
        if (!elf_inspect(file, &elf))
            return true; /* execvp says what is wrong, or it can be run and not read */
        if (elf.is_elf && !elf.is_64)
            error("%s is a 32-bit program: libhakmem is a 64-bit library", file);
        else if (elf.is_elf && !elf.is_ours)
            error("%s is a program of another architecture", file);
        else if (elf.is_elf && !elf.has_interpreter && !is_loader(file))
            error("%s is statically linked: nothing can be preloaded into it", file);
        else if (strstr(elf.interpreter, "ld-musl"))
            error("%s is linked with musl: libhakmem needs the GNU C library", file);
        else if (elf.script[0] && depth < 3) {
            snprintf(script, sizeof script, "%s", elf.script);
            file = script;
            continue;
        } else {
            warn_secure(file);
            return true;
        }
        return false;
    }
    return true;
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
            return usage_error("run: see hakmem help run");
        if (o == 'o' && !settings_set(optarg))
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
    if (stats && !set_stats_file(stats))
        return EXIT_NO;
    set_preload(real);
    free(real);
    free(file);
    return summary ? child_with_summary(argv + optind) : child_exec(argv + optind);
}
