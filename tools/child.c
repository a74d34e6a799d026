/* SPDX-License-Identifier: MIT */
/* child.c - the command of hakmem run: as this process, or as a child that is waited for. */
#include "child.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "text.h"
#include "tool.h"

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

/* End as the child did. */
static int end_like(int status)
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

/* --- The summary ---------------------------------------------------------------------------------*/

struct sums {
    uint64_t allocations, hits, live_blocks, live_bytes, mapped, purged, failures, resident;
};

static uint64_t value(const char *block, const char *end, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = block; p && p < end; p = strchr(p, '\n'), p = p ? p + 1 : NULL)
        if (strncmp(p, name, n) == 0 && p[n] == '=')
            return strtoull(p + n + 1, NULL, 10);
    return 0;
}

/* The last block of PID in TEXT: a process that executes another program has none of the first. */
static bool find_block(const char *text, pid_t pid, struct sums *out, unsigned *others)
{
    bool found = false;
    *others = 0;
    for (const char *p = text; (p = strstr(p, "pid=")) != NULL;) {
        const char *end = strstr(p, "\n\n");
        if (!end)
            break;
        if (strtol(p + 4, NULL, 10) == pid) {
            found = true;
            *out = (struct sums){value(p, end, "allocations"),  value(p, end, "cache_hits"),
                                 value(p, end, "live_blocks"),  value(p, end, "live_bytes"),
                                 value(p, end, "mapped_bytes"), value(p, end, "purged_bytes"),
                                 value(p, end, "failures"),     value(p, end, "process_resident_bytes")};
        } else {
            ++*others;
        }
        p = end + 1;
    }
    return found;
}

static void print_summary(const char *name, const char *text, pid_t pid)
{
    struct sums s;
    unsigned others;
    fflush(stdout);
    if (!find_block(text, pid, &s, &others)) {
        error("no statistics of %s: it did not end through exit, or does not use the library", name);
        return;
    }
    fprintf(stderr, "hakmem: %s (process %d) with libhakmem, at its end:\n", name, (int)pid);
    fprintf(stderr, "  allocations  %" PRIu64 ", %s from a thread cache, %" PRIu64 " failed\n", s.allocations,
            text_share(s.hits, s.allocations), s.failures);
    fprintf(stderr, "  still in use %s in %" PRIu64 " blocks\n", text_bytes(s.live_bytes), s.live_blocks);
    fprintf(stderr, "  memory       %s mapped, %s given back before, process %s resident\n",
            text_bytes(s.mapped), text_bytes(s.purged), text_bytes(s.resident));
    if (others)
        fprintf(stderr, "  and %u other process%s\n", others, others == 1 ? "" : "es");
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

static int wait_for(pid_t pid)
{
    int status = 0;
    for (;;) {
        pid_t done = waitpid(pid, &status, WUNTRACED);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0 || !WIFSTOPPED(status))
            return status;
        (void)kill(getpid(), SIGSTOP); /* with it, so that the shell sees a stopped job */
        (void)kill(pid, SIGCONT);
    }
}

int child_with_summary(char **argv)
{
    /* Not a file that could be left behind: the library opens it by this process's /proc. */
    int fd = memfd_create("hakmem-stats", MFD_CLOEXEC);
    sigset_t all, before;
    if (fd < 0) {
        error("memfd_create: %s", strerror(errno));
        return EXIT_NO;
    }
    char *path = need_format("/proc/%d/fd/%d", (int)getpid(), fd);
    (void)setenv("HAKMEM_STATS_FILE", path, 1);
    free(path);
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
        return EXIT_NO;
    }
    child = pid;
    pass_signals_on();
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    int status = wait_for(pid);
    child = 0;
    char *text = read_all(fd);
    bool ran = !WIFEXITED(status) ||
               (WEXITSTATUS(status) != EXIT_CANNOT_RUN && WEXITSTATUS(status) != EXIT_NOT_FOUND);
    if (ran || *text)
        print_summary(argv[0], text, pid);
    free(text);
    return end_like(status);
}
