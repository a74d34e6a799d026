/* SPDX-License-Identifier: MIT */
/* The kernel's limit on mappings is reached: NULL and ENOMEM or memory, never an abort. */
#include <sys/mman.h>

#include "check.h"

enum { MOST = 200000 };
static char *held[2000];

int main(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *area = mmap(NULL, MOST * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(area != MAP_FAILED);
    int split = 0; /* every second page another protection: a mapping each */
    while (split < MOST && mprotect(area + split * page, page, PROT_READ) == 0)
        split += 2;
    if (split >= MOST)
        return 77; /* a limit far above the usual */
    int got = 0, refused = 0;
    for (int i = 0; i < 2000; i++) {
        size_t n = i % 3 == 0 ? 2000000 : i % 3 == 1 ? 100000 : 500;
        errno = 0;
        char *p = malloc(n);
        if (!p) {
            CHECK(errno == ENOMEM);
            refused++;
            continue;
        }
        memset(p, i & 0xff, 500);
        held[got++] = p;
    }
    for (int i = 0; i < got; i++)
        free(held[i]);
    malloc_trim(0);
    CHECK(munmap(area, MOST * page) == 0);
    for (int i = 0; i < 200; i++) {
        char *p = malloc(i * 20000);
        CHECK(p);
        memset(p, 1, i * 20000);
        free(p);
    }
    CHECK(heap_check() == 0);
    return 0;
}
