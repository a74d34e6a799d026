/* SPDX-License-Identifier: MIT */
/* base/segv.h - to be told of a fault of memory before the process ends by it.
 *
 * The action for SIGSEGV is the program's. It is ours only where the program has none, and whatever it
 * installs later takes its place. No function of the C library is called: libraries put their own in front of
 * sigaction. */
#ifndef HAK_SEGV_H
#define HAK_SEGV_H

#include "base/compiler.h"

struct segv {
    uintptr_t address; /* that was accessed */
    uintptr_t pc;      /* by this instruction; 0: not known */
    enum segv_access { SEGV_ACCESS, SEGV_READ, SEGV_WRITE } access;
};

/* Call HANDLER at each fault, in the thread that has it; when it returns, the process ends by the signal, as
 * it would have done without. It may call what a handler of a signal may. False: the program has an action,
 * or the system refuses, or this machine is not known. Once in a process, no lock held. */
bool segv_catch(void (*handler)(const struct segv *fault));

#endif
