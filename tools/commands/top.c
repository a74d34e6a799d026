/* SPDX-License-Identifier: MIT */
/* commands/top.c - hakmem top: the processes that use the library, again and again. */
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "target/inspect.h"
#include "target/processes.h"
#include "common/units.h"
#include "commands/commands.h"
#include "common/say.h"

struct entry {
    int pid;
    char name[64];
    uint64_t resident, live, cached, kept, threads, failures, mode;
    const char *mode_name;
};

struct entries {
    struct entry *entry;
    size_t count;
    size_t unknown; /* whether they use the library may not be known */
    size_t refused; /* they do, and may not be read */
};

static void add(int pid, void *arg)
{
    struct entries *all = arg;
    struct target t;
    struct heap h;
    if (!target_attach(&t, pid, false)) {
        all->refused += t.refused;
        target_close(&t);
        return;
    }
    heap_read(&t, &h, false);
    if (!t.gone) {
        all->entry = need_memory(all->entry, (all->count + 1) * sizeof all->entry[0]);
        struct entry *e = &all->entry[all->count++];
        *e = (struct entry){.pid = pid,
                            .resident = proc_resident_fast(pid),
                            .live = h.stats.live_bytes,
                            .cached = heap_cached_bytes(&h),
                            .kept = h.kept_slabs + h.kept_large,
                            .threads = h.stats.threads,
                            .failures = h.stats.failures,
                            .mode_name = h.mode_name};
        snprintf(e->name, sizeof e->name, "%s", t.process.name);
    }
    heap_free(&h);
    target_close(&t);
}

static int by_resident(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return x->resident < y->resident ? 1 : x->resident > y->resident ? -1 : x->pid - y->pid;
}

/* Rows that fit the terminal; all of them where there is none. */
static size_t rows(bool terminal)
{
    struct winsize size;
    if (!terminal || ioctl(1, TIOCGWINSZ, &size) != 0 || size.ws_row < 5)
        return SIZE_MAX;
    return size.ws_row - 4u;
}

/* What is missing in the table, and what would show it. The kernel asks for more to read memory than to list
 * mappings: there ptrace_scope counts. */
static unsigned print_missing(const struct entries *all)
{
    struct stat st;
    bool hidden = stat("/proc/1", &st) != 0;
    char *scope = proc_text("/proc/sys/kernel/yama/ptrace_scope", NULL);
    bool restricted = scope && scope[0] > '0';
    free(scope);
    if (all->unknown)
        printf("  %zu not read: that needs %s (CAP_SYS_PTRACE)\n", all->unknown,
               geteuid() ? "the same user, or root" : "more rights than root has here");
    if (all->refused)
        printf("  %zu that use it not read: that needs %s, or root\n", all->refused,
               restricted ? "0 in /proc/sys/kernel/yama/ptrace_scope" : "CAP_SYS_PTRACE");
    if (hidden)
        printf("  /proc shows no processes of others (hidepid)\n");
    return (all->unknown != 0) + (all->refused != 0) + hidden;
}

static void print(const struct entries *all, bool terminal)
{
    char when[32] = "";
    time_t now = time(NULL);
    struct tm tm;
    uint64_t resident = 0;
    for (size_t i = 0; i < all->count; i++)
        resident += all->entry[i].resident;
    if (localtime_r(&now, &tm))
        strftime(when, sizeof when, "%H:%M:%S", &tm);
    if (terminal)
        fputs("\033[H\033[J", stdout);
    printf("hakmem top %s: %zu process%s, %s resident\n", when, all->count, all->count == 1 ? "" : "es",
           units_bytes(resident));
    size_t lines = print_missing(all), most = rows(terminal);
    most = most > lines ? most - lines : 1;
    printf("%7s %8s %8s %8s %8s %5s %6s %-7s %s\n", "PID", "RESIDENT", "IN USE", "CACHED", "KEPT", "THR",
           "FAILED", "MODE", "COMMAND");
    for (size_t i = 0; i < all->count && i < most; i++) {
        const struct entry *e = &all->entry[i];
        printf("%7d %8s %8s %8s %8s %5" PRIu64 " %6" PRIu64 " %-7s %.15s\n", e->pid, units_bytes(e->resident),
               units_bytes(e->live), units_bytes(e->cached), units_bytes(e->kept), e->threads, e->failures,
               e->mode_name, e->name);
    }
    fflush(stdout);
}

/* One look at the processes; false if there is nothing left to look at. */
static bool look(char **pids, bool terminal)
{
    struct entries all = {0};
    for (char **p = pids; *p; p++)
        add(atoi(*p), &all);
    if (!*pids)
        processes_each(&all.unknown, add, &all);
    if (all.count)
        qsort(all.entry, all.count, sizeof all.entry[0], by_resident);
    print(&all, terminal);
    bool any = all.count != 0;
    free(all.entry);
    return any || !*pids;
}

/* All named processes must be readable at the beginning: later they may end. */
static int check_pids(char **pids)
{
    for (char **p = pids; *p; p++) {
        struct target t;
        int pid = parse_pid(*p);
        if (pid < 0)
            return EXIT_USAGE;
        bool good = target_attach(&t, pid, false);
        if (!good)
            error("%s", t.why);
        target_close(&t);
        if (!good)
            return EXIT_NO;
    }
    return EXIT_OK;
}

int command_top(int argc, char **argv)
{
    static const struct option options[] = {
        {"interval", required_argument, NULL, 'i'}, {"count", required_argument, NULL, 'c'}, {0}};
    double interval = 2, count = 0;
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (o == '?')
            return option_error("top", argv);
        if (o == 'i' && !parse_number(optarg, 0.1, 86400, &interval))
            return usage_error("top: --interval wants 0.1 to 86400 seconds, not '%s'", optarg);
        if (o == 'c' && !parse_number(optarg, 0, 1e9, &count))
            return usage_error("top: --count wants a number, not '%s'", optarg);
    }
    int status = check_pids(argv + optind);
    bool terminal = isatty(1) && getenv("TERM") && strcmp(getenv("TERM"), "dumb") != 0;
    struct timespec pause = {(time_t)interval, (long)((interval - (double)(time_t)interval) * 1e9)};
    for (double n = 1; status == EXIT_OK; n++) {
        if (!look(argv + optind, terminal) || (count > 0 && n >= (double)(long)count) || ferror(stdout))
            break;
        (void)nanosleep(&pause, NULL);
        if (!terminal)
            putchar('\n');
    }
    return status;
}
