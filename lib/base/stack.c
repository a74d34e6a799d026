/* SPDX-License-Identifier: MIT */
/* base/stack.c - words of a stack, read without a fault. */
#include "base/stack.h"

#include "base/atomic.h"
#include "base/bits.h"
#include "base/os.h"

enum {
    NEAR = 8 << 10,      /* PTHREAD_STACK_MIN, less a guard page and the thread's own variables */
    DEEP = 64 << 20,     /* of the kernel's stack; with a new limit it may grow to more */
    ARGUMENTS = 8 << 20, /* above all frames: the kernel allows 6 MiB */
    QUESTIONS = 128
};

/* The name of the program, which the kernel puts above everything else. */
static uintptr_t kernels_end(void)
{
    static _Atomic(uintptr_t) end; /* the same whoever stores it */
    uintptr_t at = load_relaxed(&end);
    if (!at)
        store_relaxed(&end, at = (uintptr_t)os_started_as());
    return at;
}

static bool is_kernels(uintptr_t top)
{
    uintptr_t end = kernels_end();
    return top <= end && end - top < ARGUMENTS;
}

static bool top_is_of(const struct stack *s, uintptr_t sp)
{
    return sp < s->top && (s->top - sp <= NEAR || (s->top - sp <= DEEP && is_kernels(s->top)));
}

bool stack_enter(struct stack *s, uintptr_t sp, bool alive)
{
    uintptr_t word = sizeof(uint64_t), size = os_page_size();
    s->below = sp < s->top;
    s->from = s->to = round_down(sp, size);
    if (alive)
        s->to += size;
    else if (!stack_ask(s, round_down(sp, word)))
        return false;
    if (top_is_of(s, sp))
        s->to = round_down(s->top, word);
    return true;
}

bool stack_ask(struct stack *s, uintptr_t at)
{
    uintptr_t size = os_page_size(), page = round_down(at, size);
    if ((s->below && at >= s->top) || s->asked == QUESTIONS)
        return false;
    s->asked++;
    if (!os_readable(page))
        return false;
    if (page != s->to)
        s->from = page;
    s->to = page + size;
    return true;
}
