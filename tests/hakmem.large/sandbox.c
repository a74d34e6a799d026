/* SPDX-License-Identifier: MIT */
/* A filter that kills for every system call but those that glibc's malloc makes: madvise(2) only in a program
 * with threads. All ways to get memory and to give it back are gone through. */
/* { dg-link preload core } */
/* { dg-variant "" } */
/* { dg-variant "HAKMEM_TINY_SLL_VALIDATE_HDR=1" } */
/* { dg-variant "HAKMEM_RETAIN_BYTES=0 HAKMEM_LARGE_CACHE_BYTES=0" } */
/* { dg-variant "-DTHREADS" } */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "check.h"

#define ALLOW(number)                                                                                        \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

#ifdef THREADS
#define MORE ALLOW(SYS_futex), ALLOW(SYS_madvise),
#else
#define MORE
#endif

/* pread64 is this program's own, to see what is resident. */
static struct sock_filter filter[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    ALLOW(SYS_mmap),
    ALLOW(SYS_munmap),
    ALLOW(SYS_mremap),
    ALLOW(SYS_mprotect),
    ALLOW(SYS_write),
    ALLOW(SYS_exit_group),
    ALLOW(SYS_pread64),
    MORE BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
};

static int statm;

static long resident_mib(void)
{
    char text[128];
    ssize_t n = pread(statm, text, sizeof text - 1, 0);
    CHECK(n > 0);
    text[n] = '\0';
    return strtol(strchr(text, ' '), NULL, 10) / 256;
}

enum { SMALL = 200000, SPANS = 400 };
static char *small[SMALL], *span[SPANS];

static void small_blocks(void)
{
    for (int i = 0; i < SMALL; i++) {
        size_t n = 16 + (size_t)i * 7919 % 1000;
        small[i] = i % 3 ? malloc(n) : i % 2 ? calloc(1, n) : memalign(64, n);
        CHECK(small[i]);
        memset(small[i], i, n);
    }
    for (int i = 0; i < SMALL; i += 5)
        CHECK((small[i] = realloc(small[i], 3000)));
}

static void spans(void)
{
    for (int i = 0; i < SPANS; i++) {
        CHECK((span[i] = malloc(40000 + (size_t)i * 500)));
        memset(span[i], 1, 40000);
    }
    for (int i = 0; i < SPANS; i += 2)
        free(span[i]);
    for (int i = 0; i < SPANS; i += 2)
        CHECK((span[i] = calloc(1, 60000)) && span[i][0] == 0 && span[i][59999] == 0);
}

static void large_blocks(void)
{
    char *p = malloc(2 << 20);
    for (size_t n = 3 << 20; n < (size_t)100 << 20; n += n / 2) {
        CHECK((p = realloc(p, n)));
        p[n - 1] = 1;
        char *q = calloc(1, 4 << 20);
        CHECK(q && q[(4 << 20) - 1] == 0);
        memset(q, 1, 4 << 20);
        free(q);
    }
    CHECK((p = realloc(p, 1 << 20)));
    free(p);
}

static void *rest(void *unused)
{
    for (;;) /* no thread ends here: glibc would ask for more */
        pause();
    return unused;
}

int main(void)
{
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    pthread_t thread;
    statm = open("/proc/self/statm", O_RDONLY);
    CHECK(statm >= 0);
#ifdef THREADS
    CHECK(pthread_create(&thread, NULL, rest, NULL) == 0);
#else
    (void)thread, (void)rest;
#endif
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        return 77;
    for (int round = 0; round < 3; round++) {
        small_blocks();
        spans();
        large_blocks();
        long before = resident_mib();
        for (int i = 0; i < SMALL; i++) /* one in a thousand stays: whole superslabs cannot go */
            if (i % 1000) {
                free(small[i]);
                small[i] = NULL;
            }
        for (int i = 0; i < SPANS; i++)
            free(span[i]);
        malloc_trim(0);
        CHECK(resident_mib() < before / 3);
        for (int i = 0; i < SMALL; i += 1000)
            free(small[i]);
    }
    CHECK(malloc((size_t)1 << 60) == NULL);
    syscall(SYS_exit_group, 0);
    return 1;
}
