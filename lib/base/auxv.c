/* SPDX-License-Identifier: MIT */
/* base/auxv.c - the auxiliary vector, read where the kernel put it.
 *
 * getauxval(3) is a function of another object, and the page size is asked for with locks held. The loader
 * keeps the address of what the kernel left on the first stack: the count of arguments, the arguments, NULL,
 * the environment, NULL, then pairs of a type and a value. A program moves or clears pointers of its
 * environment, and may leave NULL between them; but none is a number below a page, and every type is. */
#include "base/auxv.h"

#include <elf.h>
#include <sys/auxv.h>

#ifdef PIC

enum { TYPES = 4096 }; /* no address is below, no type above */

/* Weak: the loader of another C library may have neither. */
extern const unsigned long *__libc_stack_end __attribute__((weak));
extern __typeof__(getauxval) getauxval __attribute__((weak));

static const unsigned long *behind_environment(const unsigned long *stack)
{
    const unsigned long *at = stack + 1 + *stack + 1; /* count, arguments, NULL */
    while (*at == 0 || *at >= TYPES)
        at++;
    return at;
}

unsigned long auxv_get(unsigned long type)
{
    if (!auxv_known_loader())
        return getauxval ? getauxval(type) : 0;
    const unsigned long *at = behind_environment(__libc_stack_end);
    while (at[0] != AT_NULL && at[0] != type)
        at += 2;
    return at[0] == AT_NULL ? 0 : at[1];
}

bool auxv_known_loader(void)
{
    return &__libc_stack_end != NULL && __libc_stack_end != NULL;
}

#else /* linked into the program: the function is its own */

unsigned long auxv_get(unsigned long type)
{
    return getauxval(type);
}

bool auxv_known_loader(void)
{
    return true;
}

#endif
