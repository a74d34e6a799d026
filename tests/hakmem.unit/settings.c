/* SPDX-License-Identifier: MIT */
/* Each row of options.def reaches everyone who makes something of the table: the engine obeys what may change
 * while the process runs, hak_ctl reads and sets it or refuses, and all forms of the statistics show it. */
/* { dg-link core asan ubsan } */
#include <ctype.h>

#include "check.h"

#include "adapt/ace.h"
#include "insight/format.h"

static char text[1 << 20];

static int append(void *to, const char *from, size_t size)
{
    size_t *length = to;
    CHECK(*length + size < sizeof text);
    memcpy(text + *length, from, size);
    *length += size;
    text[*length] = '\0';
    return 0;
}

static void read_statistics(enum hak_format format)
{
    FILE *file = tmpfile();
    CHECK(file && hak_stats_print(fileno(file), format) == 0);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
}

/* The key of row O, behind PREFIX. */
static const char *key(const char *prefix, enum option o)
{
    static char name[64];
    size_t n = (size_t)snprintf(name, sizeof name, "%s", prefix);
    for (const char *c = option_rows[o].name + strlen("HAKMEM_"); *c; c++)
        name[n++] = (char)tolower((unsigned char)*c);
    name[n] = '\0';
    return name;
}

static bool is_listed(const char *name)
{
    const char *one;
    for (size_t i = 0; (one = hak_ctl_name(i)) != NULL; i++)
        if (strcmp(one, name) == 0)
            return true;
    return false;
}

/* Does the policy depend on O? */
static bool engine_obeys(enum option o)
{
    struct ace_settings set = {0};
    static struct policy least, most;
    for (int i = 0; i < OPT_COUNT; i++)
        set.number[i] = option_rows[i].def;
    set.number[o] = option_rows[o].min;
    ace_begin(&set, &least);
    set.number[o] = option_rows[o].max;
    ace_begin(&set, &most);
#define FIELD(type, name)                                                                                    \
    if (least.name != most.name)                                                                             \
        return true;
#define ARRAY(type, name)                                                                                    \
    if (memcmp(least.name, most.name, sizeof least.name) != 0)                                               \
        return true;
    POLICY_FIELDS(FIELD)
    POLICY_ARRAYS(ARRAY)
    return false;
}

static void is_shown(enum option o, uint64_t value)
{
    char wanted[128];
    size_t length = 0;
    read_statistics(HAK_TEXT);
    snprintf(wanted, sizeof wanted, "option %s=%llu\n", option_rows[o].name, (unsigned long long)value);
    CHECK(strstr(text, wanted));
    read_statistics(HAK_JSON);
    snprintf(wanted, sizeof wanted, "\"%s\": %llu", key("", o), (unsigned long long)value);
    CHECK(strstr(text, wanted));
    CHECK(format_xml(append, &length) == 0);
    snprintf(wanted, sizeof wanted, "<option name=\"%s\" value=\"%llu\"/>", option_rows[o].name,
             (unsigned long long)value);
    CHECK(strstr(text, wanted));
}

static void set_it(enum option o)
{
    const struct option_row *row = &option_rows[o];
    uint64_t old, good = row->def == row->max ? row->min : row->max, bad = row->max + 1;
    CHECK(hak_ctl(key("option.", o), &old, &good) == 0 && old == row->def);
    CHECK(hak_ctl(key("option.", o), &old, NULL) == 0 && old == good);
    is_shown(o, good);
    errno = 0;
    CHECK(hak_ctl(key("option.", o), NULL, &bad) == -1 && errno == EINVAL);
    old = row->def;
    CHECK(hak_ctl(key("option.", o), NULL, &old) == 0);
}

int main(void)
{
    unsigned running = 0;
    for (int i = 0; i < OPT_COUNT; i++) {
        enum option o = (enum option)i;
        const struct option_row *row = &option_rows[o];
        uint64_t value = row->def;
        bool number = row->type != OPTION_PATH;
        CHECK(option_by_key(key("", o)) == o);
        CHECK(is_listed(key("option.", o)) == number);
        CHECK((hak_ctl(key("option.", o), &value, NULL) == 0) == number && value == row->def);
        if (row->when == WHEN_RUNNING) {
            running++;
            if (!engine_obeys(o))
                dprintf(2, "%s may be set while the process runs, and nothing follows from it\n", row->name);
            CHECK(engine_obeys(o));
            set_it(o);
        } else {
            errno = 0;
            CHECK(hak_ctl(key("option.", o), NULL, &value) == -1 && errno == (number ? EPERM : ENOENT));
        }
    }
    CHECK(running >= 5);
    return 0;
}
