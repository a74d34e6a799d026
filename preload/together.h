/* SPDX-License-Identifier: MIT */
/* together.h - the library beside others that are preloaded: which of them is it that fails? */
#ifndef HAK_PRELOAD_TOGETHER_H
#define HAK_PRELOAD_TOGETHER_H

#include "parse.h"
#include "run.h"

/* PROGRAM failed with the file that holds CONTENTS; the file is empty now. Say which of its other entries
   fails together with the library. */
void blame_entries(const struct program *program, const struct text *contents);

/* Each tool that this machine has and that works by LD_PRELOAD, in front of the library and behind. CANDIDATE
   is in the place of the file, or NULL. False, and said, where a program notices that does not without the
   library. */
bool try_tools(const char *candidate);

/* canary.c: is OUTCOME that of PROGRAM without the library, with PRELOAD as LD_PRELOAD? */
bool same_without(const struct program *program, const char *candidate, const char *preload,
                  const struct outcome *outcome);
/* canary.c: it ran, and something was wrong. */
bool fails(const struct program *program, struct outcome *outcome);

#endif
