/* SPDX-License-Identifier: MIT */
/* death.h - pieces of the programs that are to die. A fault stands between FAULT and its bracket. */
#ifndef DEATH_H
#define DEATH_H

#include <pthread.h>

#include "check.h"

#ifdef CLEAN
#define FAULT(statement) ((void)0)
#else
#define FAULT(statement) statement
#endif

static UNUSED void *free_here(void *p)
{
    free(p);
    return NULL;
}

/* Another thread frees P. */
static UNUSED void free_elsewhere(void *p)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, free_here, p) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}

#ifdef WARM
__attribute__((constructor)) static void warm(void)
{
    for (int i = 0; i < 3000; i++)
        CHECK(hide(malloc(64)));
}
#endif

/* Blocks for plenty of allocations of SIZE. */
static UNUSED int many(size_t size)
{
    return size < 2000 ? 20000 : size < 40000 ? 3000 : 20;
}

/* Use the class of SIZE until every magazine has been taken from and drained. */
static UNUSED void churn(size_t size)
{
    static void *block[20000];
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < many(size); i++)
            CHECK((block[i] = malloc(size)));
        for (int i = 0; i < many(size); i++)
            free(block[i]);
    }
    malloc_trim(0);
}

#endif
