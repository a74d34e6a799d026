/* SPDX-License-Identifier: MIT */
/* image.h - what ld.so would find in a file, without running it. */
#ifndef HAK_PRELOAD_IMAGE_H
#define HAK_PRELOAD_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "parse.h"

/* Class of the file, 1 for 32 bits and 2 for 64; 0: not ELF. */
int elf_class(const struct text *file);

/* What keeps this file from being preloaded into this machine's 64-bit programs, or NULL. */
const char *elf_not_loadable(const struct text *file);

/* What keeps libraries of this machine from being preloaded into this program, or NULL. */
const char *elf_not_preloadable(const struct text *file);

/* Texts of the file, NULL where it has none. The file is loadable. */
const char *elf_interpreter(const struct text *file);
const char *elf_soname(const struct text *file);
/* A library it needs that is neither libc nor ld.so, or NULL. */
const char *elf_other_needed(const struct text *file);
/* A symbol version that it needs of libc.so.6 and LIBC does not have, or NULL. */
const char *elf_missing_version(const struct text *file, const struct text *libc);

enum elf_definition { ELF_NOT_DEFINED, ELF_DEFINED, ELF_DEFINED_VERSION };
/* Does it define the function NAME for others, and with a version? */
enum elf_definition elf_defines(const struct text *file, const char *name);

#endif
