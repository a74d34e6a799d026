/* SPDX-License-Identifier: MIT */
/* options.c - parser and storage of the HAKMEM_* variables (floor F2). */
#include "options.h"

#include <string.h>

#include "bits.h"
#include "message.h"
#include "os.h"

#define HAK_OPTION(id, type, def, min, max, since, line, text)                                               \
    {"HAKMEM_" #id, OPTION_##type, def, min, max, line},
const struct option_row option_rows[OPT_COUNT] = {
#include "options.def"
};
#undef HAK_OPTION

#define HAK_OPTION(id, type, def, min, max, since, line, text) [OPT_##id] = (def),
__attribute__((aligned(OPTION_PAGE))) union option_page option_page = {.values.number = {
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

static void set_option(enum option o, const char *value)
{
    const struct option_row *row = &option_rows[o];
    uint64_t n = 0;
    if (row->type == OPTION_PATH) {
        if (strlen(value) > row->max)
            warn(row, value);
        else if (*value)
            option_page.values.path[o] = value;
        return;
    }
    if (!parse_number(value, row->type == OPTION_SIZE, &n) || n < row->min || n > row->max)
        warn(row, value);
    else
        option_page.values.number[o] = n;
}

/* The value of NAME if VARIABLE is "NAME=value", else NULL. */
static const char *value_of(const char *variable, const char *name)
{
    size_t len = strlen(name);
    return strncmp(variable, name, len) == 0 && variable[len] == '=' ? variable + len + 1 : NULL;
}

void options_load(char **environment)
{
    bool seen[OPT_COUNT] = {false};
    for (char **e = environment; e && *e; e++) {
        if (strncmp(*e, "HAKMEM_", 7) != 0)
            continue;
        for (int o = 0; o < OPT_COUNT; o++) {
            const char *value = value_of(*e, option_rows[o].name);
            if (value && !seen[o]) { /* of two with one name, getenv sees the first: so do we */
                seen[o] = true;
                set_option((enum option)o, value);
            }
        }
    }
    /* Refused (a test, a sandbox): the page stays writable, and nothing else changes. */
    if (os_page_size() == OPTION_PAGE)
        (void)os_protect_read(&option_page, OPTION_PAGE);
}
