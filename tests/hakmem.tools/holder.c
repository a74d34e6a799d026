/* SPDX-License-Identifier: MIT */
/* holder.c - holds memory of every kind and says how much of it libhakmem knows of (target of explain.sh). */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hakmem.h"

#pragma weak hak_stats_get

#define FIELDS(X)                                                                                            \
    X(live_bytes)                                                                                            \
    X(cached_bytes)                                                                                          \
    X(large_bytes)                                                                                           \
    X(large_blocks)                                                                                          \
    X(large_cached_bytes)                                                                                    \
    X(span_bytes)                                                                                            \
    X(shelved_bytes)                                                                                         \
    X(metadata_bytes)                                                                                        \
    X(superslabs)                                                                                            \
    X(threads)                                                                                               \
    X(allocations)                                                                                           \
    X(cache_hits)                                                                                            \
    X(stage_partial)                                                                                         \
    X(stage_unused)                                                                                          \
    X(stage_new)                                                                                             \
    X(resident_live_bytes)                                                                                   \
    X(resident_cached_bytes)                                                                                 \
    X(resident_free_bytes)                                                                                   \
    X(resident_retained_bytes)                                                                               \
    X(fragmentation_bytes)

enum { SMALL = 40000, MIDDLE = 200, LARGE = 6 };
static void *small[SMALL], *middle[MIDDLE], *large[LARGE];
static volatile char sink;

static void *worker(void *arg)
{
    for (int i = 0; i < 2000; i++)
        free(memset(malloc(500), 1, 500));
    pause();
    return arg;
}

static void fill(void)
{
    for (int i = 0; i < SMALL; i++)
        small[i] = memset(malloc((size_t)(i % 700) + 1), 1, (size_t)(i % 700) + 1);
    for (int i = 0; i < MIDDLE; i++)
        middle[i] = memset(malloc(40000), 1, 40000);
    for (int i = 0; i < LARGE; i++)
        large[i] = memset(malloc(3 << 20), 1, 3 << 20);
    for (int i = 0; i < SMALL; i += 3)
        free(small[i]);
    for (int i = 0; i < MIDDLE; i += 7)
        free(middle[i]);
    free(large[0]);
    large[0] = calloc(1, 8 << 20); /* read below, and never written: the kernel's page of zeros */
    for (size_t i = 0; i < 8 << 20; i += 4096)
        sink = sink + ((volatile char *)large[0])[i];
}

int main(void)
{
    pthread_t thread[3];
    for (int i = 0; i < 3; i++)
        pthread_create(&thread[i], NULL, worker, NULL);
    fill();
    memset(mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), 1, 1 << 20);
    usleep(300000);
    if (hak_stats_get) {
        struct hak_stats s;
        hak_stats_get(&s, sizeof s);
        char line[1000];
        int n = 0;
#define FIELD(name)                                                                                          \
    n += snprintf(line + n, sizeof line - (size_t)n, " " #name " %llu", (unsigned long long)s.name);
        FIELDS(FIELD)
        line[n++] = '\n';
        (void)!write(1, line, (size_t)n); /* dprintf would allocate */
    } else {
        dprintf(1, "no library\n");
    }
    for (;;)
        pause();
}
