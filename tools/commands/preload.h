/* SPDX-License-Identifier: MIT */
/* commands/preload.h - the environment of a command that gets the library. */
#ifndef HAK_TOOL_PRELOAD_H
#define HAK_TOOL_PRELOAD_H

/* Preload LIBRARY into what is started from now on, for the command ARGV: EXIT_OK, or a status after an error. */
int preload_prepare(char *const *argv, const char *library);

#endif
