/* SPDX-License-Identifier: MIT */
/* RLIMIT_AS: memory runs out in blocks of one size; what lives is intact, smaller requests and, after
 * a free, the same ones succeed again. */
/* { dg-link preload core } */
/* { dg-variant "-DSIZE=24" } */
/* { dg-variant "-DSIZE=1000" } */
/* { dg-variant "-DSIZE=3000" } */
/* { dg-variant "-DSIZE=20000" } */
/* { dg-variant "-DSIZE=300000" } */
/* { dg-variant "-DSIZE=3000000" } */
/* { dg-variant "-DSIZE=1000 HAKMEM_TINY_SS_SHARED=1" } */
/* { dg-variant "-DSIZE=3000000 HAKMEM_TINY_SS_SHARED=1" } */
/* { dg-variant "-DSIZE=1000 HAKMEM_TINY_SLL_VALIDATE_HDR=1" } */
#include <sys/resource.h>

#include "check.h"

enum { ROOM = 48 << 20 };
static unsigned *block[ROOM / 16];

int main(void)
{
    size_t used = (size_t)memory_kib(0) * 1024;
    struct rlimit limit = {used + ROOM, used + ROOM};
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
    for (int round = 0; round < 3; round++) {
        size_t count = 0;
        errno = 0;
        while ((block[count] = malloc(SIZE)) != NULL) {
            CHECK(errno == 0);
            memset(block[count], 0, SIZE);
            block[count][0] = block[count][SIZE / 4 - 1] = (unsigned)count;
            count++;
        }
        CHECK(errno == ENOMEM);
        CHECK(count * SIZE > ROOM / 2);
        CHECK(malloc((size_t)1 << 40) == NULL && realloc(block[0], ROOM * 2) == NULL);
        CHECK(calloc(ROOM, 2) == NULL && memalign(1 << 20, ROOM) == NULL);
        for (size_t i = 0; i < count; i++)
            CHECK(block[i][0] == i && block[i][SIZE / 4 - 1] == i);
        CHECK(heap_check() == 0);
        free(block[count / 2]); /* room for one again */
        CHECK((block[count / 2] = malloc(SIZE)));
        for (size_t i = 0; i < count; i++)
            free(block[i]);
        CHECK(heap_check() == 0);
    }
    return 0;
}
