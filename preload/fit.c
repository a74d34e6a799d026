/* SPDX-License-Identifier: MIT */
/* fit.c - would a service of systemd get the library by LD_PRELOAD? As far as its files tell.
 *
 * NoNewPrivileges=, MemoryDenyWriteExecute= and AmbientCapabilities= need no look: none of them makes ld.so
 * ignore LD_PRELOAD, and the library maps nothing that is writable and executable. */
#include "fit.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "check.h"
#include "image.h"
#include "preload.h"
#include "unit.h"

static const char *unit_name;
static bool works;

/* Both say it of the unit. */
static void tell(const char *beginning, const char *format, va_list list)
    __attribute__((format(printf, 2, 0)));
static void tell(const char *beginning, const char *format, va_list list)
{
    char words[1024];
    (void)vsnprintf(words, sizeof words, format, list);
    fault("%s%s: %s", beginning, unit_name, words);
}

/* It will not work. */
static void refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void refuse(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    tell("", format, list);
    va_end(list);
    works = false;
}

/* It may not work. */
static void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void warn(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    tell("warning: ", format, list);
    va_end(list);
}

/* --- Programs ------------------------------------------------------------------------------------*/

enum { SCRIPTS_DEEP = 4 };

/* As root, or somebody else? */
static bool runs_as_root(const struct unit *unit)
{
    const struct setting *user = unit_last(unit, "User");
    return !unit_yes(unit, "DynamicUser") &&
           (!user || strcmp(user->value, "root") == 0 || strcmp(user->value, "0") == 0);
}

/* Would the kernel have ld.so ignore LD_PRELOAD? */
static bool is_secure(const struct unit *unit, const char *path)
{
    struct stat st;
    bool root = runs_as_root(unit);
    if (unit_yes(unit, "NoNewPrivileges") || unit_yes(unit, "DynamicUser") || stat(path, &st) != 0)
        return false;
    return ((st.st_mode & S_ISUID) && (!root || st.st_uid != 0)) ||
           ((st.st_mode & S_ISGID) && (st.st_mode & S_IXGRP) && (!root || st.st_gid != 0)) ||
           (!root && getxattr(path, "security.capability", NULL, 0) > 0);
}

/* The interpreter of the script TEXT; false if it is none. */
static bool interpreter_of(const struct text *text, const char *root, char path[PATH_MAX])
{
    if (text->size < 3 || memcmp(text->data, "#!", 2) != 0)
        return false;
    const char *from = text->data + 2 + strspn(text->data + 2, " \t");
    (void)snprintf(path, PATH_MAX, "%s%.*s", root, (int)strcspn(from, " \t\r\n"), from);
    return true;
}

/* Why the library cannot get into the program PATH, or NULL. It can be a script, in the tree ROOT. */
static const char *unfit(const struct unit *unit, const char *root, char path[PATH_MAX])
{
    struct text text;
    for (int i = 0; i < SCRIPTS_DEEP && read_file(path, &text); i++) {
        bool script = interpreter_of(&text, root, path);
        const char *why = script ? NULL : elf_not_preloadable(&text);
        if (!script && !why && is_secure(unit, path))
            why = "changes its user, group or capabilities: ld.so ignores LD_PRELOAD for it";
        text_free(&text);
        if (!script)
            return why;
    }
    return NULL;
}

/* Where the program of ExecStart=COMMAND is, in the tree ROOT. False where it cannot be told. */
static bool program_of(const char *command, const char *root, char path[PATH_MAX])
{
    static const char *const dirs[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                       "/usr/bin",        "/sbin",          "/bin"};
    char word[PATH_MAX];
    command += strspn(command, "@-:+!|");
    if (!unit_word(&command, word, sizeof word) || strchr(word, '%') || strchr(word, '$'))
        return false;
    if (word[0] == '/')
        return snprintf(path, PATH_MAX, "%s%s", root, word) < PATH_MAX;
    for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
        if (snprintf(path, PATH_MAX, "%s%s/%s", root, dirs[i], word) < PATH_MAX && access(path, X_OK) == 0)
            return true;
    return snprintf(path, PATH_MAX, "%s", word) < PATH_MAX;
}

/* Of several commands, one that has the library is enough. */
static void check_programs(const struct unit *unit, const char *root)
{
    char faults[3 * PATH_MAX] = "";
    for (size_t i = 0; i < unit->count; i++) {
        char path[PATH_MAX], program[PATH_MAX];
        if (strcmp(unit->list[i].key, "ExecStart") != 0)
            continue;
        if (!program_of(unit->list[i].value, root, path))
            return;
        (void)snprintf(program, sizeof program, "%s", path);
        bool there = access(path, F_OK) == 0;
        const char *why = there ? unfit(unit, root, path) : NULL;
        if (!there && !unit_last(unit, "BindReadOnlyPaths") && !unit_last(unit, "BindPaths"))
            warn("ExecStart=%s: %s", path, strerror(errno));
        if (!why)
            return;
        bool itself = strcmp(program, path) == 0;
        (void)snprintf(faults, sizeof faults, "ExecStart=%s: %s%s %s", program,
                       itself ? "it" : "its interpreter ", itself ? "" : path, why);
    }
    if (faults[0])
        refuse("%s", faults);
}

/* --- Directories ---------------------------------------------------------------------------------*/

/* The length of the longest path among those of KEY that is PATH or above it; 0 if there is none. */
static size_t covered(const struct unit *unit, const char *key, const char *path)
{
    size_t longest = 0;
    for (size_t i = 0; i < unit->count; i++) {
        const char *rest = unit->list[i].value;
        char word[PATH_MAX];
        if (strcmp(unit->list[i].key, key) != 0)
            continue;
        while (unit_word(&rest, word, sizeof word)) {
            char *name = word + strspn(word, "-+"), *colon = strchr(name, ':');
            if (strncmp(key, "Bind", 4) == 0 && colon)
                name = colon + 1; /* SOURCE:DESTINATION:OPTIONS */
            name[strcspn(name, ":")] = '\0';
            size_t size = strlen(name);
            while (size > 1 && name[size - 1] == '/')
                size--;
            if (size && strncmp(path, name, size) == 0 && (size == 1 || !path[size] || path[size] == '/') &&
                size > longest)
                longest = size;
        }
    }
    return longest;
}

static void check_place(const struct unit *unit, const char *root)
{
    const char *library = library_path();
    char path[PATH_MAX];
    size_t bound = covered(unit, "BindReadOnlyPaths", library),
           writable = covered(unit, "BindPaths", library);
    size_t hidden = covered(unit, "InaccessiblePaths", library),
           empty = covered(unit, "TemporaryFileSystem", library);
    bound = writable > bound ? writable : bound;
    hidden = empty > hidden ? empty : hidden;
    (void)snprintf(path, sizeof path, "%s%s", root, library);
    if (hidden > bound)
        refuse("%s= hides %s from it", empty == hidden ? "TemporaryFileSystem" : "InaccessiblePaths",
               library);
    else if (!bound && access(path, R_OK) != 0)
        refuse("RootDirectory=%s: there is no %s in it; BindReadOnlyPaths=%s puts it there", root, library,
               library);
    else if (!bound && (unit_last(unit, "RootImage") || unit_last(unit, "RootImageOptions")))
        warn("RootImage=: whether %s is in it cannot be seen; BindReadOnlyPaths=%s puts it there", library,
             library);
    if (covered(unit, "NoExecPaths", library) > covered(unit, "ExecPaths", library))
        refuse("NoExecPaths= keeps %s from being loaded; ExecPaths=%s allows it", library, library);
}

/* --- System calls --------------------------------------------------------------------------------*/

/* What the library needs beyond what SystemCallFilter= always allows, the groups that hold it, and when. */
static const struct call {
    const char *name, *groups, *when;
    bool rare; /* only where the C library calls it in such a program, too */
} calls[] = {
    {"mremap", "@system-service @known", "when a large block is resized", false},
    {"madvise", "@system-service @known", "while there are several threads", true},
};

/* Is CALL named by the words of LIST? With an errno of its own, "call:EPERM", too. */
static bool lists_call(const char *list, const struct call *call)
{
    char word[256];
    while (unit_word(&list, word, sizeof word)) {
        word[strcspn(word, ":")] = '\0';
        if (strcmp(word, call->name) == 0)
            return true;
        const char *group = word[0] == '@' ? strstr(call->groups, word) : NULL;
        size_t size = strlen(word);
        if (group && (group[size] == ' ' || !group[size]))
            return true;
    }
    return false;
}

/* The first line says whether all is allowed but what is named, or nothing; later ones add and take away. */
static bool allows_call(const struct unit *unit, const struct call *call)
{
    bool first = true, allowed = true;
    for (size_t i = 0; i < unit->count; i++) {
        if (strcmp(unit->list[i].key, "SystemCallFilter") != 0)
            continue;
        const char *list = unit->list[i].value;
        bool deny = *list == '~';
        if (first)
            allowed = deny;
        first = false;
        if (lists_call(list + deny, call))
            allowed = !deny;
    }
    return allowed;
}

static void check_calls(const struct unit *unit)
{
    const struct setting *number = unit_last(unit, "SystemCallErrorNumber");
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (allows_call(unit, &calls[i]))
            continue;
        if (number && strcmp(number->value, "kill") != 0)
            warn("SystemCallFilter= refuses %s: memory is kept or copied where it need not be",
                 calls[i].name);
        else
            (calls[i].rare ? warn
                           : refuse)("SystemCallFilter= does not allow %s, which the library calls %s: the "
                                     "service would be killed; @system-service holds it",
                                     calls[i].name, calls[i].when);
    }
}

/* --- The environment -----------------------------------------------------------------------------*/

static void check_environment_file(const struct setting *s)
{
    struct text text;
    const char *path = s->value + (s->value[0] == '-');
    if (!read_file(path, &text))
        return;
    for (char *line = text.data, *next; *line; line = next) {
        char *end = strchrnul(line, '\n');
        next = *end ? end + 1 : end;
        line += strspn(line, " \t");
        if (strncmp(line, "LD_PRELOAD=", 11) == 0)
            refuse("%s sets LD_PRELOAD: that counts, and not the one of a drop-in", path);
    }
    text_free(&text);
}

static void check_environment(const struct unit *unit)
{
    for (size_t i = 0; i < unit->count; i++) {
        const struct setting *s = &unit->list[i];
        const char *rest = s->value;
        char word[PATH_MAX];
        bool takes = strcmp(s->key, "UnsetEnvironment") == 0;
        if (strcmp(s->key, "EnvironmentFile") == 0)
            check_environment_file(s);
        if (!takes && strcmp(s->key, "Environment") != 0)
            continue;
        while (unit_word(&rest, word, sizeof word))
            if (strncmp(word, "LD_PRELOAD=", 11) == 0 || (takes && strcmp(word, "LD_PRELOAD") == 0))
                refuse(takes ? "%s:%zu: UnsetEnvironment= takes LD_PRELOAD away"
                             : "%s:%zu: LD_PRELOAD is set already, and one of the two would be lost; "
                               "write " PRELOAD_LINE " there, too",
                       s->file, s->line);
            else if (unit_yes(unit, "DynamicUser") && (strncmp(word, "HAKMEM_STATS_FILE=", 18) == 0 ||
                                                       strncmp(word, "HAKMEM_TRACE_FILE=", 18) == 0))
                warn(
                    "%s:%zu: with DynamicUser= it can only write where StateDirectory= and the like allow it",
                    s->file, s->line);
    }
}

static void check_labels(const struct unit *unit)
{
    static const char *const keys[] = {"SELinuxContext", "AppArmorProfile", "SmackProcessLabel"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (unit_last(unit, keys[i]))
            warn("%s=: a policy can keep LD_PRELOAD or the library from it; after a restart, ask 'hakmem "
                 "check PID'",
                 keys[i]);
}

/* -------------------------------------------------------------------------------------------------*/

static void check_unit(const struct unit *unit)
{
    const struct setting *directory = unit_last(unit, "RootDirectory");
    char root[PATH_MAX];
    (void)snprintf(root, sizeof root, "%s", directory ? directory->value : "");
    for (size_t n = strlen(root); n && root[n - 1] == '/';)
        root[--n] = '\0';
    check_programs(unit, root);
    check_place(unit, root);
    check_calls(unit);
    check_environment(unit);
    check_labels(unit);
}

bool unit_fits(const char *name, const char *except)
{
    struct unit unit;
    unit_name = name;
    works = true;
    unit_read(&unit, name, except);
    switch (unit.state) {
    case UNIT_MISSING: refuse("there is no such unit"); break;
    case UNIT_MASKED: refuse("it is masked: systemd does not start it"); break;
    case UNIT_INIT_SCRIPT:
        warn("it has no unit file, only a script in /etc/init.d, of which systemd makes one");
        check_unit(&unit);
        break;
    case UNIT_FOUND:
    default: check_unit(&unit); break;
    }
    unit_free(&unit);
    return works;
}
