/* SPDX-License-Identifier: MIT */
/* A program that uses a key of thread-specific data before it creates it: that key is 0, and nobody's. */
/* { dg-link preload core } */
#include <pthread.h>

#include "check.h"

static pthread_key_t key; /* not created */
static char words[64] = "not a cache";

static void *work(void *unused)
{
    for (int i = 0; i < 1000; i++)
        free(malloc(i * 10));
    CHECK(pthread_getspecific(key) == NULL);
    CHECK(pthread_setspecific(key, words) == EINVAL);
    return unused;
}

/* Whatever key the library has, its value may be anything, and its destructor is called nonetheless. */
static void *scribble(void *unused)
{
    for (int i = 0; i < 1000; i++)
        free(malloc(i * 10));
    for (pthread_key_t other = 0; other < 16; other++)
        (void)pthread_setspecific(other, words);
    return unused;
}

int main(void)
{
    pthread_t thread;
    free(malloc(1));
    for (int i = 0; i < 20; i++) {
        CHECK(pthread_create(&thread, NULL, i % 2 ? work : scribble, NULL) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
        CHECK(heap_check() == 0);
    }
    struct hak_stats s;
    CHECK(heap_stats(&s) == 0 && s.threads == 1);
    return 0;
}
