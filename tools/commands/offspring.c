/* SPDX-License-Identifier: MIT */
/* commands/offspring.c - the processes that a command of hakmem run starts: which of them were seen, and how
 * they ended.
 *
 * Nothing is asked of them, and nothing of them is changed: the kernel's lists of children are read now and
 * then. Those whose parents have ended become children of this process, which makes it their reaper: their
 * status is known, too. */
#include "commands/offspring.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/proc.h"
#include "commands/suitable.h"
#include "common/say.h"

enum { DEEP_MOST = 64, MEMBERS_MOST = 65536 };

static struct member *member_of(struct family *f, int pid)
{
    for (unsigned i = f->count; i-- > 0;)
        if (f->list[i].pid == pid)
            return &f->list[i];
    return NULL;
}

static struct member *add(struct family *f, int pid)
{
    if ((f->count & (f->count - 1)) == 0)
        f->list = need_memory(f->list, (f->count ? f->count * 2 : 1) * sizeof f->list[0]);
    struct member *m = &f->list[f->count++];
    memset(m, 0, sizeof *m);
    m->pid = pid;
    (void)snprintf(m->name, sizeof m->name, "?");
    return m;
}

/* Is the library among what PID has mapped? Early in a program it is not there yet. */
static enum seen_library look_for_library(int pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/maps", pid);
    char *text = proc_text(path, NULL);
    enum seen_library seen = !text || !*text                 ? LIBRARY_UNKNOWN
                             : strstr(text, "/libhakmem.so") ? LIBRARY_LOADED
                                                             : LIBRARY_ABSENT;
    free(text);
    return seen;
}

/* Which program M runs now: it changes when it executes another. */
static void look_at_program(struct member *m)
{
    char path[64], program[sizeof m->program];
    struct suitability s;
    snprintf(path, sizeof path, "/proc/%d/exe", m->pid);
    ssize_t n = readlink(path, program, sizeof program - 1);
    if (n <= 0)
        return;
    program[n] = '\0';
    if (strcmp(program, m->program) != 0) {
        memcpy(m->program, program, sizeof program);
        m->library = LIBRARY_UNKNOWN;
        suitability_of(path, &s);
        m->unfit = s.unfit;
        suitability_of(program, &s);
        m->unfit = m->unfit ? m->unfit : s.ignored;
    }
    if (m->library != LIBRARY_LOADED)
        m->library = look_for_library(m->pid);
}

static void look_at_process(struct family *f, int pid)
{
    struct process p;
    if (!proc_read(&p, pid))
        return;
    struct member *m = member_of(f, pid);
    if (m && m->start && m->start != p.start)
        m = NULL; /* another process of the same number */
    if (!m && f->count == MEMBERS_MOST)
        return;
    m = m ? m : add(f, pid);
    m->start = p.start;
    m->alive = p.state != 'Z' && p.state != 'X';
    if (!m->alive)
        return;
    (void)snprintf(m->name, sizeof m->name, "%s", p.name);
    look_at_program(m);
}

static void look_below(struct family *f, int pid, int deep);

static void look_at_list(struct family *f, const char *path, int deep)
{
    char *text = proc_text(path, NULL), *end;
    for (char *p = text; p && *p; p = end) {
        long child = strtol(p, &end, 10);
        if (end == p || child <= 0)
            break;
        look_at_process(f, (int)child);
        look_below(f, (int)child, deep + 1);
        end += strspn(end, " ");
    }
    free(text);
}

/* Each thread has a list of the children that it started. */
static void look_below(struct family *f, int pid, int deep)
{
    char path[128];
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *dir = deep < DEEP_MOST ? opendir(path) : NULL;
    for (struct dirent *d; dir && (d = readdir(dir)) != NULL;)
        if (d->d_name[0] != '.') {
            snprintf(path, sizeof path, "/proc/%d/task/%.20s/children", pid, d->d_name);
            look_at_list(f, path, deep);
        }
    if (dir)
        closedir(dir);
}

void family_look(struct family *f)
{
    for (unsigned i = 0; i < f->count; i++)
        f->list[i].alive = false;
    look_below(f, (int)getpid(), 0);
}

void family_waited(struct family *f, int pid, int status)
{
    struct member *m = member_of(f, pid);
    if (!m && f->count == MEMBERS_MOST)
        return;
    m = m ? m : add(f, pid);
    m->alive = false;
    m->waited = true;
    m->status = status;
}

/* LIBRARY_ABSENT may be a look that came too early: what the program is tells more. */
const char *family_why(const struct member *m)
{
    static char words[128];
    if (m->alive)
        return "it still runs";
    if (m->unfit) {
        snprintf(words, sizeof words, "it %s", m->unfit);
        return words;
    }
    if (m->waited && WIFSIGNALED(m->status)) {
        snprintf(words, sizeof words, "it was killed by signal %d (%s)", WTERMSIG(m->status),
                 strsignal(WTERMSIG(m->status)));
        return words;
    }
    if (m->library == LIBRARY_ABSENT)
        return "the library was not seen in it: LD_PRELOAD was taken away, or it ended early";
    if (m->waited)
        return "it ended without exit(3), as by _exit(2)";
    return "it ended without exit(3): by _exit(2) or a signal";
}

void family_free(struct family *f)
{
    free(f->list);
    *f = (struct family){NULL, 0};
}
