/* SPDX-License-Identifier: MIT */
/* surface/dlopen.c - dlopen and dlmopen, to see RTLD_DEEPBIND.
 *
 * The loader looks for a file by the search path of who calls dlopen, whom it knows by the return address:
 * the C library's function must be entered by a jump, so that this is still the caller's. Not in the static
 * library: a static program has no libraries to open, and a dlopen of its own. */
#include <dlfcn.h>

#include "base/libc.h"
#include "life/deepbind.h"

typedef void *open_function(const char *, int);
typedef void *open_in_function(Lmid_t, const char *, int);

#ifdef PIC
EXPORT JUMPS void *dlopen(const char *file, int mode)
{
    if (UNLIKELY(mode & RTLD_DEEPBIND) && !deepbind_opening())
        mode &= ~RTLD_DEEPBIND;
    open_function *next = (open_function *)libc_next_symbol("dlopen");
    if (UNLIKELY(!next))
        return NULL;
    MUST_JUMP return next(file, mode);
}

EXPORT JUMPS void *dlmopen(Lmid_t space, const char *file, int mode)
{
    /* Other name spaces have a C library of their own, and none of us. */
    if (UNLIKELY(mode & RTLD_DEEPBIND) && space == LM_ID_BASE && !deepbind_opening())
        mode &= ~RTLD_DEEPBIND;
    open_in_function *next = (open_in_function *)libc_next_symbol("dlmopen");
    if (UNLIKELY(!next))
        return NULL;
    MUST_JUMP return next(space, file, mode);
}
#endif
