/* SPDX-License-Identifier: MIT */
/* base/unwind.h - the return addresses on the stack of the calling thread.
 *
 * It runs inside malloc, wherever that is called: in signal handlers, on any stack, in the loader, in the
 * child of vfork, while other threads open and close libraries. It takes no lock, allocates nothing, leaves
 * errno alone, needs less than 2 KiB of stack, and never faults. Hence not the compiler's unwinder: that one
 * takes a mutex where frames are registered (by just-in-time compilers), allocates under it, and comes by
 * dlopen.
 *
 * The object that a pc lies in is found by the C library's _dl_find_object (glibc 2.35), which is free of
 * locks; without it only code of this library's own object has tables. Code without them, as that of
 * just-in-time compilers, is passed by frame pointers, which are believed as far as they lead upwards through
 * what can be read. Such a guess may go wrong, but not lead to a fault; with one exception that is left: a
 * stale return address, taken for one by a guess, into a library that another thread unmaps while its tables
 * are read. */
#ifndef HAK_UNWIND_H
#define HAK_UNWIND_H

#include "base/compiler.h"

enum unwind_how {
    UNWIND_NONE = 0,
    UNWIND_FRAMES = 1, /* frame pointers */
    UNWIND_TABLES = 2  /* call frame information, frame pointers where there is none */
};

struct unwound {
    unsigned depth;
    bool
        complete; /* it reached the outermost frame: its return address is undefined or 0, or the known top of
                    * the stack was reached */
};

/* The return addresses of the calling thread, the innermost first, MOST at most. The function that calls
 * this is left out, and so are the frames of this library above it (not in a program that is linked with it
 * statically: there is no telling them from others). STACK_TOP: no frame of the thread lies above; 0:
 * unknown. */
struct unwound unwind(uintptr_t *pcs, unsigned most, uintptr_t stack_top, enum unwind_how how);

#endif
