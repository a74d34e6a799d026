/* SPDX-License-Identifier: MIT */
/* target/elf.h - what an executable file or library is. */
#ifndef HAK_TOOL_ELF_H
#define HAK_TOOL_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_file {
    bool is_elf, is_64, is_ours; /* is_ours: of the machine that this program is made for */
    bool has_interpreter;        /* dynamically linked program */
    char interpreter[256];
    char soname[128];
    char needed[512]; /* names with a blank behind each */
    char script[256]; /* "#!": the interpreter; "" otherwise */
};

/* False with errno if the file cannot be read. */
bool elf_inspect(const char *path, struct elf_file *out);

/* Does the program define one of COUNT names, for itself alone? The index of the first, or -1: also where it
 * was stripped of them. */
int elf_holds(const char *path, const char *const *names, int count);

/* The build ID of the file, MOST bytes of it at most, and their number: 0 if it has none, or cannot be read.
 * *FIRST: the address that its segments give to its first byte; UINT64_MAX if it has none. */
uint32_t elf_build_id(const char *path, uint8_t *id, uint32_t most, uint64_t *first);

#endif
