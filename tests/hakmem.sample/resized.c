/* SPDX-License-Identifier: MIT */
/* realloc: blocks that stay where they are remain samples of whom allocated them, with their new size, as
 * they would have stayed without being samples; those that move are their new owner's. */
#include "profile.h"

enum { BLOCKS = 60000, MEAN = 4096, CODE = 400 };

static void *block[BLOCKS];
static char path[64];

__attribute__((noinline, aligned(512))) static void allocate(int i, size_t size)
{
    block[i] = malloc(size);
    __asm__ volatile("" : : "r"(block) : "memory");
}

__attribute__((noinline, aligned(512))) static void resize(int i, size_t size)
{
    block[i] = realloc(block[i], size);
    __asm__ volatile("" : : "r"(block) : "memory");
}

static void is_about(unsigned long told, double wants, unsigned long samples)
{
    double off = (double)told / wants - 1;
    if (off * off * (double)samples > 49)
        dprintf(2, "told %lu, is %.0f, of %lu samples\n", told, wants, samples);
    CHECK(off * off * (double)samples <= 49);
}

/* All blocks of SIZE become NEW; WHO holds them then. */
static void turn(size_t size, size_t new, void (*who)(int, size_t))
{
    CHECK(hak_profile_start(MEAN) == 0);
    for (int i = 0; i < BLOCKS; i++)
        allocate(i, size);
    for (int i = 0; i < BLOCKS; i++)
        resize(i, new);
    CHECK(hak_profile_dump(path) == 0);
    struct site s = profile_sum(path, (void *)who, CODE), all = profile_sum(path, NULL, 0);
    is_about(s.live_bytes, (double)new *BLOCKS, s.samples);
    is_about(all.live_bytes, (double)new *BLOCKS, s.samples);
    CHECK(malloc_usable_size(block[0]) >= new);
    for (int i = 0; i < BLOCKS; i++)
        free(block[i]);
    CHECK(hak_profile_stop() == 0);
    CHECK(hak_check() == 0);
}

int main(void)
{
    snprintf(path, sizeof path, "resized.%d.heap", (int)getpid());
    turn(300, 303, allocate);
    turn(300, 170, allocate);
    turn(4000, 4090, allocate);
    turn(300, 400, resize);
    turn(1000, 100, resize);
    unlink(path);
    return 0;
}
