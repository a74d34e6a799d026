/* SPDX-License-Identifier: MIT */
/* Call frame information that is damaged, cut short or made up is read to no harm, within what it is in. The
 * tables of the C library are copied to where memory ends on both sides: what holds for a function holds for
 * its copy, as all in them is relative. */
/* { dg-link core asan ubsan } */
/* { dg-variant "-O2" } */
/* { dg-timeout 300 } */
#include <link.h>
#include <sys/mman.h>

#include "check.h"
#include "base/cfi.h"

#if !defined(__x86_64__)
int main(void)
{
    return 77;
}
#else

enum { PAGE = 4096, WORDS = 512, ENTRY = 8, TABLE = 12 };
static uint64_t words[WORDS]; /* the stack, and what it may be read of */
static uint64_t state = 42;

static struct {
    char *original, *copy;
    size_t size, header, count; /* bytes; where the header is; functions in it */
} tables;

static int find(struct dl_phdr_info *info, size_t size, void *unused)
{
    (void)size, (void)unused;
    const ElfW(Phdr) *p = info->dlpi_phdr, *header = NULL;
    if (!strstr(info->dlpi_name, "libc.so"))
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++)
        header = p[i].p_type == PT_GNU_EH_FRAME ? &p[i] : header;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (p[i].p_type == PT_LOAD && header->p_vaddr - p[i].p_vaddr < p[i].p_filesz) {
            tables.original = (char *)(info->dlpi_addr + header->p_vaddr);
            tables.size = p[i].p_vaddr + p[i].p_filesz - header->p_vaddr;
        }
    return 1;
}

static void copy(void)
{
    size_t room = (tables.size + PAGE - 1) / PAGE * PAGE;
    char *p = mmap(NULL, room + 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED && mprotect(p, PAGE, PROT_NONE) == 0 &&
          mprotect(p + PAGE + room, PAGE, PROT_NONE) == 0);
    tables.header = (room - tables.size) / 8 * 8; /* so that it ends where the page does, nearly */
    tables.copy = p + PAGE + tables.header;
    memcpy(tables.copy, tables.original, tables.size);
    memcpy(&tables.count, tables.copy + 8, 4);
    tables.count &= 0xffffffff;
    CHECK(tables.count > 1000);
}

/* A step from PC, with registers that lead into the words. */
static enum cfi_step step(char *at, size_t size, uintptr_t pc, struct cfi_registers *r)
{
    struct cfi_tables t = {(unsigned char *)at, (unsigned char *)at + size, (unsigned char *)at};
    struct stack stack = {
        .from = (uintptr_t)words, .to = (uintptr_t)(words + WORDS), .top = (uintptr_t)(words + WORDS)};
    struct cfi_common common = {.at = 0};
    uintptr_t cfa = 0;
    stack.below = true;
    for (unsigned i = 0; i < CFI_REGISTERS; i++)
        r->value[i] = (uintptr_t)(words + 64 + i);
    r->value[CFI_PC] = pc;
    r->known = (1u << CFI_REGISTERS) - 1;
    r->exact = true;
    return cfi_step(&t, &common, &stack, r, &cfa);
}

static uintptr_t pc_of(size_t function)
{
    int32_t from;
    memcpy(&from, tables.original + TABLE + function * ENTRY, sizeof from);
    return (uintptr_t)from; /* relative to the header */
}

/* The same of the copy as of the tables themselves. Returns what the steps came to. */
static unsigned same(void)
{
    unsigned kinds = 0;
    for (size_t i = 0; i < tables.count; i += 3)
        for (unsigned at = 0; at < 40; at += 13) {
            struct cfi_registers a, b;
            uintptr_t pc = pc_of(i) + at;
            enum cfi_step there = step(tables.original, tables.size, (uintptr_t)tables.original + pc, &a);
            enum cfi_step here = step(tables.copy, tables.size, (uintptr_t)tables.copy + pc, &b);
            CHECK(here == there);
            if (here == CFI_CALLER) /* an expression may go by the pc */
                CHECK(a.known == b.known && a.exact == b.exact && a.value[CFI_SP] == b.value[CFI_SP]);
            kinds |= 1u << here;
        }
    return kinds;
}

/* Where the record of a function begins, and that of what it has in common with others. */
static size_t record_of(size_t function, bool common)
{
    int32_t at, back;
    memcpy(&at, tables.original + TABLE + function * ENTRY + 4, sizeof at);
    memcpy(&back, tables.original + at + 4, sizeof back);
    return (size_t)(common ? at + 4 - back : at);
}

static void damage(size_t at, size_t size)
{
    for (unsigned n = 1 + (unsigned)(next_random(&state) % 4); n > 0; n--) {
        size_t where = at + next_random(&state) % size;
        if (where < tables.size)
            tables.copy[where] = (char)(next_random(&state) >> 20);
    }
}

static void repair(size_t at, size_t size)
{
    if (at < tables.size)
        memcpy(tables.copy + at, tables.original + at, size < tables.size - at ? size : tables.size - at);
}

static void damaged(unsigned rounds)
{
    unsigned kinds = 0;
    for (unsigned i = 0; i < rounds; i++) {
        size_t function = next_random(&state) % tables.count, size = 24 + next_random(&state) % 80;
        size_t at = i % 16 == 0 ? 0 : record_of(function, i % 3 == 0);
        size = i % 16 == 0 ? TABLE : size;
        damage(at, size);
        for (unsigned pc = 0; pc < 60; pc += 20) {
            struct cfi_registers r;
            kinds |= 1u << step(tables.copy, tables.size, (uintptr_t)tables.copy + pc_of(function) + pc, &r);
        }
        repair(at, size);
    }
    CHECK(kinds == (1 << CFI_CALLER | 1 << CFI_OUTERMOST | 1 << CFI_NONE | 1 << CFI_LOST));
}

/* Their end moves to the front. */
static void cut_short(void)
{
    for (size_t size = 0; size < tables.size; size += size < 64 ? 1 : 4001) {
        char *at = tables.copy + (tables.size - size) / 8 * 8;
        memcpy(at, tables.original, tables.size - (size_t)(at - tables.copy));
        for (unsigned i = 0; i < 20; i++) {
            struct cfi_registers r;
            size_t left = tables.size - (size_t)(at - tables.copy);
            step(at, left, (uintptr_t)at + pc_of(next_random(&state) % tables.count) + i, &r);
        }
        memcpy(tables.copy, tables.original, tables.size);
    }
}

/* Programs and expressions of random bytes, of which many are instructions, in a record that is whole. */
static void made_up(unsigned rounds)
{
    enum { HEADER = 32, CIE = 24, FDE = 17, CODE = 200 };
    char *p = tables.copy;
    uint32_t header[] = {0x3b031b01, 0, 1, (uint32_t)-100, HEADER + CIE};
    static const unsigned char cie[CIE] = {20, 0,    0,  0, 0,    0,    0, 0, 1,    'z', 'R', 0,
                                           1,  0x78, 16, 1, 0x1b, 0x0c, 7, 8, 0x90, 1,   0,   0};
    struct cfi_registers r;
    unsigned kinds = 0;
    uint64_t value, at = (uintptr_t)(words + 100);
    for (unsigned i = 0; i < rounds; i++) {
        uint32_t fde[] = {FDE - 4 + CODE, CIE + 4, (uint32_t)(-100 - (HEADER + CIE + 8)), 100};
        unsigned char code[CODE];
        for (unsigned n = 0; n < CODE; n++) {
            uint64_t random = next_random(&state) >> 16;
            code[n] = (unsigned char)(random & 0x300 ? random % 0x30 : random);
        }
        memset(p, 0, HEADER + CIE + FDE + CODE);
        memcpy(p, header, sizeof header);
        memcpy(p + HEADER, cie, CIE);
        memcpy(p + HEADER + CIE, fde, sizeof fde);
        memcpy(p + HEADER + CIE + FDE, code, CODE);
        kinds |= 1u << step(p, HEADER + CIE + FDE + CODE, (uintptr_t)p - 100 + i % 100, &r);
        struct stack stack = {.from = (uintptr_t)words, .to = (uintptr_t)(words + WORDS)};
        struct bytes b = {code, code + i % CODE, false};
        for (unsigned n = 0; n < CODE; n += 1 + i % 4)
            code[n] = (unsigned char)(0x06 + code[n] % 0x60);
        kinds |= 16u << expression_value(b, i % 2 ? &at : NULL, &r, &stack, &value);
    }
    CHECK(kinds & 1u << CFI_LOST && kinds & 1u << CFI_CALLER && kinds >> 4 == 3);
}

int main(void)
{
    dl_iterate_phdr(find, NULL);
    CHECK(tables.original && tables.size > 10000);
    for (unsigned i = 0; i < WORDS; i++)
        words[i] = (uintptr_t)(words + next_random(&state) % WORDS);
    copy();
    enum { SOUND = 1 << CFI_CALLER | 1 << CFI_OUTERMOST | 1 << CFI_NONE };
    CHECK((same() & SOUND) == SOUND);
    damaged(200000);
    CHECK((same() & SOUND) == SOUND);
    cut_short();
    made_up(200000);
    return 0;
}
#endif
