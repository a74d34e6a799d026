/* SPDX-License-Identifier: MIT */
/* base/compiler.h - what the code asks of the compiler. */
#ifndef HAK_COMPILER_H
#define HAK_COMPILER_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)
#define ALWAYS_INLINE inline __attribute__((always_inline))
#define NOINLINE __attribute__((noinline))
#define HOT __attribute__((hot, aligned(64)))
#define COLD __attribute__((cold, noinline))
#define NORETURN __attribute__((noreturn))
#define EXPORT __attribute__((visibility("default")))
/* On a declaration of data: found without the global offset table (-fvisibility reaches definitions only). */
#define HIDDEN __attribute__((visibility("hidden")))
#define CACHE_ALIGNED __attribute__((aligned(64)))
#define MAY_ALIAS __attribute__((may_alias))
#define NO_TSAN __attribute__((no_sanitize("thread")))
#define NO_ASAN __attribute__((no_sanitize("address")))

/* Initial-exec: one load from the thread pointer, and never a call that could allocate. */
#define THREAD_LOCAL _Thread_local __attribute__((tls_model("initial-exec")))

#ifndef HAK_DEBUG
#define HAK_DEBUG 0
#endif

/* On a function and on its last return: the call there is a jump, also without optimisation. */
#if defined(__has_attribute) && __has_attribute(musttail)
#define JUMPS
#define MUST_JUMP __attribute__((musttail))
#else
#define JUMPS __attribute__((optimize("O2")))
#define MUST_JUMP
#endif

/* On an alias: the promises of the function NAME, which gcc misses there. */
#if defined(__has_attribute) && __has_attribute(copy)
#define LIKE(name) __attribute__((copy(name)))
#else
#define LIKE(name)
#endif

/* HAK_ASSERT checks what the library itself guarantees; faults of the program go to fault.h. */
#define HAK_ASSERT(x) ((void)(!HAK_DEBUG || LIKELY(x) || (__builtin_trap(), 0)))

/* Have the compiler keep address P in a register instead of deriving it anew at each use. */
#define KEEP_ADDRESS(p) __asm__("" : "+r"(p))

/* Have P in the register that functions return their result in, before it is needed there. */
#if defined(__x86_64__)
#define IN_RESULT_REGISTER(p) __asm__("" : "+a"(p))
#else
#define IN_RESULT_REGISTER(p) ((void)(p))
#endif

/* A signal handler that ends the process may see what stands before done and what stands behind not. */
#define INTERRUPTED_HERE() __asm__ volatile("" ::: "memory")

#define CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

#endif
