/* SPDX-License-Identifier: MIT */
/* linkmap.c - the loaded objects of a target in the loader's order, and which of them serves a name.
 *
 * All of it is read in the process's memory, so that files replaced since do not matter: the program headers
 * by the auxiliary vector, the list by DT_DEBUG, names by each object's hash table. */
#include "linkmap.h"

#include <elf.h>
#include <link.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

enum { OBJECTS_MOST = 16384, TAGS_MOST = 256, CHAIN_MOST = 1 << 16 };

static uint64_t auxiliary(int pid, uint64_t type)
{
    char path[64];
    size_t size;
    snprintf(path, sizeof path, "/proc/%d/auxv", pid);
    char *text = proc_text(path, &size);
    uint64_t found = 0, pair[2];
    for (size_t i = 0; text && i + sizeof pair <= size; i += sizeof pair) {
        memcpy(pair, text + i, sizeof pair);
        if (pair[0] == type)
            found = pair[1];
    }
    free(text);
    return found;
}

/* Value of TAG in the dynamic section at ADDRESS; 0 if there is none. */
static uint64_t tag(struct target *t, uint64_t address, int64_t wanted)
{
    Elf64_Dyn d;
    for (int i = 0; i < TAGS_MOST; i++, address += sizeof d)
        if (!target_read_file(t, address, &d, sizeof d) || d.d_tag == DT_NULL)
            return 0;
        else if (d.d_tag == wanted)
            return d.d_un.d_val;
    return 0;
}

/* First link map of the program; 0 if it is static, or the loader is not done. */
static uint64_t first_map(struct target *t, bool *dynamic)
{
    uint64_t at_headers = auxiliary(t->process.pid, AT_PHDR), n = auxiliary(t->process.pid, AT_PHNUM);
    Elf64_Phdr ph[64];
    if (n > 64 || !target_read_file(t, at_headers, ph, n * sizeof ph[0]))
        return 0;
    uint64_t base = 0, section = 0;
    for (uint64_t i = 0; i < n; i++) {
        if (ph[i].p_type == PT_PHDR)
            base = at_headers - ph[i].p_vaddr;
        if (ph[i].p_type == PT_DYNAMIC)
            section = ph[i].p_vaddr;
        *dynamic = *dynamic || ph[i].p_type == PT_INTERP;
    }
    uint64_t debug = section ? tag(t, base + section, DT_DEBUG) : 0, map = 0;
    if (debug)
        (void)target_read_file(t, debug + offsetof(struct r_debug, r_map), &map, sizeof map);
    return map;
}

static uint32_t hash_of(const char *name)
{
    uint32_t h = 5381;
    for (; *name; name++)
        h = h * 33 + (unsigned char)*name;
    return h;
}

struct tables {
    uint64_t hash, symbols, strings;
};

static bool defines_at(struct target *t, const struct tables *tab, uint32_t index, const char *symbol)
{
    Elf64_Sym s;
    char name[32];
    if (!target_read_file(t, tab->symbols + index * sizeof s, &s, sizeof s) || s.st_shndx == SHN_UNDEF)
        return false;
    target_text(t, tab->strings + s.st_name, name, sizeof name);
    return strcmp(name, symbol) == 0;
}

/* Does the object whose GNU hash table is known define SYMBOL? */
static bool defines(struct target *t, const struct tables *tab, const char *symbol)
{
    uint32_t head[4], index = 0, hash = hash_of(symbol), entry; /* buckets, offset, words of the filter */
    if (!tab->hash || !target_read_file(t, tab->hash, head, sizeof head) || !head[0])
        return false;
    uint64_t buckets = tab->hash + sizeof head + (uint64_t)head[2] * 8,
             chain = buckets + (uint64_t)head[0] * 4;
    if (!target_read_file(t, buckets + hash % head[0] * 4, &index, sizeof index) || index < head[1])
        return false;
    for (int i = 0; i < CHAIN_MOST; i++, index++) {
        if (!target_read_file(t, chain + (uint64_t)(index - head[1]) * 4, &entry, sizeof entry))
            return false;
        if ((entry | 1) == (hash | 1) && defines_at(t, tab, index, symbol))
            return true;
        if (entry & 1)
            return false;
    }
    return false;
}

static uint64_t relocated(uint64_t value, uint64_t base)
{
    return value && value < base ? value + base : value;
}

static void object_name(struct target *t, const struct link_map *map, bool first, char *out, size_t size)
{
    char path[64];
    target_text(t, (uintptr_t)map->l_name, out, size);
    if (first && !*out) {
        snprintf(path, sizeof path, "/proc/%d/exe", t->process.pid);
        ssize_t n = readlink(path, out, size - 1);
        out[n > 0 ? n : 0] = '\0';
    }
}

void linkmap_serving(struct target *t, const char *symbol, struct serving *out)
{
    struct link_map map;
    *out = (struct serving){0};
    uint64_t at = first_map(t, &out->dynamic);
    for (; at && out->objects < OBJECTS_MOST && target_read_file(t, at, &map, sizeof map);
         at = (uintptr_t)map.l_next) {
        uint64_t section = (uintptr_t)map.l_ld, base = map.l_addr;
        struct tables tab = {relocated(tag(t, section, DT_GNU_HASH), base),
                             relocated(tag(t, section, DT_SYMTAB), base),
                             relocated(tag(t, section, DT_STRTAB), base)};
        char name[512];
        object_name(t, &map, out->objects == 0, name, sizeof name);
        bool ours = defines(t, &tab, "hak_layout");
        out->library = out->library || ours;
        if (!out->first[0] && defines(t, &tab, symbol)) {
            memcpy(out->first, name, sizeof name);
            out->is_library = ours;
        }
        out->objects++;
    }
}
