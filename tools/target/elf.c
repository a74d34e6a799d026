/* SPDX-License-Identifier: MIT */
/* target/elf.c - what an executable file or library is. */
#include "target/elf.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/objectat.h"
#include "common/say.h"

struct image {
    const char *data;
    size_t size;
};

static const void *part(const struct image *f, uint64_t offset, uint64_t size)
{
    return offset <= f->size && size <= f->size - offset ? f->data + offset : NULL;
}

/* NULL if it is no ELF file of 64 bits. */
static const Elf64_Ehdr *header_64(const struct image *f)
{
    const Elf64_Ehdr *eh = part(f, 0, sizeof *eh);
    bool is = eh && memcmp(eh->e_ident, ELFMAG, SELFMAG) == 0 && eh->e_ident[EI_CLASS] == ELFCLASS64;
    return is ? eh : NULL;
}

/* Where the file has what is loaded at ADDRESS; UINT64_MAX if nowhere. */
static uint64_t offset_of_address(const Elf64_Phdr *ph, unsigned n, uint64_t address)
{
    for (unsigned i = 0; i < n; i++)
        if (ph[i].p_type == PT_LOAD && address >= ph[i].p_vaddr && address - ph[i].p_vaddr < ph[i].p_filesz)
            return address - ph[i].p_vaddr + ph[i].p_offset;
    return UINT64_MAX;
}

static void read_dynamic(const struct image *f, const Elf64_Phdr *ph, unsigned n, const Elf64_Phdr *d,
                         struct elf_file *out)
{
    const Elf64_Dyn *dyn = part(f, d->p_offset, d->p_filesz);
    uint64_t count = d->p_filesz / sizeof *dyn, strings = UINT64_MAX, size = 0;
    for (uint64_t i = 0; dyn && i < count && dyn[i].d_tag != DT_NULL; i++) {
        if (dyn[i].d_tag == DT_STRTAB)
            strings = offset_of_address(ph, n, dyn[i].d_un.d_ptr);
        if (dyn[i].d_tag == DT_STRSZ)
            size = dyn[i].d_un.d_val;
    }
    const char *text = part(f, strings, size);
    if (!text || !size || text[size - 1])
        return;
    for (uint64_t i = 0; i < count && dyn[i].d_tag != DT_NULL; i++) {
        if (dyn[i].d_un.d_val >= size)
            continue;
        const char *name = text + dyn[i].d_un.d_val;
        size_t have = strlen(out->needed);
        if (dyn[i].d_tag == DT_NEEDED)
            snprintf(out->needed + have, sizeof out->needed - have, "%s ", name);
        if (dyn[i].d_tag == DT_SONAME)
            snprintf(out->soname, sizeof out->soname, "%s", name);
    }
}

static void read_segments(const struct image *f, const Elf64_Ehdr *eh, struct elf_file *out)
{
    unsigned n = eh->e_phentsize == sizeof(Elf64_Phdr) ? eh->e_phnum : 0;
    const Elf64_Phdr *ph = part(f, eh->e_phoff, n * sizeof *ph);
    for (unsigned i = 0; ph && i < n; i++) {
        if (ph[i].p_type == PT_INTERP) {
            const char *name = part(f, ph[i].p_offset, ph[i].p_filesz);
            out->has_interpreter = true;
            if (name)
                snprintf(out->interpreter, sizeof out->interpreter, "%.*s",
                         (int)min_size(ph[i].p_filesz, 255), name);
        }
        if (ph[i].p_type == PT_DYNAMIC)
            read_dynamic(f, ph, n, &ph[i], out);
    }
}

static void read_script(const struct image *f, struct elf_file *out)
{
    const char *p = f->data + 2, *end = f->data + min_size(f->size, 250);
    size_t n = 0;
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    while (p < end && *p != ' ' && *p != '\t' && *p != '\n')
        out->script[n++] = *p++;
    out->script[n] = '\0';
}

static void inspect(const struct image *f, struct elf_file *out)
{
    const Elf64_Ehdr *eh = part(f, 0, sizeof *eh);
    static const Elf64_Half machine =
#if defined(__x86_64__)
        EM_X86_64;
#elif defined(__aarch64__)
        EM_AARCH64;
#else
        EM_NONE;
#endif
    if (f->size > 2 && f->data[0] == '#' && f->data[1] == '!')
        read_script(f, out);
    if (!eh || memcmp(eh->e_ident, ELFMAG, SELFMAG) != 0)
        return;
    out->is_elf = true;
    out->is_64 = eh->e_ident[EI_CLASS] == ELFCLASS64;
    out->is_ours = out->is_64 && (machine == EM_NONE || eh->e_machine == machine);
    if (out->is_64)
        read_segments(f, eh, out);
}

/* Map the file; false with errno. An empty one, or none that is regular, has no data. */
static bool map_file(const char *path, struct image *f)
{
    struct stat st;
    *f = (struct image){NULL, 0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        int code = errno;
        if (fd >= 0)
            close(fd);
        errno = code;
        return false;
    }
    size_t size = S_ISREG(st.st_mode) ? (size_t)st.st_size : 0;
    void *data = size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    close(fd);
    if (data == MAP_FAILED)
        return S_ISREG(st.st_mode) && !size;
    *f = (struct image){data, size};
    return true;
}

static void unmap_file(const struct image *f)
{
    if (f->data)
        munmap((void *)(uintptr_t)f->data, f->size);
}

bool elf_inspect(const char *path, struct elf_file *out)
{
    struct image f;
    *out = (struct elf_file){0};
    if (!map_file(path, &f))
        return false;
    if (f.data)
        inspect(&f, out);
    unmap_file(&f);
    return true;
}

/* --- Names that a program has for itself ---------------------------------------------------------*/

static int search_symbols(const struct image *f, const Elf64_Shdr *table, const Elf64_Shdr *text,
                          const char *const *names, int count)
{
    const Elf64_Sym *symbols = part(f, table->sh_offset, table->sh_size);
    const char *strings = part(f, text->sh_offset, text->sh_size);
    int first = count;
    if (!symbols || !strings || !text->sh_size || strings[text->sh_size - 1])
        return -1;
    for (uint64_t i = 0; i < table->sh_size / sizeof *symbols; i++)
        if (symbols[i].st_shndx != SHN_UNDEF && symbols[i].st_name < text->sh_size)
            for (int n = 0; n < first; n++)
                if (strcmp(strings + symbols[i].st_name, names[n]) == 0)
                    first = n;
    return first < count ? first : -1;
}

int elf_holds(const char *path, const char *const *names, int count)
{
    struct image f;
    int found = -1;
    if (!map_file(path, &f) || !f.data)
        return -1;
    const Elf64_Ehdr *eh = header_64(&f);
    unsigned n = eh && eh->e_shentsize == sizeof(Elf64_Shdr) ? eh->e_shnum : 0;
    const Elf64_Shdr *sections = n ? part(&f, eh->e_shoff, n * sizeof *sections) : NULL;
    for (unsigned i = 0; sections && i < n && found < 0; i++)
        if (sections[i].sh_type == SHT_SYMTAB && sections[i].sh_link < n)
            found = search_symbols(&f, &sections[i], &sections[sections[i].sh_link], names, count);
    unmap_file(&f);
    return found;
}

/* --- The build ID --------------------------------------------------------------------------------*/

uint32_t elf_build_id(const char *path, uint8_t *id, uint32_t most, uint64_t *first)
{
    struct image f;
    uint32_t length = 0;
    *first = UINT64_MAX;
    if (!map_file(path, &f) || !f.data)
        return 0;
    const Elf64_Ehdr *eh = header_64(&f);
    unsigned n = eh && eh->e_phentsize == sizeof(Elf64_Phdr) ? eh->e_phnum : 0;
    const Elf64_Phdr *ph = n ? part(&f, eh->e_phoff, n * sizeof *ph) : NULL;
    for (unsigned i = 0; ph && i < n; i++) {
        const char *notes = ph[i].p_type == PT_NOTE ? part(&f, ph[i].p_offset, ph[i].p_filesz) : NULL;
        if (notes && !length)
            length = object_build_id(notes, ph[i].p_filesz, id, most);
        if (ph[i].p_type == PT_LOAD && ph[i].p_vaddr - ph[i].p_offset < *first)
            *first = ph[i].p_vaddr - ph[i].p_offset;
    }
    unmap_file(&f);
    return length;
}
