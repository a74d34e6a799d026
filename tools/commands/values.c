/* SPDX-License-Identifier: MIT */
/* commands/values.c - the options of the library: their values and where those come from. */
#include "commands/values.h"

#include <ctype.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "settings/conf.h"
#include "settings/options.h"
#include "common/units.h"
#include "common/say.h"

enum group {
#define HAK_GROUP(group, line) GROUP_##group,
#include "settings/options.def"
    GROUPS
};

static const struct {
    const char *name, *line;
} groups[GROUPS] = {
#define HAK_GROUP(group, line) {#group, line},
#include "settings/options.def"
};

/* What each option is for, and where it belongs. */
static const struct {
    const char *line;
    enum group group;
} about[OPT_COUNT] = {
#define HAK_OPTION(id, type, def, min, max, group, when, since, line, ...) {line, GROUP_##group},
#include "settings/options.def"
};

static const char *const type_names[] = {"bool", "int", "size", "path", "limit"};
static const char *const when_names[] = {"start", "running"};

/* The suffix of sizes where nothing is lost by it. */
static const char *number(enum option_type type, uint64_t n)
{
    static char texts[4][24];
    static unsigned next;
    char *out = texts[next++ % 4];
    const char *unit = "";
    bool size = type == OPTION_SIZE || type == OPTION_LIMIT;
    for (const char *u = "kmg"; size && *u && n && n % 1024 == 0; u++, n /= 1024)
        unit = u;
    snprintf(out, sizeof texts[0], "%" PRIu64 "%.1s", n, unit);
    return out;
}

static char *source_text(const struct option_source *source, const char *conf)
{
    switch (source->from) {
    case OPTION_FILE: return need_format("%s:%u", conf, source->line);
    case OPTION_ENVIRONMENT: return need_format("environment");
    default: return need_format("default");
    }
}

/* What a share came to: it may be no limit at all. */
static void print_share(const struct option_row *row, const char *share, uint64_t limit)
{
    if (row->type != OPTION_LIMIT)
        return;
    if (!share)
        puts("    or 1%..100% of the limit of the control group");
    else if (limit)
        printf("    %s of the limit of the control group\n", share);
    else
        printf("    %s of the limit of the control group, which has none: no limit\n", share);
}

static void print_option(enum option o, const struct option_values *values,
                         const struct option_source *source, const char *conf)
{
    const struct option_row *row = &option_rows[o];
    char range[48], *from = source_text(source, conf);
    if (row->type == OPTION_PATH) {
        const char *path = values->path[o] ? values->path[o] : "";
        printf("%-31s %s\n", row->name, source->from == OPTION_DEFAULT ? "(none)" : units_plain(path));
        if (source->from != OPTION_DEFAULT)
            printf("    from %s\n", from);
    } else {
        snprintf(range, sizeof range, "%s..%s", number(row->type, row->min), number(row->type, row->max));
        bool wide = source->from == OPTION_FILE; /* then its place has a line */
        printf("%-31s %9s %9s %14s  %s\n", row->name, number(row->type, values->number[o]),
               number(row->type, row->def), range, wide ? "file" : from);
        if (wide)
            printf("    from %s\n", from);
    }
    printf("    %s\n", about[o].line);
    print_share(row, values->path[o], values->number[o]);
    free(from);
}

static void print_text(const struct option_values *values, const struct option_source *source,
                       const char *conf)
{
    printf("%-31s %9s %9s %14s  source\n", "option", "value", "default", "range");
    for (int g = 0; g < GROUPS; g++) {
        printf("\n%s: %s\n", groups[g].name, groups[g].line);
        for (int o = 0; o < OPT_COUNT; o++)
            if ((int)about[o].group == g)
                print_option((enum option)o, values, &source[o], conf);
    }
}

static void print_json(const struct option_values *values, const struct option_source *source,
                       const char *conf)
{
    json_open(&json_out, NULL, '{');
    json_open(&json_out, "options", '[');
    for (int o = 0; o < OPT_COUNT; o++) {
        const struct option_row *row = &option_rows[o];
        char *from = source_text(&source[o], conf);
        json_open(&json_out, NULL, '{');
        json_text(&json_out, "name", row->name);
        json_text(&json_out, "type", type_names[row->type]);
        if (row->type == OPTION_PATH) {
            json_text(&json_out, "value", values->path[o]);
            json_text(&json_out, "default", NULL);
        } else {
            json_number(&json_out, "value", values->number[o]);
            json_number(&json_out, "default", row->def);
        }
        if (row->type == OPTION_LIMIT && values->path[o])
            json_text(&json_out, "share", values->path[o]);
        json_number(&json_out, "min", row->min);
        json_number(&json_out, "max", row->max);
        json_text(&json_out, "source", from);
        json_text(&json_out, "group", groups[about[o].group].name);
        json_text(&json_out, "set_until", when_names[row->when]);
        json_text(&json_out, "description", about[o].line);
        json_close(&json_out);
        free(from);
    }
    json_close(&json_out);
    json_close(&json_out);
}

void values_print(const char *conf, const char *program, bool json)
{
    static struct option_values values;
    struct option_source source[OPT_COUNT];
    const char *file = conf ? conf : conf_path;
    char *executable = program && strchr(program, '/') ? realpath(program, NULL) : NULL;
    /* A path that no program has gets what all programs get. */
    const struct option_inputs inputs = {.conf = file,
                                         .program = program ? program : "/",
                                         .executable = executable ? executable : "",
                                         .environment = environ,
                                         .warnings = 2};
    options_resolve(&inputs, &values, source);
    if (json)
        print_json(&values, source, file);
    else
        print_text(&values, source, file);
    free(executable);
}

bool values_set(const char *text)
{
    char key[64];
    const char *value = strchr(text, '='), *name = strncasecmp(text, "HAKMEM_", 7) == 0 ? text + 7 : text;
    uint64_t number;
    size_t n = 0;
    if (!value || value < name || (size_t)(value - name) >= sizeof key) {
        (void)usage_error("run: --option wants NAME=VALUE, not '%s'", text);
        return false;
    }
    for (; name + n < value; n++)
        key[n] = name[n] == '-' ? '_' : (char)tolower((unsigned char)name[n]);
    key[n] = '\0';
    enum option o = option_by_key(key);
    if (o == OPT_COUNT) {
        (void)usage_error("run: no option '%s'; hakmem options lists them", key);
        return false;
    }
    const struct option_row *row = &option_rows[o];
    if (row->type != OPTION_PATH && !option_parse(o, value + 1, &number)) {
        (void)usage_error("run: bad value '%s' for %s (%llu to %llu%s)", value + 1, key,
                          (unsigned long long)row->min, (unsigned long long)row->max,
                          row->type == OPTION_LIMIT ? " or 1% to 100%" : "");
        return false;
    }
    return setenv(row->name, value + 1, 1) == 0;
}
