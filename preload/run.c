/* SPDX-License-Identifier: MIT */
/* run.c - run a program as a trial: for a limited time, its words kept. */
#include "run.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "preload.h"

enum { NOT_RUN = 125, DRAIN_ROUNDS = 64 };

static bool find_program(const char *name, char path[PATH_MAX])
{
    static const char *const places[] = {"/usr/bin", "/usr/sbin", "/bin", "/sbin"};
    if (strchr(name, '/'))
        return snprintf(path, PATH_MAX, "%s", name) < PATH_MAX && access(path, X_OK) == 0;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (snprintf(path, PATH_MAX, "%s/%s", places[i], name) < PATH_MAX && access(path, X_OK) == 0)
            return true;
    return false;
}

void die_with(pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(NOT_RUN);
}

static _Noreturn void become(const struct program *program, const char *path, pid_t parent,
                             const int streams[3])
{
    char preload[PATH_MAX];
    const char *environment[] = {
        "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=/", "TERM=dumb", NULL, NULL, NULL};
    const char **more = &environment[4];
    struct rlimit none = {0, 0}, space = {program->address_space, program->address_space};
    sigset_t empty;
    sigemptyset(&empty);
    for (int s = 1; s < NSIG; s++)
        (void)signal(s, SIG_DFL);
    (void)sigprocmask(SIG_SETMASK, &empty, NULL);
    (void)setpgid(0, 0);
    (void)setrlimit(RLIMIT_CORE, &none);
    for (int i = 0; i < 3; i++)
        if (dup2(streams[i], i) < 0)
            _exit(NOT_RUN);
    if (program->uid &&
        (setgroups(0, NULL) != 0 || setresgid(program->uid, program->uid, program->uid) != 0 ||
         setresuid(program->uid, program->uid, program->uid) != 0))
        _exit(NOT_RUN);
    if (program->address_space && setrlimit(RLIMIT_AS, &space) != 0)
        _exit(NOT_RUN);
    die_with(parent); /* a change of user would undo it */
    if (program->preload) {
        (void)snprintf(preload, sizeof preload, "LD_PRELOAD=%s", program->preload);
        *more++ = preload;
    }
    if (program->variable)
        *more = program->variable;
    (void)execve(path, (char *const *)program->argv, (char *const *)environment);
    _exit(NOT_RUN);
}

static long long now_milliseconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Take what there is, but no longer than for a while; only of standard error is anything kept. */
static void drain(int fd, struct outcome *outcome)
{
    char buffer[4096];
    ssize_t n;
    for (int i = 0; i < DRAIN_ROUNDS && (n = read(fd, buffer, sizeof buffer)) > 0; i++) {
        if (!outcome)
            continue;
        size_t room = sizeof outcome->words - 1 - outcome->size;
        size_t take = (size_t)n < room ? (size_t)n : room;
        memcpy(outcome->words + outcome->size, buffer, take);
        outcome->size += take;
    }
}

static bool has_ended(pid_t pid)
{
    siginfo_t info = {.si_pid = 0};
    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0)
        return errno != EINTR;
    return info.si_pid == pid;
}

/* It is waited for last: until then its group, with what it left in the background, keeps its number. */
static void watch(pid_t pid, int output, int words, struct outcome *outcome)
{
    long long end = now_milliseconds() + outcome->limit * 1000LL;
    struct pollfd fds[2] = {{output, POLLIN, 0}, {words, POLLIN, 0}};
    for (bool ended = false; !ended && !outcome->hung; outcome->hung = !ended && now_milliseconds() > end) {
        ended = has_ended(pid);
        (void)poll(fds, 2, ended ? 0 : 20);
        drain(output, NULL);
        drain(words, outcome);
        for (int i = 0; i < 2; i++)
            if (fds[i].revents & (POLLHUP | POLLERR))
                fds[i].fd = -1;
    }
    (void)kill(-pid, SIGKILL);
    (void)kill(pid, SIGKILL);
    while (waitpid(pid, &outcome->status, 0) < 0 && errno == EINTR)
        ;
    drain(words, outcome);
    outcome->words[outcome->size] = '\0';
}

/* Read ends without waiting, write ends for the program; its input is at its end. */
static bool make_streams(int ours[3], int its[3])
{
    for (int i = 0; i < 3; i++) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) {
            while (i-- > 0) {
                (void)close(ours[i]);
                (void)close(its[i]);
            }
            return false;
        }
        ours[i] = ends[i == 0];
        its[i] = ends[i != 0];
        (void)fcntl(ours[i], F_SETFL, O_NONBLOCK);
    }
    return true;
}

bool run_program(const struct program *program, struct outcome *outcome)
{
    char path[PATH_MAX];
    int ours[3], its[3];
    *outcome =
        (struct outcome){.status = NOT_RUN << 8, .limit = program->limit ? program->limit : RUN_SECONDS};
    if (!find_program(program->argv[0], path))
        return false;
    if (!make_streams(ours, its)) {
        fault("pipe: %s", strerror(errno));
        return true;
    }
    (void)fflush(NULL);
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        become(program, path, parent, its);
    for (int i = 0; i < 3; i++)
        (void)close(its[i]);
    (void)close(ours[0]);
    if (pid > 0)
        watch(pid, ours[1], ours[2], outcome);
    for (int i = 1; i < 3; i++)
        (void)close(ours[i]);
    return true;
}

bool outcome_clean(const struct outcome *outcome)
{
    return !outcome->hung && outcome->status == 0 && outcome->size == 0;
}

/* Numbers may be those of processes. */
bool outcome_same(const struct outcome *a, const struct outcome *b)
{
    if (a->hung != b->hung || a->status != b->status)
        return false;
    const char *p = a->words, *q = b->words;
    for (; *p && *q; p++, q++) {
        while (isdigit((unsigned char)p[0]) && isdigit((unsigned char)p[1]))
            p++;
        while (isdigit((unsigned char)q[0]) && isdigit((unsigned char)q[1]))
            q++;
        if (*p != *q && !(isdigit((unsigned char)*p) && isdigit((unsigned char)*q)))
            return false;
    }
    return *p == *q;
}

const char *outcome_words(const struct outcome *outcome)
{
    static char line[400];
    char first[240];
    size_t n = 0;
    for (size_t i = 0; i < outcome->size && n < sizeof first - 1 && outcome->words[i] != '\n'; i++)
        first[n++] = isprint((unsigned char)outcome->words[i]) ? outcome->words[i] : '?';
    first[n] = '\0';
    const char *between = n ? ", and wrote: " : "";
    if (outcome->hung)
        (void)snprintf(line, sizeof line, "did not end within %u seconds%s%s", outcome->limit, between,
                       first);
    else if (WIFSIGNALED(outcome->status))
        (void)snprintf(line, sizeof line, "was killed by signal %d (%s)%s%s", WTERMSIG(outcome->status),
                       strsignal(WTERMSIG(outcome->status)), between, first);
    else if (outcome->status)
        (void)snprintf(line, sizeof line, "ended with status %d%s%s", WEXITSTATUS(outcome->status), between,
                       first);
    else
        (void)snprintf(line, sizeof line, "wrote: %s", first);
    return line;
}
