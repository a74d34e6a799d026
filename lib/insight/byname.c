/* SPDX-License-Identifier: MIT */
/* insight/byname.c - values by name: stats.FIELD, option.NAME, class.N.WHAT. */
#include "insight/byname.h"

#include <errno.h>
#include <string.h>

#include "base/meta.h"
#include "base/text.h"
#include "heap/heap.h"
#include "heap/tunable.h"
#include "insight/summary.h"

enum class_value { CLASS_SIZE, CLASS_LIVE, CLASS_CACHED, CLASS_FREE, CLASS_SLABS, CLASS_CAP, CLASS_VALUES };
static const char class_values[CLASS_VALUES][8] = {"size", "live", "cached", "free", "slabs", "cap"};

void byname_option_name(enum option o, char name[CTL_OPTION])
{
    const char *from = option_rows[o].name + strlen("HAKMEM_");
    size_t i = 0;
    for (; from[i] && i < CTL_OPTION - 1; i++)
        name[i] = (char)(from[i] >= 'A' && from[i] <= 'Z' ? from[i] | 0x20 : from[i]);
    name[i] = '\0';
}

uint64_t byname_option_value(enum option o)
{
    return tunable_get(o);
}

/* --- Values --------------------------------------------------------------------------------------*/

/* What follows PREFIX in NAME, or NULL. */
static const char *behind(const char *name, const char *prefix)
{
    size_t len = strlen(prefix);
    return strncmp(name, prefix, len) == 0 ? name + len : NULL;
}

static int stats_ctl(const char *field, uint64_t *old_value, const uint64_t *new_value)
{
    struct hak_stats s;
    for (unsigned i = 0; i < STATISTICS; i++) {
        if (strcmp(statistics[i].name, field) != 0)
            continue;
        if (new_value)
            return EPERM;
        summary_get(&s, statistics[i].resident); /* the kernel is asked for nothing that nobody wants */
        *old_value = statistic(&s, i);
        return 0;
    }
    return ENOENT;
}

static int option_ctl(const char *wanted, uint64_t *old_value, const uint64_t *new_value)
{
    for (unsigned o = 0; o < OPT_COUNT; o++) {
        char name[CTL_OPTION];
        byname_option_name((enum option)o, name);
        if (option_rows[o].type == OPTION_PATH || strcmp(name, wanted) != 0)
            continue;
        uint64_t now = byname_option_value((enum option)o); /* before it is set; the pointers may be one */
        switch (new_value ? tunable_set((enum option)o, *new_value) : TUNABLE_OK) {
        case TUNABLE_FIXED: return EPERM;
        case TUNABLE_RANGE: return EINVAL;
        default: break;
        }
        if (old_value)
            *old_value = now;
        return 0;
    }
    return ENOENT;
}

static uint64_t class_value(unsigned c, enum class_value what)
{
    struct census census;
    if (what == CLASS_SIZE)
        return class_size(c);
    if (what == CLASS_CAP)
        return tunable_cap(c);
    summary_take(&census);
    switch (what) {
    case CLASS_LIVE: return census.of[c].live;
    case CLASS_CACHED: return census.of[c].cached;
    case CLASS_FREE: return census.of[c].free;
    default: return census.of[c].slabs;
    }
}

static int class_ctl(const char *rest, uint64_t *old_value, const uint64_t *new_value)
{
    unsigned c = 0;
    for (; *rest >= '0' && *rest <= '9' && c < CLASSES && (c || *rest != '0'); rest++)
        c = c * 10 + (unsigned)(*rest - '0');
    if (c == CLASS_NONE || c >= CLASSES || *rest++ != '.')
        return ENOENT;
    for (unsigned what = 0; what < CLASS_VALUES; what++) {
        if (strcmp(class_values[what], rest) != 0)
            continue;
        if (new_value && what != CLASS_CAP)
            return EPERM;
        if (new_value && *new_value > UINT32_MAX)
            return EINVAL;
        uint64_t now = class_value(c, (enum class_value)what);
        if (new_value)
            (void)tunable_set_cap(c, *new_value);
        if (old_value)
            *old_value = now;
        return 0;
    }
    return ENOENT;
}

int ctl(const char *name, uint64_t *old_value, const uint64_t *new_value)
{
    const char *rest;
    if (!old_value && !new_value)
        return EINVAL;
    hak_start(); /* before the options are read, there are no values */
    if ((rest = behind(name, "stats.")) != NULL)
        return stats_ctl(rest, old_value, new_value);
    if ((rest = behind(name, "option.")) != NULL)
        return option_ctl(rest, old_value, new_value);
    if ((rest = behind(name, "class.")) != NULL)
        return class_ctl(rest, old_value, new_value);
    return ENOENT;
}

/* --- Names ---------------------------------------------------------------------------------------*/

enum { NAMES = STATISTICS + OPT_COUNT + CLASS_LAST * CLASS_VALUES, NAME = 48 };

/* Made by whoever asks first; of those who ask at the same time, one counts. */
typedef char name_text[NAME];
static _Atomic(name_text *) names_made; /* NULL: none yet; behind the last, an empty one */

static void put_name(char *to, const char *a, const char *b, const char *c)
{
    const char *const parts[] = {a, b, c};
    for (unsigned i = 0; i < 3; i++)
        for (const char *s = parts[i]; *s; s++)
            *to++ = *s;
}

static name_text *make_names(void)
{
    size_t n = 0;
    name_text *names = meta_alloc((NAMES + 1) * sizeof *names), *others = NULL;
    if (!names)
        return NULL;
    for (unsigned i = 0; i < STATISTICS; i++)
        put_name(names[n++], "stats.", statistics[i].name, "");
    for (unsigned o = 0; o < OPT_COUNT; o++) {
        char name[CTL_OPTION];
        if (option_rows[o].type == OPTION_PATH)
            continue;
        byname_option_name((enum option)o, name);
        put_name(names[n++], "option.", name, "");
    }
    for (unsigned c = 1; c < CLASSES; c++)
        for (unsigned what = 0; what < CLASS_VALUES; what++) {
            struct line m;
            line_init(&m);
            line_dec(&m, c);
            line_str(&m, ".");
            m.text[m.len] = '\0';
            put_name(names[n++], "class.", m.text, class_values[what]);
        }
    bool first = atomic_compare_exchange_strong_explicit(&names_made, &others, names, memory_order_acq_rel,
                                                         memory_order_acquire);
    return first ? names : others;
}

const char *byname_name(size_t index)
{
    name_text *names = load_acquire(&names_made);
    if (!names)
        names = make_names();
    return names && index < NAMES && names[index][0] ? names[index] : NULL;
}
