/* SPDX-License-Identifier: MIT */
/* What object.c reads from the loader's list and the tables is what the loader says by dlsym. */
#include "check.h"
#include "base/object.h"

static void same(void *handle, const char *name)
{
    void *theirs = dlsym(handle, name);
    CHECK(theirs && object_function(object_libc(), name) == theirs);
}

int main(void)
{
    const struct link_map *first = object_first(), *own = object_own(), *libc = object_libc();
    struct object_tables t;
    CHECK(first && own == first && libc && libc != own && object_before(own, libc) &&
          !object_before(libc, own));
    object_tables(libc, &t);
    CHECK(t.symbols && t.strings && t.soname && strcmp(t.soname, "libc.so.6") == 0);
    void *handle = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
    CHECK(handle == (const void *)libc);
    static const char *const names[] = {"__libc_malloc", "__libc_free",    "free",           "dlopen",
                                        "dlsym",         "abort",          "pthread_create", "posix_spawn",
                                        "regexec",       "dl_iterate_phdr"};
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        same(handle, names[i]);            /* of several versions the newest: posix_spawn, regexec */
    CHECK(object_function(libc, "cfree")); /* there in an old version alone */
    CHECK(!object_function(libc, "no_such_function") && !object_function(libc, "") &&
          !object_symbol(libc, "environ"));
    int seen = 0;
    for (const struct link_map *map = first; map; map = map->l_next)
        seen += object_function(map, "__libc_start_main") != NULL;
    CHECK(seen == 1);
    CHECK(object_next_function("l64a") == dlsym(handle, "l64a") || own == libc);
    return 0;
}
