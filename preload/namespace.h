/* SPDX-License-Identifier: MIT */
/* namespace.h - a mount namespace in which something else stands in the place of /etc/ld.so.preload. */
#ifndef HAK_PRELOAD_NAMESPACE_H
#define HAK_PRELOAD_NAMESPACE_H

#include <stdbool.h>

/* Into a namespace of its own, by a process with one thread. No mount made from there on is seen outside.
   False with errno. */
bool namespace_enter(void);
/* In it: the file FROM in the place of the real one, instead of what was bound there before. */
bool namespace_bind(const char *from);
/* What the errno of a namespace_enter that failed means. */
const char *namespace_why(int code);

#endif
