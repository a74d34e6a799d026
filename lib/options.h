/* SPDX-License-Identifier: MIT */
/* options.h - the HAKMEM_* variables, from options.def (floor F2). */
#ifndef HAK_OPTIONS_H
#define HAK_OPTIONS_H

#include "compiler.h"

enum option {
#define HAK_OPTION(id, type, def, min, max, since, line, text) OPT_##id,
#include "options.def"
#undef HAK_OPTION
    OPT_COUNT
};

enum option_type { OPTION_BOOL, OPTION_INT, OPTION_SIZE, OPTION_PATH };

struct option_row {
    const char *name; /* HAKMEM_... */
    enum option_type type;
    uint64_t def, min, max;
    const char *line;
};

extern const struct option_row option_rows[OPT_COUNT];

/* A page of their own among the constants of the library, so that nothing ever writes it but
 * options_load, which opens it only where a variable is set. Fixed after start. */
enum { OPTION_PAGE = 4096 };
struct option_values {
    uint64_t number[OPT_COUNT];
    const char *path[OPT_COUNT]; /* NULL if unset */
};
extern const union option_page {
    struct option_values values;
    char page[OPTION_PAGE];
} option_page;

static inline uint64_t option(enum option o)
{
    return option_page.values.number[o];
}

static inline const char *option_path(enum option o)
{
    return option_page.values.path[o];
}

/* Read the variables from ENVIRONMENT (NULL in secure execution: defaults) and warn about bad
 * values. Called once, before a second thread can know the library. */
void options_load(char **environment);

#endif
