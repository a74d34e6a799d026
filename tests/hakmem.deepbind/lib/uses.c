/* SPDX-License-Identifier: MIT */
/* A library that gets memory from the C library in every way, frees it, and hands some on. */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int lines(void)
{
    char *line = NULL;
    size_t room = 0;
    int n = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && getline(&line, &room, f) > 0)
        n++;
    free(line);
    if (f)
        fclose(f);
    return n > 10;
}

static int streams(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    for (int i = 0; f && i < 10000; i++)
        fprintf(f, "%d\n", i);
    if (f)
        fclose(f);
    int good = size > 40000;
    free(text);
    return good;
}

extern void *__libc_malloc(size_t), *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

/* Of every function of the family one block, freed here. */
static int family(void)
{
    void *blocks[] = {malloc(100),        calloc(3, 70),
                      realloc(NULL, 90),  reallocarray(NULL, 3, 50),
                      memalign(256, 100), aligned_alloc(64, 128),
                      valloc(10),         pvalloc(10),
                      malloc(2 << 20),    NULL};
    int good = posix_memalign(&blocks[9], 4096, 10) == 0;
    free(__libc_malloc(100));
    free(__libc_memalign(64, 100));
    __libc_free(strdup("under its second name"));
    for (unsigned i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        good = good && blocks[i] && malloc_usable_size(blocks[i]) >= 10;
        free(blocks[i]);
    }
    return good;
}

int lib_works(void);
int lib_works(void)
{
    char *text, *copy = strdup("a copy"), *path = realpath("/proc/self/../self", NULL);
    if (asprintf(&text, "%s of %d", copy, 1) < 0 || !path)
        return 0;
    text = realloc(text, 1000);
    int good = strcmp(text, "a copy of 1") == 0 && malloc_usable_size(text) >= 1000;
    free(path);
    free(text);
    free(copy);
    return good && lines() && streams() && family();
}

char *lib_gives(void);
char *lib_gives(void)
{
    return strcpy(malloc(30), "given");
}

int lib_takes(char *text);
int lib_takes(char *text)
{
    int good = text && malloc_usable_size(text) > strlen(text);
    free(text);
    return good;
}
