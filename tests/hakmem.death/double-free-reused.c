/* SPDX-License-Identifier: MIT */
/* Freed, handed out to somebody else, freed by the first and by the second owner. */
/* { dg-variant "-DSIZE=24" } */
/* { dg-variant "-DSIZE=1000" } */
/* { dg-variant "-DSIZE=3000" } */
/* { dg-variant "-DSIZE=100000" } */
/* { dg-variant "-DSIZE=300000" } */
/* { dg-variant "-DSIZE=3000000" } */
/* { dg-death {free\(\): (double free|invalid pointer) %p} } */
#include "death.h"

int main(void)
{
    char *first = malloc(SIZE), *second;
    CHECK(first);
    int others = 0;
    static void *other[20000];
    free(first);
    while ((second = malloc(SIZE)) != first && others < many(SIZE))
        other[others++] = second;
    tell(first);
    if (second == first) {
        memset(second, 0x11, SIZE);
        free(second); /* the rightful owner */
    } else {
        free(second);
    }
    FAULT(free(first));
    for (int i = 0; i < others; i++)
        free(other[i]);
    churn(SIZE);
    return 0;
}
