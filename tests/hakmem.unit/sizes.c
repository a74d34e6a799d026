/* SPDX-License-Identifier: MIT */
/* Usable sizes follow the class geometry, blocks are aligned to 16 and fully writable. */
#include "check.h"

static size_t expected(size_t n)
{
    if (n == 0)
        return 16;
    if (n <= 1024)
        return (n + 15) / 16 * 16;
    if (n > 32768)
        return 0; /* spans and mappings: only the bounds below */
    for (size_t power = 1024; power <= 4096; power *= 2) {
        size_t and_header = 65536 / (65536 / power - 1) / 16 * 16;
        if (n > power && n <= and_header)
            return and_header;
    }
    size_t step = 128;
    for (size_t top = 2048; n > top; top *= 2)
        step *= 2;
    return (n + step - 1) / step * step;
}

static void try_size(size_t n)
{
    char *p = malloc(n);
    CHECK(p);
    CHECK((uintptr_t)p % 16 == 0);
    size_t usable = malloc_usable_size(p);
    CHECK(usable >= n);
    if (expected(n))
        CHECK(usable == expected(n));
    else
        CHECK(usable - n < 65536 + 4096 + n / 8); /* a mapping that was kept may be longer */
    memset(p, 0x5a, usable);
    CHECK(heap_owns(p) == 1);
    CHECK(heap_owns(p + usable - 1) == 1);
    free(p);
}

int main(void)
{
    for (size_t n = 0; n <= 5000; n++)
        try_size(n);
    for (size_t n = 5000; n <= 40000; n += 61)
        try_size(n);
    for (size_t n = 4096; n <= (size_t)64 << 20; n *= 2) {
        try_size(n - 1);
        try_size(n);
        try_size(n + 1);
    }
    CHECK(malloc_usable_size(NULL) == 0);
    CHECK(heap_check() == 0);
    return 0;
}
