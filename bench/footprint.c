/* SPDX-License-Identifier: MIT */
/* footprint.c - the memory of a program at its very end: resident, its peak, and the address space.
 *
 * footprint [--limit KB] LIBRARY PROGRAM [ARGUMENT]...
 * Runs PROGRAM under LIBRARY ("-": none), stops it at its exit and reads /proc there. The figures of wait4
 * would not do: ru_maxrss begins with the size of the process that called exec. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void fail(const char *message)
{
    fprintf(stderr, "footprint: %s\n", message);
    exit(2);
}

static _Noreturn void run(const char *library, long limit_kb, char **command)
{
    struct rlimit limit = {(rlim_t)limit_kb << 10, (rlim_t)limit_kb << 10};
    int null = open("/dev/null", O_WRONLY);

    if (null < 0 || dup2(null, 1) < 0 || ptrace(PTRACE_TRACEME, 0, NULL, NULL))
        _exit(127);
    unsetenv("LD_PRELOAD");
    if (strcmp(library, "-") != 0)
        setenv("LD_PRELOAD", library, 1);
    raise(SIGSTOP);
    if (limit_kb && setrlimit(RLIMIT_AS, &limit))
        _exit(127);
    execvp(command[0], command);
    _exit(127);
}

/* The number behind FIELD in a file of /proc/CHILD, in kB; -1 if there is none. */
static long proc_kb(pid_t child, const char *file, const char *field)
{
    char path[64], line[256];
    long value = -1;
    FILE *stream;

    snprintf(path, sizeof path, "/proc/%d/%s", (int)child, file);
    stream = fopen(path, "re");
    while (stream && fgets(line, sizeof line, stream))
        if (!strncmp(line, field, strlen(field)))
            value = strtol(line + strlen(field), NULL, 10);
    if (stream)
        fclose(stream);
    return value;
}

static void print_memory(pid_t child)
{
    printf("workload=footprint rss_kb=%ld private_kb=%ld rss_peak_kb=%ld address_space_kb=%ld",
           proc_kb(child, "smaps_rollup", "Rss:"),
           proc_kb(child, "smaps_rollup", "Private_Dirty:") +
               proc_kb(child, "smaps_rollup", "Private_Clean:"),
           proc_kb(child, "status", "VmHWM:"), proc_kb(child, "status", "VmPeak:"));
}

/* Let CHILD run until it is gone, passing its signals on; returns its wait status. */
static int watch(pid_t child)
{
    int status;

    for (int signal = 0;; signal = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status)) {
        if (ptrace(PTRACE_CONT, child, NULL, (void *)(long)signal) || waitpid(child, &status, 0) != child)
            fail("lost the program");
        if (!WIFSTOPPED(status))
            return status;
        if (status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8))
            print_memory(child);
    }
}

int main(int argc, char **argv)
{
    long limit_kb = 0;
    int status;
    pid_t child;

    if (argc > 1 && !strcmp(argv[1], "--help")) {
        puts("Usage: footprint [--limit KB] LIBRARY PROGRAM [ARGUMENT]...\n"
             "Run PROGRAM under LIBRARY (\"-\": none) and print its memory at exit.\n"
             "--limit sets the address space limit (ulimit -v).");
        return 0;
    }
    if (argc > 2 && !strcmp(argv[1], "--limit")) {
        limit_kb = strtol(argv[2], NULL, 10);
        argv += 2;
        argc -= 2;
    }
    if (argc < 3)
        fail("expected LIBRARY PROGRAM (try --help)");
    child = fork();
    if (child == 0)
        run(argv[1], limit_kb, argv + 2);
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFSTOPPED(status) ||
        ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)(PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL)))
        fail("cannot trace the program");
    status = watch(child);
    printf(" status=%d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return 0;
}
