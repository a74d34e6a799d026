/* SPDX-License-Identifier: MIT */
/* base/objectat.h - the object that an address lies in, and which build of it that is.
 *
 * By the C library's _dl_find_object (glibc 2.35), which takes no lock and allocates nothing; elsewhere
 * nothing is found. The caller executes the object's code, or is called from there, so that it is not
 * unloaded. */
#ifndef HAK_OBJECTAT_H
#define HAK_OBJECTAT_H

#include "base/compiler.h"

enum { BUILD_ID_MOST = 20 };
struct object_at {
    uintptr_t start, end; /* the addresses that it takes */
    const char *name;     /* of its file; "" of the program */
    unsigned build_id_size;
    uint8_t build_id[BUILD_ID_MOST]; /* the beginning of it, if it is longer */
};

/* False: nothing is known. */
bool object_at(uintptr_t address, struct object_at *out);

#endif
