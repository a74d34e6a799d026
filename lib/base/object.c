/* SPDX-License-Identifier: MIT */
/* base/object.c - the objects that the loader has loaded, and the functions they define. */
#include "base/object.h"

#include <gnu/lib-names.h>
#include <string.h>

#include "base/os.h"

/* The linker's: where the dynamic section of the object that this is part of begins. */
extern ElfW(Dyn) _DYNAMIC[] __attribute__((weak, visibility("hidden")));

/* The program's dynamic section; the loader puts the address of its list there, for debuggers. Programs
 * without a loader do not say where their headers are to be. */
static const ElfW(Dyn) * program_section(void)
{
    size_t count;
    const ElfW(Phdr) *headers = os_program_headers(&count);
    bool known = false;
    uintptr_t base = 0, section = 0;
    for (size_t i = 0; headers && i < count; i++)
        if (headers[i].p_type == PT_PHDR) {
            base = (uintptr_t)headers - headers[i].p_vaddr;
            known = true;
        } else if (headers[i].p_type == PT_DYNAMIC) {
            section = headers[i].p_vaddr;
        }
    return known && section ? (const ElfW(Dyn) *)(base + section) : NULL;
}

static const struct r_debug *for_debuggers(void)
{
    for (const ElfW(Dyn) *d = program_section(); d && d->d_tag != DT_NULL; d++)
        if (d->d_tag == DT_DEBUG && d->d_un.d_ptr)
            return (const struct r_debug *)d->d_un.d_ptr;
    return NULL;
}

const struct link_map *object_first(void)
{
    const struct r_debug *r = for_debuggers();
    return r ? r->r_map : NULL;
}

bool object_list_changes(void)
{
    const struct r_debug *r = for_debuggers();
    return r && r->r_state != RT_CONSISTENT;
}

/* By the address of the dynamic section, which is unique: names of files may be the same, and may be
 * changed. */
const struct link_map *object_own(void)
{
    const struct link_map *map = object_first();
    while (map && map->l_ld != _DYNAMIC)
        map = map->l_next;
    return map;
}

const struct link_map *object_libc(void)
{
    for (const struct link_map *map = object_first(); map; map = map->l_next) {
        struct object_tables t;
        object_tables(map, &t);
        if (t.soname && strcmp(t.soname, LIBC_SO) == 0)
            return map;
    }
    return NULL;
}

/* The linker's: the headers of the object that this is part of. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((weak, visibility("hidden")));

bool object_own_code(uintptr_t *from, uintptr_t *to)
{
    uintptr_t start = (uintptr_t)&__ehdr_start, base = start;
    const ElfW(Phdr) *header = (const ElfW(Phdr) *)(start + (start ? __ehdr_start.e_phoff : 0));
    *from = UINTPTR_MAX;
    *to = 0;
    for (size_t i = 0; start && i < __ehdr_start.e_phnum; i++)
        if (header[i].p_type == PT_LOAD && header[i].p_offset == 0)
            base = start - header[i].p_vaddr;
    for (size_t i = 0; start && i < __ehdr_start.e_phnum; i++)
        if (header[i].p_type == PT_LOAD && (header[i].p_flags & PF_X)) {
            uintptr_t at = base + header[i].p_vaddr;
            *from = at < *from ? at : *from;
            *to = at + header[i].p_memsz > *to ? at + header[i].p_memsz : *to;
        }
    return *from < *to;
}

bool object_before(const struct link_map *a, const struct link_map *b)
{
    while (b && b != a)
        b = b->l_prev;
    return b != NULL;
}

/* The loader has made addresses of these, on most machines; on others it leaves them as in the file. */
static void *relocated(const struct link_map *map, ElfW(Addr) value)
{
    return (void *)(value < map->l_addr ? value + map->l_addr : value);
}

void object_tables(const struct link_map *map, struct object_tables *out)
{
    ElfW(Addr) soname = 0;
    *out = (struct object_tables){0};
    for (const ElfW(Dyn) *d = map->l_ld; d && d->d_tag != DT_NULL; d++) {
        void *address = relocated(map, d->d_un.d_ptr);
        switch (d->d_tag) {
        case DT_GNU_HASH: out->gnu_hash = address; break;
        case DT_HASH: out->hash = address; break;
        case DT_VERSYM: out->versions = address; break;
        case DT_SYMTAB: out->symbols = address; break;
        case DT_STRTAB: out->strings = address; break;
        case DT_SONAME: soname = d->d_un.d_val; break;
        default: break;
        }
    }
    if (soname && out->strings)
        out->soname = out->strings + soname;
}

static uint32_t hash_of(const char *name)
{
    uint32_t h = 5381;
    for (; *name; name++)
        h = h * 33 + (unsigned char)*name;
    return h;
}

/* Versions that only programs linked long ago use are marked. */
static bool is_function(const struct object_tables *t, uint32_t index, const char *name, bool old)
{
    enum { OLD_VERSION = 0x8000 };
    const ElfW(Sym) *s = &t->symbols[index];
    return s->st_shndx != SHN_UNDEF && ELF64_ST_TYPE(s->st_info) == STT_FUNC &&
           (t->versions && t->versions[index] & OLD_VERSION) == old &&
           strcmp(t->strings + s->st_name, name) == 0;
}

/* The table: buckets, first symbol, words of the filter, a shift; the filter, which is passed over; for each
 * bucket the first symbol of a chain; for each symbol its hash, whose lowest bit ends the chain. */
static ElfW(Sym) * find_by_gnu_hash(const struct object_tables *t, const char *name, bool old)
{
    uint32_t buckets = t->gnu_hash[0], first = t->gnu_hash[1], words = t->gnu_hash[2], hash = hash_of(name);
    const uint32_t *bucket = (const uint32_t *)((const ElfW(Addr) *)(t->gnu_hash + 4) + words);
    const uint32_t *chain = bucket + buckets;
    uint32_t index = buckets ? bucket[hash % buckets] : 0;
    if (index < first || index == 0)
        return NULL;
    for (;; index++) {
        if ((chain[index - first] | 1) == (hash | 1) && is_function(t, index, name, old))
            return &t->symbols[index];
        if (chain[index - first] & 1)
            return NULL;
    }
}

/* By the older table of hashes, whose second word counts the symbols. */
static ElfW(Sym) * find_by_count(const struct object_tables *t, const char *name, bool old)
{
    for (uint32_t i = 1; t->hash && i < t->hash[1]; i++)
        if (is_function(t, i, name, old))
            return &t->symbols[i];
    return NULL;
}

/* Current versions first: who asks by name alone means those. */
ElfW(Sym) * object_symbol(const struct link_map *map, const char *name)
{
    struct object_tables t;
    object_tables(map, &t);
    if (!t.symbols || !t.strings)
        return NULL;
    ElfW(Sym) *found = NULL;
    for (int old = 0; old <= 1 && !found; old++)
        found = t.gnu_hash ? find_by_gnu_hash(&t, name, old) : find_by_count(&t, name, old);
    return found;
}

void *object_function(const struct link_map *map, const char *name)
{
    const ElfW(Sym) *symbol = object_symbol(map, name);
    return symbol ? (void *)(map->l_addr + symbol->st_value) : NULL;
}

/* Relocations: those that only add the object's address come first, and name no symbol. */
struct relocations {
    const ElfW(Rela) * first;
    size_t count, relative;
};

static bool names_wanted(const struct object_tables *t, const struct relocations *r, const char *names,
                         bool (*is_wanted)(const char *name, const char *names))
{
    for (size_t i = r->relative; r->first && i < r->count; i++) {
        const ElfW(Sym) *s = &t->symbols[ELF64_R_SYM(r->first[i].r_info)];
        if (s->st_name && s->st_shndx == SHN_UNDEF && is_wanted(t->strings + s->st_name, names))
            return true;
    }
    return false;
}

/* By its relocations, as no table tells how many symbols there are: that of hashes may have none. */
bool object_imports(const struct link_map *map, const char *names,
                    bool (*is_wanted)(const char *name, const char *names))
{
    struct object_tables t;
    struct relocations calls = {0}, data = {0};
    object_tables(map, &t);
    for (const ElfW(Dyn) *d = map->l_ld; d && d->d_tag != DT_NULL; d++)
        switch (d->d_tag) {
        case DT_JMPREL: calls.first = relocated(map, d->d_un.d_ptr); break;
        case DT_PLTRELSZ: calls.count = d->d_un.d_val / sizeof *calls.first; break;
        case DT_RELA: data.first = relocated(map, d->d_un.d_ptr); break;
        case DT_RELASZ: data.count = d->d_un.d_val / sizeof *data.first; break;
        case DT_RELACOUNT: data.relative = d->d_un.d_val; break;
        default: break;
        }
    return t.symbols && t.strings &&
           (names_wanted(&t, &calls, names, is_wanted) || names_wanted(&t, &data, names, is_wanted));
}

/* As RTLD_NEXT would find it, up to the C library; but where this library stands behind that, or is part of
 * the program, the C library's own. */
void *object_next_function(const char *name)
{
    const struct link_map *own = object_own(), *libc = object_libc();
    if (!libc)
        return NULL;
    for (const struct link_map *map = own; object_before(own, libc) && map != libc && (map = map->l_next);) {
        void *function = object_function(map, name);
        if (function)
            return function;
    }
    return object_function(libc, name);
}

void *object_first_is_own(const char *name)
{
    const struct link_map *own = object_own(), *map = object_first();
    for (; own && map != own; map = map->l_next)
        if (object_symbol(map, name))
            return NULL;
    return own ? object_function(own, name) : NULL;
}
