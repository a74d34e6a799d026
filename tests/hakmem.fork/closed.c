/* SPDX-License-Identifier: MIT */
/* A fork handler that runs after the library's waits for threads that use all of the heap, and end: they are
 * served meanwhile, nothing is lost in the parent, and the child's heap is whole. */
/* { dg-link preload core } */
/* { dg-variant "-DBLOCKS=120" } */
/* { dg-variant "-DBLOCKS=120 HAKMEM_CACHE_BYTES=0 HAKMEM_RETAIN_BYTES=0 HAKMEM_LARGE_CACHE_BYTES=0" } */
/* { dg-variant "-DBLOCKS=120 HAKMEM_TINY_SLL_VALIDATE_HDR=1" } */
/* { dg-variant "-DBLOCKS=120 HAKMEM_TINY_SS_SHARED=1" } */
/* { dg-variant "-DBLOCKS=120 -DPASSIVE HAKMEM_ENABLED=0" } */
/* { dg-variant "-DBLOCKS=120 -DDEEPBIND" } */
/* { dg-timeout 60 } */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "check.h"

enum { THREADS = 3, FORKS = 25 };
static const size_t sizes[] = {24, 200, 900, 3000, 9000, 30000, 70000, 400000, 1500000};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* Each thread's blocks: those of its last round are freed and resized in the next, which may be in the other
 * state. */
struct work {
    unsigned char *block[SIZES][BLOCKS];
    size_t size[SIZES][BLOCKS];
    uint64_t random;
};
static struct work work[THREADS];

/* Counted up to ask for a round; every thread counts itself done. */
static atomic_int asked, done, stop, foreign, inside_fork;

static void fill(struct work *w, int s, int i, unsigned char *p, size_t size)
{
    CHECK(p);
    p[0] = p[size - 1] = (unsigned char)(s * 31 + i);
    w->block[s][i] = p;
    w->size[s][i] = size;
    if (atomic_load(&inside_fork))
        atomic_fetch_add(&foreign, heap_owns(p + 1) == 0); /* of ours it knows each byte */
}

static void verify(const struct work *w, int s, int i)
{
    const unsigned char *p = w->block[s][i];
    CHECK(p[0] == (unsigned char)(s * 31 + i) && p[w->size[s][i] - 1] == p[0]);
    CHECK(malloc_usable_size(w->block[s][i]) >= w->size[s][i]);
}

static void change(struct work *w, int s, int i)
{
    size_t size = sizes[s] + next_random(&w->random) % 16;
    if (!w->block[s][i]) {
        fill(w, s, i, i % 3 ? malloc(size) : calloc(1, size), size);
        return;
    }
    verify(w, s, i);
    if (next_random(&w->random) % 4 == 0) {
        fill(w, s, i, realloc(w->block[s][i], size * 2), size * 2);
        return;
    }
    free(w->block[s][i]);
    w->block[s][i] = NULL;
    if (next_random(&w->random) % 3)
        fill(w, s, i, next_random(&w->random) % 5 ? malloc(size) : memalign(64, size), size);
}

static void round_of(struct work *w)
{
    for (int s = 0; s < SIZES; s++)
        for (int i = 0; i < BLOCKS >> (s > 4 ? s - 4 : 0); i++)
            change(w, s, i);
}

static void *end_at_once(void *unused)
{
    for (int i = 0; i < 50; i++)
        free(malloc(100 + i * 20));
    return unused;
}

static void *run(void *arg)
{
    struct work *w = arg;
    for (int seen = 0; !atomic_load(&stop); seen++) {
        while (atomic_load(&asked) == seen && !atomic_load(&stop))
            usleep(50);
        round_of(w);
        if (w == work) {
            pthread_t thread;
            CHECK(pthread_create(&thread, NULL, end_at_once, NULL) == 0);
            CHECK(pthread_join(thread, NULL) == 0);
            malloc_trim(0);
        }
        CHECK(heap_check() == 0);
        atomic_fetch_add(&done, 1);
    }
    return NULL;
}

static void ask_for_round(void)
{
    int before = atomic_load(&done);
    atomic_fetch_add(&asked, 1);
    while (atomic_load(&done) < before + THREADS)
        usleep(50);
}

static void prepare(void)
{
    atomic_store(&inside_fork, 1);
    ask_for_round();
    void *own = malloc(500); /* the thread that forks, too */
    CHECK(own);
    free(own);
    atomic_store(&inside_fork, 0);
}

/* Before all constructors, those of libraries included: prepare handlers run from the last to the first. */
static void enroll(void)
{
    pthread_atfork(prepare, NULL, NULL);
}
__attribute__((section(".preinit_array"), used)) static void (*const first)(void) = enroll;

static int child(void)
{
    for (int t = 0; t < THREADS; t++)
        for (int s = 0; s < SIZES; s++)
            for (int i = 0; i < BLOCKS; i++)
                if (work[t].block[s][i]) {
                    verify(&work[t], s, i);
                    free(work[t].block[s][i]);
                }
    free(malloc(5000000));
    malloc_trim(0);
    return heap_check() ? 4 : 0;
}

int main(void)
{
    pthread_t thread[THREADS];
#ifdef DEEPBIND /* the C library's own names become ours, and it must still be found */
    CHECK(dlopen("libm.so.6", RTLD_NOW | RTLD_DEEPBIND));
#endif
    for (int i = 0; i < THREADS; i++) {
        work[i].random = 77 + i;
        CHECK(pthread_create(&thread[i], NULL, run, &work[i]) == 0);
    }
    for (int i = 0; i < FORKS; i++) {
        int status;
        ask_for_round();
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0)
            _exit(child());
        CHECK(waitpid(pid, &status, 0) == pid);
        CHECK(status == 0);
    }
    atomic_store(&stop, 1);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(thread[i], NULL) == 0);
#ifndef PASSIVE
    CHECK(atomic_load(&foreign) > 0); /* it did come to that */
#endif
    for (int t = 0; t < THREADS; t++)
        for (int s = 0; s < SIZES; s++)
            for (int i = 0; i < BLOCKS; i++) {
                if (work[t].block[s][i])
                    verify(&work[t], s, i);
                free(work[t].block[s][i]);
            }
    CHECK(heap_check() == 0);
    return 0;
}
