/* SPDX-License-Identifier: MIT */
/* fit.h - would a service of systemd get the library by LD_PRELOAD? */
#ifndef HAK_PRELOAD_FIT_H
#define HAK_PRELOAD_FIT_H

#include <stdbool.h>

/* Look at the files of NAME, but for the drop-in EXCEPT: what does not work is said, and what may not. False
   if the service would not run with the library. */
bool unit_fits(const char *name, const char *except);

#endif
