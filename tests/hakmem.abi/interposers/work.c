/* SPDX-License-Identifier: MIT */
/* work.c THREADS - blocks of all kinds, fork and trims, between calls that an interposer makes allocate
 * (test). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SLOTS = 200, STEPS = 12000, THREADS_MAX = 16 };

static void fail(const char *what)
{
    dprintf(2, "%s\n", what);
    _exit(1);
}

static size_t size_for(unsigned r, int step)
{
    if (step % 400 == 0)
        return 1100000 + r % 2000000;
    return step % 40 == 0 ? 40000 + r % 500000 : 1 + r % 5000;
}

static void ask(int step)
{
    struct timespec ts;
    void *p;
    switch (step % 5) {
    case 0: clock_gettime(CLOCK_REALTIME, &ts); break;
    case 1: (void)time(NULL); break;
    case 2: (void)getpid(); break;
    case 3: (void)sysconf(_SC_PAGESIZE); break;
    default:
        p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED || munmap(p, 8192) != 0)
            fail("mmap");
    }
}

static void *work(void *seed)
{
    char *block[SLOTS] = {NULL};
    size_t size[SLOTS] = {0};
    unsigned s = (unsigned)(size_t)seed;
    for (int step = 1; step < STEPS; step++) {
        s = s * 1664525 + 1013904223;
        int i = (int)(s >> 8) % SLOTS;
        if (block[i] && (block[i][0] != (char)i || block[i][size[i] - 1] != (char)i))
            fail("damaged");
        size_t n = size_for(s >> 4, step);
        errno = 4711;
        if (step % 3 == 0) {
            block[i] = realloc(block[i], n);
        } else {
            free(block[i]);
            block[i] = step % 7 == 0 ? memalign(64, n) : step % 5 == 0 ? calloc(1, n) : malloc(n);
        }
        if (!block[i] || errno != 4711)
            fail("no memory, or errno changed");
        size[i] = n;
        block[i][0] = block[i][n - 1] = (char)i;
        if (step % 100 == 0)
            ask(step / 100);
        if (step % 4000 == 0)
            malloc_trim(0);
    }
    for (int i = 0; i < SLOTS; i++)
        free(block[i]);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t thread[THREADS_MAX];
    int threads = argc > 1 ? atoi(argv[1]) : 1, status;
    for (long i = 1; i < threads; i++)
        if (pthread_create(&thread[i], NULL, work, (void *)i))
            fail("pthread_create");
    for (int i = 0; i < 4; i++) {
        work((void *)100);
        pid_t child = fork();
        if (child == 0) {
            work((void *)200);
            exit(0);
        }
        if (waitpid(child, &status, 0) != child || status != 0)
            fail("child");
    }
    for (int i = 1; i < threads; i++)
        pthread_join(thread[i], NULL);
    if (malloc((size_t)-1 / 4))
        fail("a block of that size");
    int *calls = (int *)dlsym(RTLD_DEFAULT, "interposer_calls");
    printf("done, interposed: %s\n", calls && *calls > 100 ? "yes" : "no");
    return 0;
}
