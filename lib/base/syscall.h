/* SPDX-License-Identifier: MIT */
/* base/syscall.h - a system call by the machine's own instruction.
 *
 * syscall(2) is a symbol like any other: torsocks and uid_wrapper define one, and theirs take a mutex or
 * allocate. No other object stands between this and the kernel, errno is not touched, and no thread is
 * cancelled here. On other machines syscall(2) it is. Only os.c, task.c and segv.c include this
 * (tests/hakmem.layer). */
#ifndef HAK_SYSCALL_H
#define HAK_SYSCALL_H

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What the kernel answers: -errno where it refuses. Its arguments are taken as they are: a pointer or a
 * number of any kind, six of them. */
#ifdef __clang_analyzer__ /* it knows that a function may write, not that assembler may */
#define kernel_call(number, ...) syscall((number), __VA_ARGS__)
#else
#define kernel_call(number, a, b, c, d, e, f)                                                                \
    kernel_call_words((long)(number), (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#endif

static inline long kernel_call_words(long number, long a, long b, long c, long d, long e, long f)
{
#if defined(__x86_64__) && defined(__LP64__)
    register long r10 __asm__("r10") = d, r8 __asm__("r8") = e, r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
#elif defined(__aarch64__) && defined(__LP64__)
    register long x8 __asm__("x8") = number, x0 __asm__("x0") = a, x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c, x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = f;
    __asm__ volatile("svc #0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory", "cc");
    return x0;
#else
    int saved = errno;
    long result = syscall(number, a, b, c, d, e, f);
    if (result == -1)
        result = -errno;
    errno = saved;
    return result;
#endif
}

/* Is RESULT such a refusal? An address never is. */
static inline int kernel_refused(long result)
{
    return (unsigned long)result > -4096ul;
}

#endif
