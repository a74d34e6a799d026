/* SPDX-License-Identifier: MIT */
/* options.c - parser and storage of the HAKMEM_* variables (floor F2). */
#include "options.h"

#include <string.h>

#include "bits.h"
#include "message.h"
#include "meta.h"
#include "os.h"

#define HAK_OPTION(id, type, def, min, max, since, line, text)                                               \
    {"HAKMEM_" #id, OPTION_##type, def, min, max, line},
const struct option_row option_rows[OPT_COUNT] = {
#include "options.def"
};
#undef HAK_OPTION

#define HAK_OPTION(id, type, def, min, max, since, line, text) [OPT_##id] = (def),
__attribute__((aligned(OPTION_PAGE))) const union option_page option_page = {.values.number = {
#include "options.def"
                                                                             }};
#undef HAK_OPTION

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

static void warn(const struct option_row *row, const char *value)
{
    struct message m;
    message_init(&m);
    message_str(&m, "hakmem: ");
    message_str(&m, row->name);
    message_str(&m, ": bad value '");
    for (size_t i = 0; value[i] && i < 64; i++) { /* one line, whatever the value holds */
        char c[2] = {value[i] >= ' ' && value[i] <= '~' ? value[i] : '?', '\0'};
        message_str(&m, c);
    }
    message_str(&m, "' (");
    message_dec(&m, row->min);
    message_str(&m, "..");
    message_dec(&m, row->max);
    message_str(&m, row->type == OPTION_PATH ? " bytes), using none" : "), using ");
    if (row->type != OPTION_PATH)
        message_dec(&m, row->def);
    message_str(&m, "\n");
    message_send(&m, 2);
}

/* Programs overwrite their environment to set their title: what is used later is copied. */
static const char *keep_text(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = meta_alloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

static void set_option(struct option_values *values, enum option o, const char *value)
{
    const struct option_row *row = &option_rows[o];
    uint64_t n = 0;
    if (row->type == OPTION_PATH) {
        if (strlen(value) > row->max)
            warn(row, value);
        else if (*value)
            values->path[o] = keep_text(value);
        return;
    }
    if (!parse_number(value, row->type == OPTION_SIZE, &n) || n < row->min || n > row->max)
        warn(row, value);
    else
        values->number[o] = n;
}

/* The value of NAME if VARIABLE is "NAME=value", else NULL. */
static const char *value_of(const char *variable, const char *name)
{
    size_t len = strlen(name);
    return strncmp(variable, name, len) == 0 && variable[len] == '=' ? variable + len + 1 : NULL;
}

/* Parse what is set into VALUES; true if there was anything. */
static bool parse_all(struct option_values *values, char **environment)
{
    bool seen[OPT_COUNT] = {false}, any = false;
    for (char **e = environment; e && *e; e++) {
        if (strncmp(*e, "HAKMEM_", 7) != 0)
            continue;
        for (int o = 0; o < OPT_COUNT; o++) {
            const char *value = value_of(*e, option_rows[o].name);
            if (value && !seen[o]) { /* of two with one name, getenv sees the first: so do we */
                seen[o] = any = true;
                set_option(values, (enum option)o, value);
            }
        }
    }
    return any;
}

void options_load(char **environment)
{
    struct option_values values = option_page.values;
    if (!parse_all(&values, environment))
        return;
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
