/* SPDX-License-Identifier: MIT */
/* commands/check-process.c - hakmem check PID: does a process use the library, and why not. */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target/inspect.h"
#include "settings/options.h"
#include "commands/check.h"
#include "target/linkmap.h"
#include "target/elf.h"
#include "common/say.h"

static char *process_text(int pid, const char *name, size_t *size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    return proc_text(path, size);
}

/* Value of VARIABLE in the environment that the process began with, allocated; NULL if unset. */
static char *initial_variable(int pid, const char *variable)
{
    size_t size = 0, n = strlen(variable);
    char *text = process_text(pid, "environ", &size), *value = NULL;
    for (const char *p = text; text && p < text + size && !value; p += strlen(p) + 1)
        if (strncmp(p, variable, n) == 0 && p[n] == '=')
            value = need_format("%s", p + n + 1);
    free(text);
    return value;
}

static bool is_secure(int pid)
{
    size_t size = 0;
    char *text = process_text(pid, "auxv", &size);
    uint64_t pair[2] = {0};
    bool secure = false;
    for (size_t i = 0; text && i + sizeof pair <= size; i += sizeof pair) {
        memcpy(pair, text + i, sizeof pair);
        secure = secure || (pair[0] == AT_SECURE && pair[1]);
    }
    free(text);
    return secure;
}

/* Is the program linked with musl's C library? */
static bool is_musl(int pid)
{
    struct elf_file elf;
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/exe", pid);
    return elf_inspect(path, &elf) && strstr(elf.interpreter, "ld-musl");
}

/* The library is not there: why? */
static void explain_absence(struct target *t, const struct serving *s)
{
    int pid = t->process.pid;
    char *preload = initial_variable(pid, "LD_PRELOAD"), *list = proc_text("/etc/ld.so.preload", NULL);
    bool wanted = preload && strstr(preload, "libhakmem.so");
    finding(LEVEL_PROBLEM, "loaded", "libhakmem is not loaded in process %d (%s)", pid, t->process.name);
    if (!s->dynamic)
        finding(LEVEL_PROBLEM, "static",
                "the program is statically linked: nothing can be preloaded into it");
    else if (is_musl(pid))
        finding(LEVEL_PROBLEM, "musl", "the program is linked with musl: libhakmem needs the GNU C library");
    else if (is_secure(pid) && wanted)
        finding(LEVEL_PROBLEM, "secure",
                "it runs in secure execution (set-user-ID or capabilities): LD_PRELOAD was ignored");
    else if (wanted)
        finding(LEVEL_PROBLEM, "preload",
                "LD_PRELOAD was '%s': the loader did not find or could not load that", preload);
    else if (list && strstr(list, "libhakmem.so"))
        finding(LEVEL_NOTE, "preload",
                "/etc/ld.so.preload names it: the process began before that, or the file "
                "cannot be loaded");
    else
        finding(LEVEL_NOTE, "preload", "neither LD_PRELOAD of the process nor /etc/ld.so.preload names it");
    if (s->first[0])
        finding(LEVEL_NOTE, "malloc", "malloc is that of %s", s->first);
    free(preload);
    free(list);
}

static void check_mode(struct target *t)
{
    uint64_t mode = half_at(t, at(t, ROW_heap_mode));
    if (mode == HEAP_PASSIVE)
        finding(LEVEL_PROBLEM, "mode",
                "it is in passive mode, by an option: every call is handed to the C library");
    else if (mode == HEAP_CHECKED)
        finding(LEVEL_NOTE, "mode", "it is in checked mode: slower, with guard bytes behind each block");
    else if (mode == HEAP_EARLY)
        finding(LEVEL_NOTE, "mode", "nothing was allocated yet");
    else
        finding(LEVEL_GOOD, "mode", "it serves from its pool");
}

/* Libraries that the program opens with RTLD_DEEPBIND, where malloc is not the library's: it does nothing for
 * them, and they find the C library's malloc first. */
static void check_deepbind_foreign(const struct serving *s, bool opened)
{
    finding(LEVEL_NOTE, "deepbind",
            opened ? "a library was opened with RTLD_DEEPBIND: it uses the C library's malloc, the program "
                     "that of %s"
                   : "libraries that are opened with RTLD_DEEPBIND will use the C library's malloc, the "
                     "program that of %s",
            s->first[0] ? s->first : "another object");
}

/* And where it is. */
static void check_deepbind_ours(uint64_t state, const struct target *t, bool on, bool passive)
{
    if (state == at(t, ROW_deepbind_fixed))
        finding(LEVEL_GOOD, "deepbind",
                "a library was opened with RTLD_DEEPBIND, and uses libhakmem's malloc");
    else if (state == at(t, ROW_deepbind_refused))
        finding(LEVEL_NOTE, "deepbind",
                "a library was opened without RTLD_DEEPBIND, which it asked for: the C library's symbols "
                "could not be changed");
    else if (state == at(t, ROW_deepbind_idle) && on && !passive)
        finding(LEVEL_GOOD, "deepbind",
                "libraries that are opened with RTLD_DEEPBIND will use it, too; none was so far");
    else
        finding(LEVEL_NOTE, "deepbind",
                "libraries that are opened with RTLD_DEEPBIND use the C library's malloc: %s",
                on ? "passive mode" : "HAKMEM_DEEPBIND_FIX is 0");
}

static void check_deepbind(struct target *t, const struct serving *s, bool ours)
{
    uint64_t state = half_at(t, at(t, ROW_deepbind));
    uint64_t mode = half_at(t, at(t, ROW_heap_mode)), on = 0;
    (void)target_read_file(
        t, at(t, ROW_option_page) + offsetof(struct option_values, number) + OPT_DEEPBIND_FIX * 8, &on, 8);
    if (!ours || state == at(t, ROW_deepbind_foreign))
        check_deepbind_foreign(s, state != at(t, ROW_deepbind_idle));
    else
        check_deepbind_ours(state, t, on, mode == HEAP_PASSIVE);
}

static void check_serving(struct target *t, const struct serving *s, bool usable)
{
    const struct vma *v = proc_find(&t->maps, t->layout);
    bool linked = !s->library && v;
    if (linked)
        finding(LEVEL_GOOD, "loaded", "libhakmem %s is linked into %s", t->version, t->library);
    else
        finding(LEVEL_GOOD, "loaded", "libhakmem %s is loaded: %s", t->version, t->library);
    if (t->deleted)
        finding(LEVEL_NOTE, "file",
                "that file was replaced or deleted since: a restart loads the one there is now");
    bool within = linked && (!s->first[0] || strcmp(s->first, t->library) == 0),
         ours = within || s->is_library;
    if (within)
        finding(LEVEL_GOOD, "malloc", "malloc is that of libhakmem");
    else if (ours)
        finding(LEVEL_GOOD, "malloc", "malloc is that of libhakmem, of %u loaded objects", s->objects);
    else
        finding(LEVEL_PROBLEM, "malloc", "malloc is that of %s, which the loader lists earlier",
                s->first[0] ? s->first : "another object");
    if (is_musl(t->process.pid))
        finding(LEVEL_PROBLEM, "musl", "the program is linked with musl: libhakmem needs the GNU C library");
    if (usable) {
        check_mode(t);
        check_deepbind(t, s, ours);
    } else {
        finding(LEVEL_NOTE, "layout", "%s", t->why);
    }
}

bool check_process(int pid)
{
    struct target t;
    struct serving s;
    if (!target_open(&t, pid, false)) {
        error("%s", t.why);
        return false;
    }
    bool usable = target_find(&t);
    linkmap_serving(&t, "malloc", &s);
    if (t.layout)
        check_serving(&t, &s, usable);
    else
        explain_absence(&t, &s);
    check_neighbours(&t, &s);
    target_close(&t);
    return true;
}
