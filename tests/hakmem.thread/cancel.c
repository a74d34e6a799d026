/* SPDX-License-Identifier: MIT */
/* Threads cancelled in the middle of their work: their cleanup frees, the heap stays sound. */
#include <pthread.h>

#include "check.h"

static void cleanup(void *p)
{
    free(p);
}

static void *work(void *unused)
{
    void *volatile p = malloc(100);
    pthread_cleanup_push(cleanup, p);
    for (;;) {
        void *q = calloc(1, 5000);
        CHECK(q);
        free(q);
        pthread_testcancel();
    }
    pthread_cleanup_pop(1);
    return unused;
}

int main(void)
{
    for (int i = 0; i < 300; i++) {
        pthread_t thread;
        void *result;
        CHECK(pthread_create(&thread, NULL, work, NULL) == 0);
        usleep(500);
        CHECK(pthread_cancel(thread) == 0);
        CHECK(pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
    }
    CHECK(heap_check() == 0);
    return 0;
}
