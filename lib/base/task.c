/* SPDX-License-Identifier: MIT */
/* base/task.c - what the helper thread alone asks of the system. */
#include "base/task.h"

#include <linux/membarrier.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "base/bits.h"
#include "base/lock.h"
#include "base/meta.h"
#include "base/os.h"
#include "base/syscall.h"

/* Sanitizers have storage of their own in each thread that they know of. */
#if defined(__x86_64__) && defined(__LP64__) && !defined(__SANITIZE_THREAD__) &&                             \
    !defined(__SANITIZE_ADDRESS__)
#define HAK_TASKS 1
#else
#define HAK_TASKS 0
#endif

#ifndef CLOSE_RANGE_UNSHARE
#define CLOSE_RANGE_UNSHARE (1U << 1)
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* --- A thread that the C library does not know ---------------------------------------------------*/

#if HAK_TASKS

enum {
    STACK = 128 << 10,
    STORAGE_MOST = 64 << 10, /* thread-local storage between ours, errno's, and the thread pointer */
    BLOCK = 4096 /* the thread control block: the compiler and the C library read its first words */
};

static struct {
    _Atomic(uint32_t) alive; /* the kernel's: the number of the thread, 0 once it has left its stack */
    char *area;              /* of one task after the other */
    void (*work)(void);
} task; /* written by the program's thread that starts it, while there is none */

/* Everything below the thread pointer that this library reaches: its own variables and errno. */
static size_t storage_size(void)
{
    uintptr_t tp = (uintptr_t)__builtin_thread_pointer(), low = tp;
    const void *mine[] = {&lock_busy, &lock_no_clock, &os_error, &errno};
    for (size_t i = 0; i < sizeof mine / sizeof mine[0]; i++)
        low = (uintptr_t)mine[i] < low ? (uintptr_t)mine[i] : low;
    return round_up(tp - low, BLOCK) + BLOCK; /* and what lies beside those */
}

/* The words that name the block itself are set; guards of stacks and pointers are the process's. */
static void *make_block(char *at)
{
    enum { GUARDS = 40, GUARDS_END = 56 };
    const char *own = __builtin_thread_pointer();
    memset(at, 0, BLOCK);
    memcpy(at + GUARDS, own + GUARDS, GUARDS_END - GUARDS);
    ((void **)at)[0] = at;
    ((void **)at)[2] = at;
    return at;
}

/* The new thread begins behind the instruction, with nothing but its stack: the function to be called lies
 * there. It ends by the instruction, too, as its stack is for the next one then. */
static long clone_task(unsigned long flags, void *stack, void *block, _Atomic(uint32_t) *number)
{
    register _Atomic(uint32_t) *r10 __asm__("r10") = number;
    register void *r8 __asm__("r8") = block;
    long result;
    __asm__ volatile("syscall\n\t"
                     "test %%rax, %%rax\n\t"
                     "jnz 1f\n\t"
                     "xor %%ebp, %%ebp\n\t"
                     "pop %%rax\n\t"
                     "call *%%rax\n\t"
                     "mov %[exit], %%eax\n\t"
                     "xor %%edi, %%edi\n\t"
                     "syscall\n\t"
                     "hlt\n\t"
                     "1:"
                     : "=a"(result)
                     : "0"((long)SYS_clone), "D"(flags), "S"(stack), "d"(number), "r"(r10),
                       "r"(r8), [exit] "i"(SYS_exit)
                     : "rcx", "r11", "memory", "cc");
    return result;
}

static void begin(void)
{
    task.work();
}

static bool have_area(size_t storage)
{
    if (task.area)
        return true;
    size_t page = os_page_size();
    char *area = meta_alloc(page + STACK + storage + BLOCK + page);
    if (!area)
        return false;
    task.area = (char *)round_up((uintptr_t)area, page);
    kernel_call(SYS_mprotect, task.area, page, PROT_NONE, 0, 0, 0); /* refused: no guard */
    task.area += page;
    return true;
}

bool task_start(void (*work)(void))
{
    unsigned long flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
                          CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
    size_t storage = storage_size();
    if (load_acquire(&task.alive) || storage > STORAGE_MOST || !have_area(storage))
        return false;
    char *block = make_block(task.area + STACK + storage);
    memset(task.area + STACK, 0, storage);
    task.work = work;
    void **stack =
        (void **)(task.area + STACK) - 3; /* aligned as a call wants it, once the function is off */
    stack[0] = (void *)begin;
    stack[1] = NULL;
    uint64_t all = ~UINT64_C(0), before;
    kernel_call(SYS_rt_sigprocmask, SIG_SETMASK, &all, &before, sizeof all, 0, 0);
    long number = clone_task(flags, stack, block, &task.alive);
    kernel_call(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof all, 0, 0);
    if (kernel_refused(number)) {
        store_relaxed(&task.alive, 0);
        return false;
    }
    return true;
}

void task_forked(void)
{
    store_relaxed(&task.alive, 0);
}

#else

void task_forked(void)
{
}

bool task_start(void (*work)(void))
{
    (void)work;
    return false;
}

#endif

/* --- Of the calling thread, and of all -----------------------------------------------------------*/

bool task_own_descriptors(void)
{
    return kernel_call(SYS_close_range, 0, UINT32_MAX, CLOSE_RANGE_UNSHARE, 0, 0, 0) == 0;
}

void task_name(const char *name)
{
    kernel_call(SYS_prctl, PR_SET_NAME, name, 0, 0, 0, 0);
}

bool task_barrier_begin(void)
{
    return kernel_call(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0, 0, 0, 0) == 0;
}

bool task_barrier(void)
{
    return kernel_call(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0, 0, 0, 0) == 0;
}

/* --- /proc/PID/status ----------------------------------------------------------------------------*/

/* The text behind NAME, which begins a line of TEXT. */
static const char *line_of(const char *text, const char *name)
{
    size_t length = strlen(name);
    while (text && strncmp(text, name, length) != 0) {
        text = strchr(text, '\n');
        text = text ? text + 1 : NULL;
    }
    return text ? text + length : NULL;
}

/* The next number of *TEXT, of BASE 10 or 16, and *TEXT behind it. */
static uint64_t next_number(const char **text, unsigned base)
{
    uint64_t n = 0;
    while (**text == ' ' || **text == '\t')
        ++*text;
    for (;; ++*text) {
        unsigned digit = (unsigned)**text - '0';
        if (digit > 9 && base == 16)
            digit = (unsigned)**text - 'a' + 10;
        if (digit >= base)
            return n;
        n = n * base + digit;
    }
}

static uint64_t number_of(const char *text, const char *name, unsigned base, bool *found)
{
    const char *at = line_of(text, name);
    *found &= at != NULL;
    return at ? next_number(&at, base) : 0;
}

static bool four_alike(const char *text, const char *name)
{
    const char *at = line_of(text, name);
    if (!at)
        return false;
    uint64_t first = next_number(&at, 10);
    for (int i = 1; i < 4; i++)
        if (next_number(&at, 10) != first)
            return false;
    return true;
}

static bool parse_status(const char *text, struct task_status *out)
{
    bool found = true, optional = true;
    const char *state = line_of(text, "State:\t");
    out->state = state ? *state : '\0';
    out->threads = number_of(text, "Threads:", 10, &found);
    out->capabilities = number_of(text, "CapPrm:", 16, &found);
    out->seccomp = number_of(text, "Seccomp:", 10, &optional); /* a kernel without filters says nothing */
    out->filters = number_of(text, "Seccomp_filters:", 10, &optional);
    out->switches = number_of(text, "voluntary_ctxt_switches:", 10, &found) +
                    number_of(text, "nonvoluntary_ctxt_switches:", 10, &found);
    out->one_identity = four_alike(text, "Uid:") && four_alike(text, "Gid:");
    return found && out->state;
}

enum { STATUS = 4096 };

bool task_status(const char *path, struct task_status *out)
{
    char text[STATUS];
    return os_read_text(path, text, sizeof text) && parse_status(text, out);
}

bool task_status_again(int fd, struct task_status *out)
{
    char text[STATUS];
    return os_read_again(fd, text, sizeof text) && parse_status(text, out);
}
