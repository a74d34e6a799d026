/* SPDX-License-Identifier: MIT */
/* One thread forks, others flush all streams, others read lines: fork waits for the list of streams, its
 * holder for a stream, whose holder for malloc. Nobody may wait for fork. */
/* { dg-timeout 60 } */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "check.h"

enum { FORKS = 400, READERS = 3, FORKERS = 2, LINE = 50000 };
static atomic_int forks, stop;
static char text[LINE];

static void *read_lines(void *unused)
{
    while (!atomic_load(&stop)) {
        FILE *f = fmemopen(text, sizeof text - 1, "r");
        char *line = NULL, *copy = malloc(LINE);
        size_t size = 0;
        CHECK(f && copy && getline(&line, &size, f) == LINE - 1);
        fclose(f);
        free(copy);
        free(line);
    }
    return unused;
}

static void *fork_often(void *unused)
{
    while (atomic_fetch_add(&forks, 1) < FORKS) {
        int status;
        fflush(NULL);
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0)
            _exit(0);
        CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    }
    return unused;
}

int main(void)
{
    pthread_t reader[READERS], forker[FORKERS];
    memset(text, 'A', sizeof text - 1);
    for (int i = 0; i < READERS; i++)
        CHECK(pthread_create(&reader[i], NULL, read_lines, NULL) == 0);
    for (int i = 0; i < FORKERS; i++)
        CHECK(pthread_create(&forker[i], NULL, fork_often, NULL) == 0);
    for (int i = 0; i < FORKERS; i++)
        CHECK(pthread_join(forker[i], NULL) == 0);
    atomic_store(&stop, 1);
    for (int i = 0; i < READERS; i++)
        CHECK(pthread_join(reader[i], NULL) == 0);
    CHECK(heap_check() == 0);
    return 0;
}
