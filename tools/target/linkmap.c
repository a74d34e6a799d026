/* SPDX-License-Identifier: MIT */
/* target/linkmap.c - the loaded objects of a target in the loader's order, and which of them serves a name.
 *
 * All of it is read in the process's memory, so that files replaced since do not matter: the program headers
 * by the auxiliary vector, the list by DT_DEBUG, names by each object's hash table. */
#include "target/linkmap.h"

#include <elf.h>
#include <link.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/say.h"

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

enum { NAME_MOST = 64 };

/* Name of the symbol INDEX, "" if it cannot be read; *DEFINED: here. */
static void symbol_at(struct target *t, const struct loaded *o, uint32_t index, char name[NAME_MOST],
                      bool *defined)
{
    Elf64_Sym s;
    name[0] = '\0';
    if (!target_read_file(t, o->symbols + index * sizeof s, &s, sizeof s))
        return;
    *defined = s.st_shndx != SHN_UNDEF;
    target_text(t, o->strings + s.st_name, name, NAME_MOST);
}

static bool is_at(struct target *t, const struct loaded *o, uint32_t index, const char *symbol)
{
    char name[NAME_MOST];
    bool defined = false;
    symbol_at(t, o, index, name, &defined);
    return defined && strcmp(name, symbol) == 0;
}

/* The head of the GNU hash table: buckets, index of the first symbol in it, words of the filter. */
static bool read_head(struct target *t, const struct loaded *o, uint32_t head[4])
{
    return o->hash && target_read_file(t, o->hash, head, 4 * sizeof head[0]) && head[0];
}

bool linkmap_defines(struct target *t, const struct loaded *o, const char *symbol)
{
    uint32_t head[4], index = 0, hash = hash_of(symbol), entry;
    if (!read_head(t, o, head))
        return false;
    uint64_t buckets = o->hash + sizeof head + (uint64_t)head[2] * 8, chain = buckets + (uint64_t)head[0] * 4;
    if (!target_read_file(t, buckets + hash % head[0] * 4, &index, sizeof index) || index < head[1])
        return false;
    for (int i = 0; i < CHAIN_MOST; i++, index++) {
        if (!target_read_file(t, chain + (uint64_t)(index - head[1]) * 4, &entry, sizeof entry))
            return false;
        if ((entry | 1) == (hash | 1) && is_at(t, o, index, symbol))
            return true;
        if (entry & 1)
            return false;
    }
    return false;
}

/* What is not in the hash table comes before what is: mostly what is wanted of others. */
bool linkmap_wants(struct target *t, const struct loaded *o, const char *symbol)
{
    uint32_t head[4];
    char name[NAME_MOST];
    bool defined = true;
    if (!read_head(t, o, head))
        return false;
    for (uint32_t i = 1; i < head[1] && i < CHAIN_MOST; i++) {
        symbol_at(t, o, i, name, &defined);
        if (!defined && strcmp(name, symbol) == 0)
            return true;
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

void linkmap_each(struct target *t, linkmap_look *each, void *arg, bool *dynamic)
{
    struct link_map map;
    uint64_t at = first_map(t, dynamic);
    for (unsigned n = 0; at && n < OBJECTS_MOST && target_read_file(t, at, &map, sizeof map);
         n++, at = (uintptr_t)map.l_next) {
        uint64_t section = (uintptr_t)map.l_ld, base = map.l_addr;
        struct loaded o = {.program = n == 0,
                           .hash = relocated(tag(t, section, DT_GNU_HASH), base),
                           .symbols = relocated(tag(t, section, DT_SYMTAB), base),
                           .strings = relocated(tag(t, section, DT_STRTAB), base)};
        object_name(t, &map, o.program, o.name, sizeof o.name);
        if (!each(t, &o, arg))
            return;
    }
}

struct search {
    const char *symbol;
    struct serving *out;
};

static bool look_for(struct target *t, const struct loaded *o, void *arg)
{
    const struct search *search = arg;
    struct serving *out = search->out;
    bool ours = linkmap_defines(t, o, "hak_layout");
    out->library = out->library || ours;
    if (!out->first[0] && linkmap_defines(t, o, search->symbol)) {
        memcpy(out->first, o->name, sizeof out->first);
        out->is_library = ours;
    }
    out->objects++;
    return true;
}

void linkmap_serving(struct target *t, const char *symbol, struct serving *out)
{
    struct search search = {symbol, out};
    *out = (struct serving){0};
    linkmap_each(t, look_for, &search, &out->dynamic);
}
