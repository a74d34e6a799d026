/* SPDX-License-Identifier: MIT */
/* The window of the class map grows in both directions, over nothing that is somebody else's; what it cannot
 * reach has leaves, and stays theirs. Threads that know older bounds find what lies behind them. */
/* { dg-link core asan ubsan tsan } */
/* { dg-variant "" } */
/* { dg-variant "-DREFUSED" } */
#include <pthread.h>
#include <sys/mman.h>

#include "check.h"
#include "memory/classmap.h"
#include "base/meta.h"
#include "base/os.h"
#include "cache/thread.h"

#undef malloc
#undef free

static int refuse(enum os_call call)
{
    return call == OS_MMAP ? EEXIST : 0;
}

static char *granule(uintptr_t n)
{
    return (char *)(n << GRANULE_SHIFT);
}

static uintptr_t window_end(void)
{
    return classmap_window.first + classmap_window.count;
}

/* Use the granule at N and the region that it begins, whatever table they lie in. */
static void use(uintptr_t n, bool inside)
{
    struct region region = {REGION_LARGE}, *found;
    char *p = granule(n - n % GRANULES);
    CHECK(classmap_reserve(p, GRANULE));
    CHECK(window_holds(p) == inside);
    CHECK(classmap_get(p) == CLASS_NONE && classmap_region(p) == NULL);
    classmap_set(p, 1, CLASS_LARGE);
    classmap_set_region(p, &region);
    CHECK(classmap_get(p) == CLASS_LARGE && classmap_region(p) == &region);
    uintptr_t at = (uintptr_t)p - 5 * SUPERSLAB;
    while ((found = classmap_next(&at)) != NULL && found != &region)
        at += SUPERSLAB;
    CHECK(found == &region && at == (uintptr_t)p);
    CHECK(classmap_claim(p, CLASS_LARGE) && !classmap_claim(p, CLASS_LARGE));
    classmap_set_region(p, NULL);
    CHECK(classmap_region(p) == NULL);
}

static UNUSED void both_directions(uintptr_t page)
{
    uintptr_t first = classmap_window.first;
    for (int i = 0; i < 5; i++) {
        use(classmap_window.first - 1 - i * page, true);
        use(window_end() + i * page, true);
    }
    CHECK(classmap_window.first < first && classmap_window.count >= 11 * page);
    use(window_end() + 4000 * page, false); /* too far away */
    use(first, true);
}

/* The place below the window is taken: the leaf that the granule there has is where it is looked for, also
 * when the place is free again. */
static UNUSED void occupied(uintptr_t page)
{
    uintptr_t below = classmap_window.first - 1;
    char *place = (char *)classmap_window.marks + classmap_window.first - page;
    void *theirs =
        mmap(place, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    CHECK(theirs == place);
    memset(theirs, 7, page);
    use(below, false);
    for (uintptr_t i = 0; i < page; i++)
        CHECK(((char *)theirs)[i] == 7);
    CHECK(munmap(theirs, page) == 0);
    use(below - page, false);
    use(below, false);
}

enum { SPANS = 700, SMALL = 500 };
static void *span[SPANS], *small[SMALL];
static pthread_barrier_t step;

/* A thread that has its cache since before the heap grew. */
static void *old_thread(void *unused)
{
    hak_free(hide(hak_malloc(100)));
    uintptr_t known = thread_self.cache->window_granules;
    pthread_barrier_wait(&step);
    pthread_barrier_wait(&step);
    for (int i = 0; i < SMALL; i++) {
        memset(small[i], 2, 3000);
        hak_free(small[i]);
    }
    bool far = false;
    for (int i = 0; i < SPANS; i++) {
        far = far || window_index(span[i], thread_self.cache->window_at) < thread_self.cache->window_granules;
        hak_free(span[i]);
    }
    CHECK(far);
#ifndef REFUSED
    CHECK(thread_self.cache->window_granules > known);
    CHECK(thread_self.cache->window_granules == classmap_window.count);
#else
    CHECK(thread_self.cache->window_granules == known);
#endif
    return unused;
}

int main(void)
{
    pthread_t thread;
    uintptr_t page = os_page_size();
    hak_free(hide(hak_malloc(1)));
    CHECK(classmap_window.count == page && window_holds(hide(hak_malloc(1))));
    CHECK(pthread_barrier_init(&step, NULL, 2) == 0);
    CHECK(pthread_create(&thread, NULL, old_thread, NULL) == 0);
    pthread_barrier_wait(&step);
#ifdef REFUSED /* somebody is on both sides */
    char *marks = (char *)classmap_window.marks + classmap_window.first;
    for (int side = -1; side <= 1; side += 2)
        CHECK(mmap(marks + side * (intptr_t)page, page, PROT_NONE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != MAP_FAILED);
#endif
    for (int i = 0; i < SPANS; i++)
        CHECK((span[i] = hak_malloc(1000000)));
    for (int i = 0; i < SMALL; i++)
        CHECK((small[i] = hak_malloc(3000)));
    CHECK(hak_check() == 0);
    pthread_barrier_wait(&step);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(hak_check() == 0);
#ifdef REFUSED
    CHECK(classmap_window.count == page);
    for (size_t mapped = meta_bytes(); meta_bytes() == mapped;) /* to a new chunk of memory for descriptors */
        CHECK(meta_alloc(64));
    os_fault = refuse;
    use(window_end() + 70 * page, false); /* a leaf needs no system call then */
    os_fault = NULL;
#else
    CHECK(classmap_window.count >= 2 * page);
    both_directions(page);
    occupied(page);
    os_fault = refuse;
    use(window_end(), false);
    os_fault = NULL;
#endif
    CHECK(hak_check() == 0);
    return 0;
}
