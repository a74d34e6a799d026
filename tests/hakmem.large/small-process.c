/* SPDX-License-Identifier: MIT */
/* Everything runs at ulimit -v 65536: the program starts itself again under that limit. */
/* { dg-args start } */
#include <pthread.h>
#include <sys/resource.h>

#include "check.h"

static void *work(void *unused)
{
    for (int i = 1; i < 20000; i++) {
        void *p = malloc(i);
        CHECK(p);
        free(p);
    }
    return unused;
}

int main(int argc, char **argv)
{
    struct rlimit limit = {65536 << 10, 65536 << 10};
    if (argc > 1) {
        CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
        execl("/proc/self/exe", argv[0], NULL);
        CHECK(!"exec");
    }
    char *big = malloc(20 << 20);
    CHECK(big);
    memset(big, 1, 20 << 20);
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 256 << 10);
    pthread_t thread[8];
    for (int i = 0; i < 8; i++)
        CHECK(pthread_create(&thread[i], &attr, work, NULL) == 0);
    for (int i = 0; i < 8; i++)
        CHECK(pthread_join(thread[i], NULL) == 0);
    free(big);
    CHECK((big = malloc(24 << 20)));
    free(big);
    CHECK(heap_check() == 0);
    return 0;
}
