/* SPDX-License-Identifier: MIT */
/* base/bits.h - arithmetic on sizes, addresses and masks. */
#ifndef HAK_BITS_H
#define HAK_BITS_H

#include "base/compiler.h"

#define KIB(n) ((size_t)(n) << 10)
#define MIB(n) ((size_t)(n) << 20)

static inline bool is_pow2(size_t n)
{
    return n != 0 && (n & (n - 1)) == 0;
}

/* Both need a power of two; round_up needs n + to not to overflow. */
static inline size_t round_up(size_t n, size_t to)
{
    return (n + to - 1) & ~(to - 1);
}

static inline size_t round_down(size_t n, size_t to)
{
    return n & ~(to - 1);
}

static inline size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t max_size(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Add to *N; true if the sum is not negative. One instruction and a branch where the compiler would
 * spend one more on the address. */
static ALWAYS_INLINE bool add_reaches_zero(int64_t *n, int32_t add)
{
#if defined(__x86_64__)
    bool reached;
    __asm__("addq %2, %0" : "+m"(*n), "=@ccns"(reached) : "er"((int64_t)add));
    return reached;
#else
    return (*n += add) >= 0;
#endif
}

/* Index of the highest set bit; n must not be 0. */
static inline unsigned log2_floor(size_t n)
{
    return 63u - (unsigned)__builtin_clzl(n);
}

/* COUNT ones from bit FIRST on, 1 <= COUNT, FIRST + COUNT <= 32. */
static inline uint32_t mask_run(unsigned first, unsigned count)
{
    return (uint32_t)(((1ull << count) - 1) << first);
}

/* The bits of MASK at which a run of COUNT ones begins. */
static inline uint32_t mask_run_starts(uint32_t mask, unsigned count)
{
    unsigned have = 1;
    while (have < count && mask) {
        unsigned step = have < count - have ? have : count - have;
        mask &= mask >> step;
        have += step;
    }
    return mask;
}

/* Length of the longest run of ones. */
static inline unsigned mask_longest_run(uint32_t mask)
{
    unsigned n = 0;
    for (; mask; n++)
        mask &= mask >> 1;
    return n;
}

#endif
