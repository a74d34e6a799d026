/* SPDX-License-Identifier: MIT */
/* A program with a malloc family of its own: what the C library derives from it comes from it, and so do the
 * operators of C++. What glibc does not derive is ours, and stays among itself. */
/* { dg-link preload shared none } */
#include "check.h"

static char pool[4 << 20] __attribute__((aligned(64)));
static size_t used;
/* Volatile: functions of the C library promise not to change what is static here. */
static volatile size_t frees, reallocs;

static int in_pool(const void *p)
{
    return (const char *)p >= pool && (const char *)p < pool + sizeof pool;
}

void *malloc(size_t size)
{
    size_t *head = (size_t *)(pool + used);
    if (size > sizeof pool - used - 64)
        return NULL;
    used += (size + 63) / 32 * 32;
    head[0] = size;
    return head + 2;
}

void free(void *p)
{
    CHECK(!p || in_pool(p));
    frees += p != NULL;
}

void *calloc(size_t n, size_t size)
{
    void *p = malloc(n * size);
    return p ? memset(p, 0, n * size) : NULL;
}

void *realloc(void *p, size_t size)
{
    size_t old = p ? ((size_t *)p)[-2] : 0;
    void *q = malloc(size);
    reallocs++;
    return p && q ? memcpy(q, p, old < size ? old : size) : q;
}

static void *function(const char *name)
{
    return dlsym(RTLD_DEFAULT, name);
}

static void c_library(void)
{
    char *p = malloc(10), *text = NULL, *copy;
    strcpy(p, "nine byte");
    size_t before = reallocs;
    p = reallocarray(p, 100, 3);
    CHECK(in_pool(p) && strcmp(p, "nine byte") == 0 && reallocs == before + 1);
    errno = 0;
    CHECK(!reallocarray(p, SIZE_MAX / 2, 3) && errno == ENOMEM && reallocs == before + 1);
    free(p);
    copy = strdup("copy");
    CHECK(in_pool(copy) && asprintf(&text, "%s of %d", copy, 1) == 9 && in_pool(text));
    free(copy);
    free(text);
}

static void operators(void)
{
    void *(*news[])(size_t) = {(void *(*)(size_t))function("_Znwm"), (void *(*)(size_t))function("_Znam")};
    static const char *const deletes[] = {"_ZdlPv", "_ZdaPv", "_ZdlPvm", "_ZdaPvm", "_ZdlPvRKSt9nothrow_t"};
    for (unsigned i = 0; i < sizeof deletes / sizeof deletes[0] && news[0] && news[1]; i++) {
        char *p = news[i % 2](i * 300);
        size_t before = frees;
        CHECK(in_pool(p));
        ((void (*)(void *, size_t))function(deletes[i]))(p, i * 300);
        CHECK(frees == before + 1);
    }
}

static void sized(void)
{
    void (*free_sized)(void *, size_t) = (void (*)(void *, size_t))function("free_sized");
    size_t before = frees;
    if (!free_sized)
        return;
    free_sized(malloc(20), 20);
    CHECK(frees == before + 1);
}

/* The program has none of these: what they return cannot be freed by it, there as here. */
static void not_derived(void)
{
    void *p = NULL;
    CHECK(posix_memalign(&p, 64, 100) == 0 && p && !in_pool(p));
    CHECK((p = memalign(64, 100)) && !in_pool(p) && (p = valloc(10)) && !in_pool(p));
}

int main(void)
{
    for (int i = 0; i < 10; i++) {
        c_library();
        operators();
        sized();
        not_derived();
    }
    return 0;
}
