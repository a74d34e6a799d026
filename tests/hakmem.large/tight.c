/* SPDX-License-Identifier: MIT */
/* Where a superslab of 2 MiB is refused, one is opened in steps: a program close to RLIMIT_DATA gets what is
 * left of it, and memory goes back as a whole. */
/* { dg-link shared } */
/* { dg-variant "" } */
/* { dg-variant "HAKMEM_ACE=0" } */
#include <sys/resource.h>

#include "check.h"

enum { ROOM = 6400 << 10, SIZE = 1000, COUNT = ROOM / SIZE };
static void *block[COUNT];

/* Private writable memory of the process in bytes, as the limit counts it. */
static size_t data_bytes(void)
{
    char text[4096], *at;
    int fd = open("/proc/self/status", O_RDONLY);
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    CHECK(length > 0);
    text[length] = 0;
    CHECK((at = strstr(text, "VmData:")));
    return strtoul(at + 7, NULL, 10) << 10;
}

int main(void)
{
    free(hide(malloc(100)));
    for (int i = 0; i < 3000; i++) /* fill the first superslab, whatever came before */
        CHECK(malloc(SIZE));
    struct rlimit limit = {data_bytes() + ROOM, RLIM_INFINITY};
    CHECK(setrlimit(RLIMIT_DATA, &limit) == 0);
    for (int round = 0; round < 3; round++) {
        int n = 0;
        while (n < COUNT && (block[n] = malloc(SIZE)))
            memset(block[n++], 1, SIZE);
        /* All but a step of 512 KiB and the descriptors: steps of 2 MiB would leave more. */
        CHECK((size_t)n * SIZE >= ROOM - (1536 << 10));
        CHECK(hak_check() == 0);
        while (n > 0)
            free(block[--n]);
        hak_purge();
        CHECK(hak_check() == 0);
    }
    return 0;
}
