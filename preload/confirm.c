/* SPDX-License-Identifier: MIT */
/* confirm.c - enable --confirm: undone after some minutes unless somebody says that all is well.
 *
 * The file PENDING exists while there is something to confirm. The process that waits, the watcher, holds a
 * lock on it; where the lock is free, the watcher is gone. Removing the file is the confirmation.
 */
#include "confirm.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "preload.h"

#define PENDING "/run/hakmem-preload.pending"

enum { TICK_MILLISECONDS = 200, AGAIN_SECONDS = 10 };

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_BOOTTIME, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void wait_for(double seconds)
{
    struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    (void)nanosleep(&t, NULL);
}

/* FD is still the file that PENDING names. */
static bool still_pending(int fd)
{
    struct stat held, named;
    return fstat(fd, &held) == 0 && lstat(PENDING, &named) == 0 && held.st_ino == named.st_ino &&
           held.st_dev == named.st_dev;
}

/* --- The watcher ---------------------------------------------------------------------------------*/

/* Where systemd ends what a session leaves behind, the control group decides what that is. */
static void leave_session(void)
{
    static const char *const groups[] = {"/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/unified/cgroup.procs",
                                         "/sys/fs/cgroup/systemd/cgroup.procs"};
    for (size_t i = 0; i < sizeof groups / sizeof *groups && access("/run/systemd/system", F_OK) == 0; i++) {
        int fd = open(groups[i], O_WRONLY | O_CLOEXEC);
        if (fd >= 0) {
            (void)!write(fd, "0", 1);
            (void)close(fd);
        }
    }
}

/* True once it is undone, or was confirmed after all. */
static bool undo(int pending)
{
    struct preload file;
    if (!preload_lock())
        return false;
    bool done = true;
    if (still_pending(pending)) {
        done = preload_read(&file) && disable_locked(&file) == EXIT_OK;
        preload_forget(&file);
        syslog(LOG_WARNING,
               done ? "not confirmed in time: disabled" : "not confirmed in time, and cannot disable it");
        if (done)
            (void)unlink(PENDING);
    }
    preload_unlock();
    return done;
}

static _Noreturn void watcher(int pending, double end)
{
    sigset_t empty;
    sigemptyset(&empty);
    (void)signal(SIGHUP, SIG_IGN);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)sigprocmask(SIG_SETMASK, &empty, NULL);
    leave_session();
    openlog("hakmem-preload", LOG_PID, LOG_AUTH);
    for (double left; still_pending(pending);
         wait_for(left < TICK_MILLISECONDS / 1e3 ? left : TICK_MILLISECONDS / 1e3)) {
        left = end - now();
        if (left > 0)
            continue;
        if (undo(pending))
            break;
        end = now() + AGAIN_SECONDS;
        left = TICK_MILLISECONDS / 1e3;
    }
    _exit(EXIT_OK);
}

/* Descriptors of the caller would keep its terminal or its pipe open. */
static void close_others(int keep)
{
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; fd++)
        if (null < 0 || dup2(null, fd) < 0)
            (void)close(fd);
    for (int fd = 3; fd < 1024; fd++)
        if (fd != keep)
            (void)close(fd);
}

static bool detach(int pending, double end)
{
    int status;
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        if (setsid() < 0 || chdir("/") != 0)
            _exit(1);
        pid = fork();
        if (pid == 0) {
            close_others(pending);
            watcher(pending, end);
        }
        _exit(pid < 0);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

bool confirm_start(double minutes)
{
    char text[64];
    double end = now() + minutes * 60;
    (void)unlink(PENDING);
    int fd = open(PENDING, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    int size = snprintf(text, sizeof text, "%.3f\n", end);
    bool done =
        fd >= 0 && write(fd, text, (size_t)size) == size && flock(fd, LOCK_EX) == 0 && detach(fd, end);
    if (!done) {
        fault("cannot wait for the confirmation: %s: %s", PENDING, strerror(errno));
        (void)confirm_end();
    }
    if (fd >= 0)
        (void)close(fd);
    return done;
}

/* --- The others ----------------------------------------------------------------------------------*/

bool confirm_end(void)
{
    return unlink(PENDING) == 0;
}

bool confirm_pending(void)
{
    return access(PENDING, F_OK) == 0;
}

bool confirm_say(void)
{
    struct text text;
    if (!read_file(PENDING, &text))
        return true;
    double left = strtod(text.data, NULL) - now();
    text_free(&text);
    int fd = open(PENDING, O_RDONLY | O_CLOEXEC);
    bool gone = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) == 0;
    if (fd >= 0)
        (void)close(fd);
    if (gone)
        fault("it waits to be confirmed, but the process that would undo it is gone: confirm or disable it");
    else
        say("to be confirmed within %.1f minutes", left > 0 ? left / 60 : 0);
    return !gone;
}

int command_confirm(void)
{
    if (!preload_lock())
        return EXIT_FAULT;
    bool done = confirm_end();
    preload_unlock();
    if (done)
        say("confirmed");
    else
        fault("there is nothing to confirm; see 'hakmem-preload status'");
    return done ? EXIT_OK : EXIT_FAULT;
}
