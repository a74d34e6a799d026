/* SPDX-License-Identifier: MIT */
/* base/expression.h - the expressions of call frame information, on a small stack of values.
 *
 * Compilers write them for functions that align their stack, linkers for the entries of the PLT, the C
 * library for the return from a signal handler. A bounded number of operations; memory is read by stack_word
 * alone. */
#ifndef HAK_EXPRESSION_H
#define HAK_EXPRESSION_H

#include "base/bytes.h"
#include "base/stack.h"

/* Registers by the numbers that the tables have for them; the last is where the frame goes on. */
#if defined(__aarch64__)
enum { CFI_FP = 0, CFI_SP = 1, CFI_PC = 2, CFI_REGISTERS = 3 }; /* nobody's numbers */
#else
enum { CFI_FP = 6, CFI_SP = 7, CFI_PC = 16, CFI_REGISTERS = 17 };
#endif

struct cfi_registers {
    uint64_t value[CFI_REGISTERS];
    uint32_t known; /* a bit for each */
    bool exact;     /* the frame was interrupted at its pc; else it is behind a call */
};

/* What the expression CODE comes to, with the value BEGIN on the stack, if there is one. False if it cannot
 * be said. */
bool expression_value(struct bytes code, const uint64_t *begin, const struct cfi_registers *registers,
                      struct stack *stack, uint64_t *result);

#endif
