/* SPDX-License-Identifier: MIT */
/* base/stack.h - words of a stack, read without a fault.
 *
 * What lies between the stack pointer and the known top of the stack can be read, where it is sure that both
 * are of one stack. Handlers and coroutines have stacks of their own, which may lie close below that of a
 * thread, with the guard page of the latter in between. So the top is believed
 *   - where it is less than NEAR bytes away: a stack with its guard page is not smaller;
 *   - on the stack that the kernel made for the process, below which it leaves 128 MiB free of other
 *     mappings.
 * All else is asked of the kernel, page by page (os_readable): a question costs less than a frame. */
#ifndef HAK_STACK_H
#define HAK_STACK_H

#include "base/compiler.h"

struct stack {
    uintptr_t from, to; /* multiples of 8: what lies between can be read */
    uintptr_t top;      /* no frame of the thread lies above; 0: not known */
    bool below;         /* the top, that is: the walk has not gone to a stack above it */
    unsigned asked;     /* questions to the kernel */
};

/* The walk goes to the stack that SP lies on. ALIVE: the calling thread runs there. False if nothing can be
 * read at SP. */
bool stack_enter(struct stack *s, uintptr_t sp, bool alive);

/* Can the word at AT be read? It is not between `from` and `to`. */
bool stack_ask(struct stack *s, uintptr_t at);

static inline bool stack_has(const struct stack *s, uintptr_t at)
{
    return at >= s->from && at < s->to;
}

/* Sanitizers mark what lies between the variables of a function: whoever reads frames as they are reads
 * that, too. */
NO_ASAN static inline bool stack_word(struct stack *s, uintptr_t at, uint64_t *word)
{
    if (at == 0 || at % sizeof *word != 0 || (UNLIKELY(!stack_has(s, at)) && !stack_ask(s, at)))
        return false;
    *word = *(const uint64_t MAY_ALIAS *)at;
    return true;
}

#endif
