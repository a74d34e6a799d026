/* SPDX-License-Identifier: MIT */
/* The size-class functions agree with each other for every size and every offset in a slab. */
#include "check.h"
#include "sizeclass.h"

int main(void)
{
    for (size_t n = 1; n <= MID_MAX; n++) {
        unsigned c = class_of(n);
        CHECK(c > CLASS_NONE && c <= CLASS_LAST);
        CHECK(class_size(c) >= n);
        CHECK(c == 1 || class_size(c - 1) < n);
        CHECK(class_size(c) % MIN_ALIGN == 0);
    }
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
