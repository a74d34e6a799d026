/* SPDX-License-Identifier: MIT */
/* commands/fleet.c - figures of all processes that use the library, as text for Prometheus. */
#include "commands/fleet.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "insight/metric.h"
#include "target/inspect.h"
#include "target/processes.h"
#include "common/say.h"

/* A process, or the sum over those of a unit or a program. */
struct figures {
    int pid; /* BY_PID: what is read of one process, and not of several */
    char program[64], unit[256], version[24];
    const char *mode;
    uint64_t processes, resident, value[STATISTICS];
};

struct fleet {
    enum fleet_by by;
    struct figures *group;
    size_t count;
    size_t unknown; /* whether they use the library may not be known */
    size_t refused; /* they do, and may not be read */
    size_t other;   /* they use a release whose structures this command does not know */
};

/* --- What there is -------------------------------------------------------------------------------*/

static int compare(enum fleet_by by, const struct figures *a, const struct figures *b)
{
    switch (by) {
    case BY_UNIT: return strcmp(a->unit, b->unit);
    case BY_PROGRAM: return strcmp(a->program, b->program);
    default: return (a->pid > b->pid) - (a->pid < b->pid);
    }
}

/* The place of what is as KEY, made where there is none: they ascend. */
static struct figures *place(struct fleet *f, const struct figures *key)
{
    size_t i = f->count;
    while (i > 0 && compare(f->by, &f->group[i - 1], key) > 0)
        i--;
    if (i > 0 && compare(f->by, &f->group[i - 1], key) == 0)
        return &f->group[i - 1];
    if ((f->count & (f->count - 1)) == 0)
        f->group = need_memory(f->group, (f->count ? f->count * 2 : 1) * sizeof *f->group);
    memmove(&f->group[i + 1], &f->group[i], (f->count++ - i) * sizeof *f->group);
    f->group[i] = *key;
    return &f->group[i];
}

static void add(struct fleet *f, struct target *t, const struct heap *h)
{
    struct figures key = {.pid = t->process.pid, .mode = h->mode_name};
    snprintf(key.program, sizeof key.program, "%s", t->process.name);
    snprintf(key.version, sizeof key.version, "%s", t->version);
    process_unit(key.pid, key.unit, sizeof key.unit);
    struct figures *g = place(f, &key);
    g->processes++;
    g->resident += proc_resident_fast(key.pid);
    for (unsigned i = 0; i < STATISTICS; i++)
        g->value[i] += statistic(&h->stats, i);
}

static void look(int pid, void *arg)
{
    struct fleet *f = arg;
    struct target t;
    struct heap h;
    bool good = target_attach(&t, pid, false);
    if (good && t.pagemap < 0) { /* which of its pages are there would be made up */
        good = false;
        t.refused = true;
    }
    if (good) {
        heap_read(&t, &h, true);
        if (!t.gone)
            add(f, &t, &h);
        heap_free(&h);
    } else {
        f->refused += t.refused;
        f->other += !t.refused && t.layout;
    }
    target_close(&t);
}

/* --- Text ----------------------------------------------------------------------------------------*/

struct buffer {
    char *text;
    size_t size, room;
};

static int put(void *to, const char *text, size_t length)
{
    struct buffer *b = to;
    if (b->room - b->size < length + 1)
        b->text = need_memory(b->text, b->room = b->room * 2 + length + 1);
    memcpy(b->text + b->size, text, length);
    b->size += length;
    b->text[b->size] = '\0';
    return 0;
}

/* NAME="VALUE": both formats know these three escapes. Names are printable already. */
static void label(struct text *p, const char *name, const char *value, bool more)
{
    char one[2] = {0};
    text_str(p, name);
    text_str(p, "=\"");
    for (; *value; value++) {
        one[0] = *value;
        text_str(p, *value == '"' ? "\\\"" : *value == '\\' ? "\\\\" : *value == '\n' ? "\\n" : one);
    }
    text_str(p, more ? "\"," : "\"");
}

/* Of the process or the sum; a family tells each of them apart by these. */
static void labels(struct text *p, const struct fleet *f, const struct figures *g, bool more)
{
    char pid[16];
    snprintf(pid, sizeof pid, "%d", g->pid);
    if (f->by == BY_PID)
        label(p, "pid", pid, true);
    if (f->by != BY_UNIT)
        label(p, "program", g->program, f->by == BY_PID || more);
    if (f->by != BY_PROGRAM)
        label(p, "unit", g->unit, more);
}

static void sample(struct text *p, const struct fleet *f, const struct figures *g, const char *name,
                   const char *suffix, uint64_t value)
{
    text_str(p, "hakmem_");
    text_str(p, name);
    text_str(p, suffix);
    text_str(p, "{");
    labels(p, f, g, false);
    text_str(p, "} ");
    text_dec(p, value);
    text_str(p, "\n");
}

/* As the library itself tells it, but of a type that both formats have. */
static void library(struct text *p, const struct fleet *f)
{
    metric_head(p, "library_info", false, false, "the library and its mode");
    for (size_t i = 0; i < f->count; i++) {
        const struct figures *g = &f->group[i];
        text_str(p, "hakmem_library_info{");
        labels(p, f, g, true);
        label(p, "version", g->version, true);
        label(p, "mode", g->mode, false);
        text_str(p, "} 1\n");
    }
}

static void unreadable(struct text *p, const char *reason, size_t value)
{
    text_str(p, "hakmem_unreadable_processes{");
    label(p, "reason", reason, false);
    text_str(p, "} ");
    text_dec(p, value);
    text_str(p, "\n");
}

static void print(struct text *p, const struct fleet *f)
{
    if (f->by == BY_PID)
        library(p, f);
    metric_head(p, "processes", false, false, "processes with the library whose figures are here");
    for (size_t i = 0; i < f->count; i++)
        sample(p, f, &f->group[i], "processes", "", f->group[i].processes);
    metric_head(
        p, "unreadable_processes", false, false,
        "processes that are not here: mappings: may not be listed, nor is known whether they have the "
        "library; memory: they have it, and may not be read; release: they have one that is not known");
    unreadable(p, "mappings", f->unknown);
    unreadable(p, "memory", f->refused);
    unreadable(p, "release", f->other);
    metric_head(p, "process_resident_bytes", false, true, "resident memory of the whole process");
    for (size_t i = 0; i < f->count; i++)
        sample(p, f, &f->group[i], "process_resident_bytes", "", f->group[i].resident);
    for (unsigned s = 0; s < STATISTICS; s++) {
        const struct statistic *row = &statistics[s];
        metric_head(p, row->name, row->counter, row->bytes, row->words);
        for (size_t i = 0; i < f->count; i++)
            sample(p, f, &f->group[i], row->name, row->counter ? "_total" : "", f->group[i].value[s]);
    }
    text_str(p, "# EOF\n");
}

char *fleet_text(enum fleet_by by, size_t *length)
{
    struct fleet f = {.by = by};
    struct buffer b = {NULL, 0, 0};
    static struct text text;
    processes_each(&f.unknown, look, &f);
    text_init(&text, put, &b);
    print(&text, &f);
    (void)text_end(&text);
    free(f.group);
    *length = b.size;
    return b.text;
}
