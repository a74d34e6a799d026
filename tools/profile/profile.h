/* SPDX-License-Identifier: MIT */
/* profile/profile.h - a heap profile: stacks, and what was allocated there.
 *
 * It comes from the tables of a process (collect.h, tables.h), from a text file that the library wrote (legacy.c)
 * or from one that this command wrote (pprof-read.c), and goes to one of the forms below. Numbers are
 * estimates: weights are applied. They are signed, as profiles can be subtracted.
 *
 * An address is that of a byte of the call, not the one that it returns to: so it lies in the function and line
 * that called. Stacks begin with the innermost frame. */
#ifndef HAK_TOOL_PROFILE_H
#define HAK_TOOL_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "events/samples.h"
#include "profile/intern.h"

/* What is known of a stack. The first ones are sample types of profile.proto, in this order. */
enum value {
    ALLOC_OBJECTS,
    ALLOC_SPACE,
    INUSE_OBJECTS,
    INUSE_SPACE,
    FOREIGN_FREES, /* blocks freed by another thread than allocated them */
    LIVED,         /* milliseconds, the sum over freed blocks */
    TYPES,
    LIFETIMES = TYPES,                  /* blocks freed, by how long they lived: SAMPLE_LIFETIMES of them */
    CUT = LIFETIMES + SAMPLE_LIFETIMES, /* objects allocated whose stack is not complete */
    VALUES
};

/* Of the sample types: the name, "count", "bytes" or "milliseconds". */
extern const char *const value_names[TYPES], *const value_units[TYPES];
/* The type of NAME; TYPES if there is none. */
enum value value_find(const char *name);

struct module {
    uint64_t start, end; /* where it lay */
    uint64_t offset;     /* in the file, of what lay at `start` */
    char *name;          /* of the file, as the process knew it; "[vdso]" and the like */
    char *file;          /* where it can be opened now; NULL: nowhere */
    uint8_t build_id[20];
    uint32_t build_id_size;
    bool named; /* functions of it have names */
};

/* A function that an address belongs to: more than one where calls were inlined, the innermost first. */
struct function_line {
    uint32_t function, file; /* texts */
    int64_t line;            /* 0: unknown */
};

struct location {
    uint64_t address;
    uint32_t module;            /* number + 1; 0: none that is known */
    uint32_t first_line, lines; /* none: not looked up, or without a name */
};

/* Locations of a stack that were equal are equal numbers. */
struct profile {
    struct intern texts;     /* 0: "" */
    struct intern addresses; /* of locations: struct { address, module } */
    struct intern stacks;    /* numbers of locations, 32 bits each */
    struct location *location;
    struct function_line *line;
    struct module *module;
    double (*value)[VALUES]; /* of each stack */
    uint32_t line_count, line_room, module_count, location_room, value_room;

    /* Of the whole. */
    char *title;           /* "process 1234 (redis-server)" */
    double mean;           /* bytes between two samples; 0: unknown */
    double seconds;        /* that it covers; 0: unknown */
    double when;           /* its end, seconds since 1970; 0: unknown */
    double taken, dropped; /* samples */
    bool difference;       /* of two profiles, or of two looks */
    bool torn;             /* read while it changed */
};

void profile_init(struct profile *p);
void profile_free(struct profile *p);

/* Parts of it; TEXT and the like are copied. Each returns the number of what was new or there already. */
uint32_t profile_text(struct profile *p, const char *text);
uint32_t profile_module(struct profile *p, const struct module *m);
uint32_t profile_location(struct profile *p, uint64_t address, uint32_t module);
void profile_line(struct profile *p, uint32_t location, uint32_t function, uint32_t file, int64_t line);
/* The location that stands for a stack of which nothing is known. */
uint32_t profile_nowhere(struct profile *p);
/* Add VALUE, times FACTOR, to the stack of DEPTH locations; its number. */
uint32_t profile_add(struct profile *p, const uint32_t *locations, uint32_t depth, const double value[VALUES],
                     double factor);

static inline const char *text_of(const struct profile *p, uint32_t text)
{
    return p->texts.of[text].bytes;
}

static inline const uint32_t *stack_of(const struct profile *p, uint32_t stack, uint32_t *depth)
{
    *depth = (uint32_t)(p->stacks.of[stack].size / sizeof(uint32_t));
    return (const uint32_t *)(const void *)p->stacks.of[stack].bytes;
}

/* Blocks that were freed. */
static inline double freed_objects(const double value[VALUES])
{
    return value[ALLOC_OBJECTS] - value[INUSE_OBJECTS];
}

/* The sums over all stacks. */
void profile_sum(const struct profile *p, double sum[VALUES]);

/* The names of the frames of STACK, innermost first, inlined ones too: texts in *NAMES, which grows. Their
 * number. What has no name is "object+0x1234". */
struct names {
    uint32_t *of;
    size_t room;
};
size_t profile_names(struct profile *p, uint32_t stack, struct names *names);

/* True if a function called NAME only hands memory on: malloc and its family, operator new, what the libraries of
 * C++ and Rust do with them, and what has malloc, calloc or realloc in its name. */
bool hands_on(const char *name);
/* Of COUNT names, the first that does more; COUNT - 1 at the most. */
size_t first_user(const struct profile *p, const uint32_t *names, size_t count);

/* TO less FROM, by names of functions, as addresses differ between processes. Both are looked up already. */
void profile_subtract(struct profile *out, struct profile *to, struct profile *from);

#endif
