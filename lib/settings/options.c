/* SPDX-License-Identifier: MIT */
/* settings/options.c - parser and storage of the HAKMEM_* variables, and of their keys in hakmem.conf. */
#include "settings/options.h"

#include <string.h>

#include "base/bits.h"
#include "base/cgroup.h"
#include "base/layout.h"
#include "base/meta.h"
#include "base/os.h"
#include "base/text.h"
#include "settings/conf.h"

#define HAK_OPTION(id, type, def, min, max, group, when, ...)                                                \
    {"HAKMEM_" #id, OPTION_##type, WHEN_##when, def, min, max},
const struct option_row option_rows[OPT_COUNT] = {
#include "settings/options.def"
};

#define HAK_OPTION(id, type, def, ...) [OPT_##id] = (def),
__attribute__((aligned(OPTION_PAGE))) const union option_page option_page = {.values.number = {
#include "settings/options.def"
                                                                             }};

static_assert(sizeof(struct option_values) <= OPTION_PAGE, "the options fit their page");

/* The number at TEXT, decimal, with a suffix if SIZES. False if it is not one or is too large. */
static bool parse_number(const char *text, bool sizes, uint64_t *out)
{
    uint64_t n = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9'; p++)
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, (uint64_t)(*p - '0'), &n))
            return false;
    if (p == text)
        return false;
    if (sizes && *p) {
        unsigned shift;
        switch (*p++ | 0x20) {
        case 'k': shift = 10; break;
        case 'm': shift = 20; break;
        case 'g': shift = 30; break;
        default: return false;
        }
        if (n > UINT64_MAX >> shift)
            return false;
        n <<= shift;
    }
    *out = n;
    return *p == '\0';
}

static bool parse_bool(const char *text, uint64_t *out)
{
    static const char *const words[] = {"0", "1", "no", "yes", "off", "on"};
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(text, words[i]) == 0) {
            *out = i & 1;
            return true;
        }
    return false;
}

enum { WHOLE = 100 };

/* "N%" of what the control group may have, MOST at the most; no limit, 0, where that has none. */
static bool parse_share(const char *text, uint64_t most, uint64_t *out)
{
    unsigned percent = 0;
    const char *p = text;
    for (; *p >= '0' && *p <= '9' && percent <= WHOLE; p++)
        percent = percent * 10 + (unsigned)(*p - '0');
    if (strcmp(p, "%") != 0 || percent == 0 || percent > WHOLE)
        return false;
    uint64_t all = cgroup_max(), share = all / WHOLE * percent + all % WHOLE * percent / WHOLE;
    *out = all == UINT64_MAX ? 0 : max_size(1, min_size(share, most));
    return true;
}

bool option_parse(enum option o, const char *text, uint64_t *out)
{
    const struct option_row *row = &option_rows[o];
    if (row->type == OPTION_BOOL && parse_bool(text, out))
        return true;
    if (row->type == OPTION_LIMIT && parse_share(text, row->max, out))
        return true;
    bool size = row->type == OPTION_SIZE || row->type == OPTION_LIMIT;
    return row->type != OPTION_PATH && parse_number(text, size, out) && *out >= row->min && *out <= row->max;
}

enum { PREFIX = 7 }; /* characters of HAKMEM_ */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* Is KEY, as the file has it, that of ROW? */
static bool is_key(const struct option_row *row, const char *key)
{
    const char *name = row->name + PREFIX;
    while (*key && lower(*name) == *key) {
        name++;
        key++;
    }
    return !*name && !*key;
}

enum option option_by_key(const char *key)
{
    int o = 0;
    while (o < OPT_COUNT && !is_key(&option_rows[o], key))
        o++;
    return (enum option)o;
}

/* How many characters must be put in, left out or changed to make A of B, in any case. */
static unsigned distance(const char *a, const char *b)
{
    enum { MOST = 40 };
    unsigned char row[MOST + 1];
    unsigned length = (unsigned)strlen(b);
    if (length > MOST || strlen(a) > MOST)
        return MOST;
    for (unsigned i = 0; i <= length; i++)
        row[i] = (unsigned char)i;
    for (unsigned at = 1; *a; a++, at++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned char)at;
        for (unsigned i = 1; i <= length; i++) {
            unsigned changed = diagonal + (lower(*a) != lower(b[i - 1]));
            diagonal = row[i];
            unsigned moved = 1 + (row[i] < row[i - 1] ? row[i] : row[i - 1]);
            row[i] = (unsigned char)(changed < moved ? changed : moved);
        }
    }
    return row[length];
}

/* The row whose name was most likely meant, with prefix or without; NULL if none is close. */
static const struct option_row *nearest(const char *name)
{
    if (strncmp(name, "HAKMEM_", PREFIX) == 0)
        name += PREFIX;
    const struct option_row *best = NULL;
    unsigned least = (unsigned)strlen(name) / 3;
    for (const struct option_row *row = option_rows; row < option_rows + OPT_COUNT; row++) {
        unsigned d = distance(name, row->name + PREFIX);
        if (d <= least && (!best || d < least)) {
            least = d;
            best = row;
        }
    }
    return best;
}

/* One resolution: where we are in it, and what comes out. */
struct reader {
    const struct option_inputs *in;
    struct option_values *values;
    struct option_source *source; /* may be NULL */
    unsigned line;                /* of the file; 0 in the environment */
    unsigned complaints;          /* that may still be made about what is not known, or of the file at all */
    bool any;
};

static void message_place(struct line *m, const struct reader *r, const char *name)
{
    line_init(m);
    line_str(m, "hakmem: ");
    if (r->line) {
        line_str(m, r->in->conf);
        line_str(m, ":");
        line_dec(m, r->line);
        line_str(m, ": ");
    }
    line_word(m, name, 64);
}

static void complain(struct line *m, const struct reader *r)
{
    line_str(m, "\n");
    if (r->in->warnings >= 0)
        line_send(m, r->in->warnings);
}

/* May one more line be written? The file is read by every process of the machine: one of each. */
static bool may_complain(struct reader *r)
{
    return r->complaints && r->complaints--;
}

static void bad_value(struct reader *r, enum option o, const char *name, const char *value)
{
    const struct option_row *row = &option_rows[o];
    struct line m;
    if (r->line && !may_complain(r))
        return;
    message_place(&m, r, name);
    line_str(&m, ": bad value '");
    line_word(&m, value, 64);
    line_str(&m, "' (");
    line_dec(&m, row->min);
    line_str(&m, "..");
    line_dec(&m, row->max);
    if (row->type == OPTION_LIMIT)
        line_str(&m, " or 1%..100%");
    if (row->type != OPTION_PATH) {
        line_str(&m, "), using ");
        line_dec(&m, r->values->number[o]);
    } else {
        line_str(&m, " bytes), using ");
        line_word(&m, r->values->path[o] ? r->values->path[o] : "none", 64);
    }
    complain(&m, r);
}

/* NAME is a variable, or in the file a key. */
static void unknown(struct reader *r, const char *name)
{
    struct line m;
    if (!may_complain(r))
        return;
    message_place(&m, r, name);
    line_str(&m, r->line ? ": unknown key" : ": unknown variable");
    const struct option_row *row = nearest(name);
    if (row) {
        line_str(&m, ", the nearest is ");
        for (const char *p = row->name + (r->line ? PREFIX : 0); *p; p++) {
            char c[2] = {r->line ? lower(*p) : *p, '\0'};
            line_str(&m, c);
        }
    }
    complain(&m, r);
}

/* What cannot be used is as if it were not there. */
static void set_option(struct reader *r, enum option o, const char *name, const char *value)
{
    const struct option_row *row = &option_rows[o];
    uint64_t n = 0;
    bool path = row->type == OPTION_PATH;
    if (path ? strlen(value) > row->max : !option_parse(o, value, &n)) {
        bad_value(r, o, name, value);
        return;
    }
    bool share = row->type == OPTION_LIMIT && strchr(value, '%');
    r->values->path[o] = (path && *value) || share ? value : NULL;
    if (!path)
        r->values->number[o] = n;
    r->any = true;
    if (r->source)
        r->source[o] = (struct option_source){r->line ? OPTION_FILE : OPTION_ENVIRONMENT, r->line};
}

static void read_file(struct reader *r)
{
    struct conf conf;
    struct line m;
    const char *why = conf_open(&conf, r->in->conf, r->in->program, r->in->executable);
    if (why) {
        message_place(&m, r, r->in->conf);
        line_str(&m, " ignored: ");
        line_str(&m, why);
        complain(&m, r);
    }
    r->complaints = 1;
    for (enum conf_item item; (item = conf_next(&conf)) != CONF_END;) {
        r->line = conf.line;
        enum option o = item == CONF_SETTING ? option_by_key(conf.key) : OPT_COUNT;
        if (o < OPT_COUNT) {
            set_option(r, o, conf.key, conf.value);
        } else if (item == CONF_SETTING) {
            unknown(r, conf.key);
        } else if (may_complain(r)) {
            message_place(&m, r, conf.key);
            line_str(&m, ": neither a setting nor a section");
            complain(&m, r);
        }
    }
    r->line = 0;
}

/* The row of "HAKMEM_NAME=value", and its value. OPT_COUNT if there is none. */
static enum option row_of(const char *variable, const char **value)
{
    for (int o = 0; o < OPT_COUNT; o++) {
        size_t length = strlen(option_rows[o].name);
        if (strncmp(variable, option_rows[o].name, length) == 0 && variable[length] == '=') {
            *value = variable + length + 1;
            return (enum option)o;
        }
    }
    return OPT_COUNT;
}

static void unknown_variable(struct reader *r, const char *variable)
{
    char name[65]; /* what a message shows of it */
    size_t length = strcspn(variable, "=");
    if (length >= sizeof name)
        length = sizeof name - 1;
    memcpy(name, variable, length);
    name[length] = '\0';
    unknown(r, name);
}

static void read_environment(struct reader *r)
{
    bool seen[OPT_COUNT] = {false};
    r->complaints = 3;
    for (char **e = r->in->environment; e && *e; e++) {
        const char *value;
        if (strncmp(*e, "HAKMEM_", PREFIX) != 0)
            continue;
        enum option o = row_of(*e, &value);
        if (o == OPT_COUNT) {
            unknown_variable(r, *e);
        } else if (!seen[o]) { /* of two with one name, getenv sees the first: so do we */
            seen[o] = true;
            set_option(r, o, option_rows[o].name, value);
        }
    }
}

bool options_resolve(const struct option_inputs *inputs, struct option_values *values,
                     struct option_source source[OPT_COUNT])
{
    struct reader r = {.in = inputs, .values = values, .source = source};
    for (int o = 0; o < OPT_COUNT; o++) {
        values->number[o] = option_rows[o].def;
        values->path[o] = NULL;
        if (source)
            source[o] = (struct option_source){OPTION_DEFAULT, 0};
    }
    read_file(&r);
    read_environment(&r);
    return r.any;
}

/* Programs overwrite their environment to set their title: what is used later is copied. */
static const char *keep_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = meta_alloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

void options_load(char **environment)
{
    struct option_values values;
    const struct option_inputs inputs = {.conf = conf_path, .environment = environment, .warnings = 2};
    if (!options_resolve(&inputs, &values, NULL))
        return;
    for (int o = 0; o < OPT_COUNT; o++)
        if (values.path[o])
            values.path[o] = keep_text(values.path[o]);
    /* Pages may be larger than ours: then its neighbours are constants, too. */
    size_t page = os_page_size();
    void *at = (void *)round_down((uintptr_t)&option_page, page);
    if (os_protect(at, max_size(page, OPTION_PAGE), true) != 0) {
        static const char text[] = "hakmem: options ignored: the system refuses to open their page\n";
        os_write(2, text, sizeof text - 1);
        return;
    }
    /* The compiler knows a constant: let it not know that this is one. */
    struct option_values *writable = (struct option_values *)(uintptr_t)&option_page.values;
    __asm__ volatile("" : "+r"(writable));
    memcpy(writable, &values, sizeof values);
    (void)os_protect(at, max_size(page, OPTION_PAGE), false);
}

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_options[] = {
    LAYOUT_ADDRESS(option_rows),
    LAYOUT_ADDRESS(option_page),
    LAYOUT_END,
};
