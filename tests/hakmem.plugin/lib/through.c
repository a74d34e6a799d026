/* SPDX-License-Identifier: MIT */
/* A library in C that allocates for one in C++, which it needs: the run-time is what that one needs. */
#include <stddef.h>

extern void *_Znwm(size_t size);
int plugin_try(void);
char plugin_outcome(void *(*make)(size_t), size_t size);
int plugin_through(void);

static void *make(size_t size)
{
    return _Znwm(size);
}

int plugin_through(void)
{
    return plugin_outcome(make, (size_t)1 << 46) != 'b' || plugin_try();
}
