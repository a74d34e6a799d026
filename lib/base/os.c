/* SPDX-License-Identifier: MIT */
/* base/os.c - the only system calls of the library.
 *
 * They are made by the machine's instruction (syscall.h), the clock is the vDSO's (vdso.h): whatever the
 * program or a library in front of us defines by the names of libc is not in the way. */
#include "base/os.h"

#include <elf.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include "base/auxv.h"
#include "base/bits.h"
#include "base/syscall.h"

int (*os_fault)(enum os_call call);
THREAD_LOCAL struct os_error os_error;
_Atomic(os_watcher) os_watch;

static const char *name_of(long number)
{
    switch (number) {
    case SYS_mmap: return "mmap";
    case SYS_munmap: return "munmap";
    case SYS_mremap: return "mremap";
    case SYS_mprotect: return "mprotect";
    default: return "madvise";
    }
}

/* Make system call NUMBER on memory, as E describes it, unless a test refuses it. -1: refused, os_error says
 * why. */
static long memory_call(enum os_call call, struct os_event *e, long number, long three, long four, long five)
{
    long result = -1;
    e->call = name_of(number);
    e->code = UNLIKELY(os_fault != NULL) ? os_fault(call) : 0;
    if (!e->code) {
        result = kernel_call(number, e->address, e->size, three, four, five, 0);
        if (kernel_refused(result)) {
            e->code = (int)-result;
            result = -1;
        }
    }
    if (e->code) {
        os_error.call = e->call;
        os_error.code = e->code;
    }
    os_watcher watcher = load_relaxed(&os_watch);
    if (UNLIKELY(watcher != NULL)) {
        if (call == OS_MMAP && result != -1)
            e->address = (void *)result;
        watcher(e);
    }
    return result;
}

size_t os_page_size(void)
{
    static _Atomic(size_t) page; /* the same value whoever stores it */
    size_t size = load_relaxed(&page);
    if (!size) {
        size = auxv_get(AT_PAGESZ);
        if (!size)
            size = 4096;
        store_relaxed(&page, size);
    }
    return size;
}

static struct {
    _Atomic(size_t) bytes, mappings; /* relaxed: figures that nothing is ordered by */
} totals;

/* Sums modulo 2^64: a negative number takes off. */
static void note_mapped(size_t bytes, size_t mappings)
{
    add_relaxed(&totals.bytes, bytes);
    add_relaxed(&totals.mappings, mappings);
}

void os_note_pieces(size_t more)
{
    note_mapped(0, more);
}

size_t os_mapped_bytes(void)
{
    return load_relaxed(&totals.bytes);
}

size_t os_mappings(void)
{
    return load_relaxed(&totals.mappings);
}

static void *map_once(size_t size, void *hint, bool access)
{
    int prot = access ? PROT_READ | PROT_WRITE : PROT_NONE;
    struct os_event e = {.address = hint, .size = size};
    long p = memory_call(OS_MMAP, &e, SYS_mmap, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (p == -1)
        return NULL;
    note_mapped(size, 1);
    return (void *)p;
}

/* Unmap the end of a mapping: it stays one. */
static void cut(void *addr, size_t size)
{
    /* Refused: too much stays mapped, and counted. */
    if (os_unmap(addr, size) == 0)
        note_mapped(0, 1);
}

void *os_map(size_t size, size_t align, void *hint, bool access)
{
    /* Without a hint only luck, or a kernel that aligns for huge pages, gives the alignment. */
    if (hint || align <= os_page_size() || (size & (align - 1)) == 0) {
        char *p = map_once(size, hint, access);
        if (!p || ((uintptr_t)p & (align - 1)) == 0)
            return p;
        /* Room is given back first, so that a program close to its limit needs it only once. */
        os_unmap(p, size);
    }
    /* Map enough to cut an aligned piece out of it. */
    size_t more = size + align - os_page_size();
    if (more < size)
        return NULL;
    char *p = map_once(more, NULL, access);
    if (!p)
        return NULL;
    char *aligned = (char *)round_up((uintptr_t)p, align);
    size_t before = (size_t)(aligned - p), after = more - before - size;
    if (before)
        cut(p, before);
    if (after)
        cut(aligned + size, after);
    return aligned;
}

/* It counts as part of its neighbour, as the kernel joins them. */
void *os_map_at(void *addr, size_t size)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    struct os_event e = {.address = addr, .size = size};
    long p = memory_call(OS_MMAP, &e, SYS_mmap, PROT_READ | PROT_WRITE, flags, -1);
    if (p == -1)
        return NULL;
    note_mapped(size, 0);
    if ((void *)p == addr)
        return addr;
    /* A kernel before 4.17 takes the address for a wish. */
    note_mapped(0, 1);
    (void)os_unmap((void *)p, size);
    os_error = (struct os_error){name_of(SYS_mmap), EEXIST};
    return NULL;
}

int os_unmap(void *addr, size_t size)
{
    struct os_event e = {.address = addr, .size = size};
    if (memory_call(OS_MUNMAP, &e, SYS_munmap, 0, 0, 0) == -1)
        return -1;
    note_mapped(0 - size, (size_t)-1);
    return 0;
}

int os_resize(void *addr, size_t old_size, size_t new_size)
{
    struct os_event e = {.address = addr, .size = old_size, .new_size = new_size};
    if (memory_call(OS_MREMAP, &e, SYS_mremap, (long)new_size, 0, 0) == -1)
        return -1;
    note_mapped(new_size - old_size, 0);
    return 0;
}

int os_move(void *addr, size_t old_size, size_t new_size, void *target)
{
    struct os_event e = {.address = addr, .size = old_size, .new_size = new_size, .target = target};
    int flags = MREMAP_MAYMOVE | MREMAP_FIXED;
    if (memory_call(OS_MREMAP, &e, SYS_mremap, (long)new_size, flags, (long)target) == -1)
        return -1;
    note_mapped(0 - old_size, (size_t)-1); /* the target was counted when it was reserved */
    return 0;
}

/* The target was counted as a mapping before, and so was the source, which goes on behind what has moved:
 * os_move takes one off that is still there. */
int os_move_part(void *addr, size_t size, void *target)
{
    int result = os_move(addr, size, size, target);
    if (result == 0)
        note_mapped(0, 1);
    return result;
}

/* --- Giving pages back ---------------------------------------------------------------------------
 *
 * A filter of seccomp(2) may end the process for a system call, and cannot be asked about without one. So the
 * library makes those that the C library's malloc makes: of madvise, that in a process with several threads,
 * where a free that shrinks a thread's arena makes it, or where an option asks for it. With one thread pages
 * are given back by mapping new ones over them: the kernel makes one mapping of them and their neighbours
 * again, and a purge of 512 KiB takes about a seventh longer (50 for 44 microseconds). */

_Atomic(bool) os_may_advise;

static bool advising(void)
{
    return !libc_single_threaded() || load_relaxed(&os_may_advise);
}

/* In the child of fork new pages do not join their neighbours: half of the mappings that the kernel allows a
 * process by default must be left to others. */
enum { CHILD_PIECES = 16384, RETRIES = 100, RETRY_MS = 10 };
static struct {
    _Atomic(bool) child;
    _Atomic(size_t) pieces; /* each makes two mappings more, at most */
} forked;

void os_forked(void)
{
    store_relaxed(&forked.child, true);
}

static bool map_over(void *addr, size_t size, int prot)
{
    struct os_event e = {.address = addr, .size = size};
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    return memory_call(OS_PURGE, &e, SYS_mmap, prot, flags, -1) != -1;
}

/* Kernels before 6.12 unmap first and count what is committed then: under vm.overcommit_memory=2 the mapping
 * may be gone where another process was quicker. Whether it is there, mprotect tells. */
static bool still_there(void *addr, size_t size)
{
    return kernel_call(SYS_mprotect, addr, size, PROT_READ | PROT_WRITE, 0, 0, 0) == 0;
}

bool os_restore(void *target, size_t size)
{
    bool mapped = os_map_at(target, size) != NULL;
    bool there = mapped || os_error.code == EEXIST || still_there(target, size);
    if (mapped || !there)
        note_mapped(0 - size, 0); /* counted already; or gone */
    return there;
}

/* Where the pages are gone and none can be mapped in their place, another process is just using what the
 * system has: it is asked again for a second. After that the process ends, for the next touch of them would
 * end it with less to be read. */
static int replace_pages(void *addr, size_t size)
{
    if (load_relaxed(&forked.child) && add_relaxed(&forked.pieces, 1) >= CHILD_PIECES)
        return -1;
    if (map_over(addr, size, PROT_READ | PROT_WRITE))
        return 0;
    if (still_there(addr, size))
        return -1;
    static _Atomic(uint32_t) never;
    for (int i = 0; i < RETRIES; i++) {
        os_futex_wait_ms(&never, 0, RETRY_MS);
        if (map_over(addr, size, PROT_READ | PROT_WRITE))
            return 0;
    }
    static const char text[] = "hakmem: the system took memory back and has none\n";
    os_write(2, text, sizeof text - 1);
    os_abort();
}

static int advise(enum os_call call, void *addr, size_t size, int advice)
{
    struct os_event e = {.address = addr, .size = size};
    return (int)memory_call(call, &e, SYS_madvise, advice, 0, 0);
}

int os_purge(void *addr, size_t size)
{
    return advising() ? advise(OS_PURGE, addr, size, MADV_DONTNEED) : replace_pages(addr, size);
}

/* Refused by a kernel without huge pages: no reason why an allocation failed. */
static int advise_huge(void *addr, size_t size, int advice)
{
    if (!advising())
        return -1;
    struct os_error before = os_error;
    int result = advise(OS_MADVISE, addr, size, advice);
    os_error = before;
    return result;
}

void os_no_huge(void *addr, size_t size)
{
    (void)advise_huge(addr, size, MADV_NOHUGEPAGE);
}

int os_huge(void *addr, size_t size)
{
    return advise_huge(addr, size, MADV_HUGEPAGE);
}

int os_shut(void *addr, size_t size)
{
    return map_over(addr, size, PROT_NONE) ? 0 : -1;
}

int os_protect(void *addr, size_t size, bool write)
{
    struct os_event e = {.address = addr, .size = size};
    int prot = write ? PROT_READ | PROT_WRITE : PROT_READ;
    return (int)memory_call(OS_MPROTECT, &e, SYS_mprotect, prot, 0, 0);
}

/* --- Files ---------------------------------------------------------------------------------------*/

int os_write(int fd, const char *text, size_t len)
{
    while (len) {
        long n = kernel_call(SYS_write, fd, text, len, 0, 0, 0);
        if (n == 0)
            return EIO;
        if (n < 0 && n != -EINTR)
            return (int)-n;
        text += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

void os_close(int fd)
{
    kernel_call(SYS_close, fd, 0, 0, 0, 0, 0);
}

static int open_to_write(const char *path, int how)
{
    int flags = O_WRONLY | O_CREAT | how | O_CLOEXEC | O_NOCTTY | (os_secure() ? O_NOFOLLOW : 0);
    return (int)kernel_call(SYS_openat, AT_FDCWD, path, flags, 0600, 0, 0);
}

int os_open_append(const char *path)
{
    return open_to_write(path, O_APPEND);
}

int os_open_new(const char *path)
{
    return open_to_write(path, O_TRUNC);
}

int os_move_high(int fd)
{
    static const int lowest[] = {512, 128, 32};
    int high = -1;
    for (size_t i = 0; i < sizeof lowest / sizeof lowest[0] && high < 0; i++)
        high = (int)kernel_call(SYS_fcntl, fd, F_DUPFD_CLOEXEC, lowest[i], 0, 0, 0);
    if (high >= 0)
        os_close(fd);
    return high >= 0 ? high : fd;
}

int os_open_read(const char *path)
{
    int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    return (int)kernel_call(SYS_openat, AT_FDCWD, path, flags, 0, 0, 0);
}

int os_stat(int fd, struct os_file *out)
{
    struct stat st;
    int result = (int)kernel_call(SYS_fstat, fd, &st, 0, 0, 0, 0);
    if (result == 0)
        *out = (struct os_file){(uint64_t)st.st_size, st.st_dev,          st.st_ino, st.st_uid,
                                st.st_mode,           S_ISREG(st.st_mode)};
    return result;
}

long os_read(int fd, char *buffer, size_t size)
{
    size_t done = 0;
    while (done < size) {
        long n = kernel_call(SYS_read, fd, buffer + done, size - done, 0, 0, 0);
        if (n < 0 && n != -EINTR)
            return n;
        if (n == 0)
            break;
        done += n > 0 ? (size_t)n : 0;
    }
    return (long)done;
}

long os_executable(char *buffer, size_t size)
{
    long n = kernel_call(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", buffer, size - 1, 0, 0);
    buffer[n > 0 ? n : 0] = '\0';
    return n;
}

const char *os_started_as(void)
{
    return (const char *)auxv_get(AT_EXECFN);
}

void os_residency(void *addr, size_t size, unsigned char *pages)
{
    size_t n = size / os_page_size();
    bool mapped = kernel_call(SYS_mincore, addr, size, pages, 0, 0, 0) == 0;
    for (size_t i = 0; i < n; i++) /* the other bits are for the kernel to use */
        pages[i] = mapped ? pages[i] & 1 : 0;
}

bool os_read_text(const char *path, char *text, size_t size)
{
    int fd = os_open_read(path);
    long n = fd < 0 ? -1 : os_read(fd, text, size - 1);
    if (fd >= 0)
        os_close(fd);
    text[n > 0 ? n : 0] = '\0';
    return n > 0;
}

bool os_read_again(int fd, char *text, size_t size)
{
    long n = kernel_call(SYS_pread64, fd, text, size - 1, 0, 0, 0);
    text[n > 0 ? n : 0] = '\0';
    return n > 0;
}

static const char *parse_decimal(const char *text, uint64_t *out)
{
    for (*out = 0; *text >= '0' && *text <= '9'; text++)
        *out = *out * 10 + (uint64_t)(*text - '0');
    return text;
}

/* Number FIELD of /proc/self/statm, in bytes. */
static size_t statm(unsigned field)
{
    char text[128];
    uint64_t pages = 0;
    if (!os_read_text("/proc/self/statm", text, sizeof text))
        return 0;
    const char *p = parse_decimal(text, &pages);
    while (field-- && *p)
        p = parse_decimal(p + 1, &pages);
    return (size_t)pages * os_page_size();
}

size_t os_address_space(void)
{
    return statm(0);
}

size_t os_resident(void)
{
    return statm(1);
}

bool os_read_number(const char *path, uint64_t *out)
{
    char text[32];
    return os_read_text(path, text, sizeof text) && parse_decimal(text, out) != text;
}

size_t os_count_lines(const char *path)
{
    char text[4096];
    size_t lines = 0;
    int fd = os_open_read(path);
    for (long n = 1; fd >= 0 && n > 0;) {
        n = os_read(fd, text, sizeof text);
        for (long i = 0; i < n; i++)
            lines += text[i] == '\n';
    }
    if (fd >= 0)
        os_close(fd);
    return lines;
}

uint64_t os_limit(enum os_limit limit)
{
    struct rlimit64 r = {RLIM64_INFINITY, RLIM64_INFINITY};
    int resource = limit == OS_LIMIT_DATA ? RLIMIT_DATA : RLIMIT_AS;
    kernel_call(SYS_prlimit64, 0, resource, NULL, &r, 0, 0);
    return r.rlim_cur;
}

/* --- The process ---------------------------------------------------------------------------------*/

int os_pid(void)
{
    return (int)kernel_call(SYS_getpid, 0, 0, 0, 0, 0, 0);
}

bool os_copy(void *to, uintptr_t addr, size_t size)
{
    struct iovec here = {to, size}, there = {(void *)addr, size};
    return kernel_call(SYS_process_vm_readv, os_pid(), &here, 1, &there, 1, 0) == (long)size;
}

/* rt_sigprocmask, which no sandbox can do without (process_vm_readv is refused in many): the kernel reads the
 * mask before it looks at how it is to be used, and does nothing with one that it cannot use. Emulators may
 * look in the other order: they are asked about an address that is never readable first. */
static long mask_at(uintptr_t addr)
{
    enum { NO_WAY = -1 };
    return kernel_call(SYS_rt_sigprocmask, NO_WAY, addr, NULL, sizeof(uint64_t), 0, 0);
}

bool os_readable(uintptr_t addr)
{
    static _Atomic(long) known; /* the same whoever stores it */
    long unreadable = load_relaxed(&known);
    if (!unreadable)
        store_relaxed(&known, unreadable = mask_at(UINTPTR_MAX - sizeof(uint64_t) + 1));
    return unreadable == -EFAULT && mask_at(addr) == -EINVAL;
}

int os_tid(void)
{
    return (int)kernel_call(SYS_gettid, 0, 0, 0, 0, 0, 0);
}

uintptr_t os_thread(void)
{
#if defined(__x86_64__) /* the same, without a call */
    return (uintptr_t)__builtin_thread_pointer();
#else
    return (uintptr_t)pthread_self();
#endif
}

const void *os_program_headers(size_t *count)
{
    *count = auxv_get(AT_PHNUM);
    return (const void *)auxv_get(AT_PHDR);
}

bool os_secure(void)
{
    return auxv_get(AT_SECURE) != 0;
}

uint64_t os_random_seed(void)
{
    const unsigned char *bytes = (const unsigned char *)auxv_get(AT_RANDOM);
    uint64_t seed = (uintptr_t)&bytes; /* stack address: random too, where AT_RANDOM is missing */
    for (int i = 0; bytes && i < 16; i++)
        seed = (seed ^ bytes[i]) * 0x100000001b3ull;
    /* The kernel's bytes also seed libc's guards: mix, so that ours tell nothing about them. */
    seed ^= seed >> 31;
    seed *= 0x9e3779b97f4a7c15ull;
    return seed ^ seed >> 29;
}

bool os_could_reserve(size_t size)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    intptr_t p = (intptr_t)kernel_call(SYS_mmap, NULL, size, PROT_NONE, flags, -1, 0);
    if (p > -4096 && p < 0)
        return false;
    kernel_call(SYS_munmap, p, size, 0, 0, 0, 0);
    return true;
}

int os_ask_clock(int clock, struct timespec *out)
{
    return (int)kernel_call(SYS_clock_gettime, clock, out, 0, 0, 0, 0);
}

void os_futex_wait_ms(_Atomic(uint32_t) *word, uint32_t expected, uint32_t ms)
{
    struct timespec ts = {ms / 1000, (long)(ms % 1000) * 1000000};
    kernel_call(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, &ts, NULL, 0);
}

void os_futex_wait(_Atomic(uint32_t) *word, uint32_t expected)
{
    kernel_call(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

void os_futex_wake(_Atomic(uint32_t) *word, int count)
{
    kernel_call(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

void os_abort(void)
{
    abort();
}
