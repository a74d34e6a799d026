/* SPDX-License-Identifier: MIT */
/* The C library's second names are the same heap: a block of one is freed by the other. */
#include "check.h"

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t), *__libc_valloc(size_t), *__libc_pvalloc(size_t);
extern void __libc_free(void *);
extern int __libc_mallopt(int, int);

static char *fill(void *p, size_t size)
{
    CHECK(p && malloc_usable_size(p) >= size);
    return memset(p, 'x', size);
}

static void cross(size_t size)
{
    char *second[] = {__libc_malloc(size),
                      __libc_calloc(2, size),
                      __libc_realloc(NULL, size),
                      __libc_memalign(256, size),
                      __libc_valloc(size),
                      __libc_pvalloc(size),
                      __libc_realloc(malloc(size), size)};
    char *first[] = {malloc(size),
                     calloc(2, size),
                     realloc(NULL, size),
                     memalign(256, size),
                     aligned_alloc(64, size),
                     valloc(size),
                     realloc(__libc_malloc(size), size)};
    CHECK(second[1][size] == 0 && (uintptr_t)second[3] % 256 == 0 && (uintptr_t)second[4] % 4096 == 0);
    for (unsigned i = 0; i < sizeof first / sizeof first[0]; i++) {
        fill(first[i], size);
        fill(second[i], size);
        first[i] = __libc_realloc(first[i], size * 3);
        second[i] = realloc(second[i], size * 3);
        CHECK(first[i][size - 1] == 'x' && second[i][size - 1] == 'x');
        __libc_free(first[i]);
        free(second[i]);
    }
}

static void array(void)
{
    void *(*reallocarray_of)(void *, size_t, size_t) =
        (void *(*)(void *, size_t, size_t))dlsym(RTLD_DEFAULT, "__libc_reallocarray");
    CHECK(reallocarray_of);
    errno = 0;
    CHECK(!reallocarray_of(NULL, SIZE_MAX, 2) && errno == ENOMEM);
    free(fill(reallocarray_of(malloc(10), 30, 10), 300));
}

int main(void)
{
    const char *mode = getenv("HAKMEM_TINY_SS_SHARED"), *link = getenv("HAK_TEST_LINK");
    for (size_t size = 1; size < 5000000; size *= 7)
        cross(size);
    array();
    void *p = __libc_malloc(100);
    if (link)
        CHECK(heap_owns(p) == !(mode && *mode == '0'));
    free(p);
    CHECK(__libc_mallopt(M_MMAP_THRESHOLD, 1 << 20) == 1);
    __libc_free(NULL);
    free(strdup("the C library's own buffers go below, as under valgrind"));
    CHECK(printf("%s\n", "written") > 0);
    void (*release_all)(void) = (void (*)(void))dlsym(RTLD_DEFAULT, "__libc_freeres");
    if (release_all)
        release_all();
    CHECK(heap_check() == 0);
    _exit(0);
}
