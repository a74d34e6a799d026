/* SPDX-License-Identifier: MIT */
/* object.c - what an executable file or library is. */
#include "object.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bits.h"
#include "tool.h"

struct image {
    const char *data;
    size_t size;
};

static const void *part(const struct image *f, uint64_t offset, uint64_t size)
{
    return offset <= f->size && size <= f->size - offset ? f->data + offset : NULL;
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

bool elf_inspect(const char *path, struct elf_file *out)
{
    struct stat st;
    *out = (struct elf_file){0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0) {
        int code = errno;
        if (fd >= 0)
            close(fd);
        errno = code;
        return false;
    }
    struct image f = {NULL, S_ISREG(st.st_mode) ? (size_t)st.st_size : 0};
    void *data = f.size ? mmap(NULL, f.size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    close(fd);
    if (data == MAP_FAILED)
        return S_ISREG(st.st_mode) && !f.size;
    f.data = data;
    inspect(&f, out);
    munmap(data, f.size);
    return true;
}
