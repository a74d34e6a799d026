/* SPDX-License-Identifier: MIT */
/* bench.c - options, clocks, resident memory and the result line of the benchmark programs. */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { SAMPLES = 16, TEXTS = 4 };

static struct moment {
    struct timespec wall, cpu;
    struct rusage usage;
} begun, ended, paused;

static struct timespec started; /* begun.wall moves on with each pause, this does not */

static struct text_option {
    const char *name, **value, *help;
} texts[TEXTS];

static int texts_count;
static uint64_t peak_kb, end_kb, samples[SAMPLES];
static char notes[2048];
static size_t notes_length;

static void help(const char *program, const char *summary, const struct bench_option *options)
{
    dprintf(1, "Usage: %s [--OPTION VALUE]...\n%s\n\n", program, summary);
    for (int i = 0; i < texts_count; i++)
        dprintf(1, "  --%-12s %s (%s)\n", texts[i].name, texts[i].help,
                *texts[i].value ? *texts[i].value : "none");
    for (; options->name; options++)
        dprintf(1, "  --%-12s %s (%llu)\n", options->name, options->help,
                (unsigned long long)*options->value);
    dprintf(1, "  --%-12s print this and exit\n\nPrints one line of key=value words.\n", "help");
}

static _Noreturn void refuse(const char *what, const char *word)
{
    dprintf(2, "%s: %s%s (try --help)\n", program_invocation_short_name, what, word);
    exit(2);
}

static int read_text(const char *name, const char *value)
{
    for (int i = 0; i < texts_count; i++) {
        if (strcmp(name, texts[i].name) != 0)
            continue;
        if (!value || !*value)
            refuse("a value is missing after --", name);
        *texts[i].value = value;
        return 1;
    }
    return 0;
}

/* strtoull would take "-1" for a very large number. */
static int read_number(const struct bench_option *options, const char *name, const char *value)
{
    char *end;

    for (; options->name; options++) {
        if (strcmp(name, options->name) != 0)
            continue;
        errno = 0;
        *options->value = strtoull(value ? value : "", &end, 0);
        if (!value || *value < '0' || *value > '9' || *end || errno)
            refuse("a number is expected after --", name);
        return 1;
    }
    return 0;
}

void bench_options(int argc, char **argv, const char *summary, const struct bench_option *options)
{
    for (int i = 1; i < argc; i += 2) {
        if (strncmp(argv[i], "--", 2) != 0)
            refuse("not an option: ", argv[i]);
        if (!strcmp(argv[i], "--help")) {
            help(argv[0], summary, options);
            exit(0);
        }
        if (!read_text(argv[i] + 2, argv[i + 1]) && !read_number(options, argv[i] + 2, argv[i + 1]))
            refuse("unknown option: ", argv[i]);
    }
}

void bench_text_option(const char *name, const char **value, const char *help_text)
{
    if (texts_count == TEXTS)
        bench_fail("too many text options");
    texts[texts_count++] = (struct text_option){name, value, help_text};
}

void bench_range(const char *name, uint64_t value, uint64_t least, uint64_t most)
{
    if (value >= least && value <= most)
        return;
    dprintf(2, "%s: --%s wants a number from %llu to %llu, not %llu\n", program_invocation_short_name, name,
            (unsigned long long)least, (unsigned long long)most, (unsigned long long)value);
    exit(2);
}

void bench_refuse(const char *message)
{
    refuse(message, "");
}

void bench_fail(const char *message)
{
    dprintf(2, "%s: %s\n", program_invocation_short_name, message);
    _exit(1);
}

void *bench_pages(size_t size)
{
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (pages == MAP_FAILED)
        bench_fail("no memory for the tables");
    return pages;
}

void *bench_array(uint64_t count, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(count, size, &bytes))
        bench_fail("no memory for the tables");
    return bench_pages(bytes);
}

/* A number from /proc/self/status, in kB. */
static uint64_t status_kb(const char *field)
{
    char text[4096];
    const char *line;
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);

    if (file >= 0)
        close(file);
    if (length <= 0)
        bench_fail("cannot read /proc/self/status");
    text[length] = 0;
    line = strstr(text, field);
    return line ? strtoull(line + strlen(field), NULL, 10) : 0;
}

uint64_t bench_resident_kb(void)
{
    return status_kb("VmRSS:");
}

void bench_sample(uint64_t done, uint64_t total)
{
    uint64_t resident = bench_resident_kb();
    uint64_t slot = done * SAMPLES / (total + 1);

    if (slot < SAMPLES && samples[slot] < resident)
        samples[slot] = resident;
}

static struct moment now(void)
{
    struct moment moment;

    getrusage(RUSAGE_SELF, &moment.usage);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &moment.cpu);
    clock_gettime(CLOCK_MONOTONIC, &moment.wall);
    return moment;
}

void bench_begin(void)
{
    begun = now();
    started = begun.wall;
}

void bench_pause(void)
{
    paused = now();
}

static void delay(struct timespec *time, struct timespec from, struct timespec to)
{
    time->tv_sec += to.tv_sec - from.tv_sec;
    time->tv_nsec += to.tv_nsec - from.tv_nsec;
}

/* As if everything before the pause had happened later by its length. */
void bench_resume(void)
{
    struct moment resumed = now();
    struct rusage *usage = &begun.usage;

    delay(&begun.wall, paused.wall, resumed.wall);
    delay(&begun.cpu, paused.cpu, resumed.cpu);
    timersub(&resumed.usage.ru_utime, &paused.usage.ru_utime, &resumed.usage.ru_utime);
    timersub(&resumed.usage.ru_stime, &paused.usage.ru_stime, &resumed.usage.ru_stime);
    timeradd(&usage->ru_utime, &resumed.usage.ru_utime, &usage->ru_utime);
    timeradd(&usage->ru_stime, &resumed.usage.ru_stime, &usage->ru_stime);
    usage->ru_minflt += resumed.usage.ru_minflt - paused.usage.ru_minflt;
    usage->ru_majflt += resumed.usage.ru_majflt - paused.usage.ru_majflt;
    usage->ru_nivcsw += resumed.usage.ru_nivcsw - paused.usage.ru_nivcsw;
}

void bench_end(void)
{
    ended = now();
    /* Not ru_maxrss: that one survives exec and may be the size of the program which started us. */
    end_kb = bench_resident_kb();
    peak_kb = status_kb("VmHWM:");
    if (peak_kb < end_kb) /* the kernel's peak lags behind by some pages */
        peak_kb = end_kb;
}

void bench_note(const char *key, uint64_t value)
{
    notes_length += (size_t)snprintf(notes + notes_length, sizeof notes - notes_length, " %s=%llu", key,
                                     (unsigned long long)value);
    if (notes_length >= sizeof notes)
        bench_fail("too many notes");
}

static double seconds(struct timespec from, struct timespec to)
{
    return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) * 1e-9;
}

double bench_elapsed(void)
{
    return seconds(started, now().wall);
}

double bench_cpu(void)
{
    return seconds((struct timespec){0, 0}, now().cpu);
}

static double timeval_seconds(struct timeval from, struct timeval to)
{
    return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_usec - from.tv_usec) * 1e-6;
}

static uint64_t highest(int first, int last)
{
    uint64_t high = 0;

    for (int i = first; i <= last; i++)
        high = samples[i] > high ? samples[i] : high;
    return high;
}

/* Growth: the highest sample of the last quarter against that of the second one (the first warms up). */
static void note_growth(void)
{
    uint64_t early = highest(SAMPLES / 4, SAMPLES / 2 - 1);
    uint64_t late = highest(SAMPLES - SAMPLES / 4, SAMPLES - 1);

    if (!early || !late)
        return;
    bench_note("rss_early_kb", early);
    bench_note("rss_late_kb", late);
}

/* Never zero: it is divided by. */
static double span(struct timespec from, struct timespec to)
{
    double length = seconds(from, to);

    return length > 1e-9 ? length : 1e-9;
}

void bench_report(const char *workload, uint64_t ops)
{
    double wall = span(begun.wall, ended.wall);
    double cpu = span(begun.cpu, ended.cpu);

    note_growth();
    dprintf(
        1,
        "workload=%s ops=%llu seconds=%.6f mops=%.6g cpu_seconds=%.6f cpu_mops=%.6g user_s=%.3f sys_s=%.3f"
        " rss_peak_kb=%llu rss_end_kb=%llu minflt=%ld majflt=%ld nivcsw=%ld%s\n",
        workload, (unsigned long long)ops, wall, (double)ops / wall * 1e-6, cpu, (double)ops / cpu * 1e-6,
        timeval_seconds(begun.usage.ru_utime, ended.usage.ru_utime),
        timeval_seconds(begun.usage.ru_stime, ended.usage.ru_stime), (unsigned long long)peak_kb,
        (unsigned long long)end_kb, ended.usage.ru_minflt - begun.usage.ru_minflt,
        ended.usage.ru_majflt - begun.usage.ru_majflt, ended.usage.ru_nivcsw - begun.usage.ru_nivcsw, notes);
}
