/* SPDX-License-Identifier: MIT */
/* surface/anchor.c - libhakmem_nonshared.a: one reference to the library.
 *
 * hakmem.pc asks the linker for hak_link_anchor (-u), which is only here. The program then refers to
 * hak_version, so that --as-needed keeps libhakmem.so in a program that names no symbol of ours. */
#include "hakmem.h"

extern __attribute__((visibility("hidden"))) const char *(*const hak_link_anchor)(void);
const char *(*const hak_link_anchor)(void) = hak_version;
