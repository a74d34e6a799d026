/* SPDX-License-Identifier: MIT */
/* check.h - may the library be preloaded everywhere? First by looking, then by trying. */
#ifndef HAK_PRELOAD_CHECK_H
#define HAK_PRELOAD_CHECK_H

#include <limits.h>

#include "file.h"

/* What ld.so of this machine puts for $LIB, or NULL. */
const char *library_dir(void);
/* The file that PRELOAD_LINE names, whether it exists or not; NULL where $LIB is not known. */
const char *library_path(void);

/* Is the library sound, as far as can be seen? Faults are said. */
bool check_library(void);
/* The same for what the file would hold, and for the machine: other allocators, 32-bit programs, comments. */
bool check_contents(const struct text *result);
/* May nobody but root change the file and its directory? */
bool check_file(const struct preload *file);

/* The path of NAME, one of the file, with $LIB expanded; false for other variables and names without path. */
bool expand_name(const char *name, char path[PATH_MAX]);

/* Run the battery with the file CANDIDATE, which holds CONTENTS, in place of the real one, in a mount
   namespace of its own; where there is none, with LD_PRELOAD. Then with the tools that others preload. False
   where a program notices; what happened is said. *COUNT programs ran. */
bool canary(const char *candidate, const struct text *contents, unsigned *count);
/* After the write: do programs still start? */
bool programs_start(void);

#endif
