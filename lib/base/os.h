/* SPDX-License-Identifier: MIT */
/* base/os.h - the only system calls of the library.
 *
 * Every function leaves errno as it was. Calls on memory that return an int return 0 or -1, those that
 * return a pointer NULL where they are refused; they leave the name of the refused call and its errno in
 * os_error of the thread, which no success clears. Of the others each says what it returns. */
#ifndef HAK_OS_H
#define HAK_OS_H

#include "base/atomic.h"
#include "base/compiler.h"

/* OS_PURGE: whatever gives pages back. */
enum os_call { OS_MMAP, OS_MUNMAP, OS_MREMAP, OS_MPROTECT, OS_MADVISE, OS_PURGE };

/* Test seam: when set, it is asked before each of these calls; a non-zero errno makes it fail.
 * Written by single-threaded tests only. */
extern int (*os_fault)(enum os_call call);

/* What a call on memory came to, for HAKMEM_SS_MAP_TRACE. Set once at start, or not at all; asked for by
 * code that may hold locks. */
struct os_event {
    const char *call;
    const void *address, *target; /* target: of a mapping that moves, else NULL */
    size_t size, new_size;        /* new_size: of one that is resized, else 0 */
    int code;                     /* errno, or 0 */
};
typedef void (*os_watcher)(const struct os_event *event);
extern _Atomic(os_watcher) os_watch;

struct os_error {
    const char *call; /* static string, NULL if nothing was refused */
    int code;
};
extern THREAD_LOCAL struct os_error os_error;

size_t os_page_size(void);

/* Zeroed private memory. ALIGN is a power of two, at least the page size. HINT may be NULL.
 * Without ACCESS the range is only reserved (PROT_NONE). NULL if refused. */
void *os_map(size_t size, size_t align, void *hint, bool access);
/* SIZE bytes more at ADDR, where a mapping of the library's ends or begins: they become part of it. NULL if
 * refused, or if anything is there (then the code is EEXIST). */
void *os_map_at(void *addr, size_t size);
/* Refused where the kernel has no memory to split an area of its own: the pages are still there. */
int os_unmap(void *addr, size_t size);
/* A mapping will be unmapped in pieces, MORE of them than one: each counts. */
void os_note_pieces(size_t more);
/* Would SIZE bytes of address space be granted, be it only reserved? Two system calls, as the C library's
 * malloc makes them. */
bool os_could_reserve(size_t size);
/* What is mapped now by the functions above and below, and in how many mappings. Neighbours are one
 * mapping to the kernel: it counts so many at most. */
size_t os_mapped_bytes(void);
size_t os_mappings(void);

/* Grow or shrink a mapping where it is. */
int os_resize(void *addr, size_t old_size, size_t new_size);
/* Move a mapping over TARGET, a reservation of NEW_SIZE bytes that is replaced. */
int os_move(void *addr, size_t old_size, size_t new_size, void *target);
/* Move a part of a mapping, SIZE bytes of one area of the kernel's, over a part of another: both mappings
 * stay what they are, but that ADDR is no longer mapped. A refused one may leave TARGET unmapped: os_restore
 * maps it again, false if that is refused, too. (If somebody else mapped there in between, it looks as if it
 * had stayed; the kernel unmaps it, but for a lack of memory for its own descriptors, in no refused call.) */
int os_move_part(void *addr, size_t size, void *target);
bool os_restore(void *target, size_t size);

/* Give the pages back; they read as zero afterwards. */
int os_purge(void *addr, size_t size);
/* New pages in place of these, that nobody can access: the memory of the old ones goes back. */
int os_shut(void *addr, size_t size);
/* Readable, and writable where WRITE says so. */
int os_protect(void *addr, size_t size, bool write);
/* An option asks for what only madvise(2) can do: it may be called. Otherwise only where the C library
 * does. */
extern _Atomic(bool) os_may_advise;
/* In the child of fork. */
void os_forked(void);
/* Advice: a refusal of the first is nothing to anybody. */
void os_no_huge(void *addr, size_t size);
int os_huge(void *addr, size_t size);

/* Bytes written, never partial for what fits a pipe. 0, or the errno of what failed. */
int os_write(int fd, const char *text, size_t len);
/* Open for appending, mode 0600; -errno if refused. In secure execution the last part of PATH may not be
 * a symbolic link. Only used on request. */
int os_open_append(const char *path);
/* The same, but empty. */
int os_open_new(const char *path);
/* Move FD to a high number, out of the way of programs; FD itself if that is refused. */
int os_move_high(int fd);
void os_close(int fd);

/* At start, or on request: a descriptor for reading that a FIFO does not delay, or -errno. */
int os_open_read(const char *path);
struct os_file {
    uint64_t size, device, inode;
    uint32_t owner, mode; /* as stat(2) has them */
    bool regular;
};
int os_stat(int fd, struct os_file *out); /* 0 or -errno */
/* The bytes read, fewer than SIZE only at the end of the file, or -errno. */
long os_read(int fd, char *buffer, size_t size);
/* The beginning of PATH as a text of SIZE - 1 bytes at most; false, and empty, if there is nothing. The other
 * reads what a descriptor has now. */
bool os_read_text(const char *path, char *text, size_t size);
bool os_read_again(int fd, char *text, size_t size);
/* The file that the process executes, NUL-terminated; its length, or -errno. */
long os_executable(char *buffer, size_t size);
/* The name by which it was started (AT_EXECFN), for a script that of the script; no system call. */
const char *os_started_as(void);
/* PAGES[i]: 1 if page i of the SIZE bytes at ADDR, whole pages, is resident; all 0 if not mapped. */
void os_residency(void *addr, size_t size, unsigned char *pages);
/* Of /proc; the three of them open files, and are only used on request. 0 or false: unknown. */
size_t os_resident(void);      /* bytes of the process */
size_t os_address_space(void); /* the same */
size_t os_count_lines(const char *path);
bool os_read_number(const char *path, uint64_t *out);

/* SIZE bytes at ADDR, which may be unmapped at any moment: false, then. */
bool os_copy(void *to, uintptr_t addr, size_t size);

/* Can the 8 bytes at ADDR, a multiple of 8, be read? False also where the kernel does not tell. */
bool os_readable(uintptr_t addr);

/* A resource limit, UINT64_MAX for none. At start, when the C library asks for one, too, and on request. */
enum os_limit { OS_LIMIT_ADDRESS_SPACE, OS_LIMIT_DATA };
uint64_t os_limit(enum os_limit limit);

int os_pid(void);
int os_tid(void);          /* a system call: only used on request */
uintptr_t os_thread(void); /* pthread_self(), as a number */
/* The program headers of the executable, *COUNT of them; NULL if the system does not tell. No system call. */
const void *os_program_headers(size_t *count);
bool os_secure(void);          /* secure execution: setuid, capabilities */
uint64_t os_random_seed(void); /* differs in every process; no system call */

struct timespec;
int os_ask_clock(int clock, struct timespec *out); /* 0, or an errno; a system call: see clock.h */

void os_futex_wait(_Atomic(uint32_t) *word, uint32_t expected);
/* The same, for MS milliseconds at most. */
void os_futex_wait_ms(_Atomic(uint32_t) *word, uint32_t expected, uint32_t ms);
void os_futex_wake(_Atomic(uint32_t) *word, int count);

NORETURN void os_abort(void);

#endif
