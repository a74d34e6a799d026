/* SPDX-License-Identifier: MIT */
/* opens.c - opens the library by name at run time, uses it from threads, closes it (test).
 *
 * The reference run has no library preloaded: there this is a plain dlopen, malloc stays the C
 * library's, and both allocators work side by side. */
#include <hakmem.h>

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 20, BLOCKS = 2000 };

static __typeof__(hak_malloc) *own_malloc;
static __typeof__(hak_realloc) *own_realloc;
static __typeof__(hak_free) *own_free;
static __typeof__(hak_check) *own_check;

static void *find(void *handle, const char *name)
{
    void *p = dlsym(handle, name);
    if (!p) {
        fprintf(stderr, "opens: %s\n", dlerror());
        exit(1);
    }
    return p;
}

static void *work(void *arg)
{
    static char *blocks[THREADS][BLOCKS];
    size_t me = (size_t)arg;
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[me][i] = own_malloc(i + 1);
        memset(blocks[me][i], (int)me, i + 1);
    }
    for (size_t i = 0; i < BLOCKS; i += 2)
        blocks[me][i] = own_realloc(blocks[me][i], i * 3 + 1);
    for (size_t i = 0; i < BLOCKS; i++) {
        free(strdup("the other allocator"));
        if (blocks[me][i][0] != (char)me || blocks[me][i][i] != (char)me)
            return "damaged";
        own_free(blocks[me][i]);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    void *result;
    void *handle = argc == 2 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    if (!handle) {
        fprintf(stderr, "opens: %s\n", argc == 2 ? dlerror() : "no library named");
        return 1;
    }
    own_malloc = (__typeof__(own_malloc))find(handle, "hak_malloc");
    own_realloc = (__typeof__(own_realloc))find(handle, "hak_realloc");
    own_free = (__typeof__(own_free))find(handle, "hak_free");
    own_check = (__typeof__(own_check))find(handle, "hak_check");
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < THREADS; i++)
            if (pthread_create(&threads[i], NULL, work, (void *)i) != 0)
                return 2;
        for (int i = 0; i < THREADS; i++) {
            pthread_join(threads[i], &result);
            if (result)
                return 3;
        }
    }
    printf("faults %d\n", own_check());
    printf("closed %d\n", dlclose(handle));
    for (size_t i = 0; i < BLOCKS; i++)
        free(malloc(i));
    return 0;
}
