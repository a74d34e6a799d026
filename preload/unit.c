/* SPDX-License-Identifier: MIT */
/* unit.c - the settings of a service of systemd, read from its files: it works where no systemd runs.
 *
 * systemd.unit(5): the first directory that has the file wins; drop-in files of all directories are read in
 * the order of their names, and of two with one name that of the earlier directory. */
#include "unit.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "preload.h"

static const char *const places[] = {
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/run/systemd/transient",
    "/run/systemd/generator.early",
    UNITS,
    "/etc/systemd/system.attached",
    "/run/systemd/system",
    "/run/systemd/system.attached",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
    "/run/systemd/generator.late",
};
enum { PLACES = sizeof places / sizeof *places, NAMES_MOST = 8, DROP_INS_MOST = 256, NAME_SIZE = 256 };

static void *copy(const char *data, size_t size)
{
    char *text = need_memory(size + 1);
    memcpy(text, data, size);
    text[size] = '\0';
    return text;
}

/* --- Settings ------------------------------------------------------------------------------------*/

static void drop(struct unit *unit, size_t at)
{
    free(unit->list[at].key);
    free(unit->list[at].value);
    free(unit->list[at].file);
    memmove(&unit->list[at], &unit->list[at + 1], (--unit->count - at) * sizeof *unit->list);
}

static void add(struct unit *unit, const struct setting *setting)
{
    struct setting *list = need_memory((unit->count + 1) * sizeof *list);
    if (unit->count)
        memcpy(list, unit->list, unit->count * sizeof *list);
    free(unit->list);
    unit->list = list;
    unit->list[unit->count++] = *setting;
}

static const char blanks[] = " \t\r";

/* "KEY = VALUE", a line of [Service] whose continuations were joined. An empty value takes back what came
 * before. */
static void read_setting(struct unit *unit, char *text, const char *file, size_t line)
{
    char *equals = strchr(text, '=');
    if (!equals)
        return;
    size_t key = (size_t)(equals - text);
    while (key && strchr(blanks, text[key - 1]))
        key--;
    char *value = equals + 1 + strspn(equals + 1, blanks), *end = value + strlen(value);
    while (end > value && strchr(blanks, end[-1]))
        end--;
    struct setting setting = {copy(text, key), copy(value, (size_t)(end - value)), copy(file, strlen(file)),
                              line};
    add(unit, &setting);
    for (size_t i = unit->count; !*setting.value && i-- > 0;)
        if (strcmp(unit->list[i].key, setting.key) == 0 && unit->list[i].key != setting.key)
            drop(unit, i);
    if (!*setting.value)
        drop(unit, unit->count - 1);
}

/* The line at *AT and those that it is continued by, joined; comments within are left out. Advances *AT and
 * *LINE. */
static char *next_line(char **at, size_t *line)
{
    char *out = *at, *to = *at;
    for (bool more = true; more && **at;) {
        char *end = strchrnul(*at, '\n'), *from = *at;
        *at = *end ? end + 1 : end;
        ++*line;
        char first = from[strspn(from, blanks)];
        bool comment = first == '#' || first == ';';
        if (comment && to > out)
            continue;
        more = end > from && end[-1] == '\\' && !comment;
        size_t size = (size_t)(end - from) - more;
        memmove(to, from, size);
        to += size;
        if (more)
            *to++ = ' ';
    }
    *to = '\0';
    return out;
}

static void read_unit_file(struct unit *unit, const char *path)
{
    struct text text;
    bool inside = false;
    size_t line = 0;
    if (!read_file(path, &text))
        return;
    for (char *at = text.data; *at;) {
        size_t first = line + 1;
        char *content = next_line(&at, &line);
        content += strspn(content, blanks);
        if (*content == '[')
            inside = strncmp(content, "[Service]", 9) == 0;
        else if (inside && *content && *content != '#' && *content != ';')
            read_setting(unit, content, path, first);
    }
    text_free(&text);
}

/* --- Files ---------------------------------------------------------------------------------------*/

/* The first file of NAME among the places; false if there is none. */
static bool find_file(const char *name, char path[PATH_MAX])
{
    struct stat st;
    for (size_t i = 0; i < PLACES; i++)
        if (snprintf(path, PATH_MAX, "%s/%s", places[i], name) < PATH_MAX && lstat(path, &st) == 0)
            return true;
    return false;
}

static bool is_masked(const char *path)
{
    struct stat st;
    char target[PATH_MAX];
    ssize_t n = readlink(path, target, sizeof target - 1);
    target[n > 0 ? n : 0] = '\0';
    return strcmp(target, "/dev/null") == 0 ||
           (stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 0);
}

/* Names of one unit: its own, aliases, the template, the prefixes "a-b-" of "a-b-c", and the type. */
struct unit_names {
    char name[NAMES_MOST][NAME_SIZE];
    size_t count;
};

static void add_name(struct unit_names *names, const char *format, int size, const char *text)
{
    if (names->count < NAMES_MOST)
        (void)snprintf(names->name[names->count++], NAME_SIZE, format, size, text);
}

static void add_names_of(struct unit_names *names, const char *name)
{
    const char *at = strchr(name, '@');
    int stem = (int)((at ? at : strrchr(name, '.')) - name);
    add_name(names, "%.*s", (int)strlen(name), name);
    if (at && strcmp(at, "@.service") != 0)
        add_name(names, "%.*s@.service", stem, name);
    for (int i = stem - 1; i > 0; i--)
        if (name[i] == '-')
            add_name(names, "%.*s.service", i + 1, name);
}

static void template_of(const char *name, char out[NAME_SIZE])
{
    const char *at = strchr(name, '@');
    (void)snprintf(out, NAME_SIZE, "%.*s@.service", at ? (int)(at - name) : 0, name);
}

/* --- Drop-in files -------------------------------------------------------------------------------*/

struct drop_ins {
    char *path[DROP_INS_MOST];
    size_t count;
};

static const char *base_of(const char *path)
{
    return strrchr(path, '/') + 1;
}

/* One of that name from an earlier directory takes its place. */
static void add_drop_in(struct drop_ins *all, const char *dir, const char *name)
{
    size_t size = strlen(name);
    if (size < 6 || strcmp(name + size - 5, ".conf") != 0 || all->count == DROP_INS_MOST)
        return;
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(base_of(all->path[i]), name) == 0)
            return;
    size_t room = strlen(dir) + size + 2;
    all->path[all->count] = need_memory(room);
    (void)snprintf(all->path[all->count++], room, "%s/%s", dir, name);
}

static void add_drop_ins_of(struct drop_ins *all, const char *place, const char *name)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "%s/%s.d", place, name);
    DIR *dir = opendir(path);
    for (struct dirent *d; dir && (d = readdir(dir)) != NULL;)
        add_drop_in(all, path, d->d_name);
    if (dir)
        (void)closedir(dir);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(base_of(*(char *const *)a), base_of(*(char *const *)b));
}

static void read_drop_ins(struct unit *unit, const struct unit_names *names, const char *except)
{
    struct drop_ins all = {.count = 0};
    for (size_t i = 0; i < PLACES; i++)
        for (size_t j = 0; j < names->count; j++)
            add_drop_ins_of(&all, places[i], names->name[j]);
    qsort(all.path, all.count, sizeof all.path[0], by_name);
    for (size_t i = 0; i < all.count; i++) {
        if (strcmp(all.path[i], except) != 0)
            read_unit_file(unit, all.path[i]);
        free(all.path[i]);
    }
}

/* --- The unit ------------------------------------------------------------------------------------*/

static bool has_init_script(const char *name)
{
    char path[PATH_MAX];
    (void)snprintf(path, sizeof path, "/etc/init.d/%.*s", (int)(strrchr(name, '.') - name), name);
    return access(path, X_OK) == 0;
}

void unit_read(struct unit *unit, const char *name, const char *except)
{
    char path[PATH_MAX], real[PATH_MAX], template[NAME_SIZE];
    struct unit_names names = {.count = 0};
    *unit = (struct unit){.state = UNIT_FOUND};
    template_of(name, template);
    add_names_of(&names, name);
    if (!find_file(name, path) && !(strchr(name, '@') && find_file(template, path)))
        unit->state = has_init_script(name) ? UNIT_INIT_SCRIPT : UNIT_MISSING;
    else if (is_masked(path))
        unit->state = UNIT_MASKED;
    else if (!realpath(path, real))
        unit->state = UNIT_MISSING;
    else if (strcmp(base_of(real), base_of(path)) != 0 && strrchr(base_of(real), '.'))
        add_names_of(&names, base_of(real));
    if (unit->state == UNIT_MASKED)
        return;
    if (unit->state == UNIT_FOUND)
        read_unit_file(unit, path);
    add_name(&names, "%.*s", 7, "service");
    read_drop_ins(unit, &names, except);
}

void unit_free(struct unit *unit)
{
    while (unit->count)
        drop(unit, unit->count - 1);
    free(unit->list);
    *unit = (struct unit){.list = NULL};
}

const struct setting *unit_last(const struct unit *unit, const char *key)
{
    for (size_t i = unit->count; i-- > 0;)
        if (strcmp(unit->list[i].key, key) == 0)
            return &unit->list[i];
    return NULL;
}

bool unit_yes(const struct unit *unit, const char *key)
{
    static const char *const words[] = {"1", "yes", "y", "true", "t", "on"};
    const struct setting *s = unit_last(unit, key);
    for (size_t i = 0; s && i < sizeof words / sizeof *words; i++)
        if (strcasecmp(s->value, words[i]) == 0)
            return true;
    return false;
}

bool unit_word(const char **text, char *word, size_t size)
{
    const char *p = *text + strspn(*text, " \t");
    size_t n = 0;
    char quote = '\0';
    if (!*p)
        return false;
    for (; *p && (quote || (*p != ' ' && *p != '\t')); p++) {
        char c = *p;
        if (quote ? c == quote : c == '"' || c == '\'') {
            quote = quote ? '\0' : c;
            continue;
        }
        if (c == '\\' && p[1])
            c = *++p;
        if (n < size - 1)
            word[n++] = c;
    }
    word[n] = '\0';
    *text = p;
    return true;
}
