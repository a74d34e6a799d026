/* SPDX-License-Identifier: MIT */
/* base/vdso.h - the clock that the kernel maps into each process. */
#ifndef HAK_VDSO_H
#define HAK_VDSO_H

#include <time.h>

#include "base/compiler.h"

typedef int vdso_clock(clockid_t clock, struct timespec *out);

/* The kernel's clock_gettime in the ELF image at BASE, or NULL: none there, or an image that is damaged. */
vdso_clock *vdso_find_clock(const void *base);

#endif
