/* SPDX-License-Identifier: MIT */
/* What is printed at exit goes to the trace file: stages, locks that were contended, and the blocks of each
 * size, which add up to all that were handed out. */
/* { dg-env HAKMEM_SIZE_HIST=1 HAKMEM_SHARED_POOL_STAGE_STATS=1 HAKMEM_SHARED_POOL_LOCK_STATS=1 } */
/* { dg-env HAKMEM_TRACE_FILE=trace-%p HAKMEM_STATS_FILE=trace-stats } */
#include <pthread.h>
#include <sys/wait.h>

#include "lines.h"

enum { BLOCKS = 12345, SIZE = 200, CLASS = 13, SPANS = 77, LARGES = 5 };

/* Checking the heap holds its locks for long: somebody finds them held. */
static void *check(void *stop)
{
    while (!__atomic_load_n((int *)stop, __ATOMIC_RELAXED))
        CHECK(heap_check() == 0);
    return NULL;
}

static void *churn(void *unused)
{
    for (int i = 0; i < 20000; i++) {
        free(malloc(70000 + (size_t)i % 7 * 65536));
        if (i % 16 == 0)
            malloc_trim(0);
    }
    return unused;
}

static int work(void)
{
    static char *p[BLOCKS];
    for (int i = 0; i < 3000; i++) /* the first blocks are not of their class */
        CHECK(malloc(100));
    for (int i = 0; i < BLOCKS; i++)
        CHECK((p[i] = malloc(SIZE)));
    for (int i = 0; i < SPANS; i++)
        CHECK(malloc(40000));
    for (int i = 0; i < LARGES; i++)
        CHECK(malloc(3 << 20));
    for (int i = 0; i < BLOCKS; i++)
        free(p[i]);
    int stop = 0;
    pthread_t checking, churning[2];
    CHECK(pthread_create(&checking, NULL, check, &stop) == 0);
    for (int i = 0; i < 2; i++)
        CHECK(pthread_create(&churning[i], NULL, churn, NULL) == 0);
    for (int i = 0; i < 2; i++)
        CHECK(pthread_join(churning[i], NULL) == 0);
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    CHECK(pthread_join(checking, NULL) == 0);
    return 0;
}

/* The value of NAME in the statistics that the process wrote when it ended. */
static unsigned long long statistic(const char *name)
{
    char line[256];
    unsigned long long value = 0;
    FILE *file = fopen("trace-stats", "r");
    CHECK(file);
    while (fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0 && line[strlen(name)] == '=')
            value = strtoull(line + strlen(name) + 1, NULL, 10);
    fclose(file);
    return value;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return work();
    int status;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        execl("/proc/self/exe", argv[0], "work", NULL);
        _exit(1);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    lines_read(pid);
    CHECK(lines_count("hakmem: pool stages: partial=") == 1);
    unsigned long long sum = 0, of_class = 0, spans = 0, larges = 0;
    for (const char *l = lines.text; (l = lines_find(l, "hakmem: size class=")) != NULL; l = lines_next(l)) {
        unsigned long long blocks = lines_value(l, "blocks");
        CHECK(blocks > 0);
        sum += blocks;
        spans += lines_says(l, "class", "span") ? blocks : 0;
        larges += lines_says(l, "class", "large") ? blocks : 0;
        if (lines_says(l, "class", "13")) {
            CHECK(lines_value(l, "size") == 208);
            of_class += blocks;
        }
    }
    CHECK(of_class >= BLOCKS && of_class < BLOCKS + 100);
    CHECK(spans == SPANS + 40000 && larges == LARGES);
    CHECK(sum == statistic("allocations"));
    size_t locks = lines_count("hakmem: lock rank=");
    CHECK(locks >= 1 && locks <= 8);
    const char *l = lines_find(lines.text, "hakmem: lock rank=arena ");
    CHECK(l && lines_value(l, "contended") >= 1);
    (void)lines_value(l, "slept");
    CHECK(unlink("trace-stats") == 0);
    lines_done(pid);
    CHECK(unlink(lines_path(getpid())) == 0); /* this process's own, empty as yet */
    return 0;
}
