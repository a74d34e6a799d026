/* SPDX-License-Identifier: MIT */
/* base/cfi.h - call frame information: from a frame to its caller by the tables that compilers write for
 * exceptions (.eh_frame, found by the sorted table in .eh_frame_hdr). x86-64; on other machines there is
 * none.
 *
 * The tables are believed in nothing: every byte is read within the range given, a program or an expression
 * has a bounded number of steps, and what it says of the stack is read by stack_word. No lock, no
 * allocation, no call. */
#ifndef HAK_CFI_H
#define HAK_CFI_H

#include "base/atomic.h"
#include "base/expression.h"

struct cfi_tables {
    const unsigned char *from, *to; /* what can be read: .eh_frame and .eh_frame_hdr lie there */
    const unsigned char *header;    /* .eh_frame_hdr, or NULL */
};

/* Where the registers of the caller are: columns for them and for the canonical frame address. */
enum { CFI_CFA = CFI_REGISTERS, CFI_COLUMNS };
struct cfi_row {
    int32_t n[CFI_COLUMNS];
    uint8_t how[CFI_COLUMNS];
    uint8_t cfa_register;
    uint32_t ruled; /* a bit for each column that something is said of */
};

/* What functions have in common (CIE): kept from one step to the next, as most have the same. */
struct cfi_common {
    uintptr_t at; /* 0 before the first step */
    uint64_t code_unit, data_unit;
    unsigned encoding, return_column;
    bool signal, augmented;
    struct cfi_row first; /* with which each begins */
};

enum cfi_step {
    CFI_CALLER,    /* the registers are those of the caller */
    CFI_OUTERMOST, /* there is no caller */
    CFI_NONE,      /* the tables do not cover the pc, or are of a kind that is not read here */
    CFI_LOST       /* they are damaged, or lead to what cannot be read */
};

/* Rows that were found before, where a pc has one as most have: the CFA is a distance from the stack or the
 * frame pointer, and what is saved lies near it. 230 instructions, where reading the tables takes 1,400.
 *
 * `row` is one word, `mark` that word and the key, which tells pc and object, by exclusive or. Any thread
 * writes them, one after the other, and reads them; two writers may mix. A pair whose mark does not fit is
 * none; so no order is needed. A library that was unloaded, and another at its place with its tables at the
 * same place and as many, has rows of the old one: its frames may be told wrong, until others take their
 * places. */
struct cfi_known {
    _Atomic(uint64_t) mark, row;
};
/* Use MEMORY for ENTRIES of them, a power of two, from now on. Once. */
void cfi_remember(struct cfi_known *memory, unsigned entries);

/* *CFA, the canonical frame address, is the caller's stack pointer for nearly all functions. The registers
 * change only with CFI_CALLER. */
enum cfi_step cfi_step(const struct cfi_tables *tables, struct cfi_common *common, struct stack *stack,
                       struct cfi_registers *registers, uintptr_t *cfa);

#endif
