/* SPDX-License-Identifier: MIT */
/* base/segv.c - to be told of a fault of memory before the process ends by it. */
#include "base/segv.h"

#include <signal.h>
#include <ucontext.h>

#include "base/os.h"
#include "base/syscall.h"

#if (defined(__x86_64__) || defined(__aarch64__)) && defined(__LP64__)
#define HAK_SEGV 1
#else
#define HAK_SEGV 0
#endif

#if HAK_SEGV

/* As the kernel of both machines has it. */
struct action {
    uintptr_t handler; /* 0 is SIG_DFL */
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};

static void (*told)(const struct segv *fault); /* set before the action is, and fixed */

static bool set_action(const struct action *action, struct action *before)
{
    return !kernel_refused(kernel_call(SYS_rt_sigaction, SIGSEGV, action, before, sizeof before->mask, 0, 0));
}

#if defined(__x86_64__)
enum { RESTORER = 0x04000000, WRITE_FAULT = 2 };

/* What a handler returns to: the kernel of this machine has no code of its own for that. */
__attribute__((naked)) static void leave_handler(void)
{
    __asm__ volatile("mov %0, %%rax\n\tsyscall" : : "i"(SYS_rt_sigreturn));
}

static void look(const ucontext_t *context, struct segv *fault)
{
    const greg_t *reg = context->uc_mcontext.gregs;
    fault->pc = (uintptr_t)reg[REG_RIP];
    fault->access = reg[REG_ERR] & WRITE_FAULT ? SEGV_WRITE : SEGV_READ;
}
#else
enum { RESTORER = 0 };
static void (*const leave_handler)(void) = NULL;

static void look(const ucontext_t *context, struct segv *fault)
{
    fault->pc = context->uc_mcontext.pc;
}
#endif

/* The kernel makes the same fault again once its instruction is repeated. What another process sent is sent
 * again, and delivered as this returns. */
static void on_segv(int signal, siginfo_t *info, void *context)
{
    const struct action none = {0};
    struct segv fault = {.address = (uintptr_t)info->si_addr};
    if (info->si_code > 0) {
        look(context, &fault);
        told(&fault);
    }
    (void)set_action(&none, NULL);
    if (info->si_code <= 0)
        kernel_call(SYS_tgkill, os_pid(), os_tid(), signal, 0, 0, 0);
}

bool segv_catch(void (*handler)(const struct segv *fault))
{
    const struct action ours = {(uintptr_t)on_segv, SA_SIGINFO | SA_ONSTACK | RESTORER, leave_handler, 0};
    struct action now;
    told = handler;
    if (!set_action(NULL, &now) || now.handler != 0)
        return false;
    return set_action(&ours, NULL);
}

#else

bool segv_catch(void (*handler)(const struct segv *fault))
{
    (void)handler;
    return false;
}

#endif
