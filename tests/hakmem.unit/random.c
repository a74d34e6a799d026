/* SPDX-License-Identifier: MIT */
/* Random slots against a shadow: contents survive, nothing overlaps, the heap stays sound. */
/* { dg-variant "-DSLOTS=256 -DTOP=1040" } */
/* { dg-variant "-DSLOTS=8192 -DTOP=1040" } */
/* { dg-variant "-DSLOTS=512 -DTOP=40000" } */
/* { dg-variant "-DSLOTS=100 -DTOP=1500000" } */
#include "check.h"

static struct {
    unsigned char *p;
    size_t n;
    unsigned char fill;
} slot[SLOTS];

static void verify(int i)
{
    for (size_t k = 0; k < slot[i].n; k += k < 64 || slot[i].n - k <= 64 ? 1 : 61)
        CHECK(slot[i].p[k] == slot[i].fill);
    CHECK(slot[i].n == 0 || slot[i].p[slot[i].n - 1] == slot[i].fill);
}

int main(void)
{
    uint64_t state = 0x9e3779b97f4a7c15u;
    int steps = TOP > 100000 ? 4000 : 150000;
    for (int step = 0; step < steps; step++) {
        uint64_t r = next_random(&state);
        int i = (int)(r % SLOTS);
        size_t n = (r >> 20) % TOP;
        if (slot[i].p && r >> 62) {
            verify(i);
            free(slot[i].p);
            slot[i].p = NULL;
            slot[i].n = 0;
            continue;
        }
        size_t kept = slot[i].n < n ? slot[i].n : n;
        slot[i].p = realloc(slot[i].p, n + 1);
        CHECK(slot[i].p);
        slot[i].n = kept;
        verify(i);
        slot[i].n = n + 1;
        slot[i].fill = (unsigned char)(r >> 13);
        memset(slot[i].p, slot[i].fill, n + 1);
        if (step % 10000 == 0)
            CHECK(heap_check() == 0);
    }
    for (int i = 0; i < SLOTS; i++) {
        verify(i);
        free(slot[i].p);
    }
    CHECK(heap_check() == 0);
    return 0;
}
