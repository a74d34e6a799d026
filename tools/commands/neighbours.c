/* SPDX-License-Identifier: MIT */
/* commands/neighbours.c - hakmem check PID: others in the process that care about malloc.
 *
 * Known by what they define, not by the names of their files. */
#include <stdio.h>
#include <string.h>

#include "commands/check.h"
#include "target/linkmap.h"
#include "target/elf.h"

/* --- Sanitizers ----------------------------------------------------------------------------------*/

/* What only the run-time of each defines; those that hold parts of others first. */
static const char *const sanitizer_symbols[] = {"__asan_init", "__hwasan_init",
                                                "__msan_init", "__tsan_init",
                                                "__lsan_init", "__ubsan_handle_add_overflow"};
static const char *const sanitizer_names[] = {"AddressSanitizer", "HWAddressSanitizer",
                                              "MemorySanitizer",  "ThreadSanitizer",
                                              "LeakSanitizer",    "UndefinedBehaviorSanitizer"};
enum { SANITIZERS = sizeof sanitizer_symbols / sizeof sanitizer_symbols[0], LEAK = 4, UNDEFINED = 5 };

/* Which one is in the object; -1: none. */
static int sanitizer_in(struct target *t, const struct loaded *o)
{
    char path[64];
    for (int i = 0; i < SANITIZERS; i++)
        if (linkmap_defines(t, o, sanitizer_symbols[i]))
            return i;
    /* A program that its run-time was linked into keeps the names to itself. */
    (void)snprintf(path, sizeof path, "/proc/%d/exe", t->process.pid);
    return o->program ? elf_holds(path, sanitizer_symbols, SANITIZERS) : -1;
}

static void tell_sanitizer(int which, const struct loaded *o, const struct serving *s)
{
    const char *name = sanitizer_names[which];
    if (which == UNDEFINED)
        finding(LEVEL_NOTE, "sanitizer", "%s is in the process (%s): it needs no malloc of its own", name,
                o->name);
    else if (strcmp(s->first, o->name) == 0)
        finding(LEVEL_NOTE, "sanitizer", "%s is in the process (%s), and has its own malloc, which it needs",
                name, o->name);
    else
        finding(LEVEL_NOTE, "sanitizer",
                "%s is in the process (%s), and malloc is not its own: it knows no block of the heap, and %s",
                name, o->name, which == LEAK ? "reports no leak" : "finds no fault there");
}

/* --- Allocators ----------------------------------------------------------------------------------*/

static const struct kind {
    const char *symbol, *name;
    bool own_names; /* its functions have names of their own: who calls those is served by it */
} kinds[] = {
    {"mallctl", "jemalloc", false},        {"je_mallctl", "jemalloc", true},
    {"tc_malloc", "tcmalloc", false},      {"TCMallocInternalMalloc", "tcmalloc", false},
    {"mi_malloc", "mimalloc", false},      {"rpmalloc", "rpmalloc", false},
    {"h_malloc", "hardened_malloc", true}, {"malloc", "of a name that is not known", false},
};

/* By what programs ask an allocator for figures and settings. */
static const char *const questions[] = {"mallctl",
                                        "malloc_stats_print",
                                        "_ZN15MallocExtension8instanceEv",
                                        "MallocExtension_GetNumericProperty",
                                        "MallocExtension_GetStats",
                                        "MallocExtension_Internal_GetNumericProperty",
                                        "mi_stats_print",
                                        "mi_stats_print_out",
                                        "mi_process_info",
                                        "rpmalloc_global_statistics",
                                        "rpmalloc_dump_statistics"};
enum { QUESTIONS = sizeof questions / sizeof questions[0] };

static const struct kind *allocator_in(struct target *t, const struct loaded *o)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (linkmap_defines(t, o, kinds[i].symbol))
            return &kinds[i];
    return NULL;
}

/* The C library, the loader, and libhakmem. */
static bool belongs(struct target *t, const struct loaded *o)
{
    return linkmap_defines(t, o, "__libc_start_main") || linkmap_defines(t, o, "_rtld_global") ||
           linkmap_defines(t, o, "hak_layout") || strcmp(o->name, t->library) == 0;
}

struct question {
    const struct loaded *allocator;
    const char *symbol;
    char by[512];
};

static bool look_for_question(struct target *t, const struct loaded *o, void *arg)
{
    struct question *q = arg;
    for (int i = 0; i < QUESTIONS && !q->symbol; i++)
        if (strcmp(o->name, q->allocator->name) != 0 && linkmap_defines(t, q->allocator, questions[i]) &&
            linkmap_wants(t, o, questions[i])) {
            q->symbol = questions[i];
            memcpy(q->by, o->name, sizeof q->by);
        }
    return !q->symbol;
}

static void tell_allocator(struct target *t, const struct kind *kind, const struct loaded *o)
{
    struct question q = {.allocator = o};
    bool dynamic;
    linkmap_each(t, look_for_question, &q, &dynamic);
    if (q.symbol)
        finding(LEVEL_NOTE, "allocator",
                "%s is another allocator (%s), and serves nothing; %s asks it by %s, and gets figures that "
                "are not those of its memory",
                o->name, kind->name, q.by, q.symbol);
    else if (kind->own_names)
        finding(LEVEL_NOTE, "allocator",
                "%s holds another allocator (%s): what is asked of it by its own names is not libhakmem's",
                o->name, kind->name);
    else
        finding(LEVEL_NOTE, "allocator",
                "%s is another allocator (%s), and serves nothing: whoever asks it for figures gets those of "
                "no memory",
                o->name, kind->name);
}

/* -------------------------------------------------------------------------------------------------*/

static bool look(struct target *t, const struct loaded *o, void *arg)
{
    const struct serving *s = arg;
    int sanitizer = sanitizer_in(t, o);
    if (sanitizer >= 0) {
        tell_sanitizer(sanitizer, o, s);
        return true;
    }
    const struct kind *kind =
        t->layout && strcmp(o->name, s->first) != 0 && !belongs(t, o) ? allocator_in(t, o) : NULL;
    if (kind)
        tell_allocator(t, kind, o);
    return true;
}

void check_neighbours(struct target *t, const struct serving *s)
{
    bool dynamic;
    linkmap_each(t, look, (void *)(uintptr_t)s, &dynamic);
}
