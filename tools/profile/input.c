/* SPDX-License-Identifier: MIT */
/* profile/input.c - a profile from a file: which of the two forms it is. */
#include "profile/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/proc.h"
#include "common/say.h"

static bool is_gzip(const char *bytes, size_t size)
{
    return size > 2 && (unsigned char)bytes[0] == 0x1f && (unsigned char)bytes[1] == 0x8b;
}

bool input_read(struct profile *p, const char *file)
{
    const char *why = NULL;
    size_t size;
    char *bytes = proc_text(file, &size);
    if (!bytes) {
        error("cannot read %s: %s", file, strerror(errno));
        return false;
    }
    if (is_gzip(bytes, size)) {
        char *unpacked = gzip_unpack(bytes, size, &size);
        free(bytes);
        bytes = unpacked;
        if (!bytes)
            why = "it is damaged, or cannot be unpacked here (gzip)";
    }
    bool good = false;
    if (bytes && strncmp(bytes, "heap profile:", 13) == 0)
        good = input_text(p, bytes, &why);
    else if (bytes)
        good = input_pprof(p, bytes, size, &why);
    free(bytes);
    if (!good)
        error("%s: %s", file, why);
    else if (!p->title)
        p->title = need_format("%s", file);
    return good;
}
