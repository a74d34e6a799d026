/* SPDX-License-Identifier: MIT */
/* base/expression.c - the expressions of call frame information. */
#include "base/expression.h"

enum { VALUES = 16, MOST_OPERATIONS = 256 }; /* of what is met 3 and 9 */

struct evaluation {
    const struct cfi_registers *registers;
    struct stack *stack;
    const unsigned char *begin; /* of the code */
    struct bytes code;          /* what is left of it */
    uint64_t value[VALUES];
    unsigned depth;
    bool failed;
};

enum { /* the operations; where there are 32 of a kind, the first */
       OP_ADDR = 0x03,
       OP_DEREF = 0x06,
       OP_CONST1U = 0x08,
       OP_CONST8S = 0x0f,
       OP_CONSTU,
       OP_CONSTS,
       OP_DUP,
       OP_DROP,
       OP_OVER,
       OP_PICK,
       OP_SWAP,
       OP_ROT,
       OP_ABS = 0x19,
       OP_AND,
       OP_DIV,
       OP_MINUS,
       OP_MOD,
       OP_MUL,
       OP_NEG,
       OP_NOT,
       OP_OR,
       OP_PLUS,
       OP_PLUS_UCONST,
       OP_SHL,
       OP_SHR,
       OP_SHRA,
       OP_XOR,
       OP_BRA,
       OP_EQ,
       OP_GE,
       OP_GT,
       OP_LE,
       OP_LT,
       OP_NE,
       OP_SKIP,
       OP_LIT = 0x30,
       OP_REG = 0x50,
       OP_BREG = 0x70,
       OP_REGX = 0x90,
       OP_BREGX = 0x92,
       OP_DEREF_SIZE = 0x94,
       OP_NOP = 0x96
};

static void push(struct evaluation *e, uint64_t value)
{
    if (e->depth == VALUES)
        e->failed = true;
    else
        e->value[e->depth++] = value;
}

static uint64_t pop(struct evaluation *e)
{
    if (e->depth > 0)
        return e->value[--e->depth];
    e->failed = true;
    return 0;
}

/* The value that is N below the topmost. */
static uint64_t below(struct evaluation *e, uint64_t n)
{
    if (n < e->depth)
        return e->value[e->depth - 1 - n];
    e->failed = true;
    return 0;
}

static uint64_t value_of(struct evaluation *e, uint64_t reg)
{
    if (reg < CFI_REGISTERS && e->registers->known >> reg & 1)
        return e->registers->value[reg];
    e->failed = true;
    return 0;
}

static uint64_t load(struct evaluation *e, uint64_t at, unsigned size)
{
    uint64_t word = 0, within = at % sizeof word;
    if (size == 0 || within + size > sizeof word || !stack_word(e->stack, at - within, &word))
        e->failed = true;
    word >>= within * 8;
    return size < sizeof word ? word & ((1ull << size * 8) - 1) : word;
}

static void arithmetic(struct evaluation *e, unsigned op)
{
    uint64_t b = pop(e), a = pop(e), r = 0;
    int64_t sa = (int64_t)a, sb = (int64_t)b;
    switch (op) {
    case OP_AND: r = a & b; break;
    case OP_DIV: r = sb == -1 ? 0 - a : sb ? (uint64_t)(sa / sb) : 0; break;
    case OP_MINUS: r = a - b; break;
    case OP_MOD: r = b ? a % b : 0; break;
    case OP_MUL: r = a * b; break;
    case OP_OR: r = a | b; break;
    case OP_PLUS: r = a + b; break;
    case OP_SHL: r = b < 64 ? a << b : 0; break;
    case OP_SHR: r = b < 64 ? a >> b : 0; break;
    case OP_SHRA: r = (uint64_t)(sa >> (b < 64 ? b : 63)); break;
    case OP_XOR: r = a ^ b; break;
    case OP_EQ: r = sa == sb; break;
    case OP_GE: r = sa >= sb; break;
    case OP_GT: r = sa > sb; break;
    case OP_LE: r = sa <= sb; break;
    case OP_LT: r = sa < sb; break;
    case OP_NE: r = sa != sb; break;
    default: e->failed = true; break;
    }
    push(e, r);
}

static void jump(struct evaluation *e, bool taken)
{
    int64_t by = (int64_t)sign_extend(bytes_fixed(&e->code, 2), 16);
    if (!taken)
        return;
    if (by > (int64_t)bytes_left(&e->code) || by < e->begin - e->code.at)
        e->failed = true;
    else
        e->code.at += by;
}

static void reorder(struct evaluation *e, unsigned op)
{
    uint64_t a = op == OP_PICK ? 0 : pop(e), b, c;
    switch (op) {
    case OP_DUP: push(e, a), push(e, a); break;
    case OP_DROP: break;
    case OP_OVER: b = below(e, 0), push(e, a), push(e, b); break;
    case OP_PICK: push(e, below(e, bytes_fixed(&e->code, 1))); break;
    case OP_SWAP: b = pop(e), push(e, a), push(e, b); break;
    default: b = pop(e), c = pop(e), push(e, a), push(e, c), push(e, b); break; /* OP_ROT */
    }
}

static void operate(struct evaluation *e, unsigned op)
{
    uint64_t a;
    switch (op) {
    case OP_ADDR: push(e, bytes_fixed(&e->code, 8)); break;
    case OP_DEREF: push(e, load(e, pop(e), 8)); break;
    case OP_DEREF_SIZE: a = pop(e), push(e, load(e, a, (unsigned)bytes_fixed(&e->code, 1))); break;
    case OP_CONSTU: push(e, bytes_unsigned(&e->code)); break;
    case OP_CONSTS: push(e, bytes_signed(&e->code)); break;
    case OP_ABS: a = pop(e), push(e, (int64_t)a < 0 ? 0 - a : a); break;
    case OP_NEG: push(e, 0 - pop(e)); break;
    case OP_NOT: push(e, ~pop(e)); break;
    case OP_PLUS_UCONST: a = pop(e), push(e, a + bytes_unsigned(&e->code)); break;
    case OP_BRA: jump(e, pop(e) != 0); break;
    case OP_SKIP: jump(e, true); break;
    case OP_REGX: push(e, value_of(e, bytes_unsigned(&e->code))); break;
    case OP_BREGX: a = value_of(e, bytes_unsigned(&e->code)), push(e, a + bytes_signed(&e->code)); break;
    case OP_NOP: break;
    default: arithmetic(e, op); break;
    }
}

static void one_of_many(struct evaluation *e, unsigned op)
{
    if (op >= OP_LIT && op < OP_REG)
        push(e, op - OP_LIT);
    else if (op >= OP_REG && op < OP_BREG)
        push(e, value_of(e, op - OP_REG));
    else if (op >= OP_BREG && op < OP_REGX)
        push(e, value_of(e, op - OP_BREG) + bytes_signed(&e->code));
    else if (op >= OP_DUP && op <= OP_ROT)
        reorder(e, op);
    else if (op >= OP_CONST1U && op <= OP_CONST8S) {
        unsigned size = 1u << (op - OP_CONST1U) / 2;
        uint64_t value = bytes_fixed(&e->code, size);
        push(e, op & 1 ? sign_extend(value, size * 8) : value);
    } else
        operate(e, op);
}

bool expression_value(struct bytes code, const uint64_t *begin, const struct cfi_registers *registers,
                      struct stack *stack, uint64_t *result)
{
    struct evaluation e;
    e.registers = registers;
    e.stack = stack;
    e.begin = code.at;
    e.code = code;
    e.depth = 0;
    e.failed = false;
    if (begin)
        push(&e, *begin);
    for (unsigned n = 0; e.code.at < e.code.end && !e.failed && !e.code.short_of; n++) {
        one_of_many(&e, *e.code.at++);
        e.failed |= n == MOST_OPERATIONS;
    }
    *result = pop(&e);
    return !e.failed && !e.code.short_of;
}
