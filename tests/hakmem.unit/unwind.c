/* SPDX-License-Identifier: MIT */
/* The unwinder in malloc finds the frames that the compiler's own finds: in recursion, with stacks of
 * variable size and aligned ones, through the C library, from signal handlers on this stack and on another,
 * in threads, before main and in the child of vfork. */
/* { dg-link core asan ubsan } */
/* { dg-variant "-O2 -fomit-frame-pointer" } */
/* { dg-variant "-O2 -fno-omit-frame-pointer" } */
/* { dg-variant "-O0" } */
/* { dg-variant "-O2 -fno-pie -no-pie -Wl,-z,noseparate-code" } */
#include <alloca.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "check.h"
#include "base/unwind.h"

extern void *__libc_stack_end;
enum { MOST = 300 };
#include "theirs.h"
static uintptr_t ours[MOST + 1];
static unsigned looks;
static uintptr_t top; /* of the thread that looks; 0: not told */

/* Theirs begins with this function itself. */
static __attribute__((noinline)) void look(void)
{
    errno = 4711;
    struct unwound u = unwind(ours, MOST, top, UNWIND_TABLES);
    CHECK(errno == 4711);
    their_depth = 0;
    _Unwind_Backtrace(note, NULL);
    for (unsigned i = 0; i + 1 < their_depth && i < u.depth; i++)
        if (ours[i] != theirs[i + 1])
            dprintf(2, "frame %u: %lx, not %lx\n", i, (long)ours[i], (long)theirs[i + 1]);
    if (u.depth + 1 != their_depth)
        dprintf(2, "%u frames, not %u\n", u.depth, their_depth - 1);
    CHECK(u.depth + 1 == their_depth && memcmp(ours, theirs + 1, u.depth * sizeof *ours) == 0);
    CHECK(u.complete);
    CHECK(unwind(ours, 3, top, UNWIND_TABLES).depth == 3 && memcmp(ours, theirs + 1, 3 * sizeof *ours) == 0);
    CHECK(unwind(ours, 0, top, UNWIND_TABLES).depth == 0 && unwind(ours, MOST, top, UNWIND_NONE).depth == 0);
    looks++;
}

static __attribute__((noinline)) int recurse(int n)
{
    volatile int local[3] = {n, 2, 3};
    if (n == 0)
        look();
    else
        local[1] = recurse(n - 1);
    return local[0] + local[1];
}

static __attribute__((noinline)) int with_alloca(int n)
{
    char *p = alloca((size_t)n);
    memset(p, n, (size_t)n);
    recurse(2);
    return *(volatile char *)p;
}

/* The compiler aligns the stack, and finds the frame by a register or by what it saved. */
static __attribute__((noinline)) int aligned(int n)
{
    _Alignas(64) volatile char block[128] = {(char)n};
    char *p = alloca((size_t)n);
    *(volatile char *)p = 1;
    CHECK((uintptr_t)block % 64 == 0);
    recurse(n % 3);
    return block[0];
}

static int seen;
static int compare(const void *a, const void *b)
{
    if (seen++ == 5)
        aligned(33);
    return *(const int *)a - *(const int *)b;
}

static void handler(int signal)
{
    (void)signal;
    recurse(1);
}

/* Interrupted where it stands, with a stack that no call has made ready. */
static __attribute__((noinline)) void interrupted(long n)
{
    volatile long local[20] = {n};
    *(volatile char *)alloca((size_t)n) = 1;
#if defined(__x86_64__)
    __asm__ volatile("ud2");
#else
    __asm__ volatile("udf #0");
#endif
    CHECK(local[0] == n);
}

static sig_atomic_t traps;
static void trapped(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    recurse(1);
    traps++;
#if defined(__x86_64__)
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP] += 2; /* ud2 */
#else
    ((ucontext_t *)context)->uc_mcontext.pc += 4;
#endif
}

static void signals(int flags)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    raise(SIGUSR1);
    with_alloca(77);
    action.sa_sigaction = trapped;
    action.sa_flags = flags | SA_SIGINFO;
    CHECK(sigaction(SIGILL, &action, NULL) == 0);
    int before = traps;
    interrupted(100);
    CHECK(traps == before + 1);
}

static void everything(void)
{
    static char other_stack[1 << 16];
    static int numbers[] = {5, 3, 8, 1, 9, 2, 7, 4};
    recurse(0);
    recurse(100);
    with_alloca(5000);
    aligned(1000);
    seen = 0;
    qsort(numbers, 8, sizeof *numbers, compare);
    signals(0);
    stack_t stack = {.ss_sp = other_stack, .ss_size = sizeof other_stack};
    CHECK(sigaltstack(&stack, NULL) == 0);
    signals(SA_ONSTACK);
    stack.ss_flags = SS_DISABLE;
    CHECK(sigaltstack(&stack, NULL) == 0);
}

static void *thread(void *told)
{
    top = told ? (uintptr_t)pthread_self() : 0;
    everything();
    return NULL;
}

static __attribute__((constructor)) void early(void)
{
    recurse(3);
}

int main(void)
{
    everything();
    top = (uintptr_t)__libc_stack_end;
    everything();
    for (int told = 0; told < 2; told++) {
        pthread_t id;
        CHECK(pthread_create(&id, NULL, thread, told ? &id : NULL) == 0 && pthread_join(id, NULL) == 0);
    }
    top = 0;
    pid_t child = vfork();
    if (child == 0) {
        recurse(5);
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(looks == 4 * 11 + 2);
    return 0;
}
