/* SPDX-License-Identifier: MIT */
/* base/object.h - the objects that the loader has loaded, and the functions they define.
 *
 * Read from the loader's list and the objects' own tables: no function is called that another library may
 * have replaced, nothing is allocated, no lock is taken. What was loaded at start stays where it is; who
 * goes beyond the C library in the list sees to it that no object is unloaded meanwhile. */
#ifndef HAK_OBJECT_H
#define HAK_OBJECT_H

#include <link.h>

#include "base/compiler.h"

/* The list begins with the program. NULL in a static one, and where the loader's list is not found. */
const struct link_map *object_first(void);

/* True while the loader adds objects to it, or takes some off. */
bool object_list_changes(void);

/* The object of this library (a program, where it is linked statically), and the C library. NULL likewise. */
const struct link_map *object_own(void);
const struct link_map *object_libc(void);

/* Where the code of this library lies (of the program, where it is linked statically): from, and behind it.
 * False if the linker did not say. */
bool object_own_code(uintptr_t *from, uintptr_t *to);

/* True if A stands in front of B in the list. */
bool object_before(const struct link_map *a, const struct link_map *b);

/* What an object says of itself; each may be NULL. */
struct object_tables {
    const uint32_t *gnu_hash, *hash;
    const uint16_t *versions;
    ElfW(Sym) * symbols;
    const char *strings;
    const char *soname;
};
void object_tables(const struct link_map *map, struct object_tables *out);

/* The function NAME that an object defines, in its newest version; NULL if there is none. */
ElfW(Sym) * object_symbol(const struct link_map *map, const char *name);
void *object_function(const struct link_map *map, const char *name);

/* True if the object needs a symbol of others whose name IS_WANTED is true of, with NAMES passed through. */
bool object_imports(const struct link_map *map, const char *names,
                    bool (*is_wanted)(const char *name, const char *names));

/* The definition of NAME next after this library's among what was loaded at start, the C library's at the
 * latest. */
void *object_next_function(const char *name);

/* This library's function NAME, if no object in front of it defines one. */
void *object_first_is_own(const char *name);

#endif
