/* SPDX-License-Identifier: MIT */
/* check.c - may the library be preloaded everywhere? As far as can be seen without running anything. */
#include "check.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "image.h"
#include "preload.h"

/* --- Where the library is ------------------------------------------------------------------------*/

/* Does TEXT look like what $LIB becomes: lib, lib64, lib/TRIPLE? */
static bool is_library_dir(const char *text)
{
    if (strncmp(text, "lib", 3) != 0)
        return false;
    const char *rest = text + 3;
    if (!*rest || strcmp(rest, "64") == 0)
        return true;
    return *rest == '/' && strstr(rest, "-linux-gnu") &&
           strspn(rest + 1, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(rest + 1);
}

/* ld.so holds the word among its strings. */
const char *library_dir(void)
{
    static const char *const shells[] = {"/bin/sh", "/bin/bash", "/usr/bin/env", "/bin/true", "/usr/bin/ls"};
    static char found[64];
    struct text file, linker;
    for (size_t i = 0; i < sizeof shells / sizeof *shells && !*found; i++) {
        if (!read_file(shells[i], &file))
            continue;
        const char *path = elf_class(&file) ? elf_interpreter(&file) : NULL;
        if (path && read_file(path, &linker)) {
            for (const char *p = linker.data, *end = p + linker.size; p < end; p += strlen(p) + 1)
                if (strlen(p) < sizeof found && strlen(p) > strlen(found) && is_library_dir(p))
                    (void)snprintf(found, sizeof found, "%s", p);
            text_free(&linker);
        }
        text_free(&file);
    }
    return *found ? found : NULL;
}

const char *library_path(void)
{
    static char path[PATH_MAX];
    const char *dir = library_dir();
    if (!dir)
        return NULL;
    (void)snprintf(path, sizeof path, "/usr/%s/%s", dir, LIBRARY_NAME);
    return path;
}

/* --- Whose it is ---------------------------------------------------------------------------------*/

/* Where there is a list, the group's bits are the most that anybody on it may do. */
#define ACCESS_LIST "system.posix_acl_access"

static bool only_root_writes(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        fault("%s: %s", path, strerror(errno));
        return false;
    }
    if (st.st_uid != 0)
        fault("%s is not owned by root", path);
    else if (st.st_mode & S_IWOTH ||
             (st.st_mode & S_IWGRP && (st.st_gid != 0 || getxattr(path, ACCESS_LIST, NULL, 0) > 0)))
        fault("%s is writable by others than root", path);
    else
        return true;
    return false;
}

/* PATH and all directories above, with links resolved. */
static bool root_owns_path(const char *path)
{
    char real[PATH_MAX];
    if (!realpath(path, real)) {
        fault("%s: %s", path, strerror(errno));
        return false;
    }
    for (;;) {
        if (!only_root_writes(real))
            return false;
        char *slash = strrchr(real, '/');
        if (slash == real && !slash[1])
            return true;
        slash[slash == real] = '\0';
    }
}

bool check_file(const struct preload *file)
{
    return root_owns_path(PRELOAD_DIR) && (!file->exists || only_root_writes(PRELOAD_FILE));
}

/* --- The library ---------------------------------------------------------------------------------*/

static bool check_versions(const char *path, const struct text *library)
{
    char name[PATH_MAX];
    struct text libc;
    (void)snprintf(name, sizeof name, "/usr/%s/libc.so.6", library_dir());
    if (access(name, F_OK) != 0)
        (void)snprintf(name, sizeof name, "/%s/libc.so.6", library_dir());
    if (!read_file(name, &libc)) {
        fault("%s: %s", name, strerror(errno));
        return false;
    }
    const char *missing = elf_missing_version(library, &libc);
    if (missing)
        fault("%s needs %s, which this machine's C library does not have: programs would not start", path,
              missing);
    text_free(&libc);
    return !missing;
}

static bool check_contents_of(const char *path, const struct text *library)
{
    const char *why = elf_not_loadable(library);
    if (why) {
        fault("%s %s", path, why);
        return false;
    }
    const char *soname = elf_soname(library), *needed = elf_other_needed(library);
    if (!soname || strcmp(soname, LIBRARY_NAME) != 0) {
        fault("%s is not libhakmem: its soname is %s", path, soname ? soname : "missing");
        return false;
    }
    if (needed) {
        fault("%s needs %s: every program would load that too", path, needed);
        return false;
    }
    enum elf_definition malloc_defined = elf_defines(library, "malloc");
    if (malloc_defined != ELF_DEFINED) {
        fault(malloc_defined ? "%s defines malloc with a version: programs would not use it"
                             : "%s does not define malloc",
              path);
        return false;
    }
    return check_versions(path, library);
}

bool check_library(void)
{
    struct stat st;
    struct text library;
    const char *path = library_path();
    if (!path) {
        fault("cannot find out what $LIB is on this machine: no dynamic shell, or not the GNU C library");
        return false;
    }
    if (lstat(path, &st) != 0) {
        fault("%s: %s; is libhakmem installed?", path, strerror(errno));
        return false;
    }
    if (!S_ISREG(st.st_mode)) {
        fault("%s is not a regular file", path);
        return false;
    }
    if (st.st_mode & (S_ISUID | S_ISGID)) {
        fault("%s is set-user-ID or set-group-ID", path);
        return false;
    }
    if ((st.st_mode & 0444) != 0444) {
        fault("%s is not readable by everybody", path);
        return false;
    }
    if (!root_owns_path(path))
        return false;
    if (!read_file(path, &library)) {
        fault("%s: %s", path, strerror(errno));
        return false;
    }
    bool sound = check_contents_of(path, &library);
    text_free(&library);
    return sound;
}

/* --- 32-bit programs -----------------------------------------------------------------------------*/

/* Each would say on standard error that it cannot preload the library. */
static bool check_narrow(void)
{
    static const char *const linkers[] = {"/lib/ld-linux.so.2", "/lib/ld-linux-armhf.so.3",
                                          "/lib/ld-linux.so.3", "/libx32/ld-linux-x32.so.2"};
    static const char *const dirs[] = {"lib/i386-linux-gnu",
                                       "lib/arm-linux-gnueabihf",
                                       "lib/arm-linux-gnueabi",
                                       "lib/x86_64-linux-gnux32",
                                       "lib32",
                                       "libx32",
                                       "lib"};
    for (size_t i = 0; i < sizeof linkers / sizeof *linkers; i++) {
        if (access(linkers[i], F_OK) != 0)
            continue;
        bool found = false;
        for (size_t j = 0; j < sizeof dirs / sizeof *dirs && !found; j++) {
            char path[PATH_MAX];
            struct text file;
            (void)snprintf(path, sizeof path, "/usr/%s/%s", dirs[j], LIBRARY_NAME);
            if (read_file(path, &file)) {
                found = elf_class(&file) == 1;
                text_free(&file);
            }
        }
        if (!found) {
            fault("%s: 32-bit programs are installed, and no 32-bit libhakmem", linkers[i]);
            return false;
        }
    }
    return true;
}

/* --- The other names -----------------------------------------------------------------------------*/

bool expand_name(const char *name, char path[PATH_MAX])
{
    const char *dir = library_dir(), *dollar = strchr(name, '$');
    if (!strchr(name, '/') || !dir)
        return false;
    if (!dollar)
        return snprintf(path, PATH_MAX, "%s", name) < PATH_MAX;
    size_t skip = strncmp(dollar, "$LIB", 4) == 0 ? 4 : strncmp(dollar, "${LIB}", 6) == 0 ? 6 : 0;
    return skip && !strchr(dollar + skip, '$') &&
           snprintf(path, PATH_MAX, "%.*s%s%s", (int)(dollar - name), name, dir, dollar + skip) < PATH_MAX;
}

static bool names_allocator(const char *name)
{
    static const char *const words[] = {"jemalloc",  "tcmalloc", "mimalloc", "hardened_malloc",
                                        "libscudo",  "snmalloc", "rpmalloc", "libhoard",
                                        "libhakmem", "libumem",  "libefence"};
    const char *last = strrchr(name, '/') ? strrchr(name, '/') + 1 : name;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strstr(last, words[i]))
            return true;
    return false;
}

static bool check_other(const char *name)
{
    char path[PATH_MAX];
    struct text file;
    if (name[strlen(name) - 1] == '\r') {
        fault("%s: the line of %.*s ends with a carriage return, which belongs to the name for ld.so",
              PRELOAD_FILE, (int)strlen(name) - 1, name);
        return false;
    }
    if (names_allocator(name)) {
        fault("%s: another allocator is listed: %s", PRELOAD_FILE, name);
        return false;
    }
    if (!expand_name(name, path))
        return true; /* the canary shows what comes of it */
    if (!read_file(path, &file)) {
        fault("%s: %s is listed: %s", PRELOAD_FILE, name, strerror(errno));
        return false;
    }
    bool allocator = elf_not_loadable(&file) == NULL && elf_defines(&file, "malloc");
    if (allocator)
        fault("%s: another allocator is listed: %s defines malloc", PRELOAD_FILE, name);
    text_free(&file);
    return !allocator;
}

bool check_contents(const struct text *result)
{
    if (memchr(result->data, '\0', result->size)) {
        fault("%s holds a NUL, at which ld.so stops reading", PRELOAD_FILE);
        return false;
    }
    struct names read = names_read(result), meant = names_meant(result);
    const struct name *strange = names_strange(result, &read, &meant);
    bool sound = !strange;
    if (strange)
        fault("%s: ld.so would misread line %zu, a comment: '%.*s' would be a file name; remove the comments "
              "first",
              PRELOAD_FILE, text_line(result, strange->at), (int)strange->size, result->data + strange->at);
    for (size_t i = 0; i < read.count && sound; i++) {
        if (name_is_line(result, &read.list[i]))
            continue;
        char *name = strndup(result->data + read.list[i].at, read.list[i].size);
        sound = name && check_other(name);
        free(name);
    }
    names_free(&read);
    names_free(&meant);
    return sound && check_narrow();
}
