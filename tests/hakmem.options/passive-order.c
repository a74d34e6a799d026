/* SPDX-License-Identifier: MIT */
/* The C library stands in front of us, and its malloc is the program's: passive mode and the fallback find
 * it. */
/* { dg-link shared } */
/* { dg-variant "-Wl,--no-as-needed -lc HAKMEM_TINY_SS_SHARED=0" } */
/* { dg-variant "-Wl,--no-as-needed -lc HAKMEM_TINY_SS_SHARED=1" } */
#include "check.h"

int main(void)
{
    int passive = *getenv("HAKMEM_TINY_SS_SHARED") == '0';
    for (size_t size = 1; size < 5000000; size *= 9) {
        void *ours = hak_malloc(size), *libcs = malloc(size);
        CHECK(ours && libcs && hak_owns(libcs) == 0 && hak_owns(ours) == !passive);
        hak_free(libcs);
        if (passive)
            free(ours);
        else
            hak_free(ours);
    }
    return 0;
}
