/* SPDX-License-Identifier: MIT */
/* What a process that uses little maps: it starts, and gets blocks, where a limit leaves little more than the
 * C library itself needs. The program starts itself again under the limit. */
/* { dg-args start } */
/* { dg-variant "-DRESOURCE=RLIMIT_DATA -DKIB=512" } */
/* { dg-variant "-DRESOURCE=RLIMIT_AS -DKIB=6144" } */
#include <sys/resource.h>

#include "check.h"

int main(int argc, char **argv)
{
    struct rlimit limit = {KIB << 10, KIB << 10};
    if (argc > 1) {
        CHECK(setrlimit(RESOURCE, &limit) == 0);
        execl("/proc/self/exe", argv[0], NULL);
        CHECK(!"exec");
    }
    char *block[40];
    for (int i = 0; i < 40; i++) {
        CHECK((block[i] = calloc(1, 16 + i * 20)));
        for (int k = 0; k < 16 + i * 20; k++)
            CHECK(block[i][k] == 0);
    }
    char *buffer = malloc(32768);
    CHECK(buffer);
    memset(buffer, 1, 32768);
    CHECK(heap_check() == 0);
    int n = 0; /* up to the limit, and on */
    for (char *last = NULL, *p; (p = malloc(5000)); last = p, n++)
        *(char **)p = last;
    CHECK(n > 0 && errno == ENOMEM);
    for (int i = 0; i < 40; i++)
        free(block[i]);
    free(buffer);
    CHECK((buffer = malloc(32768)));
    CHECK(heap_check() == 0);
    return 0;
}
