/* SPDX-License-Identifier: MIT */
/* base/vdso.c - a reader for the table of symbols of the vDSO.
 *
 * clock_gettime(2) of the C library is what libfaketime and others replace, with functions that allocate.
 * The kernel's own is found as the C library finds it: the dynamic section of the image names the tables.
 * Each offset is checked against the image's size before it is read, each walk has an end: what does not fit
 * is as if it were not there, and the raw system call is made instead. */
#include "base/vdso.h"

#include <elf.h>
#include <link.h>

#include "base/bits.h"

enum { IMAGE_MAX = 1 << 20 }; /* the kernel's have a few pages */

#if defined(__aarch64__)
static const char wanted[] = "__kernel_clock_gettime", version[] = "LINUX_2.6.39";
#else
static const char wanted[] = "__vdso_clock_gettime", version[] = "LINUX_2.6";
#endif

struct image {
    const char *base;
    size_t size;
    ElfW(Addr) linked_at; /* addresses in the image are relative to this */
    size_t strings, symbols, hash, gnu_hash, versions, definitions; /* offsets, 0: none */
};

/* The COUNT things of a type at OFFSET, or NULL if they are not inside, or not aligned. */
#define PART(image, offset, type, count)                                                                     \
    ((const type *)part((image), (offset), sizeof(type), _Alignof(type), (count)))

static const void *part(const struct image *i, size_t offset, size_t size, size_t align, size_t count)
{
    size_t bytes;
    if (__builtin_mul_overflow(size, count, &bytes) || offset > i->size || bytes > i->size - offset ||
        ((uintptr_t)i->base + offset) % align != 0)
        return NULL;
    return i->base + offset;
}

static bool text_is(const struct image *i, size_t offset, const char *text)
{
    for (offset += i->strings; offset < i->size && i->base[offset] == *text; offset++, text++)
        if (!*text)
            return true;
    return false;
}

static bool text_begins(const char *at, const char *with)
{
    for (; *with; at++, with++)
        if (*at != *with)
            return false;
    return true;
}

/* Where a table lies goes to its field. */
static void note_table(struct image *i, const ElfW(Dyn) * d)
{
    size_t offset = d->d_un.d_ptr - i->linked_at;
    switch (d->d_tag) {
    case DT_STRTAB: i->strings = offset; break;
    case DT_SYMTAB: i->symbols = offset; break;
    case DT_HASH: i->hash = offset; break;
    case DT_GNU_HASH: i->gnu_hash = offset; break;
    case DT_VERSYM: i->versions = offset; break;
    case DT_VERDEF: i->definitions = offset; break;
    default: break;
    }
}

static bool read_headers(struct image *i)
{
    i->size = sizeof(ElfW(Ehdr));
    const ElfW(Ehdr) *e = PART(i, 0, ElfW(Ehdr), 1);
    if (!e || !text_begins(i->base, ELFMAG) || e->e_phentsize != sizeof(ElfW(Phdr)))
        return false;
    i->size = 4096; /* the headers are in the first page, of whatever size */
    const ElfW(Phdr) *p = PART(i, e->e_phoff, ElfW(Phdr), e->e_phnum), *load = NULL, *dynamic = NULL;
    for (unsigned n = 0; p && n < e->e_phnum; n++) {
        if (p[n].p_type == PT_LOAD && !load)
            load = &p[n];
        else if (p[n].p_type == PT_DYNAMIC)
            dynamic = &p[n];
    }
    if (!load || !dynamic || load->p_offset != 0 || load->p_filesz > IMAGE_MAX)
        return false;
    i->size = load->p_filesz;
    i->linked_at = load->p_vaddr;
    size_t entries = dynamic->p_filesz / sizeof(ElfW(Dyn));
    const ElfW(Dyn) *d = PART(i, dynamic->p_offset, ElfW(Dyn), entries);
    for (size_t n = 0; d && n < entries && d[n].d_tag != DT_NULL; n++)
        note_table(i, &d[n]);
    return i->strings && i->symbols;
}

/* How many symbols the GNU hash table reaches: they end with the last chain. */
static size_t count_by_gnu_hash(const struct image *i)
{
    const uint32_t *head = PART(i, i->gnu_hash, uint32_t, 4);
    if (!head)
        return 0;
    size_t first = head[1], last = 0;
    size_t at = i->gnu_hash + 4 * sizeof *head + (size_t)head[2] * sizeof(ElfW(Addr));
    const uint32_t *bucket = PART(i, at, uint32_t, head[0]);
    for (size_t n = 0; bucket && n < head[0]; n++)
        last = max_size(last, bucket[n]);
    at += (size_t)head[0] * sizeof *bucket;
    for (const uint32_t *link; last && last >= first; last++) {
        link = PART(i, at + (last - first) * sizeof *link, uint32_t, 1);
        if (!link || (*link & 1))
            return link ? last + 1 : 0;
    }
    return 0;
}

static size_t count_symbols(const struct image *i)
{
    const uint32_t *head = i->hash ? PART(i, i->hash, uint32_t, 2) : NULL;
    return head ? head[1] : i->gnu_hash ? count_by_gnu_hash(i) : 0;
}

/* Is symbol N of the version that the kernel promises to keep? Without versions every one is. */
static bool version_fits(const struct image *i, size_t n)
{
    if (!i->versions || !i->definitions)
        return true;
    const ElfW(Versym) *mark = PART(i, i->versions + n * sizeof(ElfW(Versym)), ElfW(Versym), 1);
    size_t at = i->definitions;
    for (unsigned steps = 0; mark && steps < 64; steps++) {
        const ElfW(Verdef) *d = PART(i, at, ElfW(Verdef), 1);
        if (!d)
            return false;
        if ((d->vd_ndx & 0x7fff) == (*mark & 0x7fff) && !(d->vd_flags & VER_FLG_BASE)) {
            const ElfW(Verdaux) *name = PART(i, at + d->vd_aux, ElfW(Verdaux), 1);
            return name && text_is(i, name->vda_name, version);
        }
        if (!d->vd_next)
            return false;
        at += d->vd_next;
    }
    return false;
}

vdso_clock *vdso_find_clock(const void *base)
{
    struct image i = {.base = base};
    if (!base || !read_headers(&i))
        return NULL;
    size_t count = count_symbols(&i);
    const ElfW(Sym) *s = PART(&i, i.symbols, ElfW(Sym), count);
    for (size_t n = 0; s && n < count; n++) {
        size_t at = s[n].st_value - i.linked_at;
        if (ELF64_ST_TYPE(s[n].st_info) == STT_FUNC && s[n].st_shndx != SHN_UNDEF &&
            text_is(&i, s[n].st_name, wanted) && version_fits(&i, n) && at < i.size)
            return (vdso_clock *)(uintptr_t)(i.base + at);
    }
    return NULL;
}
