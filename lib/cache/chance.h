/* SPDX-License-Identifier: MIT */
/* cache/chance.h - which allocation is the next sample.
 *
 * Each byte that is allocated is equally likely to be the one that makes its block a sample: the distance
 * between two samples is exponential, of `mean` bytes. Such a process has no memory, and several of them
 * side by side are one of the same mean. So each class of each thread draws its own distance, in blocks,
 * and no two of them need to know of each other: a block of W bytes is sampled with the chance 1 - exp(-W /
 * mean), independently of every other one. Owned by the thread whose cache has it.
 *
 * The number of blocks in front of the next sample is floor(E * mean / W), E exponential with mean 1: the
 * chance of that being N or more is exp(-N * W / mean), as it is to be. E is drawn by von Neumann's
 * comparisons of uniform numbers: exact to 2^-64, and without floating point, which the program may have
 * made to trap. */
#ifndef HAK_CHANCE_H
#define HAK_CHANCE_H

#include "base/sizeclass.h"

struct chance {
    uint64_t state[2]; /* of the generator, never both 0 */
    uint64_t mean;     /* bytes */
    uint64_t
        due[CLASSES];    /* that many blocks of the class popped (tcache_popped): the next one is a sample */
    uint32_t until_tick; /* as in the cache, where it is 0 while this is in use */
};

void chance_seed(struct chance *ch, uint64_t seed);

/* How many requests of WEIGHED bytes, above 0, are no samples until one is: 0, the next is. */
uint64_t chance_distance(struct chance *ch, size_t weighed);

/* Uniform in [0, N). */
uint64_t chance_below(struct chance *ch, uint64_t n);

/* The bytes by which a request of SIZE bytes beyond the classes is weighed: SIZE, rounded up by an eighth at
 * most, so that there are few different ones. */
static inline size_t chance_weight(size_t size)
{
    unsigned shift = 63 - (unsigned)__builtin_clzll(size | 8) - 3;
    return round_up(size, (size_t)1 << shift);
}

#endif
