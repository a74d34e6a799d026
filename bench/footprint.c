/* SPDX-License-Identifier: MIT */
/* footprint.c - what a whole program costs under an allocator: time, processor time, memory.
 *
 * footprint [--limit KIB] [--output FILE] [--env NAME=VALUE]... LIBRARY COMMAND [ARGUMENT]...
 * Runs COMMAND with LIBRARY preloaded ("-": none) and follows all of its processes with ptrace. Each is
 * stopped as it ends, when its memory can still be read in /proc; the largest of them is reported. The
 * figures of wait4 would not do for that: ru_maxrss begins with the size of the process that called exec.
 * No system call is stopped: a program is held up where it makes or ends a process or a thread, only. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TRACE = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXIT };

static long limit_kib;
static const char *output = "/dev/null";
static const char *library;
static char **command;

/* The largest process so far, as it was at its end. */
static struct {
    long peak_kb, end_kb, private_kb, address_space_kb;
} largest = {-1, -1, -1, -1};

static pid_t *alive; /* the processes of the command, not its threads */
static size_t alive_count, alive_room, processes;
static double reading; /* seconds that processes were held while /proc was read */
static int traced = 1, preloaded, ending;
static volatile pid_t first; /* the command itself */
static volatile sig_atomic_t caught;

static _Noreturn void fail(const char *format, ...)
{
    va_list arguments;

    fputs("footprint: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(2);
}

static double now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* --- /proc ---------------------------------------------------------------------------------------------- */

static FILE *proc_open(pid_t task, const char *file)
{
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/%s", (int)task, file);
    return fopen(path, "re");
}

struct field {
    const char *name;
    long value; /* -1: not there */
};

/* Look up the fields, the last of which has no name. */
static void proc_read(pid_t task, const char *file, struct field *fields)
{
    FILE *stream = proc_open(task, file);
    char line[512];

    while (stream && fgets(line, sizeof line, stream))
        for (struct field *field = fields; field->name; field++)
            if (!strncmp(line, field->name, strlen(field->name)))
                field->value = strtol(line + strlen(field->name), NULL, 10);
    if (stream)
        fclose(stream);
}

/* Is the library mapped? It is a whole path, or a bare name: the last part of one. */
static int has_library(pid_t task)
{
    char name[PATH_MAX + 1], line[PATH_MAX + 128];
    FILE *stream = proc_open(task, "maps");
    int found = !stream; /* not to be read: nothing to object to */

    snprintf(name, sizeof name, "%s%s", *library == '/' ? "" : "/", library);
    while (stream && fgets(line, sizeof line, stream)) {
        size_t length = strcspn(line, "\n"), wanted = strlen(name);

        found |= length > wanted && !memcmp(line + length - wanted, name, wanted);
    }
    if (stream)
        fclose(stream);
    return found;
}

/* A thread is about to end. It is enough to look at the process: its last thread is seen, too. */
static void look(pid_t task)
{
    struct field status[] = {{"VmHWM:", -1}, {"VmRSS:", -1}, {"VmPeak:", -1}, {NULL, 0}};
    struct field rollup[] = {{"Rss:", -1}, {"Private_Dirty:", 0}, {"Private_Clean:", 0}, {NULL, 0}};
    double begun = now();

    proc_read(task, "status", status);
    if (status[0].value >= largest.peak_kb) {
        /* The counters behind status are kept for each processor and may be some pages off, this not. */
        proc_read(task, "smaps_rollup", rollup);
        largest.end_kb = rollup[0].value >= 0 ? rollup[0].value : status[1].value;
        largest.private_kb = rollup[1].value + rollup[2].value;
        largest.peak_kb = status[0].value > largest.end_kb ? status[0].value : largest.end_kb;
        largest.address_space_kb = status[2].value;
    }
    if (task == first && *library)
        preloaded = has_library(task);
    reading += now() - begun;
}

/* --- The processes -------------------------------------------------------------------------------------- */

static size_t find(pid_t process)
{
    size_t i = 0;

    while (i < alive_count && alive[i] != process)
        i++;
    return i;
}

static void add(pid_t process)
{
    if (find(process) < alive_count)
        return;
    if (alive_count == alive_room) {
        alive_room = alive_room ? 2 * alive_room : 64;
        alive = realloc(alive, alive_room * sizeof *alive);
        if (!alive)
            fail("out of memory");
    }
    alive[alive_count++] = process;
    processes++;
    if (ending)
        kill(process, SIGKILL);
}

static void forget(pid_t process)
{
    size_t i = find(process);

    if (i < alive_count)
        alive[i] = alive[--alive_count];
}

/* A stopped task: note what happened and let it go on. */
static void go_on(pid_t task, int status)
{
    int event = status >> 16, signal = WSTOPSIG(status);
    enum __ptrace_request request = PTRACE_CONT;

    if (event == PTRACE_EVENT_EXIT) {
        look(task);
    } else if (event == PTRACE_EVENT_STOP) {
        if (syscall(SYS_tgkill, task, task, 0) ==
            0) /* a process; of a thread, the group has another number */
            add(task);
        if (signal != SIGTRAP)
            request = PTRACE_LISTEN; /* stopped by SIGSTOP and the like: remains so until SIGCONT */
    }
    /* This fails for a task that was killed meanwhile. */
    ptrace(request, task, NULL, event ? NULL : (void *)(long)signal);
}

/* Let all run until the command is gone; returns its wait status. */
static int watch(void)
{
    int status;

    for (;;) {
        pid_t task = waitpid(-1, &status, __WALL);

        if (task < 0 && errno != EINTR)
            fail("lost the command: %s", strerror(errno));
        if (task <= 0)
            continue;
        if (WIFSTOPPED(status)) {
            go_on(task, status);
            continue;
        }
        forget(task);
        if (task == first)
            return status;
    }
}

/* The command has ended: so must what it left running. Returns how many there were. */
static size_t end_others(void)
{
    size_t left = alive_count;
    int status;
    pid_t task;

    ending = 1;
    for (size_t i = 0; i < alive_count; i++)
        kill(alive[i], SIGKILL);
    while ((task = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
        if (task > 0 && WIFSTOPPED(status))
            go_on(task, status);
        else if (task > 0)
            forget(task);
    }
    return left;
}

/* --- The command ---------------------------------------------------------------------------------------- */

struct failure {
    int error;
    char what[60];
};

/* In the child: become the command as soon as the parent says GO. */
static _Noreturn void become(int go, int report)
{
    struct rlimit limit = {(rlim_t)limit_kib << 10, (rlim_t)limit_kib << 10};
    struct failure failure = {0, "cannot run"};
    int out = open(output, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    char byte;

    if (out < 0 || dup2(out, 1) < 0)
        snprintf(failure.what, sizeof failure.what, "cannot write the output of");
    else if (close(out) || read(go, &byte, 1) != 1 || (limit_kib && setrlimit(RLIMIT_AS, &limit)))
        snprintf(failure.what, sizeof failure.what, "cannot set the limit for");
    else
        execvp(command[0], command);
    failure.error = errno;
    if (write(report, &failure, sizeof failure) < 0)
        _exit(126);
    _exit(127);
}

/* End the command: watch() sees that, and then what it left is ended and waited for, too. */
static void interrupt(int signal)
{
    caught = signal;
    kill(first, SIGKILL);
}

static void handle_signals(void)
{
    static const int signals[] = {SIGHUP, SIGINT, SIGTERM};
    struct sigaction action = {.sa_handler = interrupt};

    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, NULL); /* exec sets it back in the command */
}

/* Start the command and follow it to its end; returns its wait status, and its time. */
static int run(double *seconds)
{
    int go[2], report[2], status;
    struct failure failure;
    double begun;
    pid_t child;

    if (pipe2(go, O_CLOEXEC) || pipe2(report, O_CLOEXEC))
        fail("cannot make a pipe: %s", strerror(errno));
    child = fork();
    if (child == 0) {
        close(go[1]);
        become(go[0], report[1]);
    }
    if (child < 0)
        fail("cannot make a process: %s", strerror(errno));
    close(go[0]);
    close(report[1]);
    if (ptrace(PTRACE_SEIZE, child, NULL, (void *)(long)(TRACE | PTRACE_O_EXITKILL))) {
        fprintf(stderr, "footprint: cannot trace %s (%s): only time and the peak of ru_maxrss are known\n",
                command[0], strerror(errno));
        traced = 0;
    }
    first = child;
    add(child);
    handle_signals();
    begun = now();
    if (write(go[1], "", 1) != 1)
        fail("cannot start the command: %s", strerror(errno));
    status = watch();
    *seconds = now() - begun - reading;
    if (read(report[0], &failure, sizeof failure) == (ssize_t)sizeof failure)
        fail("%s %s: %s", failure.what, command[0], strerror(failure.error));
    return status;
}

static double timeval_seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

static void print(int status, double seconds, size_t left)
{
    struct rusage usage; /* includes what ended as an orphan: those are our children, see main */
    double user, system;

    getrusage(RUSAGE_CHILDREN, &usage);
    user = timeval_seconds(usage.ru_utime);
    system = timeval_seconds(usage.ru_stime);
    printf("workload=footprint ops=1 seconds=%.6f mops=%.6g cpu_seconds=%.6f cpu_mops=%.6g user_s=%.3f"
           " sys_s=%.3f",
           seconds, 1e-6 / seconds, user + system, 1e-6 / (user + system), user, system);
    if (largest.peak_kb >= 0)
        printf(" rss_peak_kb=%ld rss_end_kb=%ld rss_kb=%ld private_kb=%ld address_space_kb=%ld processes=%zu",
               largest.peak_kb, largest.end_kb, largest.end_kb, largest.private_kb, largest.address_space_kb,
               processes);
    else
        printf(" rss_peak_kb=%ld", usage.ru_maxrss);
    printf(" minflt=%ld majflt=%ld nivcsw=%ld traced=%d left=%zu status=%d\n", usage.ru_minflt,
           usage.ru_majflt, usage.ru_nivcsw, traced, left, status);
}

/* --- Arguments ------------------------------------------------------------------------------------------ */

static void help(void)
{
    puts(
        "Usage: footprint [OPTION]... LIBRARY COMMAND [ARGUMENT]...\n"
        "Run COMMAND with LIBRARY preloaded (\"-\": none) and print what it cost, all its processes "
        "together:\n"
        "time, processor time, page faults; and the memory of the largest of them, its peak and at its end.\n"
        "\n"
        "  --limit KIB        limit the address space, as ulimit -v does\n"
        "  --output FILE      where the output of COMMAND goes (/dev/null)\n"
        "  --env NAME=VALUE   set a variable for COMMAND; may be given several times\n"
        "  --help             print this and exit\n"
        "\n"
        "Prints one line of key=value words. The status of COMMAND, 128 + N after signal N, is one of them;\n"
        "footprint itself ends with 0 if it could run COMMAND. What COMMAND leaves running is ended.");
}

static void read_option(const char *name, char *value)
{
    char *end;

    if (!value)
        fail("%s wants a value (try --help)", name);
    if (!strcmp(name, "--limit")) {
        errno = 0;
        limit_kib = strtol(value, &end, 10);
        if (!*value || *end || errno || limit_kib < 1 || limit_kib > LONG_MAX >> 10)
            fail("--limit wants a number of KiB, not %s", value);
    } else if (!strcmp(name, "--output")) {
        output = value;
    } else if (!strcmp(name, "--env")) {
        end = strchr(value, '=');
        if (!end || end == value || putenv(value))
            fail("--env wants NAME=VALUE, not %s", value);
    } else {
        fail("no such option: %s (try --help)", name);
    }
}

static void read_arguments(int argc, char **argv)
{
    int i = 1;

    if (argc > 1 && !strcmp(argv[1], "--help")) {
        help();
        exit(0);
    }
    /* Of another measurement, perhaps; --env LD_PRELOAD=... still counts. */
    unsetenv("LD_PRELOAD");
    for (; i < argc && !strncmp(argv[i], "--", 2); i += 2)
        read_option(argv[i], argv[i + 1]);
    if (argc - i < 2)
        fail("expected LIBRARY COMMAND (try --help)");
    library = strcmp(argv[i], "-") != 0 ? argv[i] : "";
    command = argv + i + 1;
    if (strchr(library, '/')) {
        char *path = realpath(library, NULL); /* COMMAND may go elsewhere before it starts others */

        if (!path || access(path, R_OK))
            fail("%s: %s", library, strerror(errno)); /* ld.so would go on without it */
        library = path;
    }
    if (strpbrk(library, ": "))
        fail("LD_PRELOAD cannot hold a name with a space or a colon: %s", library);
    if (*library && setenv("LD_PRELOAD", library, 1))
        fail("out of memory");
}

int main(int argc, char **argv)
{
    double seconds;
    size_t left = 0;
    int status;

    read_arguments(argc, argv);
    /* Orphans become our children: without that, their times would be lost. */
    prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L);
    status = run(&seconds);
    status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    if (traced)
        left = end_others();
    if (caught)
        fail("%s was ended, as asked by signal %d", command[0], (int)caught);
    if (traced && *library && status == 0 && !preloaded)
        fail("%s was not loaded into %s: is that statically linked, or set-user-ID?", library, command[0]);
    print(status, seconds, left);
    return 0;
}
