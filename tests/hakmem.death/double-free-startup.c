/* SPDX-License-Identifier: MIT */
/* One of the first blocks of a process, freed again after all of them came back and their granule was given up. */
/* { dg-link core } */
/* { dg-variant "" } */
/* { dg-variant "-DINSIDE" } */
/* { dg-death {free\(\): (double free|invalid pointer) %p} } */
/* { dg-death {free\(\): double free %p} "" } */
#include "death.h"

#include "cache/startup.h"
#include "heap/heap.h"

enum { MOST = 8192 };
static void *block[MOST];

int main(void)
{
    int n = 0;
    do {
        CHECK(n < MOST && (block[n++] = heap_malloc(48, "malloc")));
    } while (n < 2 || startup_open());
    UNUSED char *p = block[1];
    for (int i = 0; i < n; i++)
        heap_free(block[i], "free");
#ifdef INSIDE
    p += 8;
#endif
    FAULT(heap_free(tell(p), "free"));
    return 0;
}
