/* SPDX-License-Identifier: MIT */
/* target/target.c - a running process, opened and read from outside. */
#include "target/target.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/say.h"

enum { ADDRESS_BITS = 48, PAGES_AT_ONCE = 512 };
#define PAGE_PRESENT (UINT64_C(1) << 63)
#define PAGE_SWAPPED (UINT64_C(1) << 62)

static void why(struct target *t, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void why(struct target *t, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(t->why, sizeof t->why, format, list);
    va_end(list);
}

/* --- Opening -------------------------------------------------------------------------------------*/

static void why_refused(struct target *t)
{
    const struct passwd *owner = getpwuid(t->process.user);
    t->refused = true;
    char number[24];
    snprintf(number, sizeof number, "%u", (unsigned)t->process.user);
    char *scope = proc_text("/proc/sys/kernel/yama/ptrace_scope", NULL);
    why(t, "process %d (%s) of user %s may not be read: that needs the same user%s, or root (CAP_SYS_PTRACE)",
        t->process.pid, t->process.name, owner ? owner->pw_name : number,
        scope && scope[0] > '0' ? " and 0 in /proc/sys/kernel/yama/ptrace_scope"
                                : " and a process that is not protected");
    free(scope);
}

/* The class of the program's ELF file; 0 if it cannot be read. */
static int program_class(int pid)
{
    char path[64];
    unsigned char ident[EI_NIDENT] = {0};
    snprintf(path, sizeof path, "/proc/%d/exe", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0 && read(fd, ident, sizeof ident) != (ssize_t)sizeof ident)
        ident[0] = 0;
    if (fd >= 0)
        close(fd);
    return memcmp(ident, ELFMAG, SELFMAG) == 0 ? ident[EI_CLASS] : 0;
}

/* What kind of process cannot be read at all. */
static bool readable_kind(struct target *t, int pid)
{
    if (!proc_read(&t->process, pid))
        why(t, "no such process: %d", pid);
    else if (t->process.kernel)
        why(t, "process %d (%s) is a kernel thread", pid, t->process.name);
    else if (t->process.state == 'Z' || t->process.state == 'X')
        why(t, "process %d (%s) has ended and waits for its parent (zombie): it has no memory", pid,
            t->process.name);
    else
        return true;
    return false;
}

bool target_open(struct target *t, int pid, bool smaps)
{
    char path[64];
    *t = (struct target){.pagemap = -1, .page = (size_t)sysconf(_SC_PAGESIZE)};
    if (!readable_kind(t, pid))
        return false;
    if (!proc_maps(&t->maps, pid, smaps)) {
        if (errno == ENOENT || errno == ESRCH)
            why(t, "no such process: %d", pid);
        else
            why_refused(t);
        return false;
    }
    if (program_class(pid) == ELFCLASS32) {
        why(t, "process %d (%s) is a 32-bit program: libhakmem is a 64-bit library", pid, t->process.name);
        return false;
    }
    snprintf(path, sizeof path, "/proc/%d/pagemap", pid);
    t->pagemap = open(path, O_RDONLY | O_CLOEXEC);
    char probe;
    const struct vma *any = t->maps.count ? &t->maps.vma[0] : NULL;
    struct iovec to = {&probe, 1}, from = {(void *)(uintptr_t)(any ? any->start : 0), 1};
    if (any && process_vm_readv(pid, &to, 1, &from, 1, 0) < 0 && (errno == EPERM || errno == ENOSYS)) {
        if (errno == EPERM)
            why_refused(t);
        else
            why(t, "this kernel has no process_vm_readv");
        return false;
    }
    if (!any)
        why(t, "process %d (%s) has no memory: it is ending", pid, t->process.name);
    return any != NULL;
}

bool target_attach(struct target *t, int pid, bool smaps)
{
    return target_open(t, pid, smaps) && target_find(t);
}

void target_close(struct target *t)
{
    if (t->pagemap >= 0)
        close(t->pagemap);
    proc_maps_free(&t->maps);
}

/* --- Reading -------------------------------------------------------------------------------------*/

static bool sane(uint64_t address, size_t size)
{
    return address >> ADDRESS_BITS == 0 && size <= UINT64_C(1) << 40 && (address + size) >> ADDRESS_BITS == 0;
}

bool target_read_file(struct target *t, uint64_t address, void *out, size_t size)
{
    char *to = out;
    if (!sane(address, size))
        return false;
    while (size) {
        struct iovec local = {to, size}, remote = {(void *)(uintptr_t)address, size};
        ssize_t n = process_vm_readv(t->process.pid, &local, 1, &remote, 1, 0);
        if (n <= 0) {
            t->gone = t->gone || (n < 0 && errno == ESRCH);
            return false;
        }
        to += n;
        address += (uint64_t)n;
        size -= (size_t)n;
    }
    return true;
}

/* Which of PAGES pages from START on are there, or in swap: all of them, where nobody tells. */
static void existing(struct target *t, uint64_t start, size_t pages, uint64_t *entries)
{
    off_t from = (off_t)(start / t->page * sizeof *entries);
    ssize_t n = t->pagemap < 0 ? -1 : pread(t->pagemap, entries, pages * sizeof *entries, from);
    size_t have = n < 0 ? 0 : (size_t)n / sizeof *entries;
    for (size_t i = have; i < pages; i++)
        entries[i] = t->pagemap < 0 ? PAGE_PRESENT : 0;
}

bool target_read(struct target *t, uint64_t address, void *out, size_t size)
{
    uint64_t entries[PAGES_AT_ONCE];
    char *to = out;
    if (!sane(address, size))
        return false;
    memset(out, 0, size);
    while (size) {
        uint64_t first = address & ~(uint64_t)(t->page - 1);
        size_t pages = (size_t)((address + size - first + t->page - 1) / t->page);
        pages = pages < PAGES_AT_ONCE ? pages : PAGES_AT_ONCE;
        existing(t, first, pages, entries);
        for (size_t i = 0; i < pages;) {
            size_t run = 1;
            bool there = (entries[i] & (PAGE_PRESENT | PAGE_SWAPPED)) != 0;
            while (i + run < pages && ((entries[i + run] & (PAGE_PRESENT | PAGE_SWAPPED)) != 0) == there)
                run++;
            size_t part = (size_t)(first + (i + run) * t->page - address);
            part = part < size ? part : size;
            if (there && !target_read_file(t, address, to, part))
                return false;
            to += part;
            address += part;
            size -= part;
            i += run;
        }
    }
    return true;
}

bool target_write(struct target *t, uint64_t address, const void *value, size_t size)
{
    const struct vma *v = proc_find(&t->maps, address);
    if (!v || v->perms[1] != 'w' || v->end - address < size) {
        errno = EFAULT;
        return false;
    }
    struct iovec local = {(void *)(uintptr_t)value, size}, remote = {(void *)(uintptr_t)address, size};
    return process_vm_writev(t->process.pid, &local, 1, &remote, 1, 0) == (ssize_t)size;
}

void target_text(struct target *t, uint64_t address, char *out, size_t size)
{
    size_t have = 0;
    memset(out, 0, size);
    while (address && have < size - 1) {
        size_t part = t->page - ((address + have) & (t->page - 1)); /* the next page may not exist */
        part = part < size - 1 - have ? part : size - 1 - have;
        if (!target_read_file(t, address + have, out + have, part) || memchr(out + have, '\0', part))
            break;
        have += part;
    }
    out[size - 1] = '\0';
}

uint64_t word_at(struct target *t, uint64_t address)
{
    uint64_t value = 0;
    (void)target_read(t, address, &value, sizeof value);
    return value;
}

uint32_t half_at(struct target *t, uint64_t address)
{
    uint32_t value = 0;
    (void)target_read(t, address, &value, sizeof value);
    return value;
}

/* --- Pages ---------------------------------------------------------------------------------------*/

/* Linux 6.7 tells the page of zeros from others. Headers may be older. */
struct scan {
    uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
    uint64_t inverted, mask, anyof, result;
};
struct scanned {
    uint64_t start, end, categories;
};
#define SCAN_PAGES _IOWR('f', 16, struct scan)
enum { SCAN_PRESENT = 1 << 3, SCAN_ZEROS = 1 << 5, SCAN_AT_ONCE = 256 };

/* False where the kernel cannot. */
static bool scan(struct target *t, uint64_t start, uint64_t end, uint8_t *each, size_t *found)
{
    struct scanned part[SCAN_AT_ONCE];
    uint64_t from = start;
    while (from < end) {
        struct scan s = {.size = sizeof s,
                         .start = from,
                         .end = end,
                         .vec = (uintptr_t)part,
                         .vec_len = SCAN_AT_ONCE,
                         .inverted = SCAN_ZEROS,
                         .mask = SCAN_PRESENT | SCAN_ZEROS,
                         .result = SCAN_PRESENT};
        int n = ioctl(t->pagemap, SCAN_PAGES, &s);
        if (n < 0 || s.walk_end <= from)
            return false;
        for (int i = 0; i < n; i++) {
            for (uint64_t p = part[i].start; each && p < part[i].end; p += t->page)
                each[(p - start) / t->page] = 1;
            *found += (part[i].end - part[i].start) / t->page;
        }
        from = s.walk_end;
    }
    return true;
}

size_t target_resident(struct target *t, uint64_t start, size_t pages, uint8_t *each)
{
    static bool old_kernel;
    uint64_t entries[PAGES_AT_ONCE];
    size_t found = 0;
    if (each)
        memset(each, 0, pages);
    if (!sane(start, pages * t->page))
        return 0;
    if (!old_kernel && scan(t, start, start + pages * t->page, each, &found))
        return found;
    old_kernel = true;
    found = 0;
    for (size_t i = 0; i < pages; i += PAGES_AT_ONCE) {
        size_t n = pages - i < PAGES_AT_ONCE ? pages - i : PAGES_AT_ONCE;
        existing(t, start + i * t->page, n, entries);
        for (size_t k = 0; k < n; k++) {
            bool present = (entries[k] & PAGE_PRESENT) != 0;
            found += present;
            if (each)
                each[i + k] = present;
        }
    }
    return found;
}

uint64_t target_resident_bytes(struct target *t, uint64_t start, uint64_t end)
{
    uint64_t first = start & ~(uint64_t)(t->page - 1), last = (end + t->page - 1) & ~(uint64_t)(t->page - 1);
    if (end <= start)
        return 0;
    return target_resident(t, first, (size_t)((last - first) / t->page), NULL) * t->page;
}
