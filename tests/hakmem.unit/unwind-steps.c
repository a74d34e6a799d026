/* SPDX-License-Identifier: MIT */
/* The unwinder from a signal handler that interrupts after each instruction: in prologues and epilogues, on
 * the way through the PLT and the loader, in the C library's assembler. What the compiler's unwinder finds is
 * found, and the interrupted function is nearly always on the way to main. */
/* { dg-link core } */
/* { dg-variant "-O2 -mno-red-zone -Wl,-z,lazy" } */
/* { dg-variant "-O2 -mno-red-zone -Wl,-z,lazy -fcf-protection=none -fno-omit-frame-pointer" } */
/* { dg-variant "-O0 -mno-red-zone -Wl,-z,now -fno-plt" } */
/* { dg-timeout 300 } */
#include <alloca.h>
#include <signal.h>
#include <time.h>
#include <ucontext.h>

#include "check.h"
#include "base/unwind.h"

#if !defined(__x86_64__)
int main(void)
{
    return 77;
}
#else

extern void *__libc_stack_end;
enum { MOST = 100, TRAP = 0x100 };
#include "theirs.h"
static uintptr_t ours[MOST];
static struct {
    unsigned steps, same, longer, to_main;
} seen;
static uintptr_t top;

static __attribute__((noipa)) int aligned(int n)
{
    _Alignas(64) volatile char block[128] = {(char)n};
    char *p = alloca((size_t)n);
    *(volatile char *)p = 1;
    return block[0] + abs(*p);
}

static int compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static __attribute__((noipa)) void work(void)
{
    static int numbers[] = {5, 3, 8, 1, 9, 2, 7, 4};
    char text[100], *end;
    aligned(100);
    snprintf(text, sizeof text, "%d %s %.3f", 4711, "text", 0.815);
    strtol(text, &end, 10);
    qsort(numbers, 8, sizeof *numbers, compare);
    hide(strchr(text, 'x'));
    getenv("HOME");
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now); /* the kernel's own code */
    raise(SIGUSR1);
}

static void nothing(int signal)
{
    (void)signal;
}

static void stepped(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)info;
    uintptr_t at = (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    struct unwound u = unwind(ours, MOST, top, UNWIND_TABLES);
    their_depth = 0;
    _Unwind_Backtrace(note, NULL);
    unsigned n = 0;
    while (n < u.depth && n + 1 < their_depth && ours[n] == theirs[n + 1])
        n++;
    if (n + 1 < their_depth)
        dprintf(2, "at %lx: frame %u of %u and %u\n", (long)at, n, u.depth, their_depth - 1);
    CHECK(n + 1 == their_depth && u.depth >= 3 && ours[1] == at);
    seen.steps++;
    seen.same += n == u.depth;
    seen.longer += n < u.depth;
    seen.to_main += u.complete;
}

static void trap_flag(bool on)
{
    long flags;
    __asm__ volatile("pushf; pop %0" : "=r"(flags)::"memory");
    flags = on ? flags | TRAP : flags & ~(long)TRAP;
    __asm__ volatile("push %0; popf" ::"r"(flags) : "memory", "cc");
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = stepped, .sa_flags = SA_SIGINFO};
    CHECK(sigaction(SIGTRAP, &action, NULL) == 0);
    action.sa_handler = nothing;
    action.sa_flags = 0;
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    top = (uintptr_t)__libc_stack_end;
    trap_flag(true);
    work();
    trap_flag(false);
    printf("%u steps, %u alike, %u longer, %u complete\n", seen.steps, seen.same, seen.longer, seen.to_main);
    CHECK(seen.steps > 1000 && seen.to_main + seen.steps / 100 >= seen.steps);
    return 0;
}
#endif
