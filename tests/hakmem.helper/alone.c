/* SPDX-License-Identifier: MIT */
/* A program of one thread gets a helper after some bursts, stays one of one thread to the C library, gets
 * its memory back while it does nothing, and while it lives from its cache; then the helper goes. */
/* { dg-link shared } */
/* { dg-variant "" } */
/* { dg-variant "-DALWAYS HAKMEM_ACE_THREAD=1" } */
#include "helper.h"

int main(void)
{
    long before = resident_kib();
#ifndef ALWAYS
    CHECK(threads() == 1);
#endif
    CHECK(burst_until_helper(60000));
    CHECK(__libc_single_threaded);
    CHECK(settled(before + (8 << 10)) <= before + (8 << 10));
    CHECK(burst_until_helper(60000));
    long end = now_ms() + 60000;
    while (resident_kib() > before + (8 << 10) && now_ms() < end)
        for (int i = 0; i < 100000; i++)
            free(hide(malloc(100)));
    CHECK(resident_kib() <= before + (8 << 10));
    for (int i = 0; i < 1200 && threads() > 1; i++)
        usleep(50 * 1000);
    CHECK(threads() == 1 && __libc_single_threaded);
    CHECK(burst_until_helper(60000)); /* another one */
    CHECK(hak_check() == 0);
    return 0;
}
