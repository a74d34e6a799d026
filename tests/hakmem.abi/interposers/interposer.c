/* SPDX-License-Identifier: MIT */
/* interposer.c - a library that stands for libfaketime, torsocks, uid_wrapper and their like (test).
 *
 * It defines what a careless allocator might call, and in each such function takes a lock that is not
 * recursive and allocates with it held. Whoever comes back in the same thread called one of them from malloc:
 * the process ends, with the names. Functions that the library may call have a lock each: they may allocate,
 * but not come back to themselves. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>

#include "base/syscall.h"

extern char **environ;
int interposer_calls;

static _Thread_local const char *inside __attribute__((tls_model("initial-exec")));
static int lock;

static void say(const char *text)
{
    kernel_call(SYS_write, 2, text, strlen(text), 0, 0, 0);
}

static void allocate(void)
{
    static const size_t sizes[] = {1, 100, 3000, 50000, 300000, 1500000};
    static unsigned turn;
    for (int i = 0; i < 3; i++) {
        size_t n = sizes[__atomic_fetch_add(&turn, 1, __ATOMIC_RELAXED) % 6];
        char *p = malloc(n), *q = calloc(1, 40);
        if (!p || !q)
            abort();
        p[0] = p[n - 1] = 1;
        q = realloc(q, 400);
        free(p);
        free(q);
    }
}

static void enter(const char *name)
{
    if (inside) {
        say("malloc, called by ");
        say(inside);
        say(", called ");
        say(name);
        say("\n");
        __builtin_trap();
    }
    inside = name;
    int own = (int)kernel_call(SYS_getpid, 0, 0, 0, 0, 0, 0), seen = 0;
    while (!__atomic_compare_exchange_n(&lock, &seen, own, 0, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        if (seen == own) { /* else it was held in the parent when it forked */
            kernel_call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
            seen = 0;
        }
    __atomic_fetch_add(&interposer_calls, 1, __ATOMIC_RELAXED);
    allocate();
    __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
    inside = NULL;
}

static long answer(long result)
{
    if (!kernel_refused(result))
        return result;
    errno = (int)-result;
    return -1;
}

#define CALL(name, ...) (enter(#name), answer(kernel_call(SYS_##name, __VA_ARGS__)))

long syscall(long number, ...)
{
    long a[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    enter("syscall");
    return answer(kernel_call(number, a[0], a[1], a[2], a[3], a[4], a[5]));
}

void *mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset)
{
    return (void *)CALL(mmap, at, size, prot, flags, fd, offset);
}

void *mmap64(void *at, size_t size, int prot, int flags, int fd, off64_t offset)
{
    return (void *)CALL(mmap, at, size, prot, flags, fd, offset);
}

void *mremap(void *at, size_t size, size_t wanted, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    void *target = va_arg(list, void *);
    va_end(list);
    return (void *)CALL(mremap, at, size, wanted, flags, target, 0);
}

int open(const char *path, int flags, ...)
{
    return (int)CALL(openat, AT_FDCWD, path, flags, 0600, 0, 0);
}

int open64(const char *path, int flags, ...)
{
    return (int)CALL(openat, AT_FDCWD, path, flags, 0600, 0, 0);
}

int openat(int dir, const char *path, int flags, ...)
{
    return (int)CALL(openat, dir, path, flags, 0600, 0, 0);
}

time_t time(time_t *out)
{
    struct timespec now = {0, 0};
    enter("time");
    kernel_call(SYS_clock_gettime, CLOCK_REALTIME, &now, 0, 0, 0, 0);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}

int fcntl(int fd, int what, ...)
{
    va_list list;
    va_start(list, what);
    long more = va_arg(list, long);
    va_end(list);
    return (int)CALL(fcntl, fd, what, more, 0, 0, 0);
}

#define MUNMAP_AND_OTHERS(X)                                                                                 \
    X(int, munmap, (void *a, size_t b), a, b, 0, 0)                                                          \
    X(int, madvise, (void *a, size_t b, int c), a, b, c, 0)                                                  \
    X(int, mprotect, (void *a, size_t b, int c), a, b, c, 0)                                                 \
    X(int, mincore, (void *a, size_t b, unsigned char *c), a, b, c, 0)                                       \
    X(ssize_t, write, (int a, const void *b, size_t c), a, b, c, 0)                                          \
    X(ssize_t, read, (int a, void *b, size_t c), a, b, c, 0)                                                 \
    X(int, close, (int a), a, 0, 0, 0)                                                                       \
    X(int, fstat, (int a, struct stat *b), a, b, 0, 0)                                                       \
    X(pid_t, getpid, (void), 0, 0, 0, 0)                                                                     \
    X(pid_t, gettid, (void), 0, 0, 0, 0)                                                                     \
    X(int, sched_yield, (void), 0, 0, 0, 0)                                                                  \
    X(int, clock_gettime, (clockid_t a, struct timespec * b), a, b, 0, 0)                                    \
    X(int, gettimeofday, (struct timeval * a, void *b), a, b, 0, 0)                                          \
    X(int, nanosleep, (const struct timespec *a, struct timespec *b), a, b, 0, 0)
#define DEFINE_CALL(type, name, arguments, a, b, c, d)                                                       \
    type name arguments                                                                                      \
    {                                                                                                        \
        return (type)CALL(name, a, b, c, d, 0, 0);                                                           \
    }
MUNMAP_AND_OTHERS(DEFINE_CALL)

int usleep(useconds_t us)
{
    struct timespec ts = {us / 1000000, us % 1000000 * 1000L};
    enter("usleep");
    return (int)answer(kernel_call(SYS_nanosleep, &ts, 0, 0, 0, 0, 0));
}

char *getenv(const char *name)
{
    size_t n = strlen(name);
    enter("getenv");
    for (char **e = environ; e && *e; e++)
        if (strncmp(*e, name, n) == 0 && (*e)[n] == '=')
            return *e + n + 1;
    return NULL;
}

char *secure_getenv(const char *name)
{
    return getenv(name);
}

/* The C library's own, for what no system call does. */
#define NEXT(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))
#define DEFINE_NEXT(type, name, arguments, ...)                                                              \
    type name arguments                                                                                      \
    {                                                                                                        \
        static __typeof__(name) *next;                                                                       \
        enter(#name);                                                                                        \
        if (!next)                                                                                           \
            next = NEXT(name);                                                                               \
        return next(__VA_ARGS__);                                                                            \
    }
DEFINE_NEXT(long, sysconf, (int what), what)
DEFINE_NEXT(unsigned long, getauxval, (unsigned long type), type)
DEFINE_NEXT(pthread_t, pthread_self, (void))
DEFINE_NEXT(int, pthread_mutex_lock, (pthread_mutex_t * m), m)
DEFINE_NEXT(int, pthread_mutex_unlock, (pthread_mutex_t * m), m)
DEFINE_NEXT(int, pthread_once, (pthread_once_t * once, void (*call)(void)), once, call)
DEFINE_NEXT(void *, pthread_getspecific, (pthread_key_t key), key)

/* What is on the list of tests/hakmem.abi/symbols: no lock of the library is held that it would need again.
 */
#define DEFINE_ALLOWED(type, name, arguments, ...)                                                           \
    type name arguments                                                                                      \
    {                                                                                                        \
        static _Thread_local int busy __attribute__((tls_model("initial-exec")));                            \
        static __typeof__(name) *next;                                                                       \
        if (busy++)                                                                                          \
            __builtin_trap();                                                                                \
        allocate();                                                                                          \
        if (!next)                                                                                           \
            next = NEXT(name);                                                                               \
        type result = next(__VA_ARGS__);                                                                     \
        busy--;                                                                                              \
        return result;                                                                                       \
    }
extern int __register_atfork(void (*)(void), void (*)(void), void (*)(void), void *);
DEFINE_ALLOWED(int, pthread_key_create, (pthread_key_t * key, void (*end)(void *)), key, end)
DEFINE_ALLOWED(int, pthread_setspecific, (pthread_key_t key, const void *value), key, value)
DEFINE_ALLOWED(int, __register_atfork, (void (*a)(void), void (*b)(void), void (*c)(void), void *d), a, b, c,
               d)
