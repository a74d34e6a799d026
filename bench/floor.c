/* SPDX-License-Identifier: MIT */
/* floor.c - an allocator that does nothing but push and pop one list: no allocator can be faster.
 *
 * To be preloaded under random_mixed with few slots only. It has no size classes, no checks, no locks, and
 * realloc copies as much as the smallest block holds. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

/* 17 cache lines: holds the largest block of the workload; not a power of two, or all blocks would
 * compete for the same sets of the cache. */
enum { BLOCK = 1088, CHUNK = 4 << 20 };

struct block {
    struct block *next;
};

static struct block *list;
static char *fresh;
static size_t fresh_left;

void *malloc(size_t size);
void free(void *block);
void *calloc(size_t count, size_t size);
void *realloc(void *block, size_t size);

static __attribute__((noinline)) void *carve(size_t size)
{
    char *block;

    size = size < BLOCK ? BLOCK : (size + 63) & ~(size_t)63;
    if (size > fresh_left) {
        fresh_left = size > CHUNK ? size : CHUNK;
        fresh = mmap(NULL, fresh_left, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (fresh == MAP_FAILED) {
            fresh_left = 0;
            errno = ENOMEM;
            return NULL;
        }
    }
    block = fresh;
    fresh += size;
    fresh_left -= size;
    return block;
}

void *malloc(size_t size)
{
    struct block *block = list;

    if (__builtin_expect(!block || size > BLOCK, 0))
        return carve(size);
    list = block->next;
    return block;
}

void free(void *memory)
{
    struct block *block = memory;

    if (__builtin_expect(!block, 0))
        return;
    block->next = list;
    list = block;
}

void *calloc(size_t count, size_t size)
{
    void *block = malloc(count * size);

    return block ? memset(block, 0, count * size) : NULL;
}

void *realloc(void *block, size_t size)
{
    void *larger = malloc(size);

    return block && larger ? memcpy(larger, block, size < BLOCK ? size : BLOCK) : larger;
}
