/* SPDX-License-Identifier: MIT */
/* cache/chance.c - which allocation is the next sample. */
#include "cache/chance.h"

/* Of splitmix64 (Steele, Lea, Flood 2014), to make a good state of any seed. */
static uint64_t mix(uint64_t *x)
{
    uint64_t z = *x += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

void chance_seed(struct chance *ch, uint64_t seed)
{
    ch->state[0] = mix(&seed);
    ch->state[1] = mix(&seed) | 1;
}

/* xorshift128+ (Vigna 2014). */
static uint64_t uniform(struct chance *ch)
{
    uint64_t a = ch->state[0], b = ch->state[1];
    ch->state[0] = b;
    a ^= a << 23;
    ch->state[1] = a ^ b ^ a >> 18 ^ b >> 5;
    return ch->state[1] + b;
}

/* FIRST, uniform in [0, 1), is followed by a falling run of odd length with the chance exp(-FIRST): then it
 * is what lies behind the point of E. Else E is greater by 1, and it begins anew. */
static uint64_t exponential(struct chance *ch, uint64_t mean)
{
    for (uint64_t whole = 0;; whole += mean) {
        uint64_t first = uniform(ch), last = first, next;
        bool odd = true;
        for (; (next = uniform(ch)) < last; last = next)
            odd = !odd;
        if (odd)
            return whole + (uint64_t)((unsigned __int128)first * mean >> 64);
    }
}

uint64_t chance_distance(struct chance *ch, size_t weighed)
{
    return exponential(ch, ch->mean) / weighed;
}

uint64_t chance_below(struct chance *ch, uint64_t n)
{
    return (uint64_t)((unsigned __int128)uniform(ch) * n >> 64);
}
