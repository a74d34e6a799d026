/* SPDX-License-Identifier: MIT */
/* standin.c - a library that makes malloc dearer: the guard must notice.
 *
 * Preloaded in front of libhakmem. COST_STANDIN says what it does beside malloc: "work" takes some
 * instructions more, "map" maps a page for one block in a thousand, "ask" makes a system call that an
 * allocator has no business to make. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static void *(*next_malloc)(size_t);
static char kind;

static void begin(void)
{
    const char *word = getenv("COST_STANDIN");

    kind = word ? *word : 0;
    next_malloc = (void *(*)(size_t))dlsym(RTLD_NEXT, "malloc");
}

static void misbehave(void)
{
    static unsigned calls;

    if (kind == 'w') {
        for (volatile int i = 0; i < 5; i++)
            continue;
    } else if (kind == 'm' && ++calls % 1000 == 0) {
        munmap(mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 4096);
    } else if (kind == 'a' && ++calls % 1000 == 0) {
        (void)getppid();
    }
}

void *malloc(size_t size)
{
    if (!next_malloc)
        begin();
    misbehave();
    return next_malloc(size);
}
