/* SPDX-License-Identifier: MIT */
/* adapt/sleepers.c - blocks in the caches of threads that sleep go back.
 *
 * thread.h says how a cache is taken, and why that is sound if a thread sleeps at two moments, has not run
 * in between, and had no frame of this library on its stack. Here is how the kernel tells.
 *
 * It sleeps, at some moment of the read: /proc/self/task/TID/syscall has numbers. The kernel writes them
 * only of a thread that it found switched out, and not waiting for a processor; of any other it writes
 * "running". The state in `status` alone does not say that: it is set while the thread still runs.
 *
 * It has not run in between: to be switched out adds one to one of the two counts in `status`, and a thread
 * that is switched out at m1 and at m2 and ran in between was switched out in between. So the counts are
 * read before m1 and after m2. Both files stay open: descriptors name the thread, and not a later one of
 * its number.
 *
 * A sleep is state S. A parent waits for its child of vfork, which uses its stack and its cache, in state
 * D; a thread that a debugger stopped, and may make call us, in t.
 *
 * No frame: the stack, from the stack pointer that `syscall` tells to the top, holds no word that points
 * into our code, and nor does the program counter. On x86-64 each call leaves the address that it returns
 * to there, so also below a callback of the program's (hak_walk, a new_handler), and a signal leaves the
 * one that it interrupted. Such words may also be left-overs, or pointers to our functions: then nothing is
 * taken. Other machines keep one of the addresses in a register, which nobody tells: there nothing is
 * taken.
 *
 *   A handler that sleeps may run on a stack of its own (sigaltstack), which may even be an array on the
 *   stack: then the frames that it interrupted lie below. So nothing is taken where a handler sleeps: the
 *   frame of a signal is known by the segment registers.
 *   A coroutine lies elsewhere: its stack pointer is not below the top, or far from it. One that has part of
 *   the thread's stack does not leave our functions in the middle: they switch to no other.
 *   A static program is all ours.
 *
 * Between m1 and m2 the stack does not change but by others' stores into the variables of its frames; it is
 * copied by the kernel, so that a thread which ends meanwhile takes nobody along.
 *
 * Filters of seccomp(2) may end the process for calls that the C library's malloc does not make: where one
 * is in force, nothing is taken. Work is bounded: a tick looks at LOOKS caches, tries BATCH. Each costs a
 * dozen system calls, and after a try in vain waits twice as long, up to 64 times idle_ms, until it is
 * used. */
#include "adapt/sleepers.h"

#include "base/auxv.h"
#include "base/layout.h"
#include "base/object.h"
#include "base/os.h"
#include "base/task.h"
#include "base/text.h"
#include "settings/policy.h"
#include "events/counters.h"
#include "adapt/permit.h"

#include <elf.h>

enum {
    LOOKS = 1024,
    BATCH = 64,
    STACK_MOST = 256 << 10, /* of a thread that sleeps: more is not looked through */
    PIECE = 512             /* words */
};

static struct {
    _Atomic(bool) hurry; /* for tests: no cache has to be idle for any time */
    _Atomic(bool) blind; /* for tests: nobody looks at stacks */
} sleepers;

/* Where our code lies; the helper's alone. */
static struct {
    bool known;
    uintptr_t from, to;
} code;

/* --- What the kernel says --------------------------------------------------------------------------------*/

/* The files of a thread. */
struct files {
    int status, syscall;
};

struct call {
    uint64_t stack, counter; /* the pointer; that of the program */
};

static const char *parse(const char *text, unsigned base, uint64_t *out)
{
    for (*out = 0;; text++) {
        unsigned digit = (unsigned)*text - '0';
        if (digit > 9 && base > 10)
            digit = (unsigned)*text - 'a' + 10;
        if (digit >= base)
            return text;
        *out = *out * base + digit;
    }
}

/* False: the thread is not asleep, or has ended. */
static bool read_status(const struct files *files, uint64_t *switches)
{
    struct task_status now;
    if (!task_status_again(files->status, &now) || now.state != 'S')
        return false;
    *switches = now.switches;
    return true;
}

/* A number, six arguments, stack pointer, program counter; -1 for a fault, which is no call. */
static bool read_call(const struct files *files, struct call *out)
{
    enum { ARGUMENTS = 6 };
    uint64_t word[ARGUMENTS + 2], number_of;
    char text[256];
    if (!os_read_again(files->syscall, text, sizeof text))
        return false;
    const char *at = parse(text, 10, &number_of);
    for (int i = 0; i < ARGUMENTS + 2; i++) {
        if (at == text || at[0] != ' ' || at[1] != '0' || at[2] != 'x')
            return false;
        at = parse(at + 3, 16, &word[i]);
    }
    *out = (struct call){word[ARGUMENTS], word[ARGUMENTS + 1]};
    return true;
}

static int open_of(uint32_t tid, const char *name)
{
    struct line path;
    line_init(&path);
    line_str(&path, "/proc/self/task/");
    line_dec(&path, tid);
    line_str(&path, "/");
    line_str(&path, name);
    path.text[path.len] = '\0';
    return os_open_read(path.text);
}

static bool open_files(uint32_t tid, struct files *out)
{
    *out = (struct files){open_of(tid, "status"), -1};
    if (out->status >= 0)
        out->syscall = open_of(tid, "syscall");
    return out->syscall >= 0;
}

static void close_files(const struct files *files)
{
    if (files->status >= 0)
        os_close(files->status);
    if (files->syscall >= 0)
        os_close(files->syscall);
}

/* Of the helper itself: filters are of threads. More than when it was permitted are the program's own. */
static bool is_filtered(void)
{
    struct task_status own;
    return !task_status("/proc/thread-self/status", &own) || own.filters != permit_filters() ||
           (own.seccomp != 0 && own.filters == 0);
}

/* --- The stack -------------------------------------------------------------------------------------------*/

/* In the frame of a signal lie, in one word, cs, gs, fs and ss, as the kernel gives them to programs of 64
 * bits: 0x33, 0, 0, 0x2b, of old kernels 0 for the last; under Xen 0xe033 and 0xe02b. */
static bool is_of_signal(uintptr_t word)
{
    const uintptr_t may_be = 0xe02b00000000e000;
    return (word & ~may_be) == 0x33;
}

static bool is_ours(uintptr_t word)
{
    return word >= code.from && word < code.to;
}

static bool is_clear(const struct idler *idler, const struct call *call)
{
    static uintptr_t word[PIECE];
    uintptr_t at = call->stack, top = idler->stack_top ? idler->stack_top : auxv_get(AT_RANDOM) & ~7ul;
    if (at % sizeof *word != 0 || at >= top || top - at > STACK_MOST || is_ours(call->counter))
        return false;
    while (at < top) {
        size_t n = top - at < sizeof word ? top - at : sizeof word;
        if (!os_copy(word, at, n))
            return false;
        for (size_t i = 0; i < n / sizeof *word; i++)
            if (is_ours(word[i]) || is_of_signal(word[i]))
                return false;
        at += n;
    }
    return true;
}

/* --- Both ------------------------------------------------------------------------------------------------*/

/* Set the cache aside of a thread that sleeps, and does so from before to after. */
static bool sleeps(const struct idler *idler, const struct files *files)
{
    uint64_t before, after;
    struct call first, second;
    return read_status(files, &before) && read_call(files, &first) &&
           (load_relaxed(&sleepers.blind) || is_clear(idler, &first)) && thread_set_aside(idler) &&
           task_barrier() && read_call(files, &second) && read_status(files, &after) && before == after;
}

static void try(const struct idler *idler)
{
    struct files files;
    bool take = open_files(idler->tid ? idler->tid : (uint32_t)os_pid(), &files) && sleeps(idler, &files);
    close_files(&files);
    if (!take || !gate_enter())
        return;
    if (thread_take(idler->tc)) {
        count(COUNT_SLEEPERS, 1);
        count(COUNT_SLEEPER_BYTES, thread_empty(idler->tc, "free"));
        thread_put_back(idler->tc);
    }
    gate_leave();
}

bool sleepers_take(uint64_t now_ms, struct list **at)
{
    struct idler idler[BATCH];
    uint32_t idle_ms = policy(idle_ms);
    bool hurry = load_relaxed(&sleepers.hurry) || policy(pressure) == PRESSURE_FULL;
    if (!THREAD_CAN_TELL || !idle_ms)
        return false;
    if (!code.known)
        code.known = object_own_code(&code.from, &code.to);
    if (!code.known)
        return false;
    unsigned n = thread_idlers(at, LOOKS, now_ms, hurry ? 0 : idle_ms, idler, BATCH);
    if (n && is_filtered())
        return false;
    for (unsigned i = 0; i < n; i++)
        try(&idler[i]);
    return n == BATCH || hurry;
}

/* --- For tests (layout.h) --------------------------------------------------------------------------------*/

const struct layout_row layout_sleepers[] = {
    LAYOUT_ADDRESS(sleepers.hurry),
    LAYOUT_ADDRESS(sleepers.blind),
    LAYOUT_END,
};
