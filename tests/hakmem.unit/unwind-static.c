/* SPDX-License-Identifier: MIT */
/* The unwinder in a program that is linked statically. gcc leaves out the table of all functions there, but
 * with -static-pie: with it the whole stack is found, without it nothing is made up. */
/* { dg-link core } */
/* { dg-variant "-O2 -static-pie -DTABLE" } */
/* { dg-variant "-O2 -static -Wl,--eh-frame-hdr -DTABLE" } */
/* { dg-variant "-O2 -static" } */
#include "check.h"
#include "base/unwind.h"

enum { DEEP = 20, MOST = 100 };
static uintptr_t pcs[MOST];

static __attribute__((noipa)) struct unwound look(void)
{
    struct unwound u = unwind(pcs, MOST, 0, UNWIND_TABLES);
    pcs[MOST - 1] = u.depth; /* no jump */
    return u;
}

static __attribute__((noipa)) struct unwound recurse(int n)
{
    struct unwound u = n ? recurse(n - 1) : look();
    pcs[MOST - 1] += (uintptr_t)n;
    return u;
}

int main(void)
{
    struct unwound u = recurse(DEEP);
#ifdef TABLE
    uintptr_t from = (uintptr_t)recurse;
    CHECK(u.complete && u.depth > DEEP + 3);
    for (unsigned i = 0; i <= DEEP; i++)
        CHECK(pcs[i] > from && pcs[i] < from + 200 && (i < 2 || pcs[i] == pcs[1]));
    CHECK(pcs[DEEP + 1] - (uintptr_t)main < 200);
#else
    CHECK(!u.complete);
#endif
    return 0;
}
