/* SPDX-License-Identifier: MIT */
/* together.c - the library beside others that are preloaded: which of them is it that fails?
 *
 * ld.so loads what LD_PRELOAD names before what the file names. So a tool that is started by LD_PRELOAD
 * stands in front of the library; behind it where somebody puts the library into LD_PRELOAD too, as hakmem
 * run does. */
#include "together.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "preload.h"

enum { TOOL_SECONDS = 3 };

static const struct tool {
    const char *name, *variable; /* as LD_PRELOAD has it; what wakes it */
} tools[] = {
    {"/usr/$LIB/faketime/libfaketime.so.1", "FAKETIME=+1d"},
    {"/usr/$LIB/faketime/libfaketimeMT.so.1", "FAKETIME=+1d"},
    {"/usr/$LIB/torsocks/libtorsocks.so", NULL},
    {"/usr/$LIB/libuid_wrapper.so", "UID_WRAPPER=1"},
    {"/usr/$LIB/libfakeroot/libfakeroot-sysv.so", NULL},
    {"/usr/$LIB/libfakeroot/libfakeroot-tcp.so", NULL},
    {"/usr/$LIB/fakechroot/libfakechroot.so", "FAKECHROOT=true"},
    {"/usr/$LIB/libeatmydata.so", NULL},
    {"/usr/$LIB/libc_malloc_debug.so.0", NULL}, /* its checks hang in fork by themselves */
};

static const struct program programs[] = {
    {.argv = ARGV("true")},
    {.argv = ARGV("sh", "-c", "x=$(echo a) && test \"$x\" = a")},
    {.argv = ARGV(CANARY_HELPER, "threads")},
};
enum { PROGRAMS = sizeof programs / sizeof *programs };

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The library in front of NAME, or behind it, as LD_PRELOAD. */
static void order(char *out, size_t size, const char *name, bool behind)
{
    (void)snprintf(out, size, "%s:%s", behind ? PRELOAD_LINE : name, behind ? name : PRELOAD_LINE);
}

/* --- Entries of the file -------------------------------------------------------------------------*/

static bool blame(const struct program *program, const char *name, bool behind)
{
    char both[PATH_MAX + 64];
    struct program with = *program;
    struct outcome outcome;
    order(both, sizeof both, name, behind);
    with.preload = both;
    with.limit = TOOL_SECONDS;
    if (!fails(&with, &outcome) || same_without(&with, NULL, name, &outcome))
        return false;
    order(both, sizeof both, name, !behind);
    bool either = fails(&with, &outcome);
    fault("it is the entry %s that fails together with the library%s", name,
          either   ? ""
          : behind ? "; in front of it, it works"
                   : "; behind it, it works");
    return true;
}

void blame_entries(const struct program *program, const struct text *contents)
{
    struct names names = names_read(contents);
    bool behind = false, found = false;
    for (size_t i = 0; i < names.count && !found; i++) {
        if (name_is_ours(contents, &names.list[i])) {
            behind = true;
            continue;
        }
        char *name = strndup(contents->data + names.list[i].at, names.list[i].size);
        found = name && blame(program, name, behind);
        free(name);
    }
    names_free(&names);
}

/* --- Tools ---------------------------------------------------------------------------------------*/

/* Twice, and longer then: a tool can be slow on a busy machine, or fail by chance without the library too. */
static bool fails_with(struct program *program, const char *tool, const char *candidate,
                       struct outcome *outcome)
{
    static const unsigned limits[] = {TOOL_SECONDS, RUN_SECONDS};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        program->limit = limits[i];
        if (!fails(program, outcome) || same_without(program, candidate, tool, outcome))
            return false;
    }
    return true;
}

static bool try_tool(const struct tool *tool, bool behind, const char *candidate)
{
    char both[PATH_MAX];
    order(both, sizeof both, tool->name, behind);
    for (size_t i = 0; i < PROGRAMS; i++) {
        struct program program = programs[i];
        struct outcome outcome;
        program.preload = both;
        program.variable = tool->variable;
        if (!fails_with(&program, tool->name, candidate, &outcome))
            continue;
        fault("trial run with %s %s the library: %s%s%s %s", base_name(tool->name),
              behind ? "behind" : "in front of", base_name(program.argv[0]), program.argv[1] ? " " : "",
              program.argv[1] ? program.argv[1] : "", outcome_words(&outcome));
        return false;
    }
    return true;
}

bool try_tools(const char *candidate)
{
    bool good = true;
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++) {
        char path[PATH_MAX];
        if (!expand_name(tools[i].name, path) || access(path, R_OK) != 0)
            continue;
        good = try_tool(&tools[i], false, candidate) && try_tool(&tools[i], true, candidate) && good;
    }
    return good;
}
