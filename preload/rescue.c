/* SPDX-License-Identifier: MIT */
/* rescue.c - init=/usr/sbin/hakmem-preload: drop every libhakmem from the file, go on to the real init. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "file.h"
#include "preload.h"

/* Without the checks of preload_read: whatever is there must not keep the machine from starting. */
static bool drop_entries(void)
{
    struct preload file = {.exists = true};
    struct successor next = {0};
    if (lstat(PRELOAD_FILE, &file.stat) != 0)
        return errno == ENOENT;
    if (!S_ISREG(file.stat.st_mode))
        return S_ISDIR(file.stat.st_mode);
    if (!read_file(PRELOAD_FILE, &file.text))
        return false;
    struct text result = text_without(&file.text, name_is_hakmem);
    bool done = text_equal(&file.text, &result);
    if (done)
        fault("rescue: %s lists no libhakmem", PRELOAD_FILE);
    else
        done = successor_write(&next, &file, &result, file.stat.st_mode & 07777) &&
               successor_install(&next, &file);
    successor_drop(&next);
    text_free(&result);
    text_free(&file.text);
    return done;
}

static _Noreturn void go_on(char **argv)
{
    static const char *const inits[] = {"/sbin/init", "/etc/init", "/bin/init", "/lib/systemd/systemd",
                                        "/bin/sh"};
    const char *chosen = getenv("REAL_INIT");
    if (chosen && *chosen == '/') {
        argv[0] = (char *)chosen;
        (void)execv(chosen, argv);
        fault("rescue: %s: %s", chosen, strerror(errno));
    }
    for (size_t i = 0; i < sizeof inits / sizeof *inits; i++) {
        argv[0] = (char *)inits[i];
        (void)execv(inits[i], argv);
    }
    fault("rescue: there is no init to go on to");
    for (;;)
        (void)pause();
}

int rescue(char **argv)
{
    struct statvfs root = {0};
    bool was_read_only = statvfs("/", &root) == 0 && (root.f_flag & ST_RDONLY);
    unsigned long flags = MS_REMOUNT | (root.f_flag & (MS_NOSUID | MS_NODEV | MS_NOATIME | MS_NODIRATIME));
    if (was_read_only && mount(NULL, "/", NULL, flags, NULL) != 0)
        fault("rescue: / cannot be made writable: %s", strerror(errno));
    if (drop_entries())
        fault("rescue: %s is free of libhakmem", PRELOAD_FILE);
    else if (mount("/dev/null", PRELOAD_FILE, NULL, MS_BIND, NULL) == 0)
        fault("rescue: %s cannot be changed; it is covered until the next start", PRELOAD_FILE);
    else
        fault("rescue: %s can neither be changed nor covered: %s", PRELOAD_FILE, strerror(errno));
    sync();
    if (was_read_only)
        (void)mount(NULL, "/", NULL, flags | MS_RDONLY, NULL);
    go_on(argv);
}
