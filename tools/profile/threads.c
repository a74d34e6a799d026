/* SPDX-License-Identifier: MIT */
/* profile/threads.c - the registers of a target's threads, and how they are stopped. */
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "profile/scan.h"

enum { WORDS_MOST = 512, ROUNDS_MOST = 16, THREADS_MOST = 1 << 16 };

static int stopped[THREADS_MOST];
static unsigned stopped_count;

static void each_thread(const struct target *t, bool (*each)(int tid, void *arg), void *arg)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", t->process.pid);
    DIR *dir = opendir(path);
    for (struct dirent *d; dir && (d = readdir(dir)) != NULL;)
        if (d->d_name[0] >= '1' && d->d_name[0] <= '9' && !each(atoi(d->d_name), arg))
            break;
    if (dir)
        closedir(dir);
}

/* --- As the kernel shows them --------------------------------------------------------------------*/

struct look {
    struct target *t;
    struct blocks *b;
};

/* "NUMBER ARGUMENT... SP PC": of one that runs, a word. */
static bool look_at(int tid, void *arg)
{
    const struct look *look = arg;
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d/syscall", look->t->process.pid, tid);
    char *text = proc_text(path, NULL);
    for (char *word = text ? strchr(text, ' ') : NULL; word; word = strchr(word + 1, ' '))
        block_meet(look->b, strtoull(word, NULL, 16));
    free(text);
    return true;
}

/* --- Stopped -------------------------------------------------------------------------------------*/

struct stopping {
    unsigned more; /* stopped in this round */
    int code;      /* why one cannot be */
};

static bool is_stopped(int tid)
{
    for (unsigned i = 0; i < stopped_count; i++)
        if (stopped[i] == tid)
            return true;
    return false;
}

/* One that ended meanwhile is none. */
static bool stop_one(int tid, void *arg)
{
    struct stopping *s = arg;
    int status;
    if (is_stopped(tid) || stopped_count == THREADS_MOST)
        return true;
    if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) != 0) {
        s->code = errno == ESRCH ? s->code : errno;
        return errno == ESRCH;
    }
    (void)ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
    if (waitpid(tid, &status, __WALL) == tid && WIFSTOPPED(status)) {
        stopped[stopped_count++] = tid;
        s->more++;
    }
    return true;
}

static void meet_registers(struct blocks *b, int tid)
{
    uint64_t words[WORDS_MOST] = {0};
    struct iovec all = {words, sizeof words};
    if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &all) != 0)
        return;
    for (size_t i = 0; i < all.iov_len / sizeof words[0]; i++)
        block_meet(b, words[i]);
}

bool threads_stop(struct target *t)
{
    struct stopping s = {1, 0};
    for (int i = 0; i < ROUNDS_MOST && s.more && !s.code; i++) { /* until no new ones are found */
        s.more = 0;
        each_thread(t, stop_one, &s);
    }
    if (s.code || !stopped_count) {
        snprintf(t->why, sizeof t->why, "process %d (%s) cannot be stopped: %s", t->process.pid,
                 t->process.name, strerror(s.code ? s.code : ESRCH));
        threads_continue();
        return false;
    }
    return true;
}

void threads_look(struct target *t, struct blocks *b)
{
    struct look look = {t, b};
    for (unsigned i = 0; i < stopped_count; i++)
        meet_registers(b, stopped[i]);
    if (!stopped_count)
        each_thread(t, look_at, &look);
}

void threads_continue(void)
{
    while (stopped_count)
        (void)ptrace(PTRACE_DETACH, stopped[--stopped_count], NULL, NULL);
}
