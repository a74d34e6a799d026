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

/* BLOCKS of SIZE become NEW; WHO holds them then. */
static void some(int blocks, size_t size, size_t new, void (*who)(int, size_t))
{
    CHECK(hak_profile_start(MEAN) == 0);
    for (int i = 0; i < blocks; i++)
        allocate(i, size);
    for (int i = 0; i < blocks; i++)
        resize(i, new);
    CHECK(hak_profile_dump(path) == 0);
    struct site s = profile_sum(path, (void *)who, CODE), all = profile_sum(path, NULL, 0);
    is_about(s.live_bytes, (double)new *blocks, s.samples);
    is_about(all.live_bytes, (double)new *blocks, s.samples);
    CHECK(malloc_usable_size(block[0]) >= new);
    for (int i = 0; i < blocks; i++)
        free(block[i]);
    CHECK(hak_profile_stop() == 0);
    CHECK(hak_check() == 0);
}

static void turn(size_t size, size_t new, void (*who)(int, size_t))
{
    some(BLOCKS, size, new, who);
}

/* What realloc could not do changes nothing. */
static void refused(void)
{
    enum { SOME = 300 };
    CHECK(hak_profile_start(1) == 0);
    for (int i = 0; i < SOME; i++)
        allocate(i, i % 2 ? 100 : 100000);
    for (int i = 0; i < SOME; i++)
        CHECK(realloc(block[i], (size_t)1 << 46) == NULL);
    CHECK(hak_profile_dump(path) == 0);
    struct site s = profile_sum(path, (void *)allocate, CODE);
    CHECK(s.samples == SOME && s.frees == 0 && s.live_bytes == SOME / 2 * 100100ul);
    for (int i = 0; i < SOME; i++)
        free(block[i]);
    CHECK(hak_profile_stop() == 0);
}

int main(void)
{
    snprintf(path, sizeof path, "resized.%d.heap", (int)getpid());
    turn(300, 303, allocate);
    turn(300, 170, allocate);
    turn(4000, 4090, allocate);
    turn(300, 400, resize);
    turn(1000, 100, resize);
    turn(100, 1500, resize);
    turn(2000, 100, resize);
    some(200, 300000, 200000, allocate);
    some(40, 2000000, 1500000, allocate);
    some(40, 2000000, 30000000, resize);
    refused();
    unlink(path);
    return 0;
}
