/* SPDX-License-Identifier: MIT */
/* commands/child.c - the command of hakmem run: as this process, or as a child that is waited for. */
#include "commands/child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "commands/offspring.h"
#include "commands/figures.h"
#include "common/say.h"

int child_exec(char **argv)
{
    fflush(NULL);
    execvp(argv[0], argv);
    int code = errno;
    error("%s: %s", argv[0], strerror(code));
    return code == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}

/* --- Signals -------------------------------------------------------------------------------------*/

static volatile sig_atomic_t child;

/* What the terminal sends goes to the child too, as it is in the same process group. */
static void pass_on(int signal, siginfo_t *info, void *context)
{
    (void)context;
    int saved = errno;
    if (child > 0 && info->si_code != SI_KERNEL)
        (void)kill((pid_t)child, signal);
    errno = saved;
}

static void pass_signals_on(void)
{
    static const int not [] = {SIGKILL, SIGSTOP, SIGCHLD, SIGSEGV, SIGBUS,  SIGFPE, SIGILL,
                               SIGTRAP, SIGABRT, SIGTSTP, SIGTTIN, SIGTTOU, SIGPIPE};
    struct sigaction act = {.sa_sigaction = pass_on, .sa_flags = SA_SIGINFO | SA_RESTART}, old;
    sigfillset(&act.sa_mask);
    for (int s = 1; s <= SIGRTMAX; s++) {
        bool skip = false;
        for (size_t i = 0; i < sizeof not / sizeof not [0]; i++)
            skip = skip || not [i] == s;
        /* What the caller ignores stays ignored, in the child as well. */
        if (!skip && sigaction(s, NULL, &old) == 0 && old.sa_handler == SIG_DFL)
            (void)sigaction(s, &act, NULL);
    }
}

int child_end_like(int status)
{
    if (!WIFSIGNALED(status))
        return WEXITSTATUS(status);
    int s = WTERMSIG(status);
    struct rlimit none = {0, 0}; /* the child's core is enough */
    struct sigaction act = {.sa_handler = SIG_DFL};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, s);
    fflush(NULL);
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)sigaction(s, &act, NULL);
    (void)sigprocmask(SIG_UNBLOCK, &set, NULL);
    (void)kill(getpid(), s);
    return 128 + s;
}

static char *read_all(int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return need_format("%s", "");
    char *text = need_memory(NULL, (size_t)st.st_size + 1);
    ssize_t n = pread(fd, text, (size_t)st.st_size, 0);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

/* --- The child -----------------------------------------------------------------------------------*/

/* Between two looks at the family: short at first and whenever a child ends, when much happens; but for long
 * enough that looking takes a twentieth of the time at most. */
enum { PAUSE_LEAST = 1000000, PAUSE_MOST = 64000000, PAUSE_LIMIT = 900000000, SHARE = 20 }; /* nanoseconds */

static long look(struct family *f)
{
    struct timespec before, after;
    (void)clock_gettime(CLOCK_MONOTONIC, &before);
    family_look(f);
    (void)clock_gettime(CLOCK_MONOTONIC, &after);
    return after.tv_sec > before.tv_sec + 1
               ? PAUSE_LIMIT
               : (after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec;
}

/* Whoever ended or stopped. True, with *STATUS, where that is PID and it ended. */
static bool collect(pid_t pid, struct family *f, int *status)
{
    int s;
    for (pid_t done; (done = waitpid(-1, &s, WUNTRACED | WNOHANG)) > 0;) {
        if (WIFSTOPPED(s)) {
            if (done != pid)
                continue;
            (void)kill(getpid(), SIGSTOP); /* with it, so that the shell sees a stopped job */
            (void)kill(pid, SIGCONT);
            continue;
        }
        family_waited(f, (int)done, s);
        if (done == pid) {
            *status = s;
            return true;
        }
    }
    return false;
}

/* SIGCHLD is blocked: it ends a pause. */
static int wait_for(pid_t pid, struct family *f)
{
    long next = PAUSE_LEAST;
    sigset_t chld;
    int status = 0;
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    for (;;) {
        long took = look(f), least = took > PAUSE_LIMIT / SHARE ? PAUSE_LIMIT : took * SHARE;
        if (collect(pid, f, &status))
            break;
        struct timespec pause = {0, next > least ? next : least};
        bool ended = sigtimedwait(&chld, NULL, &pause) > 0;
        next = ended ? PAUSE_LEAST : next < PAUSE_MOST ? next * 2 : PAUSE_MOST;
    }
    family_look(f); /* who goes on */
    return status;
}

/* Start ARGV, with signals passed on to it; SIGCHLD is blocked from then on where it is WAITED for by it. -1 after an
 * error. */
static pid_t start(char **argv, bool waited)
{
    sigset_t all, before, meanwhile;
    sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &before);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        (void)sigprocmask(SIG_SETMASK, &before, NULL);
        _exit(child_exec(argv));
    }
    if (pid < 0) {
        error("fork: %s", strerror(errno));
        return -1;
    }
    child = pid;
    pass_signals_on();
    (void)signal(SIGCHLD, SIG_DFL); /* ignored, it would leave no status */
    meanwhile = before;
    if (waited)
        sigaddset(&meanwhile, SIGCHLD);
    (void)sigprocmask(SIG_SETMASK, &meanwhile, NULL);
    return pid;
}

int child_wait(char **argv, int *pid)
{
    int status = 0;
    pid_t done;
    *pid = start(argv, false);
    if (*pid < 0)
        return -1;
    while ((done = waitpid(*pid, &status, WUNTRACED)) < 0 ? errno == EINTR : WIFSTOPPED(status)) {
        if (done < 0)
            continue;
        (void)kill(getpid(), SIGSTOP); /* with it, so that the shell sees a stopped job */
        (void)kill(*pid, SIGCONT);
    }
    child = 0;
    return status;
}

int child_with_summary(char **argv)
{
    /* Not a file that could be left behind: the library opens it by this process's /proc. */
    int fd = memfd_create("hakmem-stats", MFD_CLOEXEC);
    struct family family = {NULL, 0};
    if (fd < 0) {
        error("memfd_create: %s", strerror(errno));
        return EXIT_NO;
    }
    char *path = need_format("/proc/%d/fd/%d", (int)getpid(), fd);
    (void)setenv("HAKMEM_STATS_FILE", path, 1);
    free(path);
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    pid_t pid = start(argv, true);
    if (pid < 0)
        return EXIT_NO;
    int status = wait_for(pid, &family);
    child = 0;
    char *text = read_all(fd);
    bool ran = !WIFEXITED(status) ||
               (WEXITSTATUS(status) != EXIT_CANNOT_RUN && WEXITSTATUS(status) != EXIT_NOT_FOUND);
    if (ran || *text)
        figures_print(argv[0], text, (int)pid, &family);
    family_free(&family);
    free(text);
    return child_end_like(status);
}
