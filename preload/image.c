/* SPDX-License-Identifier: MIT */
/* image.c - what ld.so would find in a file, without running it. Every offset is checked: the file may be
 * damaged. */
#include "image.h"

#include <elf.h>
#include <string.h>
#include <unistd.h>

typedef Elf64_Ehdr header;
typedef Elf64_Phdr segment;
typedef Elf64_Dyn entry;

enum { ENTRIES_LIMIT = 1024 };

#ifdef __x86_64__
enum { MACHINE = EM_X86_64 };
#elif defined __aarch64__
enum { MACHINE = EM_AARCH64 };
#elif defined __riscv
enum { MACHINE = EM_RISCV };
#elif defined __powerpc64__
enum { MACHINE = EM_PPC64 };
#elif defined __s390x__
enum { MACHINE = EM_S390 };
#else
enum { MACHINE = EM_NONE };
#endif

int elf_class(const struct text *file)
{
    return file->size > EI_CLASS && memcmp(file->data, ELFMAG, SELFMAG) == 0 ? file->data[EI_CLASS] : 0;
}

/* SIZE bytes at offset AT, or NULL; malloc aligned the start. */
static const void *part(const struct text *file, size_t at, size_t size)
{
    return at <= file->size && size <= file->size - at && at % 8 == 0 ? file->data + at : NULL;
}

static const header *header_of(const struct text *file)
{
    const header *h = part(file, 0, sizeof *h);
    return h && elf_class(file) == ELFCLASS64 ? h : NULL;
}

static const segment *segments(const struct text *file, size_t *count)
{
    const header *h = header_of(file);
    *count = 0;
    if (!h || h->e_phentsize != sizeof(segment))
        return NULL;
    const segment *list = part(file, h->e_phoff, h->e_phnum * sizeof *list);
    *count = list ? h->e_phnum : 0;
    return list;
}

static const segment *find_segment(const struct text *file, unsigned type)
{
    size_t count;
    const segment *list = segments(file, &count);
    for (size_t i = 0; i < count; i++)
        if (list[i].p_type == type)
            return &list[i];
    return NULL;
}

/* What is loaded at ADDRESS, as far as the file holds it. */
static const char *at_address(const struct text *file, size_t address, size_t *room)
{
    size_t count;
    const segment *list = segments(file, &count);
    for (size_t i = 0; i < count; i++) {
        const segment *s = &list[i];
        if (s->p_type != PT_LOAD || address < s->p_vaddr || address - s->p_vaddr >= s->p_filesz)
            continue;
        size_t at = address - s->p_vaddr + s->p_offset, end = s->p_offset + s->p_filesz;
        if (end > file->size || at >= end)
            return NULL;
        *room = end - at;
        return file->data + at;
    }
    return NULL;
}

/* The same, for what must lie at a multiple of ALIGNMENT. */
static const void *table_at(const struct text *file, size_t address, size_t alignment, size_t *room)
{
    const char *at = at_address(file, address, room);
    return at && (size_t)(at - file->data) % alignment == 0 ? at : NULL;
}

/* They are searched again and again: more than any library has are not looked at. */
static const entry *entries(const struct text *file, size_t *count)
{
    const segment *s = find_segment(file, PT_DYNAMIC);
    const entry *list = s ? part(file, s->p_offset, s->p_filesz) : NULL;
    *count = list ? s->p_filesz / sizeof *list : 0;
    if (*count > ENTRIES_LIMIT)
        *count = ENTRIES_LIMIT;
    for (size_t i = 0; i < *count; i++)
        if (list[i].d_tag == DT_NULL)
            *count = i;
    return list;
}

static size_t value(const struct text *file, long tag)
{
    size_t count;
    const entry *list = entries(file, &count);
    for (size_t i = 0; i < count; i++)
        if (list[i].d_tag == tag)
            return list[i].d_un.d_val;
    return 0;
}

static const char *string(const struct text *file, size_t at)
{
    size_t room;
    const char *s = at_address(file, value(file, DT_STRTAB) + at, &room);
    return s && memchr(s, '\0', room) ? s : NULL;
}

/* --- Is it whole? --------------------------------------------------------------------------------*/

static const char *segments_wrong(const struct text *file)
{
    size_t count, loaded = 0;
    const segment *list = segments(file, &count);
    if (!list)
        return "has no program headers: it is damaged";
    for (size_t i = 0; i < count; i++) {
        const segment *s = &list[i];
        if (s->p_type == PT_LOAD) {
            loaded++;
            if (s->p_offset > file->size || s->p_filesz > file->size - s->p_offset)
                return "is truncated: programs would die of SIGBUS";
        }
        if (s->p_type == PT_GNU_STACK && (s->p_flags & PF_X))
            return "asks for an executable stack";
        if (s->p_type == PT_LOAD && (s->p_flags & PF_W) && (s->p_flags & PF_X))
            return "has a segment that is writable and executable";
    }
    return loaded ? NULL : "has nothing to load: it is damaged";
}

const char *elf_not_loadable(const struct text *file)
{
    int class = elf_class(file);
    if (!class)
        return file->size ? "is no ELF file" : "is empty";
    if (class != ELFCLASS64)
        return "has the wrong class: it is a 32-bit library";
    const header *h = header_of(file);
    if (!h)
        return "is truncated";
    if (h->e_machine != MACHINE && MACHINE != EM_NONE)
        return "is for another processor";
    if (h->e_type != ET_DYN)
        return "is no shared library";
    const char *wrong = segments_wrong(file);
    if (wrong)
        return wrong;
    size_t count;
    if (!entries(file, &count) || !count || !string(file, 0))
        return "has no dynamic section: it is damaged";
    if (value(file, DT_TEXTREL) || (value(file, DT_FLAGS) & DF_TEXTREL))
        return "has text relocations";
    return NULL;
}

/* --- What it needs -------------------------------------------------------------------------------*/

const char *elf_interpreter(const struct text *file)
{
    const segment *s = find_segment(file, PT_INTERP);
    bool inside = s && s->p_offset <= file->size && s->p_filesz <= file->size - s->p_offset;
    const char *text = inside ? file->data + s->p_offset : NULL;
    return text && s->p_filesz && text[s->p_filesz - 1] == '\0' ? text : NULL;
}

const char *elf_not_preloadable(const struct text *file)
{
    int class = elf_class(file);
    const header *h = header_of(file);
    const char *interpreter = elf_interpreter(file);
    if (!class || (class == ELFCLASS64 && !h))
        return "is no program";
    if (!h)
        return "is a 32-bit program";
    if (h->e_machine != MACHINE && MACHINE != EM_NONE)
        return "is a program for another processor";
    if (!interpreter)
        return "is statically linked";
    return strstr(interpreter, "ld-musl") ? "is linked with musl, not with the GNU C library" : NULL;
}

const char *elf_soname(const struct text *file)
{
    size_t at = value(file, DT_SONAME);
    return at ? string(file, at) : NULL;
}

const char *elf_other_needed(const struct text *file)
{
    size_t count;
    const entry *list = entries(file, &count);
    for (size_t i = 0; i < count; i++) {
        if (list[i].d_tag != DT_NEEDED)
            continue;
        const char *name = string(file, list[i].d_un.d_val);
        if (!name)
            return "(damaged)";
        if (strcmp(name, "libc.so.6") != 0 && strncmp(name, "ld-linux", 8) != 0 &&
            strncmp(name, "ld64.so", 7) != 0)
            return name;
    }
    return NULL;
}

static bool has_version(const struct text *file, const char *name)
{
    size_t room, at = value(file, DT_VERDEF);
    for (size_t n = value(file, DT_VERDEFNUM); n && at; n--) {
        const Elf64_Verdef *def = table_at(file, at, 4, &room);
        if (!def || room < sizeof *def)
            return false;
        const Elf64_Verdaux *aux = table_at(file, at + def->vd_aux, 4, &room);
        const char *text = aux && room >= sizeof *aux ? string(file, aux->vda_name) : NULL;
        if (text && strcmp(text, name) == 0)
            return true;
        at = def->vd_next ? at + def->vd_next : 0;
    }
    return false;
}

const char *elf_missing_version(const struct text *file, const struct text *libc)
{
    size_t room, at = value(file, DT_VERNEED);
    for (size_t n = value(file, DT_VERNEEDNUM); n && at; n--) {
        const Elf64_Verneed *need = table_at(file, at, 4, &room);
        if (!need || room < sizeof *need)
            return "(damaged)";
        const char *of = string(file, need->vn_file);
        size_t next = at + need->vn_aux;
        for (unsigned i = 0; of && strcmp(of, "libc.so.6") == 0 && i < need->vn_cnt; i++) {
            const Elf64_Vernaux *aux = table_at(file, next, 4, &room);
            const char *name = aux && room >= sizeof *aux ? string(file, aux->vna_name) : NULL;
            if (!name)
                return "(damaged)";
            if (!(aux->vna_flags & VER_FLG_WEAK) && !has_version(libc, name))
                return name;
            next += aux->vna_next;
        }
        at = need->vn_next ? at + need->vn_next : 0;
    }
    return NULL;
}

/* --- What it defines -----------------------------------------------------------------------------*/

/* Number of dynamic symbols: the chains of the GNU hash table end with the last of them. */
static size_t symbol_count(const struct text *file)
{
    size_t room, at = value(file, DT_GNU_HASH), hash = value(file, DT_HASH);
    if (hash) {
        const Elf64_Word *table = table_at(file, hash, 4, &room);
        return table && room >= 8 ? table[1] : 0;
    }
    const Elf64_Word *table = at ? table_at(file, at, 4, &room) : NULL;
    if (!table || room < 16)
        return 0;
    size_t words = room / 4, first = 4 + table[2] * 2, last = 0;
    if (first + table[0] > words)
        return 0;
    for (size_t i = 0; i < table[0]; i++)
        last = table[first + i] > last ? table[first + i] : last;
    if (last < table[1])
        return table[1];
    for (size_t chain = first + table[0] + last - table[1]; chain < words && !(table[chain] & 1); chain++)
        last++;
    return last + 1;
}

enum elf_definition elf_defines(const struct text *file, const char *name)
{
    size_t room, versions_room = 0, count = symbol_count(file), versym = value(file, DT_VERSYM);
    const Elf64_Sym *symbols = table_at(file, value(file, DT_SYMTAB), 8, &room);
    const Elf64_Half *versions = versym ? table_at(file, versym, 2, &versions_room) : NULL;
    if (!symbols)
        return ELF_NOT_DEFINED;
    for (size_t i = 1; i < count && (i + 1) * sizeof *symbols <= room; i++) {
        if (symbols[i].st_shndx == SHN_UNDEF || ELF64_ST_BIND(symbols[i].st_info) == STB_LOCAL)
            continue;
        const char *text = string(file, symbols[i].st_name);
        if (!text || strcmp(text, name) != 0)
            continue;
        bool base = !versions || (i + 1) * sizeof *versions > versions_room || (versions[i] & 0x7fff) <= 1;
        return base ? ELF_DEFINED : ELF_DEFINED_VERSION;
    }
    return ELF_NOT_DEFINED;
}
