/* SPDX-License-Identifier: MIT */
/* base/layout.h - what another process may know of the library's data.
 *
 * The hakmem command reads a running process from outside. It finds `hak_layout` in the process's memory by
 * its magic string, and by names in its rows where everything lies: of objects that only one file knows,
 * that file names what there is to see, and a renamed field does not compile. The structures that the
 * command reads with the library's own code (insight/census.h) stand in insight/structures.c, which is
 * linked into the library and into the command: the command reads a library whose rows of that table are
 * its own. No code of the library reads any of it. Values:
 *   "&object"     its address
 *   "tag.field"   offset in struct tag; size of the field in the upper 32 bits
 *   "sizeof tag"  size of struct tag
 *   "NAME"        a constant
 * Rows come and go with the code; what their values mean changes with LAYOUT_FORMAT only. */
#ifndef HAK_LAYOUT_H
#define HAK_LAYOUT_H

#include "base/compiler.h"

#define LAYOUT_MAGIC "hakmem layout \x91"
enum { LAYOUT_FORMAT = 1 };

struct layout_row {
    char name[32];
    uint64_t value;
};

/* clang-format off */
#define LAYOUT_ADDRESS(object) {"&" #object, (uintptr_t)&(object)}
#define LAYOUT_FIELD(tag, field) \
    {#tag "." #field, offsetof(struct tag, field) | (uint64_t)sizeof(((struct tag *)0)->field) << 32}
#define LAYOUT_SIZEOF(tag) {"sizeof " #tag, sizeof(struct tag)}
#define LAYOUT_CONSTANT(name) {#name, (uint64_t)(name)}
#define LAYOUT_END {"", 0}
/* clang-format on */

/* The tables. Few rows have addresses: the loader writes those, in a page that is then the process's own. */
#define LAYOUT_PARTS(X)                                                                                      \
    X(structures)                                                                                            \
    X(options)                                                                                               \
    X(counters)                                                                                              \
    X(failure)                                                                                               \
    X(usage)                                                                                                 \
    X(meta)                                                                                                  \
    X(classmap)                                                                                              \
    X(arena)                                                                                                 \
    X(pool)                                                                                                  \
    X(large)                                                                                                 \
    X(transfer)                                                                                              \
    X(startup)                                                                                               \
    X(thread)                                                                                                \
    X(helper)                                                                                                \
    X(sleepers)                                                                                              \
    X(heap)                                                                                                  \
    X(engine)                                                                                                \
    X(request)                                                                                               \
    X(samples)                                                                                               \
    X(guards)                                                                                                \
    X(deepbind)

/* Aligned, and holds its own address: copies of the file's bytes elsewhere are none. */
#define LAYOUT_COUNT(part) +1
struct hak_layout {
    char magic[16];
    uint32_t format, row_size, parts;
    char version[20]; /* of the package */
    const struct hak_layout *self;
    const struct layout_row *part[LAYOUT_PARTS(LAYOUT_COUNT)]; /* each ends with a row without a name */
} __attribute__((aligned(16)));
#undef LAYOUT_COUNT

#define LAYOUT_DECLARE(part) HIDDEN extern const struct layout_row layout_##part[];
LAYOUT_PARTS(LAYOUT_DECLARE)
#undef LAYOUT_DECLARE

EXPORT extern const struct hak_layout hak_layout;

#endif
