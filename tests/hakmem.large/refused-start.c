/* SPDX-License-Identifier: MIT */
/* The first N calls of a kind are refused from the very start: ENOMEM, then all is well. */
/* { dg-link core } */
/* { dg-variant "-DCALL=OS_MMAP -DCOUNT=1" } */
/* { dg-variant "-DCALL=OS_MMAP -DCOUNT=2" } */
/* { dg-variant "-DCALL=OS_MMAP -DCOUNT=3" } */
/* { dg-variant "-DCALL=OS_MMAP -DCOUNT=20" } */
/* { dg-variant "-DCALL=OS_MPROTECT -DCOUNT=9" } */
/* { dg-variant "-DCALL=OS_PURGE -DCOUNT=9" } */
/* { dg-variant "-DCALL=OS_MUNMAP -DCOUNT=9" } */
#include "check.h"
#include "base/os.h"

static int calls;

static int refuse(enum os_call call)
{
    return call == CALL && calls++ < COUNT ? ENOMEM : 0;
}

static void preinit(void)
{
    os_fault = refuse;
}

__attribute__((section(".preinit_array"), used)) static void (*const entry)(void) = preinit;

int main(void)
{
    int got = 0;
    for (int i = 0; i < 200; i++) {
        errno = 0;
        size_t n = (size_t)16 << (i % 18);
        char *p = malloc(n);
        if (!p) {
            CHECK(errno == ENOMEM);
            continue;
        }
        got++;
        memset(p, 1, n);
        free(p);
    }
    os_fault = NULL;
    CHECK(got > 0);
    for (size_t n = 16; n < 5000000; n *= 2) {
        char *p = malloc(n);
        CHECK(p);
        memset(p, 1, n);
        free(p);
    }
    CHECK(heap_check() == 0);
    return 0;
}
