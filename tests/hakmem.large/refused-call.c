/* SPDX-License-Identifier: MIT */
/* A scripted run in which each system call is refused in turn: the N-th call of one kind alone, or
 * it and all behind it. NULL and ENOMEM are fine; what lives stays intact, and nothing aborts. */
/* { dg-link core asan ubsan } */
/* { dg-variant "-DCALL=OS_MMAP" } */
/* { dg-variant "-DCALL=OS_MUNMAP" } */
/* { dg-variant "-DCALL=OS_MREMAP" } */
/* { dg-variant "-DCALL=OS_PURGE" } */
/* { dg-variant "-DCALL=OS_PURGE -DTHREADS=2" } */
/* { dg-variant "-DCALL=OS_MMAP -DTHREADS=2" } */
/* { dg-variant "-DCALL=OS_MMAP HAKMEM_TINY_SLL_VALIDATE_HDR=1" } */
/* { dg-variant "-DCALL=OS_MMAP HAKMEM_LARGE_CACHE_BYTES=0 HAKMEM_RETAIN_BYTES=0" } */
/* { dg-timeout 200 } */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "check.h"
#include "base/os.h"

#ifndef THREADS
#define THREADS 0
#endif

#ifdef HAK_SANITIZED
enum { STRIDE = 3 };
#else
enum { STRIDE = 16 };
#endif
enum { SLOTS = 40, STEPS = 260 };
static struct {
    unsigned char *p;
    size_t n;
    unsigned char fill;
} slot[SLOTS];
static atomic_int calls, refusals, target, forever;

static int refuse(enum os_call call)
{
    if (call != CALL)
        return 0;
    int n = atomic_fetch_add(&calls, 1);
    if (n != target && !(forever && n > target))
        return 0;
    refusals++;
    return ENOMEM;
}

static void intact(void)
{
    for (int i = 0; i < SLOTS; i++)
        for (size_t k = 0; k < slot[i].n; k = k < 64 || k + 65 > slot[i].n ? k + 1 : slot[i].n - 64)
            CHECK(slot[i].p[k] == slot[i].fill);
}

static void keep(int i, unsigned char *p, size_t n)
{
    slot[i].p = p;
    slot[i].n = n;
    slot[i].fill = (unsigned char)(i + n);
    memset(p, slot[i].fill, n);
}

static void step(uint64_t r)
{
    static const size_t top[] = {100, 1000, 10000, 60000, 900000, 6000000};
    int i = (int)(r % SLOTS);
    size_t n = 1 + (r >> 20) % top[(r >> 8) % 6];
    errno = 0;
    if (!slot[i].p) {
        unsigned char *p = r >> 60 & 1   ? calloc(1, n)
                           : r >> 61 & 1 ? memalign((size_t)16 << (r >> 32) % 16, n)
                                         : malloc(n);
        if (!p)
            CHECK(errno == ENOMEM);
        else
            keep(i, p, n);
    } else if (r >> 62) {
        unsigned char *p = realloc(slot[i].p, n);
        if (!p) {
            CHECK(errno == ENOMEM);
            return;
        }
        for (size_t k = 0; k < (slot[i].n < n ? slot[i].n : n); k += 1 + k / 8)
            CHECK(p[k] == slot[i].fill);
        keep(i, p, n);
    } else {
        free(slot[i].p);
        slot[i].p = NULL;
        slot[i].n = 0;
    }
}

static void *bystander(void *unused)
{
    for (int i = 0; i < 2000; i++) {
        char *p = malloc(i * 16), *q = malloc(500000);
        if (p)
            memset(p, 1, i * 16);
        free(p);
        free(q);
    }
    return unused;
}

/* The run. Returns 1 if a call was refused, 0 if there were not that many calls. */
static int run(int which, int also_later)
{
    uint64_t state = 20261121;
    pthread_t thread[THREADS + 1];
    int started = 0;
    target = which;
    forever = also_later;
    os_fault = refuse;
    for (int i = 0; i < THREADS; i++)
        started += pthread_create(&thread[started], NULL, bystander, NULL) == 0;
    for (int i = 0; i < STEPS; i++) {
        step(next_random(&state));
        if (i % 64 == 0)
            malloc_trim(0);
        if (i % 16 == 0)
            intact();
    }
    for (int i = 0; i < started; i++)
        pthread_join(thread[i], NULL);
    intact();
    CHECK(heap_check() == 0);
    os_fault = NULL;
    for (int i = 0; i < SLOTS; i++) { /* all is well again */
        free(slot[i].p);
        unsigned char *p = malloc(100000 * (i + 1));
        CHECK(p);
        keep(i, p, 100000 * (i + 1));
    }
    intact();
    CHECK(heap_check() == 0);
    return refusals > 0;
}

int main(void)
{
    int happened = 0;
    for (int forever = 0; forever < 2; forever++) {
        for (int n = 0, refused = 1; refused; n += 1 + n / STRIDE) {
            pid_t pid = fork();
            CHECK(pid >= 0);
            if (pid == 0)
                _exit(run(n, forever) ? 10 : 0);
            int status;
            CHECK(waitpid(pid, &status, 0) == pid);
            if (!WIFEXITED(status) || (WEXITSTATUS(status) != 10 && WEXITSTATUS(status) != 0))
                dprintf(2, "call %d, forever %d: status %#x\n", n, forever, status);
            CHECK(WIFEXITED(status) && (WEXITSTATUS(status) == 10 || WEXITSTATUS(status) == 0));
            refused = WEXITSTATUS(status) == 10;
            happened += refused;
        }
    }
    CHECK(happened > 0);
    return 0;
}
