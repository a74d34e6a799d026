/* SPDX-License-Identifier: MIT */
/* base/objectat.h - the object that an address lies in, and which build of it that is.
 *
 * By the C library's _dl_find_object (glibc 2.35), which takes no lock and allocates nothing; elsewhere
 * nothing is found. The caller executes the object's code, or is called from there, so that it is not
 * unloaded. */
#ifndef HAK_OBJECTAT_H
#define HAK_OBJECTAT_H

#include <link.h>

#include "base/compiler.h"

/* What <dlfcn.h> of glibc 2.35 has as struct dl_find_object, for machines where that has no field more. */
struct object_found {
    unsigned long long flags;
    void *from, *to;
    struct link_map *map;
    void *header; /* of .eh_frame */
    unsigned long long reserved[7];
};
bool object_find(uintptr_t address, struct object_found *out);

/* The program headers of what is mapped from START on; NULL, and 0, if that is no object, or they do not
 * lie in its first page, as those that patchelf(1) has moved. */
const ElfW(Phdr) * object_headers(uintptr_t start, size_t *count);

enum { BUILD_ID_MOST = 20 };
struct object_at {
    uintptr_t start, end; /* the addresses that it takes */
    const char *name;     /* of its file; "" of the program */
    unsigned build_id_size;
    uint8_t build_id[BUILD_ID_MOST]; /* the beginning of it, if it is longer */
};

/* False: nothing is known. */
bool object_at(uintptr_t address, struct object_at *out);

/* The build ID among the notes at AT, SIZE bytes of an ELF file, to ID: its length, MOST at most; 0 if
 * there is none. */
unsigned object_build_id(const char *at, size_t size, uint8_t *id, unsigned most);

#endif
