/* SPDX-License-Identifier: MIT */
/* base/unwind.c - the return addresses on the stack of the calling thread. */
#include "base/unwind.h"

#include <elf.h>
#include <link.h>

#include "base/atomic.h"
#include "base/cfi.h"
#include "base/object.h"
#include "base/os.h"
#include "base/stack.h"

/* --- Objects -------------------------------------------------------------------------------------*/

struct object {
    uintptr_t from, to; /* where it is mapped */
    struct cfi_tables tables;
};

/* Headers that do not lie in the first page, as those that patchelf(1) has moved, are not looked for. */
static const ElfW(Phdr) * headers_at(uintptr_t start, unsigned *count)
{
    enum { PAGE = 4096, MAGIC = 0x464c457f };
    const ElfW(Ehdr) *e = (const ElfW(Ehdr) *)start;
    if (start % PAGE != 0 || *(const uint32_t MAY_ALIAS *)e != MAGIC ||
        e->e_phentsize != sizeof(ElfW(Phdr)) || e->e_phoff % sizeof(ElfW(Addr)) != 0 || e->e_phoff > PAGE ||
        e->e_phnum > (PAGE - e->e_phoff) / sizeof(ElfW(Phdr)))
        return NULL;
    *count = e->e_phnum;
    return (const ElfW(Phdr) *)(start + e->e_phoff);
}

/* The tables lie in the segment that the header of .eh_frame is in. BASE is added to the addresses of the
 * file. */
static void bound_tables(struct cfi_tables *t, uintptr_t base, const ElfW(Phdr) * h, size_t count)
{
    for (size_t i = 0; h && i < count; i++)
        if (h[i].p_type == PT_LOAD && (uintptr_t)t->header - base - h[i].p_vaddr < h[i].p_filesz &&
            h[i].p_flags & PF_R) {
            t->from = (const unsigned char *)(base + h[i].p_vaddr);
            t->to = t->from + h[i].p_filesz;
            return;
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
    unsigned count = 0;
    uintptr_t start = (uintptr_t)&__ehdr_start, base = start;
    const ElfW(Phdr) *h = start ? headers_at(start, &count) : NULL;
    *o = (struct object){.from = UINTPTR_MAX};
    for (unsigned i = 0; h && i < count; i++)
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
    bound_tables(&o->tables, base, h, count);
    return o->from < o->to;
}

/* What <dlfcn.h> of glibc 2.35 has as struct dl_find_object, for machines where that has no field more. */
struct found {
    unsigned long long flags;
    void *from, *to;
    struct link_map *map;
    void *header; /* of .eh_frame */
    unsigned long long reserved[7];
};
typedef int finder(void *pc, struct found *out);

static int find_nothing(void *pc, struct found *out)
{
    (void)pc, (void)out;
    return -1;
}

/* The C library's own, not what the process has by its name; and a library that needs its version would not
 * be loaded where there is none. Not known yet where the list of objects is not. */
static finder *libcs_finder(void)
{
    static _Atomic(finder *) known; /* the same whoever stores it */
    finder *f = load_acquire(&known);
    if (UNLIKELY(!f)) {
        const struct link_map *libc = object_libc();
        *(void **)&f = libc ? object_function(libc, "_dl_find_object") : NULL;
        f = f ? f : find_nothing;
        if (libc)
            store_release(&known, f);
    }
    return f;
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
};

/* Of a program with holes between its segments the C library tells the one that the pc is in, and the header
 * is elsewhere; only the program itself may have some. Headers of others are believed within what is
 * mapped. */
static void find_tables(struct object *o, const struct found *found)
{
    uintptr_t header = (uintptr_t)found->header;
    struct cfi_tables bounded = {.header = found->header};
    o->tables = (struct cfi_tables){found->from, found->to, found->header};
    if (!header || !found->map)
        return;
    if (header < o->from || header >= o->to) {
        size_t count;
        const ElfW(Phdr) *h = program_headers(&count);
        bound_tables(&bounded, found->map->l_addr, h, count);
        o->tables = bounded;
        return;
    }
    unsigned count = 0;
    const ElfW(Phdr) *h = headers_at(o->from, &count);
    bound_tables(&bounded, found->map->l_addr, h, count);
    if ((uintptr_t)bounded.from >= o->from && (uintptr_t)bounded.to <= o->to && bounded.from < bounded.to)
        o->tables = bounded;
}

static NOINLINE bool ask_object(struct walk *w, uintptr_t pc)
{
    struct found found = {.header = NULL};
    if (libcs_finder()((void *)pc, &found) != 0)
        return false;
    w->object.from = (uintptr_t)found.from;
    w->object.to = (uintptr_t)found.to;
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

/* The frame pointer leads to the caller's, beside which the return address lies. It may be anything. */
static enum cfi_step by_frame(struct walk *w)
{
    enum { FAR = 1 << 20, WORD = sizeof(uint64_t) };
    struct cfi_registers *r = &w->registers;
    uint64_t fp = r->value[CFI_FP], sp = r->value[CFI_SP], next, pc;
    if (!(r->known >> CFI_FP & 1))
        return CFI_LOST;
    if (fp == 0 && ends_at_top(w, sp))
        return CFI_OUTERMOST;
    if (fp < sp || fp - sp > FAR || !stack_word(&w->stack, fp, &next) ||
        !stack_word(&w->stack, fp + WORD, &pc))
        return CFI_LOST;
    pc = code_address(pc);
    if (pc == 0)
        return ends_at_top(w, fp) ? CFI_OUTERMOST : CFI_LOST;
    bool goes_on = next > fp && next - fp <= FAR && next % WORD == 0;
    if (!find_object(w, pc) && !goes_on)
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
