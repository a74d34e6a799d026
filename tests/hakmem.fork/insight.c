/* SPDX-License-Identifier: MIT */
/* The child of a threaded process walks its heap, counts it, prints it, sets values and returns memory. */
/* { dg-link core } */
#include <pthread.h>
#include <sys/wait.h>

#include "check.h"

enum { THREADS = 3, KEPT = 300, FORKS = 20 };
static char *kept[KEPT];
static _Atomic(int) stop;

static void *work(void *arg)
{
    uint64_t seed = 1 + (uintptr_t)arg;
    void *mine[64] = {NULL};
    while (!stop) {
        size_t at = next_random(&seed) % 64, size = next_random(&seed);
        free(mine[at]);
        CHECK((mine[at] = malloc(size % (size & 1 ? 2000 : 2000000))));
        if (size % 1000 == 0)
            CHECK(malloc(SIZE_MAX) == NULL);
    }
    return NULL;
}

static int each(void *block, size_t size, void *arg)
{
    int *seen = arg;
    CHECK(size > 0);
    for (int i = 0; i < KEPT; i++)
        seen[i] += kept[i] == block;
    return 0;
}

static void child(int null)
{
    int seen[KEPT] = {0};
    struct hak_stats s;
    struct hak_error e;
    uint64_t value = 4096, now;
    CHECK(hak_walk(each, seen) == 0);
    for (int i = 0; i < KEPT; i++)
        CHECK(seen[i] == 1);
    CHECK(heap_stats(&s) == 0 && s.resident_bytes > 0 && s.resident_live_bytes <= s.live_bytes);
    for (int format = HAK_TEXT; format <= HAK_OPENMETRICS; format++)
        CHECK(hak_stats_print(null, (enum hak_format)format) == 0);
    CHECK(hak_ctl("option.cache_bytes", NULL, &value) == 0);
    CHECK(hak_ctl("option.cache_bytes", &now, NULL) == 0 && now == value);
    CHECK(hak_last_error(&e, sizeof e) >= 0);
    CHECK(malloc(SIZE_MAX) == NULL);
    CHECK(hak_last_error(&e, sizeof e) == 1 && e.reason == HAK_REASON_THRESHOLD && e.thread_id == getpid());
    for (int i = 0; i < KEPT; i++)
        free(kept[i]);
    hak_purge();
    CHECK(hak_check() == 0);
}

int main(void)
{
    pthread_t thread[THREADS];
    int null = open("/dev/null", O_WRONLY), status;
    for (int i = 0; i < KEPT; i++)
        CHECK((kept[i] = malloc((size_t)i * i * 3)));
    for (intptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&thread[i], NULL, work, (void *)i) == 0);
    for (int i = 0; i < FORKS; i++) {
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            child(null);
            _exit(0);
        }
        CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    }
    stop = 1;
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(thread[i], NULL) == 0);
    return 0;
}
