/* SPDX-License-Identifier: MIT */
/* guarded.h - blocks on guard pages, and what a process says that ends by one. With HAKMEM_GUARD_BYTES=1. */
#ifndef GUARDED_H
#define GUARDED_H

#include <signal.h>
#include <sys/wait.h>

#include "check.h"

enum { PAGE = 4096, LIVE_MOST = 103, SLOTS = 128 };

/* Can P be read? */
static UNUSED int readable(const void *p)
{
    static int hole[2];
    if (!hole[1])
        CHECK(pipe(hole) == 0);
    char byte;
    int can = write(hole[1], p, 1) == 1;
    CHECK(can ? read(hole[0], &byte, 1) == 1 : errno == EFAULT);
    return can;
}

/* The page of P lies between two that cannot be read. */
static UNUSED int is_guarded(const char *p)
{
    return !readable((const char *)((uintptr_t)p & -PAGE) - 1) &&
           !readable((const char *)((uintptr_t)p | (PAGE - 1)) + 1);
}

static UNUSED int is_at_end(const char *p, size_t size)
{
    return ((uintptr_t)p + ((size + 15) & ~(size_t)15)) % PAGE == 0;
}

__attribute__((noinline)) static UNUSED char *allocate(size_t size)
{
    char *p = malloc(size);
    __asm__ volatile("" : "+r"(p) : : "memory");
    return p;
}

__attribute__((noinline)) static UNUSED void release(char *p)
{
    free(p);
    __asm__ volatile("" : : : "memory");
}

/* A block of SIZE bytes at the end of its page, or at the beginning. */
static UNUSED char *guarded(size_t size, int at_end)
{
    for (int i = 0; i < 100; i++) {
        char *p = allocate(size);
        CHECK(p && is_guarded(p) && malloc_usable_size(p) == size);
        if (at_end ? is_at_end(p, size) : (uintptr_t)p % PAGE == 0)
            return p;
        free(p);
    }
    CHECK(!"a block where it was wanted");
    return NULL;
}

/* What a child that does WORK with DATA writes to standard error goes to TEXT; the signal that it ends by, or
 * 0. */
static UNUSED int child(void (*work)(void *data), void *data, char text[8192])
{
    int out[2], status;
    size_t n = 0;
    ssize_t part;
    CHECK(pipe(out) == 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        dup2(out[1], 2);
        work(data);
        _exit(0);
    }
    close(out[1]);
    while (n < 8191 && (part = read(out[0], text + n, 8191 - n)) > 0)
        n += (size_t)part;
    text[n] = 0;
    close(out[0]);
    CHECK(waitpid(pid, &status, 0) == pid);
    if (WIFEXITED(status))
        CHECK(WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* The lines of TEXT from one that begins with WHAT to the next that is no frame hold an address in
 * FUNCTION. */
static UNUSED int stack_passes(const char *text, const char *what, void *function)
{
    const char *at = strstr(text, what);
    while (at && (at = strchr(at, '\n')) && strncmp(++at, "hakmem:   0x", 12) == 0)
        if (strtoul(at + 10, NULL, 16) - (unsigned long)function < 64)
            return 1;
    return 0;
}

#endif
