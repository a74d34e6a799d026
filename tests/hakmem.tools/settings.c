/* SPDX-License-Identifier: MIT */
/* settings.c - changes every option that may be changed, says so, then waits (target of settings.sh). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hakmem.h"

#pragma weak hak_ctl
#pragma weak hak_ctl_name

/* Set NAME to another value than it has. False if it is fixed. */
static int change(const char *name, uint64_t *value)
{
    uint64_t now, more, less;
    if (hak_ctl(name, &now, NULL) != 0)
        return 0;
    more = now + 1;
    less = now - 1;
    *value = more;
    if (hak_ctl(name, NULL, &more) == 0)
        return 1;
    *value = less;
    return hak_ctl(name, NULL, &less) == 0;
}

int main(void)
{
    static char text[8192]; /* the limit may be so low that stdio has none */
    size_t n = 0;
    const char *name;
    uint64_t value;
    if (!hak_ctl || !hak_ctl_name || !malloc(1))
        return 1;
    for (size_t i = 0; (name = hak_ctl_name(i)) != NULL; i++)
        if (strncmp(name, "option.", 7) == 0 && change(name, &value))
            n += (size_t)snprintf(text + n, sizeof text - n, "%s %" PRIu64 "\n", name + 7, value);
    (void)!write(1, text, n);
    for (;;)
        pause();
}
