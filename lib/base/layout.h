/* SPDX-License-Identifier: MIT */
/* base/layout.h - what another process may know of the library's data.
 *
 * The hakmem command reads a running process from outside. It finds `hak_layout` in the process's memory by
 * its magic string, and everything else by the names in its rows: a library of another release, or one whose
 * file was replaced since, describes itself. Each file with something to show names it in rows of its own, so
 * that its structures stay private and a renamed field does not compile. No code of the library reads any of
 * it. Values:
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

/* The tables. Addresses stand apart: the loader writes only those, so that a process has a page of its own
 * for few of the rows. */
#define LAYOUT_PARTS(X)                                                                                      \
    X(options)                                                                                               \
    X(counters)                                                                                              \
    X(failure)                                                                                               \
    X(usage)                                                                                                 \
    X(meta)                                                                                                  \
    X(classmap)                                                                                              \
    X(arena)                                                                                                 \
    X(pool)                                                                                                  \
    X(large)                                                                                                 \
    X(gather)                                                                                                \
    X(transfer)                                                                                              \
    X(startup)                                                                                               \
    X(strip)                                                                                                 \
    X(tcache)                                                                                                \
    X(thread)                                                                                                \
    X(heap)                                                                                                  \
    X(engine)                                                                                                \
    X(deepbind)

/* Aligned, and holds its own address: copies of the file's bytes elsewhere are none. */
#define LAYOUT_COUNT(part) +2
struct hak_layout {
    char magic[16];
    uint32_t format, row_size, parts;
    char version[20]; /* of the package */
    const struct hak_layout *self;
    const struct layout_row *part[LAYOUT_PARTS(LAYOUT_COUNT)]; /* each ends with a row without a name */
} __attribute__((aligned(16)));
#undef LAYOUT_COUNT

#define LAYOUT_DECLARE(part) HIDDEN extern const struct layout_row layout_##part[], layout_at_##part[];
LAYOUT_PARTS(LAYOUT_DECLARE)
#undef LAYOUT_DECLARE

EXPORT extern const struct hak_layout hak_layout;

#endif
