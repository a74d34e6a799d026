/* SPDX-License-Identifier: MIT */
/* In a program that has threads the helper is one of them, by pthread_create, while there are two of the
 * program's at least: once the last of the others has been joined, the process has one thread, at once. A
 * second time the same, and while others begin and end all the time. LAST: the main thread ends first, and
 * the process with the last of the others. */
/* { dg-link shared } */
/* { dg-variant "" } */
/* { dg-variant "-DLAST" } */
/* { dg-variant "-DALWAYS HAKMEM_ACE_THREAD=1" } */
#include <pthread.h>

#include "helper.h"

/* By request one may be started again at once. */
#ifdef ALWAYS
#define CHECK_GONE() (void)0
#else
#define CHECK_GONE() CHECK(is_gone())
#endif

/* The kernel says that a thread has ended a moment before it is off the list. */
static UNUSED bool is_gone(void)
{
    for (int i = 0; i < 1000 && helper(); i++)
        usleep(1000);
    return helper() == 0;
}

enum { KEEP = 25 << 20 };
static pthread_barrier_t both;

static void *hold(void *unused)
{
    (void)unused;
    free(hide(malloc(100)));
    pthread_barrier_wait(&both);
    pthread_barrier_wait(&both);
    return NULL;
}

static void *brief(void *unused)
{
    (void)unused;
    for (int i = 0; i < 1000; i++)
        free(hide(malloc((size_t)i * 17)));
    return NULL;
}

static void with_another(void)
{
    pthread_t other;
    CHECK(pthread_create(&other, NULL, hold, NULL) == 0);
    pthread_barrier_wait(&both);
    CHECK(burst_until_helper(60000));
    pthread_barrier_wait(&both);
    CHECK(pthread_join(other, NULL) == 0);
    CHECK_GONE();
}

static void begin_and_end(void)
{
    pthread_t other[4];
    for (int round = 0; round < 400; round++) {
        for (int i = 0; i < 4; i++)
            CHECK(pthread_create(&other[i], NULL, brief, NULL) == 0);
        for (int i = 0; i < 400; i++)
            burst_block[i] = malloc(300 + (size_t)i * 100);
        for (int i = 0; i < 400; i++)
            free(burst_block[i]);
        for (int i = 0; i < 4; i++)
            CHECK(pthread_join(other[i], NULL) == 0);
        if (round % 16 == 0)
            CHECK_GONE();
    }
    CHECK_GONE();
}

#ifdef LAST
static pthread_t main_thread;

static void *outlive(void *unused)
{
    (void)unused;
    CHECK(burst_until_helper(60000));
    pthread_barrier_wait(&both);
    CHECK(pthread_join(main_thread, NULL) == 0);
    CHECK(is_gone());
    return NULL;
}
#endif

int main(void)
{
    CHECK(pthread_barrier_init(&both, NULL, 2) == 0);
    char *held = malloc(KEEP);
    CHECK(held);
    memset(held, 1, KEEP);
#ifdef LAST
    pthread_t other;
    main_thread = pthread_self();
    CHECK(pthread_create(&other, NULL, outlive, NULL) == 0);
    CHECK(pthread_detach(other) == 0);
    pthread_barrier_wait(&both);
    pthread_exit(NULL);
#endif
    with_another();
    with_another();
    begin_and_end();
    free(held);
    CHECK(hak_check() == 0);
    return 0;
}
