/* SPDX-License-Identifier: MIT */
/* confirm.h - enable --confirm: undone after some minutes unless somebody says that all is well. */
#ifndef HAK_PRELOAD_CONFIRM_H
#define HAK_PRELOAD_CONFIRM_H

#include "file.h"

/* Start the process that waits, apart from this terminal and session. Under the lock. */
bool confirm_start(double minutes);
/* Nothing is to be confirmed any more; the process ends. False where there was nothing. Under the lock. */
bool confirm_end(void);
bool confirm_pending(void);
/* Say what is waited for. False where the process that should undo it is gone. */
bool confirm_say(void);

/* Take our entries out of the file, which was read under the lock: an exit code. */
int disable_locked(struct preload *file);

#endif
