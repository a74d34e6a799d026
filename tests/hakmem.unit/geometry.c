/* SPDX-License-Identifier: MIT */
/* The size-class functions agree with each other for every size and every offset in a slab. */
#include "check.h"
#include "base/sizeclass.h"

int main(void)
{
    for (size_t n = 1; n <= MID_MAX; n++) {
        unsigned c = class_of(n);
        CHECK(c > CLASS_NONE && c <= CLASS_LAST);
        CHECK(class_size(c) >= n);
        CHECK(c == 1 || class_size(c - 1) < n);
        CHECK(class_size(c) % MIN_ALIGN == 0);
    }
    /* A power of two and a header do not take an eighth more, and a slab holds one block less for it. */
    for (size_t n = TINY_MAX; n <= 4 * TINY_MAX; n *= 2) {
        CHECK(class_blocks(class_of(n + 1)) == GRANULE / n - 1);
        CHECK(class_of(n + 16) == class_of(n + 1));
        CHECK(class_of(class_size(class_of(n + 16)) + 1) == class_of(n + n / STEPS));
    }
    CHECK(class_size(class_of(4096 + 272)) == 4368); /* what sqlite3 asks for, by the thousand */
    for (unsigned c = 1; c <= CLASS_LAST; c++) {
        uint32_t magic = class_magic(c), size = (uint32_t)class_size(c);
        for (uint32_t offset = 0; offset < GRANULE; offset++) {
            uint64_t product = (uint64_t)offset * magic;
            CHECK(product >> 32 == offset / size);
            CHECK(((uint32_t)product < MAGIC_LIMIT) == (offset % size == 0));
        }
    }
    return 0;
}
