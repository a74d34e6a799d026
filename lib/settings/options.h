/* SPDX-License-Identifier: MIT */
/* settings/options.h - the HAKMEM_* variables, from options.def. */
#ifndef HAK_OPTIONS_H
#define HAK_OPTIONS_H

#include "base/compiler.h"

enum option {
#define HAK_OPTION(id, ...) OPT_##id,
#include "settings/options.def"
    OPT_COUNT
};

/* OPTION_LIMIT: a size, or a share of what the control group may have. */
enum option_type { OPTION_BOOL, OPTION_INT, OPTION_SIZE, OPTION_PATH, OPTION_LIMIT };
enum option_when { WHEN_START, WHEN_RUNNING }; /* until when may it be set? */

struct option_row {
    char name[40]; /* HAKMEM_...; in place, as a pointer costs each process a relocation at start */
    enum option_type type;
    enum option_when when;
    uint64_t def, min, max;
};

extern const struct option_row option_rows[OPT_COUNT];

/* A page of their own among the constants of the library, so that nothing ever writes it but
 * options_load, which opens it only where a variable is set. Fixed after start. */
enum { OPTION_PAGE = 4096 };
struct option_values {
    uint64_t number[OPT_COUNT];
    /* Of an OPTION_PATH the file; of an OPTION_LIMIT the share that its number comes from, as it was written;
     * NULL if unset, and for all others. */
    const char *path[OPT_COUNT];
};
extern const union option_page {
    struct option_values values;
    char page[OPTION_PAGE];
} option_page;

/* The value at start, which is the value for good but for rows that may be set while the process runs:
 * those in force are in the engine's settings (ace.h). */
static inline uint64_t option(enum option o)
{
    return option_page.values.number[o];
}

static inline const char *option_path(enum option o)
{
    return option_page.values.path[o];
}

/* Where options come from, in this order: the defaults, a file, the environment. */
struct option_inputs {
    const char *conf;       /* the file; conf_path (conf.h) is that of the machine */
    const char *program;    /* path by which the program is started, for the file's sections; NULL: we */
    const char *executable; /* path of its executable file, where that is another; NULL: not known */
    char **environment;     /* NULL: none */
    int warnings;           /* descriptor for a line on each bad value; -1: none */
};

enum option_from { OPTION_DEFAULT, OPTION_FILE, OPTION_ENVIRONMENT };
struct option_source {
    enum option_from from;
    unsigned line; /* of the file */
};

/* The values that INPUTS give, and the source of each unless SOURCE is NULL. Returns true if there was
 * anything but defaults. Paths point into the environment, and into the text of the file, which stays
 * until the next call. One thread at a time. */
bool options_resolve(const struct option_inputs *inputs, struct option_values *values,
                     struct option_source source[OPT_COUNT]);

/* Read the options of this process; ENVIRONMENT is NULL in secure execution. Called once, before a
 * second thread can know the library. */
void options_load(char **environment);

/* The row of a name as the file has it (cache_bytes); OPT_COUNT if there is none. */
enum option option_by_key(const char *key);

/* The number that TEXT stands for as a value of O. False if it is none, or not in the range. For a share the
 * files of the control group are read. */
bool option_parse(enum option o, const char *text, uint64_t *out);

#endif
