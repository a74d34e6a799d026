/* SPDX-License-Identifier: MIT */
/* base/objectat.c - the object that an address lies in, and which build of it that is. */
#include "base/objectat.h"

#include <dlfcn.h>
#include <link.h>
#include <string.h>

#include "base/bits.h"

#ifdef DLFO_EH_SEGMENT_TYPE
#pragma weak _dl_find_object

static bool find(uintptr_t address, struct object_at *out)
{
    struct dl_find_object found;
    if (!_dl_find_object || _dl_find_object((void *)address, &found) != 0)
        return false;
    out->start = (uintptr_t)found.dlfo_map_start;
    out->end = (uintptr_t)found.dlfo_map_end;
    out->name = found.dlfo_link_map && found.dlfo_link_map->l_name ? found.dlfo_link_map->l_name : "";
    return out->end - out->start > sizeof(ElfW(Ehdr));
}
#else
static bool find(uintptr_t address, struct object_at *out)
{
    (void)address;
    (void)out;
    return false;
}
#endif

/* The build ID among the notes at AT, SIZE bytes. */
static bool build_id_in(const char *at, size_t size, struct object_at *out)
{
    while (size >= sizeof(ElfW(Nhdr))) {
        const ElfW(Nhdr) *note = (const ElfW(Nhdr) *)at;
        size_t name = round_up(note->n_namesz, 4), text = round_up(note->n_descsz, 4);
        if (name > size || text > size || sizeof *note + name + text > size)
            return false;
        if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && memcmp(note + 1, "GNU", 4) == 0) {
            out->build_id_size = (unsigned)min_size(note->n_descsz, BUILD_ID_MOST);
            memcpy(out->build_id, (const char *)(note + 1) + name, out->build_id_size);
            return true;
        }
        at += sizeof *note + name + text;
        size -= sizeof *note + name + text;
    }
    return false;
}

/* Its headers are the first thing of it in memory, where its first segment has them; they may say
 * anything. */
static void find_build_id(struct object_at *out)
{
    const ElfW(Ehdr) *head = (const ElfW(Ehdr) *)out->start;
    size_t size = out->end - out->start;
    if (memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 || head->e_phentsize != sizeof(ElfW(Phdr)) ||
        head->e_phoff > size || head->e_phnum * sizeof(ElfW(Phdr)) > size - head->e_phoff)
        return;
    const ElfW(Phdr) *segment = (const ElfW(Phdr) *)(out->start + head->e_phoff);
    ElfW(Addr) first = 0;
    for (unsigned i = 0; i < head->e_phnum; i++)
        if (segment[i].p_type == PT_LOAD) {
            first = round_down(segment[i].p_vaddr, segment[i].p_align ? segment[i].p_align : 1);
            break;
        }
    for (unsigned i = 0; i < head->e_phnum; i++) {
        uintptr_t at = segment[i].p_vaddr - first;
        if (segment[i].p_type == PT_NOTE && at < size && segment[i].p_memsz <= size - at &&
            build_id_in((const char *)out->start + at, segment[i].p_memsz, out))
            return;
    }
}

bool object_at(uintptr_t address, struct object_at *out)
{
    out->build_id_size = 0;
    if (!find(address, out))
        return false;
    find_build_id(out);
    return true;
}
