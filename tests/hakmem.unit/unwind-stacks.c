/* SPDX-License-Identifier: MIT */
/* The unwinder on stacks that end in inaccessible pages, with frame pointers and frame addresses that are
 * anything: it finds what is there, never faults, always ends, and changes neither errno nor the mask of
 * signals; on the kernel's stack it makes no system call. */
/* { dg-link core asan ubsan } */
/* { dg-options "-O2" } */
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
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
enum { PAGE = 4096, SIZE = 16 * PAGE, MOST = 400 };
static uintptr_t pcs[MOST], top;
static struct unwound last;
static unsigned looks;
static volatile int depth; /* of a recursion without end */

/* FUNCTION on another stack, with a frame pointer. The first says nothing of its frame, the second that it
 * is found by the frame pointer. */
void on_stack(void *end, uintptr_t frame, void (*function)(void));
void on_stack_told(void *end, uintptr_t frame, void (*function)(void));
#define SWITCH                                                                                               \
    "push %rbp; push %rbx; mov %rsp, %rbx; mov %rdi, %rsp; mov %rsi, %rbp; call *%rdx; "                     \
    "mov %rbx, %rsp; pop %rbx; pop %rbp; ret\n"
__asm__(".text\non_stack: " SWITCH);
__asm__("on_stack_told: .cfi_startproc\n.cfi_def_cfa %rbp, 16\n.cfi_offset %rbp, -16\n" SWITCH
        ".cfi_endproc");

static __attribute__((noipa)) void look(void)
{
    static const uintptr_t tops[] = {0, 1, 8, (uintptr_t)-1, (uintptr_t)-8};
    sigset_t before, after;
    sigprocmask(SIG_BLOCK, NULL, &before);
    errno = 4711;
    for (unsigned i = 0; i < sizeof tops / sizeof *tops; i++) {
        last = unwind(pcs, MOST, tops[i], UNWIND_FRAMES);
        CHECK(last.depth < MOST || depth);
        last = unwind(pcs, MOST, tops[i], UNWIND_TABLES);
        CHECK(last.depth < MOST || depth);
    }
    last = unwind(pcs, MOST, top, UNWIND_FRAMES);
    CHECK(last.depth < MOST || depth);
    last = unwind(pcs, MOST, top, UNWIND_TABLES);
    CHECK(errno == 4711);
    sigprocmask(SIG_BLOCK, NULL, &after);
    CHECK(memcmp(&before, &after, 8) == 0);
    looks++;
}

static bool is_in(uintptr_t pc, const void *function)
{
    return pc > (uintptr_t)function && pc < (uintptr_t)function + 1000;
}

static __attribute__((noipa)) void first(void)
{
    look();
    CHECK(last.depth >= 2 && is_in(pcs[0], first));
    CHECK(is_in(pcs[1], on_stack) || is_in(pcs[1], on_stack_told));
}

static char *map_stack(void)
{
    char *p = mmap(NULL, SIZE + 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED && mprotect(p, PAGE, PROT_NONE) == 0);
    CHECK(mprotect(p + PAGE + SIZE, PAGE, PROT_NONE) == 0);
    return p + PAGE;
}

/* Words that a frame pointer may lead to: a next one and a return address. */
static void frame_pointers(char *stack)
{
    uintptr_t end = (uintptr_t)stack + SIZE, libc = (uintptr_t)qsort + 1;
    uintptr_t *word = (uintptr_t *)(stack + SIZE) - 8; /* above what runs */
    uintptr_t values[] = {0,
                          1,
                          8,
                          (uintptr_t)-1,
                          (uintptr_t)-8,
                          (uintptr_t)-16,
                          1ull << 47,
                          1ull << 63,
                          end,
                          end - 8,
                          end - 16,
                          end - 1,
                          end + PAGE,
                          end + 8 * PAGE,
                          (uintptr_t)stack - PAGE,
                          (uintptr_t)stack - 8,
                          (uintptr_t)stack,
                          (uintptr_t)word,
                          (uintptr_t)word + 1,
                          (uintptr_t)word + 4,
                          (uintptr_t)first,
                          (uintptr_t)&values,
                          (uintptr_t)&look,
                          (uintptr_t)__libc_stack_end};
    unsigned n = sizeof values / sizeof *values;
    for (unsigned i = 0; i < n; i++)
        for (unsigned j = 0; j < n + 2; j++)
            for (unsigned told = 0; told < 2; told++) {
                word[0] = word[2] = values[i];
                word[1] = word[3] = j < n ? values[j] : libc + (uintptr_t)j * 16;
                word[4] = (uintptr_t)word; /* a ring */
                word[5] = libc;
                top = i % 3 ? 0 : end - 1;
                void (*go)(void *, uintptr_t, void (*)(void)) = told ? on_stack_told : on_stack;
                go(word, values[i], first);
                go(word, (uintptr_t)(word + (j % 6)), first);
            }
    top = 0;
    on_stack(stack + SIZE, end, first); /* nothing above */
    on_stack_told(stack + SIZE, end - 8, first);
    on_stack_told(stack + SIZE, end, first);
}

/* What it needs of the stack, by a pattern that is overwritten. */
static __attribute__((noipa)) void measure(void)
{
    char *here = __builtin_frame_address(0);
    unwind(pcs, MOST, top, UNWIND_TABLES); /* finds what it finds once */
    for (char *p = here - 8 * PAGE; p < here - 256; p++)
        *(volatile char *)p = 0x55;
    last = unwind(pcs, MOST, top, UNWIND_TABLES);
    char *p = here - 8 * PAGE;
    while (*p == 0x55)
        p++;
    printf("%ld bytes of stack\n", (long)(here - p));
#if !defined(HAK_SANITIZED) && defined(__OPTIMIZE__)
    CHECK(here - p < 2048);
#endif
}

static ucontext_t back, coroutine;
static __attribute__((noipa)) void in_coroutine(void)
{
    look();
    CHECK(last.depth >= 1 && is_in(pcs[0], in_coroutine));
}

static void coroutines(char *stack)
{
    CHECK(getcontext(&coroutine) == 0);
    coroutine.uc_stack.ss_sp = stack;
    coroutine.uc_stack.ss_size = SIZE;
    coroutine.uc_link = &back;
    makecontext(&coroutine, in_coroutine, 0);
    CHECK(swapcontext(&back, &coroutine) == 0);
}

/* With a page for each frame. */
static __attribute__((noipa)) unsigned deep(unsigned n)
{
    volatile char page[PAGE] = {(char)n};
    if (n == 0)
        look();
    else
        page[1] = (char)deep(n - 1);
    return (unsigned)page[0];
}

static __attribute__((noipa)) int overflow(int n)
{
    volatile char some[200] = {(char)n};
    depth++;
    return n < 0 ? 0 : overflow(n + 1) + some[n % 7];
}

static void on_overflow(int signal)
{
    (void)signal;
    look();
    unsigned found = 0;
    for (unsigned i = 0; i < last.depth; i++)
        found += is_in(pcs[i], overflow);
    CHECK(found > 100);
    _exit(0);
}

static void *overflowing(void *stack)
{
    stack_t other = {.ss_sp = stack, .ss_size = SIZE};
    struct sigaction action = {.sa_handler = on_overflow, .sa_flags = SA_ONSTACK};
    CHECK(sigaltstack(&other, NULL) == 0 && sigaction(SIGSEGV, &action, NULL) == 0);
    overflow(0);
    return NULL;
}

static void *in_thread(void *stack)
{
    top = (uintptr_t)pthread_self();
    deep(60);
    CHECK(last.complete && last.depth > 60);
    frame_pointers(stack);
    coroutines(stack);
    return NULL;
}

static void ends_well(pid_t child)
{
    int status;
    CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0);
}

int main(void)
{
    char *stack = map_stack();
    top = 0;
    deep(300);
    CHECK(!last.complete && last.depth > 100); /* it does not ask for ever */
    top = (uintptr_t)__libc_stack_end;
    deep(300);
    CHECK(last.complete && last.depth > 300);
    frame_pointers(stack);
    coroutines(stack);
    on_stack(stack + SIZE, 0, measure);
    pthread_t id;
    CHECK(pthread_create(&id, NULL, in_thread, stack) == 0 && pthread_join(id, NULL) == 0);
    pid_t child = fork();
    if (child == 0) {
        pthread_attr_t attributes;
        pthread_attr_init(&attributes);
        pthread_attr_setstacksize(&attributes, 1 << 18);
        pthread_create(&id, &attributes, overflowing, stack);
        pthread_join(id, NULL);
    }
    ends_well(child);
#ifndef HAK_SANITIZED
    child = fork();
    if (child == 0) {
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
        last = unwind(pcs, MOST, (uintptr_t)__libc_stack_end, UNWIND_TABLES);
        syscall(SYS_exit, !last.complete);
    }
    ends_well(child);
#endif
    CHECK(looks > 2000);
    return 0;
}
#endif
