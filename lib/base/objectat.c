/* SPDX-License-Identifier: MIT */
/* base/objectat.c - the object that an address lies in, and which build of it that is. */
#include "base/objectat.h"

#include <elf.h>
#include <string.h>

#include "base/atomic.h"
#include "base/bits.h"
#include "base/object.h"

typedef int finder(void *pc, struct object_found *out);

static int find_nothing(void *pc, struct object_found *out)
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

bool object_find(uintptr_t address, struct object_found *out)
{
    return libcs_finder()((void *)address, out) == 0;
}

const ElfW(Phdr) * object_headers(uintptr_t start, size_t *count)
{
    enum { PAGE = 4096, MAGIC = 0x464c457f };
    const ElfW(Ehdr) *e = (const ElfW(Ehdr) *)start;
    *count = 0;
    if (start % PAGE != 0 || *(const uint32_t MAY_ALIAS *)e != MAGIC ||
        e->e_phentsize != sizeof(ElfW(Phdr)) || e->e_phoff % sizeof(ElfW(Addr)) != 0 || e->e_phoff > PAGE ||
        e->e_phnum > (PAGE - e->e_phoff) / sizeof(ElfW(Phdr)))
        return NULL;
    *count = e->e_phnum;
    return (const ElfW(Phdr) *)(start + e->e_phoff);
}

unsigned object_build_id(const char *at, size_t size, uint8_t *id, unsigned most)
{
    while (size >= sizeof(ElfW(Nhdr))) {
        const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)(const void *)at;
        size_t name = round_up(note->n_namesz, 4), all = name + round_up(note->n_descsz, 4);
        if (all > size - sizeof *note)
            return 0;
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && memcmp(note + 1, "GNU", 4) == 0) {
            unsigned length = (unsigned)min_size(note->n_descsz, most);
            memcpy(id, (const char *)(note + 1) + name, length);
            return length;
        }
        at += sizeof *note + all;
        size -= sizeof *note + all;
    }
    return 0;
}

/* Its notes lie in one of its segments, if what its headers say is so. BASE is added to the addresses of
 * the file. */
static unsigned find_build_id(const struct object_at *o, uintptr_t base, uint8_t *id)
{
    size_t count, size = o->end - o->start;
    unsigned length = 0;
    const ElfW(Phdr) *h = object_headers(o->start, &count);
    for (size_t i = 0; i < count && !length; i++) {
        uintptr_t at = base + h[i].p_vaddr - o->start;
        if (h[i].p_type == PT_NOTE && at < size && h[i].p_memsz <= size - at)
            length = object_build_id((const char *)o->start + at, h[i].p_memsz, id, BUILD_ID_MOST);
    }
    return length;
}

bool object_at(uintptr_t address, struct object_at *out)
{
    struct object_found found = {.header = NULL};
    if (!object_find(address, &found))
        return false;
    out->start = (uintptr_t)found.from;
    out->end = (uintptr_t)found.to;
    out->name = found.map && found.map->l_name ? found.map->l_name : "";
    out->build_id_size = found.map ? find_build_id(out, found.map->l_addr, out->build_id) : 0;
    return true;
}
