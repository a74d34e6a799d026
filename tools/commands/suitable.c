/* SPDX-License-Identifier: MIT */
/* commands/suitable.c - can the library get into a program? */
#include "commands/suitable.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "target/elf.h"
#include "common/say.h"

enum { SCRIPTS_DEEP = 4 };

char *find_command(const char *name)
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

static const char *why_ignored(const char *file)
{
    struct stat st;
    if (stat(file, &st) != 0)
        return NULL;
    if ((st.st_mode & S_ISUID) && st.st_uid != geteuid())
        return "is set-user-ID: the loader ignores LD_PRELOAD for it";
    if ((st.st_mode & S_ISGID) && (st.st_mode & S_IXGRP) && st.st_gid != getegid())
        return "is set-group-ID: the loader ignores LD_PRELOAD for it";
    if (geteuid() != 0 && getxattr(file, "security.capability", NULL, 0) > 0)
        return "has capabilities: the loader ignores LD_PRELOAD for it";
    return NULL;
}

static const char *why_unfit(const char *file, const struct elf_file *elf)
{
    if (elf->is_elf && !elf->is_64)
        return "is a 32-bit program: libhakmem is a 64-bit library";
    if (elf->is_elf && !elf->is_ours)
        return "is a program of another architecture";
    if (elf->is_elf && !elf->has_interpreter && !is_loader(file))
        return "is statically linked: nothing can be preloaded into it";
    if (strstr(elf->interpreter, "ld-musl"))
        return "is linked with musl: libhakmem needs the GNU C library";
    return NULL;
}

void suitability_of(const char *file, struct suitability *out)
{
    struct elf_file elf;
    *out = (struct suitability){.unfit = NULL};
    (void)snprintf(out->file, sizeof out->file, "%s", file);
    for (int i = 0; i < SCRIPTS_DEEP && elf_inspect(out->file, &elf); i++) {
        if (!elf.script[0]) {
            out->unfit = why_unfit(out->file, &elf);
            out->ignored = out->unfit ? NULL : why_ignored(out->file);
            return;
        }
        out->script = true;
        (void)snprintf(out->file, sizeof out->file, "%s", elf.script);
    }
}
