/* SPDX-License-Identifier: MIT */
/* base/unwind.c - the return addresses on the stack of the calling thread.
 *
 * Seen in every tenth malloc of g++, git, perl, python3, redis, sqlite3, gdb, z3 and ls of Debian 12: all
 * stacks complete, and those of libgcc; of node and java all but one in 5,000 are complete, of which libgcc
 * has 87 and 20 %; by frame pointers alone none is. A frame takes about 1,400 instructions. */
#include "base/unwind.h"

#include <elf.h>
#include <link.h>

#include "base/atomic.h"
#include "base/cfi.h"
#include "base/objectat.h"
#include "base/os.h"
#include "base/stack.h"

/* --- Objects -------------------------------------------------------------------------------------*/

struct object {
    uintptr_t from, to;           /* where it is mapped */
    uintptr_t code_from, code_to; /* all that can be executed lies there */
    struct cfi_tables tables;
};

/* The tables lie in the segment that the header of .eh_frame is in. BASE is added to the addresses of the
 * file. */
static void read_segments(struct object *o, uintptr_t base, const ElfW(Phdr) * h, size_t count)
{
    o->code_from = UINTPTR_MAX;
    o->code_to = 0;
    for (size_t i = 0; h && i < count; i++) {
        uintptr_t from = base + h[i].p_vaddr, to = from + h[i].p_filesz;
        if (h[i].p_type != PT_LOAD)
            continue;
        if (h[i].p_flags & PF_R && (uintptr_t)o->tables.header - from < h[i].p_filesz) {
            o->tables.from = (const unsigned char *)from;
            o->tables.to = (const unsigned char *)to;
        }
        if (h[i].p_flags & PF_X) {
            o->code_from = from < o->code_from ? from : o->code_from;
            o->code_to = to > o->code_to ? to : o->code_to;
        }
    }
}

/* The linker's: the headers of the object that this is part of. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((weak, visibility("hidden")));

/* The program's. */
static const ElfW(Phdr) * program_headers(size_t *count)
{
    static _Atomic(const ElfW(Phdr) *) known; /* the same whoever stores it, and so is the other */
    static _Atomic(size_t) known_count;
    const ElfW(Phdr) *h = load_acquire(&known);
    if (UNLIKELY(!h)) {
        h = os_program_headers(count);
        store_relaxed(&known_count, h ? *count : 0);
        store_release(&known, h);
    }
    *count = load_relaxed(&known_count);
    return h;
}

/* False where the linker did not say. */
static bool own_object(struct object *o)
{
    size_t count = 0;
    uintptr_t start = (uintptr_t)&__ehdr_start, base = start;
    const ElfW(Phdr) *h = start ? object_headers(start, &count) : NULL;
    *o = (struct object){.from = UINTPTR_MAX};
    for (size_t i = 0; h && i < count; i++)
        if (h[i].p_type == PT_LOAD) {
            if (h[i].p_offset == 0)
                base = start - h[i].p_vaddr;
            uintptr_t from = base + h[i].p_vaddr, to = from + h[i].p_memsz;
            o->from = from < o->from ? from : o->from;
            o->to = to > o->to ? to : o->to;
        } else if (h[i].p_type == PT_GNU_EH_FRAME) {
            o->tables.header = (const unsigned char *)(base + h[i].p_vaddr);
        }
    o->tables.from = (const unsigned char *)o->from;
    o->tables.to = (const unsigned char *)o->to;
    read_segments(o, base, h, count);
    return o->from < o->to;
}

/* --- The machine ---------------------------------------------------------------------------------*/

#if defined(__x86_64__)

/* The registers that functions keep, as they are here; of the others nothing is known. */
static ALWAYS_INLINE void start_here(struct cfi_registers *r)
{
    enum { BX = 3, R12 = 12, KNOWN = 1 << BX | 1 << CFI_FP | 1 << CFI_SP | 0xf << R12 | 1 << CFI_PC };
    __asm__ volatile("movq %%rbx, 24(%0)\n\t"
                     "movq %%rbp, 48(%0)\n\t"
                     "movq %%rsp, 56(%0)\n\t"
                     "movq %%r12, 96(%0)\n\t"
                     "movq %%r13, 104(%0)\n\t"
                     "movq %%r14, 112(%0)\n\t"
                     "movq %%r15, 120(%0)\n\t"
                     "leaq 0(%%rip), %%rax\n\t"
                     "movq %%rax, 128(%0)"
                     :
                     : "r"(r->value)
                     : "rax", "memory");
    r->known = KNOWN;
    r->exact = true;
}

static inline uint64_t code_address(uint64_t pc)
{
    return pc;
}

#elif defined(__aarch64__)

static ALWAYS_INLINE void start_here(struct cfi_registers *r)
{
    r->value[CFI_FP] = r->value[CFI_SP] = (uintptr_t)__builtin_frame_address(0);
    r->value[CFI_PC] = (uintptr_t)unwind;
    r->known = 1u << CFI_FP | 1u << CFI_SP | 1u << CFI_PC;
    r->exact = true;
}

/* Without a signature. */
static inline uint64_t code_address(uint64_t pc)
{
    return pc & ((1ull << 48) - 1);
}

#else /* frames of another form */

static ALWAYS_INLINE void start_here(struct cfi_registers *r)
{
    *r = (struct cfi_registers){.known = 0};
}

static inline uint64_t code_address(uint64_t pc)
{
    return pc;
}

#endif

/* --- Steps ---------------------------------------------------------------------------------------*/

struct walk {
    struct stack stack;
    struct cfi_registers registers;
    struct cfi_common common;
    struct object object;       /* of the last pc that one was found for */
    uintptr_t own_from, own_to; /* this library; nothing in a program that is linked with it */
    unsigned switches;          /* to other stacks, by frame pointers */
};

/* Of a program with holes between its segments the C library tells the one that the pc is in, and the header
 * is elsewhere; only the program itself may have some. Headers of others are believed within what is
 * mapped. */
static void find_tables(struct object *o, const struct object_found *found)
{
    uintptr_t header = (uintptr_t)found->header;
    bool holes = header < o->from || header >= o->to;
    size_t count;
    if (!header || !found->map)
        return;
    const ElfW(Phdr) *h = holes ? program_headers(&count) : object_headers(o->from, &count);
    struct object read = {.from = o->from, .to = o->to, .tables.header = found->header};
    read_segments(&read, found->map->l_addr, h, count);
    uintptr_t from = (uintptr_t)read.tables.from, to = (uintptr_t)read.tables.to;
    if (from < to && (holes || (from >= o->from && to <= o->to)))
        *o = read;
}

static NOINLINE bool ask_object(struct walk *w, uintptr_t pc)
{
    struct object_found found = {.header = NULL};
    if (!object_find(pc, &found))
        return false;
    uintptr_t from = (uintptr_t)found.from, to = (uintptr_t)found.to;
    w->object = (struct object){from, to, from, to, {found.from, found.to, found.header}};
    find_tables(&w->object, &found);
    return true;
}

/* The object of PC becomes that of the walk. */
static bool find_object(struct walk *w, uintptr_t pc)
{
    return (pc >= w->object.from && pc < w->object.to) || ask_object(w, pc);
}

/* The kernel, and the C library for its threads, begin with a frame pointer of 0. */
static bool ends_at_top(const struct walk *w, uintptr_t sp)
{
    enum { CLOSE = 512 };
    return w->stack.top >= sp && w->stack.top - sp < CLOSE;
}

static bool is_code(struct walk *w, uintptr_t pc)
{
    return find_object(w, pc) && pc >= w->object.code_from && pc < w->object.code_to;
}

enum { FAR = 1 << 20, WORD = sizeof(uint64_t) };

static bool leads_up(uintptr_t from, uintptr_t fp)
{
    return fp >= from && fp - from <= FAR && fp % WORD == 0;
}

/* Go runs functions of C on another stack, and leaves the frame pointer on that of the goroutine. It is
 * believed where it and the next have return addresses into code. */
static bool switch_stack(struct walk *w, uintptr_t fp)
{
    enum { MOST = 2 };
    struct stack before = w->stack;
    uint64_t next, pc, next_pc;
    if (w->switches++ < MOST && stack_enter(&w->stack, fp, false) && stack_word(&w->stack, fp, &next) &&
        stack_word(&w->stack, fp + WORD, &pc) && leads_up(fp + 2 * WORD, next) &&
        stack_word(&w->stack, next + WORD, &next_pc) && is_code(w, code_address(pc)) &&
        is_code(w, code_address(next_pc)))
        return true;
    before.asked = w->stack.asked;
    w->stack = before;
    return false;
}

/* The frame pointer leads to the caller's, beside which the return address lies. It may be anything. A chain
 * of them ends with 0. */
static enum cfi_step by_frame(struct walk *w)
{
    struct cfi_registers *r = &w->registers;
    uint64_t fp = r->value[CFI_FP], sp = r->value[CFI_SP], next, pc;
    if (!(r->known >> CFI_FP & 1))
        return CFI_LOST;
    if (fp == 0 && (ends_at_top(w, sp) || w->switches))
        return CFI_OUTERMOST;
    if ((!leads_up(sp, fp) && !switch_stack(w, fp)) || !stack_word(&w->stack, fp, &next) ||
        !stack_word(&w->stack, fp + WORD, &pc))
        return CFI_LOST;
    pc = code_address(pc);
    if (pc == 0)
        return ends_at_top(w, fp) ? CFI_OUTERMOST : CFI_LOST;
    if (!is_code(w, pc) && !leads_up(fp + 2 * WORD, next))
        return CFI_LOST;
    r->value[CFI_FP] = next;
    r->value[CFI_SP] = fp + 2 * WORD;
    r->value[CFI_PC] = pc;
    r->known = 1u << CFI_FP | 1u << CFI_SP | 1u << CFI_PC;
    r->exact = false;
    return CFI_CALLER;
}

enum { PAST_TOP = 4096 };

static enum cfi_step by_tables(struct walk *w)
{
    struct cfi_registers *r = &w->registers;
    uintptr_t sp = r->value[CFI_SP], cfa = 0;
    if (!find_object(w, r->value[CFI_PC] - !r->exact))
        return CFI_NONE;
    enum cfi_step step = cfi_step(&w->object.tables, &w->common, &w->stack, r, &cfa);
    if (step == CFI_LOST && w->stack.below && cfa > w->stack.top && cfa - w->stack.top < PAST_TOP)
        return CFI_OUTERMOST;
    if (step != CFI_CALLER)
        return step;
    if (r->value[CFI_PC] == 0)
        return r->exact ? CFI_LOST : CFI_OUTERMOST;
    if (r->exact || r->value[CFI_SP] != cfa) { /* maybe another stack */
        if (!stack_has(&w->stack, r->value[CFI_SP]))
            (void)stack_enter(&w->stack, r->value[CFI_SP], false);
    } else if (cfa <= sp) {
        return CFI_LOST;
    }
    return CFI_CALLER;
}

static bool is_own(const struct walk *w, uintptr_t pc)
{
    return pc >= w->own_from && pc < w->own_to;
}

/* This library has no frame pointers: its own frames always go by tables. */
static enum cfi_step step(struct walk *w, bool tables)
{
    enum cfi_step result = tables || is_own(w, w->registers.value[CFI_PC]) ? by_tables(w) : CFI_NONE;
    return result == CFI_NONE ? by_frame(w) : result;
}

/* The object that this is part of is a program that was linked with it. */
static bool is_program(const struct object *own)
{
    size_t count;
    uintptr_t h = (uintptr_t)program_headers(&count);
    return h >= own->from && h < own->to;
}

static void begin(struct walk *w, uintptr_t stack_top)
{
    if (own_object(&w->object) && !is_program(&w->object)) {
        w->own_from = w->object.from;
        w->own_to = w->object.to;
    } else {
        w->own_from = w->own_to = 0;
    }
    w->common.at = 0;
    w->switches = 0;
    w->stack = (struct stack){.top = stack_top};
    (void)stack_enter(&w->stack, w->registers.value[CFI_SP], true);
}

static NOINLINE struct unwound go(struct walk *w, uintptr_t *pcs, unsigned most, enum unwind_how how)
{
    enum { MORE = 64 }; /* frames of this library */
    struct unwound u = {0, false};
    bool inside = true;
    for (unsigned i = 0; u.depth < most && i < most + MORE; i++) {
        enum cfi_step next = step(w, how == UNWIND_TABLES || i < 2);
        if (next != CFI_CALLER) {
            u.complete = next == CFI_OUTERMOST;
            break;
        }
        uintptr_t pc = w->registers.value[CFI_PC];
        inside = i == 0 || (inside && is_own(w, pc)); /* the first is in the function that called */
        if (!inside)
            pcs[u.depth++] = pc;
    }
    return u;
}

NOINLINE struct unwound unwind(uintptr_t *pcs, unsigned most, uintptr_t stack_top, enum unwind_how how)
{
    struct walk w;
    if (how == UNWIND_NONE)
        return (struct unwound){0, false};
    start_here(&w.registers);
    begin(&w, stack_top);
    return go(&w, pcs, most, how);
}
