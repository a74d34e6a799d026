/* SPDX-License-Identifier: MIT */
/* service.c - the library for one service of systemd, by a drop-in file. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "file.h"
#include "fit.h"
#include "preload.h"
#include "run.h"
#include "unit.h"

#define DROP_IN "50-hakmem.conf"

#define MARK "# Made by hakmem-preload service"

/* systemd leaves $LIB alone in Environment=, and ld.so expands it. */
static const char contents[] = MARK "; hakmem-preload service NAME --remove takes it away.\n"
                                    "[Service]\n"
                                    "Environment=LD_PRELOAD=" PRELOAD_LINE "\n";

static bool name_is_sound(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.\\@-";
    size_t size = strlen(name);
    return size > 0 && size < 200 && strspn(name, allowed) == size && name[0] != '.' && name[0] != '-';
}

static void reload(const char *unit, const char *what)
{
    const char *const argv[] = {"systemctl", "daemon-reload", NULL};
    struct outcome outcome;
    say("%s: %s; it counts from 'systemctl restart %s' on", unit, what, unit);
    if (in_other_root || access("/run/systemd/system", F_OK) != 0)
        return;
    if (run_program(&(struct program){.argv = argv}, &outcome) && !outcome_clean(&outcome))
        fault("warning: systemctl daemon-reload %s", outcome_words(&outcome));
}

/* All that can be found out before anything is written. */
static bool may_add(const char *unit, const char *path, bool force)
{
    if (!check_library())
        return false;
    if (unit_fits(unit, path))
        return true;
    if (force)
        say("%s: done all the same", unit);
    else
        fault("%s: nothing was written; --force does it all the same", unit);
    return force;
}

static int add(const char *unit, const char *dir, const char *path, bool force)
{
    struct text old;
    if (!may_add(unit, path, force))
        return EXIT_FAULT;
    if (read_file(path, &old)) {
        bool same = old.size == strlen(contents) && memcmp(old.data, contents, old.size) == 0;
        text_free(&old);
        if (same) {
            say("%s: uses libhakmem already", unit);
            return EXIT_OK;
        }
        fault("%s: there is another file of this name", path);
        return EXIT_FAULT;
    }
    (void)mkdir("/etc/systemd", 0755);
    (void)mkdir(UNITS, 0755);
    (void)mkdir(dir, 0755);
    if (!write_file(path, contents, strlen(contents))) {
        fault("%s: %s", path, strerror(errno));
        (void)rmdir(dir);
        return EXIT_FAULT;
    }
    reload(unit, "uses libhakmem");
    return EXIT_OK;
}

static int take_away(const char *unit, const char *dir, const char *path)
{
    struct text old;
    if (!read_file(path, &old)) {
        if (errno == ENOENT) {
            say("%s: has no " DROP_IN, unit);
            return EXIT_OK;
        }
        fault("%s: %s", path, strerror(errno));
        return EXIT_FAULT;
    }
    bool made_here = old.size >= strlen(MARK) && memcmp(old.data, MARK, strlen(MARK)) == 0;
    text_free(&old);
    if (!made_here) {
        fault("%s: is not of hakmem-preload; remove it by hand", path);
        return EXIT_FAULT;
    }
    if (unlink(path) != 0) {
        fault("%s: %s", path, strerror(errno));
        return EXIT_FAULT;
    }
    (void)rmdir(dir);
    reload(unit, "uses its own allocator");
    return EXIT_OK;
}

int command_service(const char *name, bool remove, bool force)
{
    char unit[256], dir[PATH_MAX], path[PATH_MAX];
    size_t size = strlen(name);
    if (!name_is_sound(name)) {
        fault("'%s' is no name of a service", name);
        return EXIT_USAGE;
    }
    bool suffixed = size > 8 && strcmp(name + size - 8, ".service") == 0;
    (void)snprintf(unit, sizeof unit, "%s%s", name, suffixed ? "" : ".service");
    (void)snprintf(dir, sizeof dir, UNITS "/%s.d", unit);
    (void)snprintf(path, sizeof path, UNITS "/%s.d/" DROP_IN, unit);
    return remove ? take_away(unit, dir, path) : add(unit, dir, path, force);
}
