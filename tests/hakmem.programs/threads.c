/* SPDX-License-Identifier: MIT */
/* threads.c - many threads at once, and many one after the other, that hand blocks on (test). */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AT_ONCE = 100, ROUNDS = 10, BLOCKS = 500, SHORT = 10000, CROWD = 20 };

struct job {
    unsigned seed;
    char *blocks[BLOCKS]; /* left by the thread that had this job last */
    uint64_t sum;
};

static struct job jobs[AT_ONCE];
static pthread_barrier_t barrier;

static uint64_t take_over(struct job *j)
{
    uint64_t sum = 0;
    for (int i = 0; i < BLOCKS; i++) {
        if (j->blocks[i])
            sum += strlen(j->blocks[i]);
        free(j->blocks[i]);
    }
    return sum;
}

static void *work(void *arg)
{
    struct job *j = arg;
    pthread_barrier_wait(&barrier);
    j->sum += take_over(j);
    for (int i = 0; i < BLOCKS; i++) {
        j->seed = j->seed * 69069 + 1;
        size_t n = j->seed >> 8 & (i % 50 ? 511 : 65535);
        char *p = malloc(n + 1);
        memset(p, 'x', n);
        p[n] = '\0';
        j->blocks[i] = i % 3 ? p : realloc(p, n + 100);
    }
    return NULL;
}

static void *short_work(void *arg)
{
    struct job *j = arg;
    free(j->blocks[0]);
    j->blocks[0] = strdup("short");
    j->sum += strlen(j->blocks[0]);
    return NULL;
}

static void start(pthread_t *t, void *(*f)(void *), struct job *j)
{
    if (pthread_create(t, NULL, f, j) != 0) {
        fputs("threads: pthread_create failed\n", stderr);
        exit(1);
    }
}

int main(void)
{
    pthread_t threads[AT_ONCE];
    uint64_t sum = 0;
    pthread_barrier_init(&barrier, NULL, AT_ONCE);
    for (int i = 0; i < AT_ONCE; i++)
        jobs[i].seed = (unsigned)i;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < AT_ONCE; i++)
            start(&threads[i], work, &jobs[(i + round) % AT_ONCE]);
        for (int i = 0; i < AT_ONCE; i++)
            pthread_join(threads[i], NULL);
    }
    for (int n = 0; n < SHORT / CROWD; n++) {
        for (int i = 0; i < CROWD; i++)
            start(&threads[i], short_work, &jobs[i]);
        for (int i = 0; i < CROWD; i++)
            pthread_join(threads[i], NULL);
    }
    for (int i = 0; i < AT_ONCE; i++)
        sum += jobs[i].sum + take_over(&jobs[i]);
    printf("sum %lu\n", (unsigned long)sum);
    return 0;
}
