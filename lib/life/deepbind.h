/* SPDX-License-Identifier: MIT */
/* life/deepbind.h - libraries opened with RTLD_DEEPBIND. */
#ifndef HAK_DEEPBIND_H
#define HAK_DEEPBIND_H

#include "base/compiler.h"

enum deepbind_state {
    DEEPBIND_IDLE,    /* no library was opened so: nothing was done */
    DEEPBIND_FIXED,   /* they find the library's malloc */
    DEEPBIND_OFF,     /* by the option, and in passive mode */
    DEEPBIND_FOREIGN, /* the program's malloc is not ours */
    DEEPBIND_REFUSED  /* the C library's table was not found, or the system refuses to open it */
};

/* A library is about to be opened with RTLD_DEEPBIND. False: do so without, for it would free with another
 * malloc than it is served from. */
COLD bool deepbind_opening(void);

#endif
