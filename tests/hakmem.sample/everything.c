/* SPDX-License-Identifier: MIT */
/* Where nearly all blocks are samples, contents survive, sizes and alignments are right, and the heap stays
 * sound, through beginnings and ends, fork and threads. */
/* { dg-options "-O1 -pthread" } */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "profile.h"

#ifdef HAK_SANITIZED
enum { SLOTS = 300, STEPS = 4000 };
#else
enum { SLOTS = 300, STEPS = 40000 };
#endif

static void fill(unsigned char *p, size_t n, unsigned char with)
{
    if (n) {
        p[0] = p[n - 1] = with;
        p[n / 2] = with;
    }
}

static void verify(const unsigned char *p, size_t n, unsigned char with)
{
    CHECK(n == 0 || (p[0] == with && p[n / 2] == with && p[n - 1] == with));
}

struct slot {
    unsigned char *p;
    size_t n;
    unsigned char with;
};

static void renew(struct slot *s, uint64_t r)
{
    size_t n = (size_t)(r >> 8) % (r & 15   ? 2000
                                   : r & 16 ? 70000
                                            : 1500000),
           align = (size_t)16 << (r >> 40 & 7);
    verify(s->p, s->n, s->with);
    if (r >> 62 == 0 && s->p) {
        unsigned char *q = realloc(s->p, n + 1);
        CHECK(q != NULL);
        verify(q, s->n < n + 1 ? 0 : 0, s->with);
        CHECK(s->n == 0 || n == 0 || q[0] == s->with);
        s->p = q;
        n++;
    } else {
        free(s->p);
        if (r >> 62 == 1) {
            s->p = calloc(1, n);
            for (size_t i = 0; i < n; i += 97)
                CHECK(s->p[i] == 0);
        } else if (r >> 62 == 2) {
            s->p = memalign(align, n);
            CHECK((uintptr_t)s->p % align == 0);
        } else {
            s->p = malloc(n);
        }
    }
    CHECK(s->p && malloc_usable_size(s->p) >= n && (uintptr_t)s->p % 16 == 0);
    s->n = n;
    s->with = (unsigned char)r;
    fill(s->p, n, s->with);
}

static void *work(void *seed)
{
    struct slot slot[SLOTS] = {0};
    uint64_t state = (uint64_t)(uintptr_t)seed * 0x9e3779b97f4a7c15u + 1;
    for (int i = 0; i < STEPS; i++) {
        uint64_t r = next_random(&state);
        renew(&slot[(r >> 32) % SLOTS], next_random(&state));
    }
    for (int i = 0; i < SLOTS; i++) {
        verify(slot[i].p, slot[i].n, slot[i].with);
        free(slot[i].p);
    }
    return NULL;
}

static atomic_int stop;

static void *begin_and_end(void *unused)
{
    while (!stop) {
        (void)hak_profile_start(100);
        usleep(3000);
        (void)hak_profile_dump("/dev/null");
        (void)hak_profile_stop();
    }
    return unused;
}

/* ThreadSanitizer does not see how the C library's malloc, from where memory comes during a fork, orders
 * its uses. */
static void in_child(void)
{
#ifdef __SANITIZE_THREAD__
    return;
#endif
    pid_t child = fork();
    int status;
    CHECK(child >= 0);
    if (child == 0) {
        work((void *)7);
        _exit(hak_check() != 0);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
    pthread_t thread[3];
    CHECK(hak_profile_start(1) == 0);
    work((void *)1);
    in_child();
    CHECK(hak_profile_stop() == 0);
    CHECK(hak_check() == 0);
    for (int i = 0; i < 2; i++)
        CHECK(pthread_create(&thread[i], NULL, work, (void *)(uintptr_t)(i + 2)) == 0);
    CHECK(pthread_create(&thread[2], NULL, begin_and_end, NULL) == 0);
    for (int i = 0; i < 5; i++)
        in_child();
    for (int i = 0; i < 2; i++)
        CHECK(pthread_join(thread[i], NULL) == 0);
    stop = 1;
    CHECK(pthread_join(thread[2], NULL) == 0);
    CHECK(hak_check() == 0);
    return 0;
}
