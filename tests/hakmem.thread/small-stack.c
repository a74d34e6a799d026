/* SPDX-License-Identifier: MIT */
/* A thread on the smallest stack allocates from every size range and ends. */
#include <limits.h>
#include <pthread.h>

#include "check.h"

static void *work(void *unused)
{
    for (size_t n = 1; n < 8000000; n = n * 3 + 1) {
        char *p = malloc(n);
        CHECK(p);
        p[n - 1] = 1;
        CHECK((p = realloc(p, n * 2)));
        free(p);
        free(memalign(65536, n));
    }
    malloc_trim(0);
    return unused;
}

int main(void)
{
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    CHECK(pthread_attr_setstacksize(&attr, (size_t)PTHREAD_STACK_MIN) == 0);
    for (int i = 0; i < 50; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, &attr, work, NULL) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
    }
    return 0;
}
