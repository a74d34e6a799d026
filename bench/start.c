/* SPDX-License-Identifier: MIT */
/* start.c - what preloading a library costs each process that starts.
 *
 * start [--rounds N] LIBRARY... -- PROGRAM [ARGUMENT]...
 * In each round PROGRAM runs once under each LIBRARY ("-": none), in turn, forwards and backwards. Prints
 * one line for each: medians, and the median of the ratios to the first one, taken within a round. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LIBRARIES_MAX = 16, WARM = 3 };

struct run {
    double wall_us, cpu_us;
};

static const char *libraries[LIBRARIES_MAX];
static char **environments[LIBRARIES_MAX];
static struct run *runs[LIBRARIES_MAX];
static int count;
static long rounds = 500;
static char **command;

static _Noreturn void fail(const char *message)
{
    fprintf(stderr, "start: %s\n", message);
    exit(2);
}

static void *need(void *block)
{
    if (!block)
        fail("out of memory");
    return block;
}

static double microseconds(struct timespec from, struct timespec to)
{
    return (double)(to.tv_sec - from.tv_sec) * 1e6 + (double)(to.tv_nsec - from.tv_nsec) * 1e-3;
}

/* The environment of this process without LD_PRELOAD, then with the given one. */
static char **environment_with(const char *library)
{
    size_t words = 0, kept = 0;
    char **copy;

    while (environ[words])
        words++;
    copy = need(calloc(words + 2, sizeof *copy));
    for (size_t i = 0; i < words; i++)
        if (strncmp(environ[i], "LD_PRELOAD=", 11) != 0)
            copy[kept++] = environ[i];
    if (strcmp(library, "-") != 0 && asprintf(&copy[kept], "LD_PRELOAD=%s", library) < 0)
        fail("out of memory");
    return copy;
}

static struct run run_once(int library)
{
    struct timespec from, to;
    struct rusage usage;
    int status;
    pid_t child;

    clock_gettime(CLOCK_MONOTONIC, &from);
    child = vfork();
    if (child == 0) {
        execve(command[0], command, environments[library]);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) != child)
        fail("cannot start the program");
    clock_gettime(CLOCK_MONOTONIC, &to);
    if (status)
        fail("the program failed");
    return (struct run){
        .wall_us = microseconds(from, to),
        .cpu_us = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
                  (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec),
    };
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, (size_t)rounds, sizeof *values, compare);
    return values[rounds / 2];
}

static void print_library(int library)
{
    double *wall = need(calloc((size_t)rounds * 4, sizeof *wall)), *cpu = wall + rounds;
    double *wall_ratio = cpu + rounds, *cpu_ratio = wall_ratio + rounds;

    for (long r = 0; r < rounds; r++) {
        wall[r] = runs[library][r].wall_us;
        cpu[r] = runs[library][r].cpu_us;
        wall_ratio[r] = wall[r] / runs[0][r].wall_us;
        cpu_ratio[r] = cpu[r] / runs[0][r].cpu_us;
    }
    printf("workload=start library=%s rounds=%ld wall_us=%.1f cpu_us=%.1f wall_ratio=%.4f cpu_ratio=%.4f\n",
           libraries[library], rounds, median(wall), median(cpu), median(wall_ratio), median(cpu_ratio));
    free(wall);
}

static void read_arguments(int argc, char **argv)
{
    int i = 1;

    if (i < argc && !strcmp(argv[i], "--help")) {
        puts("Usage: start [--rounds N] LIBRARY... -- PROGRAM [ARGUMENT]...\n"
             "Start PROGRAM under each LIBRARY in turn (\"-\": none), N times (500); print medians.\n"
             "PROGRAM is a path; its output goes to /dev/null.");
        exit(0);
    }
    if (i + 1 < argc && !strcmp(argv[i], "--rounds")) {
        rounds = strtol(argv[i + 1], NULL, 10);
        i += 2;
    }
    for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (count == LIBRARIES_MAX)
            fail("too many libraries");
        libraries[count++] = argv[i];
    }
    if (i + 1 >= argc || !count || rounds < 1)
        fail("expected LIBRARY... -- PROGRAM (try --help)");
    command = argv + i + 1;
}

int main(int argc, char **argv)
{
    int own_output, null;

    read_arguments(argc, argv);
    for (int i = 0; i < count; i++) {
        environments[i] = environment_with(libraries[i]);
        runs[i] = need(calloc((size_t)rounds, sizeof **runs));
    }
    own_output = fcntl(1, F_DUPFD_CLOEXEC, 3);
    null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (own_output < 0 || null < 0 || dup2(null, 1) < 0)
        fail("cannot open /dev/null");
    for (long r = -WARM; r < rounds; r++)
        for (int i = 0; i < count; i++) {
            int library = r & 1 ? count - 1 - i : i;
            struct run run = run_once(library);

            if (r >= 0)
                runs[library][r] = run;
        }
    dup2(own_output, 1);
    for (int i = 0; i < count; i++)
        print_library(i);
    return 0;
}
