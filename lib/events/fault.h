/* SPDX-License-Identifier: MIT */
/* events/fault.h - what the library says about a broken program. */
#ifndef HAK_FAULT_H
#define HAK_FAULT_H

#include "base/compiler.h"

/* Each text is quoted in hakmem(7) and asserted by a death test. */
#define HAK_FAULTS(X)                                                                                        \
    X(INVALID_POINTER, "invalid pointer")                                                                    \
    X(DOUBLE_FREE, "double free")                                                                            \
    X(DAMAGED_LIST, "damaged free list")                                                                     \
    X(OVERRUN, "overrun block")                                                                              \
    X(NO_CXX, "no memory, and no C++ run-time to throw bad_alloc for the caller at")

enum fault {
#define HAK_FAULT(id, text) FAULT_##id,
    HAK_FAULTS(HAK_FAULT)
#undef HAK_FAULT
        FAULTS
};

/* "hakmem: FUNCTION(): FAULT ADDRESS" on standard error, then abort. FUNCTION is the public name
 * that the program called. No lock of the library may be held. */
COLD NORETURN void fault_report(enum fault fault, const char *function, const void *address);

#endif
