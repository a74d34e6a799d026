/* SPDX-License-Identifier: MIT */
/* profile/input.h - profiles from files: the library's text, or profile.proto as this command and others write it. */
#ifndef HAK_TOOL_INPUT_H
#define HAK_TOOL_INPUT_H

#include "profile/profile.h"

/* Read FILE into P, which is new. False after an error. */
bool input_read(struct profile *p, const char *file);

/* The two forms; TEXT has a 0 behind its SIZE bytes, and is written to. False where it is none, with a word why. */
bool input_text(struct profile *p, char *text, const char **why);
bool input_pprof(struct profile *p, const char *bytes, size_t size, const char **why);

/* --- gzip ----------------------------------------------------------------------------------------*/

/* SIZE bytes, compressed: allocated. Where this command was built without zlib, a copy: who reads profile.proto
 * takes that, too. */
char *gzip_pack(const char *bytes, size_t size, size_t *packed);
/* What it was, with a 0 behind it, or NULL: it is none, or damaged. */
char *gzip_unpack(const char *bytes, size_t size, size_t *unpacked);

#endif
