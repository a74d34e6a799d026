/* SPDX-License-Identifier: MIT */
/* target/rows.c - find hak_layout (lib/layout.h) in a process, and its rows. */
#include "base/layout.h"
#include "base/sizeclass.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "target/target.h"
#include "common/say.h"

enum { PARTS_MOST = 256, PART_MOST = 512, ROWS_MOST = 2048, SCAN_MOST = 64 << 20 };
#define PAGE_THERE (UINT64_C(3) << 62)
#define PAGE_OF_FILE (UINT64_C(1) << 61)

static const char *const row_names[ROWS] = {
#define ROW(id, name) name,
#include "target/rows.def"
#undef ROW
};

/* True if ADDRESS holds a layout that knows itself. */
static bool is_layout(struct target *t, uint64_t address, struct hak_layout *out)
{
    const size_t head = offsetof(struct hak_layout, part);
    return target_read_file(t, address, out, head) &&
           memcmp(out->magic, LAYOUT_MAGIC, sizeof out->magic) == 0 && (uintptr_t)out->self == address;
}

static bool scan_page(struct target *t, uint64_t page, struct hak_layout *out, uint64_t *found)
{
    static char buffer[65536];
    size_t size = t->page < sizeof buffer ? t->page : sizeof buffer;
    if (!target_read_file(t, page, buffer, size))
        return false;
    for (size_t i = 0; i + sizeof out->magic <= size; i += 16)
        if (memcmp(buffer + i, LAYOUT_MAGIC, sizeof out->magic) == 0 && is_layout(t, page + i, out)) {
            *found = page + i;
            return true;
        }
    return false;
}

/* The loader wrote the address of the structure into it, so that its page is the process's own: few pages of
 * a mapped file are. */
static bool scan_vma(struct target *t, const struct vma *v, struct hak_layout *out, uint64_t *found)
{
    uint64_t entries[512];
    if (v->end - v->start > SCAN_MOST)
        return false;
    for (uint64_t from = v->start; from < v->end; from += 512 * t->page) {
        size_t pages = (size_t)((v->end - from) / t->page);
        pages = pages < 512 ? pages : 512;
        ssize_t n = t->pagemap < 0 ? -1 : pread(t->pagemap, entries, pages * 8, (off_t)(from / t->page * 8));
        for (size_t i = 0; i < pages; i++) {
            bool own =
                n < 0 || (i < (size_t)n / 8 && (entries[i] & PAGE_THERE) && !(entries[i] & PAGE_OF_FILE));
            if (own && scan_page(t, from + i * t->page, out, found))
                return true;
        }
    }
    return false;
}

/* A program that is not relocated keeps the structure as its file has it, in pages that may never have been
 * touched: look into the file. */
static bool scan_program(struct target *t, struct hak_layout *out, uint64_t *found)
{
    char path[64];
    struct stat st;
    snprintf(path, sizeof path, "/proc/%d/exe", t->process.pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) != 0 || st.st_size < (off_t)sizeof(Elf64_Ehdr)) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    bool is = false;
    size_t size = (size_t)st.st_size;
    char *file = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (file == MAP_FAILED)
        return false;
    char *p = ((const Elf64_Ehdr *)file)->e_type == ET_EXEC ? file : NULL;
    while (p && !is && (p = memmem(p, size - (size_t)(p - file), LAYOUT_MAGIC, sizeof out->magic)) != NULL) {
        uint64_t offset = (uint64_t)(p++ - file);
        for (size_t i = 0; i < t->maps.count && !is; i++) {
            const struct vma *v = &t->maps.vma[i];
            if (v->inode == st.st_ino && offset >= v->offset && offset - v->offset < v->end - v->start) {
                *found = v->start + offset - v->offset;
                is = is_layout(t, *found, out);
            }
        }
    }
    munmap(file, size);
    return is;
}

static bool find(struct target *t, struct hak_layout *out, uint64_t *found)
{
    for (int pass = 0; pass < 2; pass++) /* what is called libhakmem first */
        for (size_t i = 0; i < t->maps.count; i++) {
            const struct vma *v = &t->maps.vma[i];
            bool named = strstr(v->path, "libhakmem.so") != NULL;
            if (v->inode && v->perms[3] == 'p' && v->perms[0] == 'r' && v->perms[2] != 'x' &&
                named == !pass && scan_vma(t, v, out, found))
                return true;
        }
    return scan_program(t, out, found);
}

static void remember_file(struct target *t)
{
    const struct vma *v = proc_find(&t->maps, t->layout);
    snprintf(t->library, sizeof t->library, "%s", v ? v->path : "");
    char *deleted = strstr(t->library, " (deleted)");
    t->deleted = deleted && !deleted[strlen(" (deleted)")];
    if (t->deleted)
        *deleted = '\0';
}

/* Read the table of rows at ADDRESS into ROW: their number. */
static size_t read_rows(struct target *t, uint64_t address, struct layout_row row[PART_MOST])
{
    size_t n = 0;
    while (n < PART_MOST && target_read_file(t, address + n * sizeof *row, &row[n], sizeof *row) &&
           row[n].name[0])
        n++;
    return n;
}

/* The row of NAME among the N of ROW, or NULL. */
static const struct layout_row *find_row(const struct layout_row *row, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strncmp(row[i].name, name, sizeof row[i].name) == 0)
            return &row[i];
    return NULL;
}

/* What of the N rows of ROW is missing or not as this command has it; NULL: nothing, and t->row is filled. */
static const char *compare(struct target *t, const struct layout_row *row, size_t n)
{
    uint16_t sizes[CLASSES] = {0};
    const struct layout_row *found;
    for (const struct layout_row *own = layout_structures; own->name[0]; own++)
        if (!(found = find_row(row, n, own->name)) || found->value != own->value)
            return own->name;
    for (int i = 0; i < ROWS; i++) {
        if (!(found = find_row(row, n, row_names[i])))
            return row_names[i];
        t->row[i] = found->value;
    }
    bool same = target_read_file(t, at(t, ROW_class_sizes), sizes, sizeof sizes) &&
                memcmp(sizes, class_sizes, sizeof sizes) == 0;
    return same ? NULL : row_names[ROW_class_sizes];
}

bool target_find(struct target *t)
{
    static struct layout_row rows[ROWS_MOST];
    struct hak_layout layout;
    const char *name = t->process.name;
    int pid = t->process.pid;
    if (!find(t, &layout, &t->layout)) {
        snprintf(t->why, sizeof t->why, "process %d (%s) does not run with libhakmem", pid, name);
        return false;
    }
    remember_file(t);
    memcpy(t->version, layout.version, sizeof layout.version);
    if (layout.format != LAYOUT_FORMAT || layout.row_size != sizeof(struct layout_row)) {
        snprintf(t->why, sizeof t->why,
                 "process %d (%s) runs with libhakmem %s, whose layout is version %u; this command reads %d",
                 pid, name, t->version, layout.format, LAYOUT_FORMAT);
        return false;
    }
    size_t n = 0;
    for (uint32_t i = 0; i < layout.parts && i < PARTS_MOST && n < ROWS_MOST - PART_MOST; i++)
        n += read_rows(t, word_at(t, t->layout + offsetof(struct hak_layout, part) + i * sizeof(uint64_t)),
                       rows + n);
    const char *other = compare(t, rows, n);
    if (other)
        snprintf(t->why, sizeof t->why,
                 "process %d (%s) runs with libhakmem %s, which has no '%s' or another: "
                 "use the hakmem command of that release",
                 pid, name, t->version, other);
    return !other;
}
