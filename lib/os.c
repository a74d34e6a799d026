/* SPDX-License-Identifier: MIT */
/* os.c - the only system calls of the library (floor F1).
 *
 * They go through syscall(2): a program that interposes mmap or write is not in the way, and each
 * function not imported saves a symbol lookup in every process that starts. */
#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "bits.h"

int (*os_fault)(enum os_call call);
THREAD_LOCAL struct os_error os_error;
_Atomic(os_watcher) os_watch;

static const char *const call_name[OS_NCALLS] = {"mmap", "munmap", "mremap", "mprotect", "madvise"};

/* Make system call NUMBER on memory, as E describes it, unless a test refuses it. -1: refused, os_error says
 * why. errno stays as it was. */
static long memory_call(enum os_call call, struct os_event *e, long number, long three, long four, long five)
{
    int saved = errno;
    long result = -1;
    e->call = call_name[call];
    e->code = UNLIKELY(os_fault != NULL) ? os_fault(call) : 0;
    if (!e->code) {
        result = syscall(number, e->address, e->size, three, four, five, 0L);
        e->code = result == -1 ? errno : 0;
    }
    if (e->code) {
        os_error.call = e->call;
        os_error.code = e->code;
        errno = saved;
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
        size = getauxval(AT_PAGESZ);
        if (!size)
            size = 4096;
        store_relaxed(&page, size);
    }
    return size;
}

static struct {
    _Atomic(size_t) bytes, mappings; /* relaxed: figures that nothing is ordered by */
} totals;

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
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | (access ? 0 : MAP_NORESERVE);
    struct os_event e = {.address = hint, .size = size};
    long p = memory_call(OS_MMAP, &e, SYS_mmap, prot, flags, -1);
    if (p == -1)
        return NULL;
    note_mapped(size, 1);
    return (void *)p;
}

/* Unmap the end of a mapping: it stays one. */
static void cut(void *addr, size_t size)
{
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
    os_error = (struct os_error){call_name[OS_MMAP], EEXIST};
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

static int advise(void *addr, size_t size, int advice)
{
    struct os_event e = {.address = addr, .size = size};
    return (int)memory_call(OS_MADVISE, &e, SYS_madvise, advice, 0, 0);
}

int os_purge(void *addr, size_t size)
{
    return advise(addr, size, MADV_DONTNEED);
}

/* Refused by a kernel without huge pages: no reason why an allocation failed. */
static int advise_huge(void *addr, size_t size, int advice)
{
    struct os_error before = os_error;
    int result = advise(addr, size, advice);
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

int os_protect(void *addr, size_t size, bool write)
{
    struct os_event e = {.address = addr, .size = size};
    int prot = write ? PROT_READ | PROT_WRITE : PROT_READ;
    return (int)memory_call(OS_MPROTECT, &e, SYS_mprotect, prot, 0, 0);
}

int os_write(int fd, const char *text, size_t len)
{
    int saved = errno, code = 0;
    while (len && !code) {
        long n = syscall(SYS_write, fd, text, len);
        if (n < 0)
            code = errno == EINTR ? 0 : errno;
        else if (n == 0)
            code = EIO;
        text += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    errno = saved;
    return code;
}

void os_close(int fd)
{
    int saved = errno;
    syscall(SYS_close, fd);
    errno = saved;
}

/* The result of a system call: -errno if it failed. */
static long result_of(long result, int saved)
{
    if (result == -1) {
        result = -errno;
        errno = saved;
    }
    return result;
}

int os_open_append(const char *path)
{
    int saved = errno;
    int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | (os_secure() ? O_NOFOLLOW : 0);
    return (int)result_of(syscall(SYS_openat, AT_FDCWD, path, flags, 0600), saved);
}

int os_move_high(int fd)
{
    static const int lowest[] = {512, 128, 32};
    int saved = errno, high = -1;
    for (size_t i = 0; i < sizeof lowest / sizeof lowest[0] && high < 0; i++)
        high = (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, lowest[i]);
    if (high >= 0)
        syscall(SYS_close, fd);
    errno = saved;
    return high >= 0 ? high : fd;
}

int os_open_read(const char *path)
{
    int saved = errno, flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
    return (int)result_of(syscall(SYS_openat, AT_FDCWD, path, flags), saved);
}

int os_stat(int fd, struct os_file *out)
{
    struct stat st;
    int saved = errno, result = (int)result_of(syscall(SYS_fstat, fd, &st), saved);
    if (result == 0)
        *out = (struct os_file){(uint64_t)st.st_size, st.st_dev,          st.st_ino, st.st_uid,
                                st.st_mode,           S_ISREG(st.st_mode)};
    return result;
}

long os_read(int fd, char *buffer, size_t size)
{
    size_t done = 0;
    while (done < size) {
        int saved = errno;
        long n = result_of(syscall(SYS_read, fd, buffer + done, size - done), saved);
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
    int saved = errno;
    long n = result_of(syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", buffer, size - 1), saved);
    buffer[n > 0 ? n : 0] = '\0';
    return n;
}

const char *os_started_as(void)
{
    return (const char *)getauxval(AT_EXECFN);
}

void os_residency(void *addr, size_t size, unsigned char *pages)
{
    int saved = errno;
    size_t n = size / os_page_size();
    bool mapped = syscall(SYS_mincore, addr, size, pages) == 0;
    for (size_t i = 0; i < n; i++) /* the other bits are for the kernel to use */
        pages[i] = mapped ? pages[i] & 1 : 0;
    errno = saved;
}

/* Read the beginning of PATH into TEXT, at most SIZE - 1 bytes, and end it. */
static bool read_text(const char *path, char *text, size_t size)
{
    int fd = os_open_read(path);
    long n = fd < 0 ? -1 : os_read(fd, text, size - 1);
    if (fd >= 0)
        os_close(fd);
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
    if (!read_text("/proc/self/statm", text, sizeof text))
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
    return read_text(path, text, sizeof text) && parse_decimal(text, out) != text;
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
    int saved = errno;
    struct rlimit64 r = {RLIM64_INFINITY, RLIM64_INFINITY};
    int resource = limit == OS_LIMIT_DATA ? RLIMIT_DATA : RLIMIT_AS;
    syscall(SYS_prlimit64, 0, resource, NULL, &r);
    errno = saved;
    return r.rlim_cur;
}

static _Atomic(uint64_t) recent_ms; /* relaxed: any recent value will do */

uint64_t os_now_ms(void)
{
    struct timespec ts = {0, 0};
    clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
    uint64_t now_ms = (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
    store_relaxed(&recent_ms, now_ms);
    return now_ms;
}

uint64_t os_recent_ms(void)
{
    return load_relaxed(&recent_ms);
}

uint64_t os_wall_ns(void)
{
    struct timespec ts = {0, 0};
    clock_gettime(CLOCK_REALTIME_COARSE, &ts);
    return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

int os_pid(void)
{
    return (int)syscall(SYS_getpid);
}

int os_tid(void)
{
    return (int)syscall(SYS_gettid);
}

uintptr_t os_thread(void)
{
    return (uintptr_t)pthread_self();
}

bool os_secure(void)
{
    return getauxval(AT_SECURE) != 0;
}

uint64_t os_random_seed(void)
{
    const unsigned char *bytes = (const unsigned char *)getauxval(AT_RANDOM);
    uint64_t seed = (uintptr_t)&bytes; /* stack address: random too, where AT_RANDOM is missing */
    for (int i = 0; bytes && i < 16; i++)
        seed = (seed ^ bytes[i]) * 0x100000001b3ull;
    /* The kernel's bytes also seed libc's guards: mix, so that ours tell nothing about them. */
    seed ^= seed >> 31;
    seed *= 0x9e3779b97f4a7c15ull;
    return seed ^ seed >> 29;
}

void os_futex_wait_ms(_Atomic(uint32_t) *word, uint32_t expected, uint32_t ms)
{
    int saved = errno;
    struct timespec ts = {ms / 1000, (long)(ms % 1000) * 1000000};
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, &ts, NULL, 0);
    errno = saved;
}

void os_futex_wait(_Atomic(uint32_t) *word, uint32_t expected)
{
    int saved = errno;
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
    errno = saved;
}

void os_futex_wake(_Atomic(uint32_t) *word, int count)
{
    int saved = errno;
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
    errno = saved;
}

void os_abort(void)
{
    abort();
}
