/* SPDX-License-Identifier: MIT */
/* The reader of the vDSO: it finds the clock in the kernel's image and in copies of it, with one hash table
 * or the other; and damaged images, cut short and changed anywhere, are read to no harm. */
/* { dg-link core asan ubsan } */
#include "base/vdso.h"

#include <elf.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/mman.h>

#include "base/auxv.h"
#include "check.h"

enum { SIZE = 8192 };

/* Room for a copy that ends where memory does. */
static char *room(void)
{
    char *p = mmap(NULL, SIZE + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED && mprotect(p + SIZE, 4096, PROT_NONE) == 0);
    return p;
}

static ElfW(Dyn) * entry_of(char *image, ElfW(Sxword) tag)
{
    const ElfW(Ehdr) *e = (const ElfW(Ehdr) *)image;
    const ElfW(Phdr) *p = (const ElfW(Phdr) *)(image + e->e_phoff);
    while (p->p_type != PT_DYNAMIC)
        p++;
    for (ElfW(Dyn) *d = (ElfW(Dyn) *)(image + p->p_offset); d->d_tag != DT_NULL; d++)
        if (d->d_tag == tag)
            return d;
    return NULL;
}

int main(void)
{
    static const unsigned long types[] = {AT_PAGESZ,       AT_SECURE, AT_RANDOM, AT_EXECFN,
                                          AT_SYSINFO_EHDR, AT_PHDR,   4711};
    for (unsigned i = 0; i < 2 * sizeof types / sizeof *types; i++) {
        CHECK(auxv_get(types[i / 2]) == getauxval(types[i / 2]));
        unsetenv("HOME"); /* leaves its NULL in front of the vector */
        unsetenv("PATH");
    }
    const char *kernels = (const char *)auxv_get(AT_SYSINFO_EHDR);
    CHECK(vdso_find_clock(NULL) == NULL);
    vdso_clock *clock = vdso_find_clock(kernels);
    if (!clock)
        return 77; /* under valgrind, or a machine of another kind */
    struct timespec ours = {0, 0}, theirs;
    CHECK(clock(CLOCK_MONOTONIC, &ours) == 0 && clock_gettime(CLOCK_MONOTONIC, &theirs) == 0);
    CHECK(theirs.tv_sec - ours.tv_sec <= 5 && ours.tv_sec <= theirs.tv_sec);
    CHECK(clock((clockid_t)4711, &ours) != 0);

    ptrdiff_t at = (const char *)(uintptr_t)clock - kernels;
    size_t size = 0;
    const ElfW(Phdr) *p = (const ElfW(Phdr) *)(kernels + ((const ElfW(Ehdr) *)kernels)->e_phoff);
    for (; !size; p++)
        size = p->p_type == PT_LOAD ? p->p_filesz : 0;
    if (size > SIZE)
        return 77;
    char *copy = room();
    for (int tables = 0; tables < 4; tables++) { /* bit 0: without the GNU one, bit 1: without the other */
        memcpy(copy, kernels, size);
        ElfW(Dyn) *gnu = entry_of(copy, DT_GNU_HASH), *old = entry_of(copy, DT_HASH);
        int left = (gnu && !(tables & 1)) + (old && !(tables & 2));
        if (gnu && tables & 1)
            gnu->d_tag = DT_DEBUG;
        if (old && tables & 2)
            old->d_tag = DT_DEBUG;
        vdso_clock *found = vdso_find_clock(copy);
        CHECK(left ? (char *)(uintptr_t)found == copy + at : found == NULL);
    }

    uint64_t state = 42;
    for (int i = 0; i < 30000; i++) {
        size_t cut = i % 3 ? size : 64 + next_random(&state) % (size - 64);
        memcpy(copy, kernels, cut);
        memset(copy + cut, i & 8 ? 0xff : 0, SIZE - cut);
        for (int n = i % 5; n > 0; n--) /* the tables are at the front */
            copy[next_random(&state) % (i & 1 ? 1500 : size)] = (char)(next_random(&state) >> 32);
        char *found = (char *)(uintptr_t)vdso_find_clock(copy);
        CHECK(!found || (found >= copy && found < copy + SIZE));
    }
    return 0;
}
