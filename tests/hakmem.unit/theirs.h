/* SPDX-License-Identifier: MIT */
/* theirs.h - the stack as the compiler's unwinder has it. MOST: frames at the most, defined before. */
#ifndef THEIRS_H
#define THEIRS_H

#include <stdint.h>
#include <unwind.h>

static uintptr_t theirs[MOST + 2];
static unsigned their_depth;

static _Unwind_Reason_Code note(struct _Unwind_Context *context, void *unused)
{
    (void)unused;
    uintptr_t pc = _Unwind_GetIP(context);
    if (pc && their_depth < MOST + 2)
        theirs[their_depth++] = pc;
    return _URC_NO_REASON;
}

#endif
