/* SPDX-License-Identifier: MIT */
/* base/cfi.c - call frame information: from a frame to its caller.
 *
 * The header's table leads by bisection to the description of a function (FDE), which names what it has in
 * common with others (CIE). Both hold instructions that make up a row, where each register of the caller is
 * to be found, for one pc after another, until the pc that is asked for is passed. */
#include "base/cfi.h"

#include "base/bytes.h"

#if defined(__x86_64__) && defined(__LP64__)

enum {
    SAVED_ROWS = 2,           /* of what is met one is remembered */
    MOST_INSTRUCTIONS = 20000 /* the longest of node's functions has 2,232 */
};

/* Encodings of pointers: the low bits are the form, the others what it is relative to. */
enum { ENC_FORM = 0x0f, ENC_TO = 0xf0, ENC_ABSOLUTE = 0x00, ENC_PC = 0x10, ENC_DATA = 0x30 };
enum { FORM_WORD = 0, FORM_U2 = 2, FORM_U4 = 3, FORM_U8 = 4, FORM_S2 = 10, FORM_S4 = 11, FORM_S8 = 12 };

static unsigned size_of(unsigned encoding)
{
    switch (encoding & ENC_FORM) {
    case FORM_U2:
    case FORM_S2: return 2;
    case FORM_U4:
    case FORM_S4: return 4;
    case FORM_WORD:
    case FORM_U8:
    case FORM_S8: return 8;
    default: return 0; /* of no fixed size, which nobody writes */
    }
}

static uint64_t pointer(struct bytes *b, unsigned encoding)
{
    uintptr_t here = (uintptr_t)b->at;
    unsigned size = size_of(encoding), to = encoding & ENC_TO;
    if (size == 0 || (to != ENC_PC && to != ENC_ABSOLUTE)) {
        b->short_of = true;
        return 0;
    }
    uint64_t value = bytes_fixed(b, size);
    if ((encoding & ENC_FORM) >= FORM_S2)
        value = sign_extend(value, size * 8);
    return to == ENC_PC ? value + here : value;
}

/* --- Records of the tables -----------------------------------------------------------------------*/

/* Of the entries of the header's table, pairs of a function's first pc and its FDE, relative to the header,
 * the last that begins at PC or below. 0: none, or a table of another kind. */
static uintptr_t find(const struct cfi_tables *t, uintptr_t pc)
{
    enum { VERSION = 1, SORTED = ENC_DATA | FORM_S4 };
    struct entry {
        int32_t from, fde;
    };
    struct bytes b = bytes_at(t->from, t->to, (uintptr_t)t->header);
    unsigned version = (unsigned)bytes_fixed(&b, 1), to_frames = (unsigned)bytes_fixed(&b, 1);
    unsigned counted = (unsigned)bytes_fixed(&b, 1), table = (unsigned)bytes_fixed(&b, 1);
    if (version != VERSION || table != SORTED || counted != FORM_U4 || size_of(to_frames) != 4 ||
        (uintptr_t)t->header % sizeof(int32_t) != 0)
        return 0;
    bytes_fixed(&b, 4);
    size_t count = bytes_fixed(&b, 4);
    const struct entry *first = (const struct entry *)b.at;
    int64_t wanted = (int64_t)(pc - (uintptr_t)t->header);
    if (b.short_of || count == 0 || count > bytes_left(&b) / sizeof *first)
        return 0;
    while (count > 1) {
        size_t half = count / 2;
        first += first[half].from <= wanted ? half : 0;
        count -= half;
    }
    return first->from <= wanted ? (uintptr_t)t->header + (uintptr_t)(intptr_t)first->fde : 0;
}

/* A CIE or FDE; *ID is 0 for a CIE, else how far back from *ID_AT its CIE is. */
static struct bytes record(const struct cfi_tables *t, uint64_t at, uint64_t *id, uint64_t *id_at)
{
    struct bytes all = bytes_at(t->from, t->to, at);
    uint64_t length = bytes_fixed(&all, 4); /* 0xffffffff, longer ones, is more than there is */
    struct bytes b = bytes_part(&all, length);
    *id_at = (uintptr_t)b.at;
    *id = bytes_fixed(&b, 4);
    return b;
}

/* What the letters of the augmentation stand for. False for one that is not known. */
static bool augmentation(struct bytes letters, struct bytes *data, struct cfi_common *c)
{
    while (bytes_left(&letters))
        switch (*letters.at++) {
        case 'R': c->encoding = (unsigned)bytes_fixed(data, 1); break;
        case 'L': bytes_fixed(data, 1); break;
        case 'P': bytes_fixed(data, size_of((unsigned)bytes_fixed(data, 1))); break;
        case 'S': c->signal = true; break;
        case 'B': break;
        default: return false;
        }
    return !data->short_of;
}

/* --- Rows ----------------------------------------------------------------------------------------*/

/* Where a register of the caller is. Below, N is the number that goes with it. */
enum how {
    AS_IT_IS,
    AT_CFA,        /* saved at the CFA + N */
    CFA_PLUS,      /* its value is the CFA + N */
    IN_REGISTER,   /* register N */
    AT_EXPRESSION, /* saved where the expression N bytes behind the tables' begin says */
    EXPRESSION,    /* its value is that of the expression */
    NOWHERE
};

struct program {
    const struct cfi_tables *tables;
    const struct cfi_common *common;
    bool begun; /* behind the instructions of the CIE */
    bool damaged;
    uint64_t pc, wanted;
    unsigned saved, steps;
    struct cfi_row row, save[SAVED_ROWS];
};

static inline void set(struct program *p, unsigned column, enum how how, uint64_t n)
{
    p->row.how[column] = (uint8_t)how;
    p->row.n[column] = (int32_t)n;
    p->row.ruled |= 1u << column;
    p->damaged |= (int64_t)n != (int32_t)n;
}

/* Vector registers are passed over. */
static inline void rule(struct program *p, uint64_t column, enum how how, uint64_t n)
{
    if (column < CFI_REGISTERS)
        set(p, (unsigned)column, how, n);
}

static void restore(struct program *p, uint64_t column)
{
    if (column >= CFI_REGISTERS)
        return;
    p->row.how[column] = p->begun ? p->common->first.how[column] : (uint8_t)AS_IT_IS;
    p->row.n[column] = p->begun ? p->common->first.n[column] : 0;
}

/* An offset alone does not change what an expression says. */
static void cfa_is(struct program *p, uint64_t base, uint64_t offset, bool from_register)
{
    p->damaged |= base >= CFI_REGISTERS;
    p->row.cfa_register = (uint8_t)base;
    if (from_register || p->row.how[CFI_CFA] == IN_REGISTER)
        set(p, CFI_CFA, IN_REGISTER, offset);
}

static uint64_t expression(struct program *p, struct bytes *b)
{
    uint64_t at = (uint64_t)(b->at - p->tables->from);
    bytes_part(b, bytes_unsigned(b));
    return at;
}

static void remember(struct program *p)
{
    if (p->saved == SAVED_ROWS)
        p->damaged = true;
    else
        p->save[p->saved++] = p->row;
}

static void recall(struct program *p)
{
    if (p->saved == 0)
        p->damaged = true;
    else
        p->row = p->save[--p->saved];
}

enum { /* the instructions; of the first three the low six bits are an operand */
       ADVANCE = 0x40,
       OFFSET = 0x80,
       RESTORE = 0xc0,
       NOP = 0x00,
       SET_LOC,
       ADVANCE_1,
       ADVANCE_2,
       ADVANCE_4,
       OFFSET_EXTENDED,
       RESTORE_EXTENDED,
       UNDEFINED,
       SAME_VALUE,
       REGISTER,
       REMEMBER_STATE,
       RESTORE_STATE,
       DEF_CFA,
       DEF_CFA_REGISTER,
       DEF_CFA_OFFSET,
       DEF_CFA_EXPRESSION,
       AT_EXPRESSION_IS,
       OFFSET_EXTENDED_SF,
       DEF_CFA_SF,
       DEF_CFA_OFFSET_SF,
       VAL_OFFSET,
       VAL_OFFSET_SF,
       VAL_EXPRESSION,
       ARGUMENTS_SIZE = 0x2e,
       NEGATIVE_OFFSET = 0x2f
};

static void define_cfa(struct program *p, unsigned instruction, struct bytes *b)
{
    uint64_t unit = p->common->data_unit, base = p->row.cfa_register;
    switch (instruction) {
    case DEF_CFA:
        base = bytes_unsigned(b);
        cfa_is(p, base, bytes_unsigned(b), true);
        break;
    case DEF_CFA_SF:
        base = bytes_unsigned(b);
        cfa_is(p, base, bytes_signed(b) * unit, true);
        break;
    case DEF_CFA_REGISTER:
        p->damaged |= p->row.how[CFI_CFA] != IN_REGISTER;
        cfa_is(p, bytes_unsigned(b), (uint64_t)p->row.n[CFI_CFA], true);
        break;
    case DEF_CFA_OFFSET: cfa_is(p, base, bytes_unsigned(b), false); break;
    case DEF_CFA_OFFSET_SF: cfa_is(p, base, bytes_signed(b) * unit, false); break;
    default: set(p, CFI_CFA, EXPRESSION, expression(p, b)); break;
    }
}

static void define_register(struct program *p, unsigned instruction, struct bytes *b)
{
    uint64_t unit = p->common->data_unit, column = bytes_unsigned(b);
    switch (instruction) {
    case OFFSET_EXTENDED: rule(p, column, AT_CFA, bytes_unsigned(b) * unit); break;
    case OFFSET_EXTENDED_SF: rule(p, column, AT_CFA, bytes_signed(b) * unit); break;
    case NEGATIVE_OFFSET: rule(p, column, AT_CFA, 0 - bytes_unsigned(b) * unit); break;
    case VAL_OFFSET: rule(p, column, CFA_PLUS, bytes_unsigned(b) * unit); break;
    case VAL_OFFSET_SF: rule(p, column, CFA_PLUS, bytes_signed(b) * unit); break;
    case AT_EXPRESSION_IS: rule(p, column, AT_EXPRESSION, expression(p, b)); break;
    case VAL_EXPRESSION: rule(p, column, EXPRESSION, expression(p, b)); break;
    case REGISTER: rule(p, column, IN_REGISTER, bytes_unsigned(b)); break;
    case RESTORE_EXTENDED: restore(p, column); break;
    case UNDEFINED: rule(p, column, NOWHERE, 0); break;
    default: rule(p, column, AS_IT_IS, 0); break;
    }
}

static void follow(struct program *p, unsigned instruction, struct bytes *b)
{
    uint64_t unit = p->common->code_unit;
    switch (instruction) {
    case NOP: break;
    case SET_LOC: p->pc = pointer(b, p->common->encoding); break;
    case ADVANCE_1: p->pc += bytes_fixed(b, 1) * unit; break;
    case ADVANCE_2: p->pc += bytes_fixed(b, 2) * unit; break;
    case ADVANCE_4: p->pc += bytes_fixed(b, 4) * unit; break;
    case REMEMBER_STATE: remember(p); break;
    case RESTORE_STATE: recall(p); break;
    case ARGUMENTS_SIZE: bytes_unsigned(b); break;
    case DEF_CFA:
    case DEF_CFA_SF:
    case DEF_CFA_REGISTER:
    case DEF_CFA_OFFSET:
    case DEF_CFA_OFFSET_SF:
    case DEF_CFA_EXPRESSION: define_cfa(p, instruction, b); break;
    default:
        p->damaged |= instruction > VAL_EXPRESSION && instruction != NEGATIVE_OFFSET;
        define_register(p, instruction, b);
        break;
    }
}

/* Up to the end, or until the pc that is asked for is passed. */
static bool run(struct program *p, struct bytes b)
{
    enum { KIND = 0xc0 };
    while (b.at < b.end && p->pc <= p->wanted && !p->damaged) {
        unsigned byte = *b.at++, operand = byte & ~(unsigned)KIND;
        switch (byte & KIND) {
        case ADVANCE: p->pc += operand * p->common->code_unit; break;
        case OFFSET: rule(p, operand, AT_CFA, bytes_unsigned(&b) * p->common->data_unit); break;
        case RESTORE: restore(p, operand); break;
        default: follow(p, byte, &b); break;
        }
        p->damaged |= ++p->steps > MOST_INSTRUCTIONS;
    }
    return !p->damaged && !b.short_of;
}

static void start(struct program *p, const struct cfi_tables *t, const struct cfi_common *c)
{
    p->tables = t;
    p->common = c;
    p->begun = p->damaged = false;
    p->pc = p->wanted = 0;
    p->saved = p->steps = 0;
    p->row = (struct cfi_row){.ruled = 0};
}

/* --- The description of a function ---------------------------------------------------------------*/

/* The CIE at AT, but for its instructions, which *B is left at. */
static bool read_common(struct bytes *b, struct cfi_common *c)
{
    struct bytes letters = *b;
    unsigned version = (unsigned)bytes_fixed(b, 1);
    if (version != 1 && version != 3)
        return false;
    letters.at = b->at;
    while (bytes_fixed(b, 1))
        ;
    if (b->short_of)
        return false;
    letters.end = b->at - 1;
    c->code_unit = bytes_unsigned(b);
    c->data_unit = bytes_signed(b);
    c->return_column = (unsigned)(version == 1 ? bytes_fixed(b, 1) : bytes_unsigned(b));
    c->encoding = ENC_ABSOLUTE;
    c->signal = false;
    c->augmented = bytes_left(&letters) && *letters.at == 'z';
    if (b->short_of || c->return_column >= CFI_REGISTERS || (!c->augmented && bytes_left(&letters)))
        return false;
    if (c->augmented) {
        struct bytes data = bytes_part(b, bytes_unsigned(b));
        letters.at++;
        return augmentation(letters, &data, c);
    }
    return true;
}

/* *C becomes that of the CIE at AT. */
static bool find_common(struct program *p, const struct cfi_tables *t, uintptr_t at, struct cfi_common *c)
{
    uint64_t id, id_at;
    if (c->at == at)
        return true;
    c->at = 0;
    struct bytes b = record(t, at, &id, &id_at);
    if (id != 0 || !read_common(&b, c))
        return false;
    start(p, t, c);
    if (!run(p, b))
        return false;
    c->first = p->row;
    c->at = at;
    return true;
}

/* The row of PC. CFI_CALLER: found. */
static enum cfi_step find_row(struct program *p, const struct cfi_tables *t, struct cfi_common *c,
                              uintptr_t pc)
{
    uint64_t id, id_at;
    uintptr_t at = t->header ? find(t, pc) : 0;
    if (at == 0)
        return CFI_NONE;
    struct bytes b = record(t, at, &id, &id_at);
    if (b.short_of || id == 0 || !find_common(p, t, id_at - id, c))
        return CFI_LOST;
    start(p, t, c);
    p->begun = true;
    p->pc = pointer(&b, c->encoding);
    p->wanted = pc;
    p->row = c->first;
    uint64_t size = pointer(&b, c->encoding & ENC_FORM);
    if (c->augmented)
        bytes_part(&b, bytes_unsigned(&b));
    if (b.short_of)
        return CFI_LOST;
    if (pc - p->pc >= size)
        return CFI_NONE;
    return run(p, b) ? CFI_CALLER : CFI_LOST;
}

/* --- To the caller -------------------------------------------------------------------------------*/

struct frame { /* as it is before the step */
    const struct program *program;
    const struct cfi_registers *registers;
    struct stack *stack;
    uint64_t cfa;
};

static bool in_register(const struct frame *f, uint64_t column, uint64_t *value)
{
    if (column >= CFI_REGISTERS || !(f->registers->known >> column & 1))
        return false;
    *value = f->registers->value[column];
    return true;
}

static bool by_expression(const struct frame *f, uint32_t at, const uint64_t *begin, uint64_t *value)
{
    const struct cfi_tables *t = f->program->tables;
    struct bytes all = bytes_at(t->from, t->to, (uintptr_t)t->from + at);
    struct bytes code = bytes_part(&all, bytes_unsigned(&all));
    return expression_value(code, begin, f->registers, f->stack, value);
}

static bool find_cfa(struct frame *f)
{
    const struct cfi_row *row = &f->program->row;
    if (row->how[CFI_CFA] == EXPRESSION)
        return by_expression(f, (uint32_t)row->n[CFI_CFA], NULL, &f->cfa);
    if (row->how[CFI_CFA] != IN_REGISTER || !in_register(f, row->cfa_register, &f->cfa))
        return false;
    f->cfa += (uint64_t)row->n[CFI_CFA];
    return true;
}

/* What COLUMN is in the caller. False if it cannot be said. */
static bool find_value(const struct frame *f, unsigned column, uint64_t *value)
{
    uint64_t n = (uint64_t)f->program->row.n[column];
    switch (f->program->row.how[column]) {
    case AT_CFA: return stack_word(f->stack, f->cfa + n, value);
    case CFA_PLUS: *value = f->cfa + n; return true;
    case IN_REGISTER: return in_register(f, n, value);
    case EXPRESSION: return by_expression(f, (uint32_t)n, &f->cfa, value);
    case AT_EXPRESSION:
        return by_expression(f, (uint32_t)n, &f->cfa, value) && stack_word(f->stack, *value, value);
    default: return false;
    }
}

/* Registers that nothing is said of are the caller's, as functions that save none keep those that they have
 * to. */
static enum cfi_step apply(const struct program *p, struct stack *stack, struct cfi_registers *r,
                           uintptr_t *cfa)
{
    struct cfi_registers next = *r;
    struct frame f = {.program = p, .registers = r, .stack = stack};
    unsigned column = p->common->return_column;
    if (p->row.how[column] == NOWHERE)
        return CFI_OUTERMOST;
    if (p->row.how[column] == AS_IT_IS || !find_cfa(&f))
        return CFI_LOST;
    next.value[CFI_SP] = *cfa = f.cfa;
    for (uint32_t ruled = p->row.ruled & ~(1u << CFI_CFA); ruled; ruled &= ruled - 1) {
        unsigned i = (unsigned)__builtin_ctz(ruled);
        if (p->row.how[i] == AS_IT_IS)
            continue;
        bool known = find_value(&f, i, &next.value[i]);
        next.known = (next.known & ~(1u << i)) | (uint32_t)known << i;
    }
    if (!(next.known >> column & 1) || !(next.known >> CFI_SP & 1))
        return CFI_LOST;
    next.value[CFI_PC] = next.value[column];
    next.known |= 1u << CFI_PC;
    next.exact = p->common->signal;
    *r = next;
    return CFI_CALLER;
}

/* --- Rows that are known -------------------------------------------------------------------------*/

/* Of a word, from the lowest bits on: where each of these registers is saved, below the CFA; whether the
 * CFA is told from the frame pointer; its distance. All in words of the stack. */
static const uint8_t callee_saved[] = {3, 6, 12, 13, 14, 15};
enum {
    SAVED = sizeof callee_saved,
    PLACE_BITS = 8,
    BY_FP_BIT = SAVED * PLACE_BITS,
    DISTANCE_BIT,
    DISTANCE_MOST = (1 << (64 - DISTANCE_BIT)) - 1,
    WORD = sizeof(uint64_t)
};

static _Atomic(struct cfi_known *) known_rows; /* release, behind the next */
static unsigned known_entries;

void cfi_remember(struct cfi_known *memory, unsigned entries)
{
    known_entries = entries;
    store_release(&known_rows, memory);
}

static uint64_t key_of(const struct cfi_tables *t, uintptr_t pc)
{
    enum { COUNT_AT = 8 };
    struct bytes b = bytes_at(t->from, t->to, (uintptr_t)t->header + COUNT_AT);
    uint64_t object = ((uintptr_t)t->header ^ bytes_fixed(&b, 4) << 32) * UINT64_C(0x9e3779b97f4a7c15);
    return pc ^ (object & UINT64_MAX << 48);
}

static struct cfi_known *known_at(uint64_t key)
{
    struct cfi_known *rows = load_acquire(&known_rows);
    return rows ? &rows[(key * UINT64_C(0x9e3779b97f4a7c15)) >> 32 & (known_entries - 1)] : NULL;
}

/* Where a register of ROW is saved, if that can be told: 1 and up. */
static uint64_t place(const struct cfi_row *row, unsigned column)
{
    uint64_t below = (uint64_t) - (int64_t)row->n[column];
    return row->how[column] == AT_CFA && below % WORD == 0 && below / WORD < 1 << PLACE_BITS ? below / WORD
                                                                                             : 0;
}

/* The row that was found as a word; 0 if it is of another kind. */
static uint64_t pack(const struct program *p)
{
    const struct cfi_row *row = &p->row;
    uint64_t distance = (uint64_t)row->n[CFI_CFA] / WORD, word = 0;
    uint32_t told = 1u << CFI_CFA | 1u << CFI_PC;
    bool by_fp = row->cfa_register == CFI_FP;
    if (p->common->signal || p->common->return_column != CFI_PC || place(row, CFI_PC) != 1 ||
        row->how[CFI_CFA] != IN_REGISTER || (!by_fp && row->cfa_register != CFI_SP) || row->n[CFI_CFA] <= 0 ||
        row->n[CFI_CFA] % WORD || distance > DISTANCE_MOST)
        return 0;
    for (unsigned i = 0; i < SAVED; i++) {
        unsigned column = callee_saved[i];
        uint64_t at = place(row, column);
        if (row->ruled >> column & 1 && row->how[column] != AS_IT_IS && !at)
            return 0;
        word |= at << i * PLACE_BITS;
        told |= 1u << column;
    }
    for (uint32_t others = row->ruled & ~told; others; others &= others - 1)
        if (row->how[__builtin_ctz(others)] != AS_IT_IS)
            return 0;
    return word | (uint64_t)by_fp << BY_FP_BIT | distance << DISTANCE_BIT;
}

/* apply() by ROW. */
static enum cfi_step apply_known(uint64_t row, struct stack *stack, struct cfi_registers *r, uintptr_t *cfa)
{
    unsigned from = row >> BY_FP_BIT & 1 ? CFI_FP : CFI_SP;
    uint64_t at = r->value[from] + (row >> DISTANCE_BIT) * WORD, pc;
    if (!(r->known >> from & 1))
        return CFI_LOST;
    *cfa = at;
    if (!stack_word(stack, at - WORD, &pc))
        return CFI_LOST;
    uint64_t places = row & ((UINT64_C(1) << BY_FP_BIT) - 1);
    for (unsigned i = 0; places; i++, places >>= PLACE_BITS) {
        uint64_t below = places & ((1 << PLACE_BITS) - 1), value;
        if (!below)
            continue;
        bool known = stack_word(stack, at - below * WORD, &value);
        r->value[callee_saved[i]] = known ? value : 0;
        r->known = (r->known & ~(1u << callee_saved[i])) | (uint32_t)known << callee_saved[i];
    }
    r->value[CFI_SP] = at;
    r->value[CFI_PC] = pc;
    r->known |= 1u << CFI_SP | 1u << CFI_PC;
    r->exact = false;
    return CFI_CALLER;
}

enum cfi_step cfi_step(const struct cfi_tables *tables, struct cfi_common *common, struct stack *stack,
                       struct cfi_registers *registers, uintptr_t *cfa)
{
    struct program p;
    uintptr_t pc = registers->value[CFI_PC] - !registers->exact; /* the call may be the last instruction */
    uint64_t key = key_of(tables, pc), row;
    struct cfi_known *known = known_at(key);
    if (known && (row = load_relaxed(&known->row)) != 0 && (load_relaxed(&known->mark) ^ row) == key)
        return apply_known(row, stack, registers, cfa);
    enum cfi_step found = find_row(&p, tables, common, pc);
    if (found != CFI_CALLER)
        return found;
    if (known && (row = pack(&p)) != 0) {
        store_relaxed(&known->row, row);
        store_relaxed(&known->mark, row ^ key);
    }
    return apply(&p, stack, registers, cfa);
}

#else

void cfi_remember(struct cfi_known *memory, unsigned entries)
{
    (void)memory, (void)entries;
}

enum cfi_step cfi_step(const struct cfi_tables *tables, struct cfi_common *common, struct stack *stack,
                       struct cfi_registers *registers, uintptr_t *cfa)
{
    (void)tables, (void)common, (void)stack, (void)registers, (void)cfa;
    return CFI_NONE;
}

#endif
