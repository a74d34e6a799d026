/* SPDX-License-Identifier: MIT */
/* surface/surface.h - the names that the library takes over from libc, where libc's own headers
 * do not declare them. */
#ifndef HAK_SURFACE_H
#define HAK_SURFACE_H

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/compiler.h"

void cfree(void *p);
void free_sized(void *p, size_t size);
void free_aligned_sized(void *p, size_t alignment, size_t size);

/* The C library's second names of its own functions, under which programs call them as well. */
#define SECOND_NAME(name, of) EXPORT extern __typeof(of) name __attribute__((alias(#of))) LIKE(of)

/* A name of ours that nothing replaces: to see whether the public one was. */
#define OWN_NAME(name, of) extern __typeof(of) name __attribute__((alias(#of), visibility("hidden"))) LIKE(of)

/* Both files of C functions define one of these and name the other, so that a static link that takes one of
 * them takes both: a program with two allocators would be the alternative. The operators are taken by
 * programs in C++ alone; those of libstdc++ end in malloc and free as well. */
extern const char hak_surface_malloc, hak_surface_glibc;

#endif
