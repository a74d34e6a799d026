/* SPDX-License-Identifier: MIT */
/* profile/demangle.c - names of C++ as they are written.
 *
 * The C++ library knows how. It is looked for when the first such name is met: on a machine where
 * C++ programs run it is there, and this command needs it for nothing else. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "common/say.h"
#include "profile/symbols.h"

typedef char *demangle(const char *name, char *out, size_t *size, int *status);

static demangle *find(void)
{
    static demangle *found;
    static bool looked;
    if (!looked) {
        void *library = dlopen("libstdc++.so.6", RTLD_LAZY | RTLD_LOCAL);
        found = library ? (demangle *)dlsym(library, "__cxa_demangle") : NULL;
        looked = true;
    }
    return found;
}

/* Rust's names end in "::h" and 16 digits of a hash. */
static void drop_hash(char *name)
{
    size_t n = strlen(name);
    if (n > 19 && strncmp(name + n - 19, "::h", 3) == 0 && strspn(name + n - 16, "0123456789abcdef") == 16)
        name[n - 19] = '\0';
}

char *demangled(const char *name)
{
    int status = -1;
    demangle *how = strncmp(name, "_Z", 2) == 0 ? find() : NULL;
    char *out = how ? how(name, NULL, NULL, &status) : NULL;
    if (!out || status)
        return need_format("%s", name);
    drop_hash(out);
    return out;
}
