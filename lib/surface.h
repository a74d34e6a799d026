/* SPDX-License-Identifier: MIT */
/* surface.h - the names that the library takes over from libc (floor F9), where libc's own headers
 * do not declare them. */
#ifndef HAK_SURFACE_H
#define HAK_SURFACE_H

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "compiler.h"

void cfree(void *p);
void free_sized(void *p, size_t size);
void free_aligned_sized(void *p, size_t alignment, size_t size);

/* Each file of the surface defines one of these and names another, so that a static link that
 * takes one of them takes all: a program with two allocators would be the alternative. */
extern const char hak_surface_malloc, hak_surface_glibc, hak_surface_operators;

#endif
