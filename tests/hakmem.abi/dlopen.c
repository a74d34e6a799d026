/* SPDX-License-Identifier: MIT */
/* The library can be opened by a running program; its hak_ functions then work beside libc's malloc. */
/* { dg-link none } */
#include <pthread.h>

#include "check.h"

static void *(*allocate)(size_t);
static void (*release)(void *);

static void *work(void *unused)
{
    for (size_t n = 1; n < 3000000; n = n * 2 + 1) {
        char *p = allocate(n);
        CHECK(p);
        memset(p, 1, n);
        release(p);
    }
    return unused;
}

int main(void)
{
    char path[4096];
    CHECK(getenv("HAK_TEST_LIBRARY"));
    snprintf(path, sizeof path, "%s", getenv("HAK_TEST_LIBRARY"));
    void *early = malloc(100);
    pthread_t thread;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        dprintf(2, "%s\n", dlerror());
    CHECK(library);
    allocate = (void *(*)(size_t))dlsym(library, "hak_malloc");
    release = (void (*)(void *))dlsym(library, "hak_free");
    int (*owns)(const void *) = (int (*)(const void *))dlsym(library, "hak_owns");
    CHECK(allocate && release && owns);
    void *p = allocate(100);
    CHECK(owns(p) == 1 && owns(early) == 0);
    release(p);
    free(early);
    work(NULL);
    CHECK(pthread_create(&thread, NULL, work, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    dlclose(library);
    work(NULL); /* never unloaded */
    free(malloc(1000));
    return 0;
}
