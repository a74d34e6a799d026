/* SPDX-License-Identifier: MIT */
/* confirm.c - enable --confirm: undone after some minutes unless somebody says that all is well, also where
 * the machine is restarted meanwhile.
 *
 * The note STATE_UNCONFIRMED is what counts: while it stands, the line waits to be confirmed. It holds the
 * minutes asked for and how often the machine was started since. PENDING, in /run, belongs to one run of the
 * machine: the process that waits, the watcher, holds a lock on it, and it says until when. Where the lock is
 * free, nobody waits.
 *
 * The line is never there unconfirmed without the note, whatever is killed, and whenever the power fails:
 *
 * - enable writes the note, then PENDING, starts the watcher, and only then writes the line.
 * - Undo takes the line away, only then the note, then PENDING. So do disable, and an enable that fails.
 * - confirm removes the note, which is the confirmation, then PENDING.
 *
 * Note and line are on the disk before the next step begins. What a crash leaves is the line with the note
 * (it waits to be confirmed), the note alone (not enabled; resume and enable drop the note), the line alone
 * (confirmed) or neither. PENDING without the note means nothing, and its watcher ends.
 *
 * resume counts the start in the note before it waits. What was counted already is undone at once, and so is
 * what cannot be read or counted: one that is killed in between errs on the safe side. */
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

/* Time of this run of the machine, also while it sleeps. */
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

/* --- The note ------------------------------------------------------------------------------------*/

struct note {
    double minutes;
    int starts; /* of the machine, since it was written */
};

static bool note_write(const struct note *note)
{
    char text[64];
    (void)snprintf(text, sizeof text, "%.9g %d\n", note->minutes, note->starts);
    return state_write(STATE_UNCONFIRMED, text);
}

static bool note_read(const char *path, struct note *note)
{
    struct text text;
    int size = 0;
    if (!read_file(path, &text))
        return false;
    bool sound = sscanf(text.data, "%lf %9d%n", &note->minutes, &note->starts, &size) == 2 &&
                 text.size == (size_t)size + 1 && text.data[size] == '\n' && note->minutes > 0 &&
                 note->minutes <= CONFIRM_MINUTES && note->starts >= 0;
    text_free(&text);
    return sound;
}

bool confirm_pending(void)
{
    struct stat st;
    return lstat(STATE_UNCONFIRMED, &st) == 0;
}

bool confirm_end(void)
{
    if (!state_remove(STATE_UNCONFIRMED))
        return false;
    (void)unlink(PENDING);
    return true;
}

/* --- The watcher ---------------------------------------------------------------------------------*/

/* FD is still the file that PENDING names, and there is something to confirm. */
static bool still_pending(int fd)
{
    struct stat held, named;
    return confirm_pending() && fstat(fd, &held) == 0 && lstat(PENDING, &named) == 0 &&
           held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

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

/* True once it is not enabled. Under the lock. */
static bool undo(void)
{
    struct preload file;
    bool done = preload_read(&file) && (!is_enabled(&file.text) || disable_locked(&file) == EXIT_OK);
    preload_forget(&file);
    return done && confirm_end();
}

/* True once it is undone, or was confirmed after all. */
static bool undo_in_time(int pending)
{
    if (!preload_lock())
        return false;
    bool done = true;
    if (still_pending(pending)) {
        done = undo();
        syslog(LOG_WARNING,
               done ? "not confirmed in time: disabled" : "not confirmed in time, and cannot disable it");
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
    openlog("hakmem-preload", LOG_PID, LOG_AUTH);
    for (double left; still_pending(pending);
         wait_for(left < TICK_MILLISECONDS / 1e3 ? left : TICK_MILLISECONDS / 1e3)) {
        left = end - now();
        if (left > 0)
            continue;
        if (undo_in_time(pending))
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

static bool detach(int pending, double end, bool leave)
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
            if (leave)
                leave_session();
            watcher(pending, end);
        }
        _exit(pid < 0);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

/* Start the watcher; its group of processes is that of the caller unless it is to LEAVE. Under the lock. */
static bool watch(double seconds, bool leave)
{
    char text[64];
    double end = now() + seconds;
    (void)unlink(PENDING);
    int fd = open(PENDING, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    int size = snprintf(text, sizeof text, "%.3f\n", end);
    bool done =
        fd >= 0 && write(fd, text, (size_t)size) == size && flock(fd, LOCK_EX) == 0 && detach(fd, end, leave);
    if (!done)
        fault("cannot wait for the confirmation: %s: %s", PENDING, strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    return done;
}

bool confirm_start(double minutes)
{
    return note_write(&(struct note){.minutes = minutes}) && watch(minutes * 60, true);
}

/* --- The others ----------------------------------------------------------------------------------*/

static bool somebody_waits(void)
{
    int fd = open(PENDING, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    bool held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0;
    if (fd >= 0)
        (void)close(fd);
    return held;
}

/* Seconds until the end that PENDING names, if there is one. */
static bool seconds_left(double *left)
{
    struct text text;
    if (!read_file(PENDING, &text))
        return false;
    *left = strtod(text.data, NULL) - now();
    text_free(&text);
    return true;
}

bool confirm_say(void)
{
    double left = 0;
    if (!confirm_pending())
        return true;
    if (!somebody_waits()) {
        fault("it waits to be confirmed, but the process that would undo it is gone: confirm or disable it");
        return false;
    }
    (void)seconds_left(&left);
    say("to be confirmed within %.1f minutes", left > 0 ? left / 60 : 0);
    return true;
}

/* So it is taken to be where the file cannot be read. */
static bool may_be_enabled(void)
{
    struct preload file;
    bool enabled = !preload_read(&file) || is_enabled(&file.text);
    preload_forget(&file);
    return enabled;
}

int command_confirm(void)
{
    if (!preload_lock())
        return EXIT_FAULT;
    bool pending = confirm_pending() && may_be_enabled(), done = confirm_end();
    preload_unlock();
    if (!pending)
        fault("there is nothing to confirm; see 'hakmem-preload status'");
    else if (done)
        say("confirmed");
    return pending && done ? EXIT_OK : EXIT_FAULT;
}

bool confirm_remembered(double *minutes)
{
    struct note note = {0};
    if (!state_is(STATE_REMEMBERED, "") && !note_read(STATE_REMEMBERED, &note)) {
        fault("%s cannot be read", STATE_REMEMBERED);
        return false;
    }
    *minutes = note.minutes;
    return true;
}

/* --- The start of the machine --------------------------------------------------------------------*/

/* Seconds to wait now; 0 where it is to be undone at once. Counts the start. */
static double resume_for(void)
{
    struct note note;
    double left;
    if (!note_read(STATE_UNCONFIRMED, &note))
        return 0;
    /* In the same run of the machine, where the watcher was killed, the wait goes on. */
    if (seconds_left(&left))
        return left < 0 ? 0 : left < note.minutes * 60 ? left : note.minutes * 60;
    if (note.starts > 0)
        return 0;
    note.starts = 1;
    return note_write(&note) ? note.minutes * 60 : 0;
}

static int resume_locked(void)
{
    if (!confirm_pending() || somebody_waits())
        return EXIT_OK;
    if (!may_be_enabled())
        return confirm_end() ? EXIT_OK : EXIT_FAULT;
    double seconds = resume_for();
    if (seconds <= 0 && undo()) {
        fault("not confirmed since it was enabled: disabled");
        return EXIT_OK;
    }
    if (seconds > 0)
        say("undone in %.1f minutes unless it is confirmed", seconds / 60);
    /* What could not be undone is tried again and again. */
    return watch(seconds, false) ? EXIT_OK : EXIT_FAULT;
}

int command_resume(void)
{
    if (!confirm_pending())
        return EXIT_OK;
    if (!preload_lock())
        return EXIT_FAULT;
    int status = resume_locked();
    preload_unlock();
    return status;
}
