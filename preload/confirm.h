/* SPDX-License-Identifier: MIT */
/* confirm.h - enable --confirm: undone after some minutes unless somebody says that all is well. */
#ifndef HAK_PRELOAD_CONFIRM_H
#define HAK_PRELOAD_CONFIRM_H

#include "file.h"

/* Note that it waits to be confirmed, and start the process that waits, apart from this terminal and session.
   False, and said, where that failed; confirm_end then takes away what there is of it. Under the lock. */
bool confirm_start(double minutes);
/* Nothing is to be confirmed any more; the process ends. False, and said, where the note stays. Under the
 * lock. */
bool confirm_end(void);
bool confirm_pending(void);
/* Say what is waited for. False where the process that should undo it is gone. */
bool confirm_say(void);
/* For how long it was to be confirmed when STATE_REMEMBERED was made, or 0. */
bool confirm_remembered(double *minutes);

bool is_enabled(const struct text *text);
/* Take our entries out of the file, which was read under the lock: an exit code. */
int disable_locked(struct preload *file);

#endif
