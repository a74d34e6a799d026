/* SPDX-License-Identifier: MIT */
/* target/linkmap.h - the loaded objects of a target in the loader's order, and which of them serves a name.
 * */
#ifndef HAK_TOOL_LINKMAP_H
#define HAK_TOOL_LINKMAP_H

#include "target/target.h"

/* An object of the list, while it is looked at. */
struct loaded {
    char name[512]; /* path; of the program too */
    bool program;   /* the first of the list */
    uint64_t hash, symbols, strings;
};

/* Each object in the loader's order, until EACH returns false. *DYNAMIC: the program has a loader's list at
 * all. */
typedef bool linkmap_look(struct target *t, const struct loaded *object, void *arg);
void linkmap_each(struct target *t, linkmap_look *each, void *arg, bool *dynamic);

/* Does the object define SYMBOL for others? */
bool linkmap_defines(struct target *t, const struct loaded *object, const char *symbol);
/* Does it want SYMBOL of others? */
bool linkmap_wants(struct target *t, const struct loaded *object, const char *symbol);

struct serving {
    bool dynamic;     /* the program has a loader's list at all */
    unsigned objects; /* in the list */
    bool library;     /* libhakmem is one of them */
    char first[512];  /* the first that defines the name; "" if none does. The program: its path */
    bool is_library;  /* that is libhakmem */
};

/* Who serves SYMBOL to the program and to libraries bound as usual. */
void linkmap_serving(struct target *t, const char *symbol, struct serving *out);

#endif
