/* SPDX-License-Identifier: MIT */
/* dlopen is the C library's for whoever calls it: a library opens another by its bare name along the search
 * path of its own, which the loader finds by the return address; errors are told as always. */
/* { dg-link preload shared none } */
#include "check.h"

static void run(const char *format, const char *directory)
{
    char command[2000];
    snprintf(command, sizeof command, format, directory, directory, directory, directory);
    CHECK(system(command) == 0);
}

int main(void)
{
    char directory[] = "search.XXXXXX", path[100];
    CHECK(mkdtemp(directory));
    CHECK(unsetenv("LD_PRELOAD") == 0); /* the compiler does without */
    run("mkdir %s/sub && echo 'int inner(void) { return 42; }' | cc -shared -fPIC -x c -o "
        "%s/sub/libhaksearch.so -",
        directory);
    run("printf '#include <dlfcn.h>\\nvoid *outer(int mode) { void *p = mode < 0 ? dlmopen(LM_ID_BASE, "
        "\"libhaksearch.so\", RTLD_NOW) : dlopen(\"libhaksearch.so\", mode); return p; }\\n' | "
        "cc -D_GNU_SOURCE -shared -fPIC -x c -o %s/libouter.so - '-Wl,-rpath,$ORIGIN/sub'",
        directory);
    snprintf(path, sizeof path, "./%s/libouter.so", directory);
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    CHECK(handle);
    void *(*outer)(int) = (void *(*)(int))dlsym(handle, "outer");
    CHECK(outer);
    CHECK(!dlopen("libhaksearch.so", RTLD_NOW)); /* the path is the library's, not the program's */
    const char *words = dlerror();
    CHECK(words && strstr(words, "libhaksearch.so: cannot open shared object file"));
    CHECK(!dlerror());
    void *by_name[] = {outer(RTLD_NOW), outer(RTLD_LAZY | RTLD_DEEPBIND), outer(-1)};
    for (int i = 0; i < 3; i++) {
        CHECK(by_name[i] && by_name[i] == by_name[0]);
        int (*inner)(void) = (int (*)(void))dlsym(by_name[i], "inner");
        CHECK(inner && inner() == 42);
        CHECK(dlclose(by_name[i]) == 0);
    }
    CHECK(dlopen(NULL, RTLD_NOW) && !dlopen(path, 0x7f) && dlerror());
    run("rm -rf %s", directory);
    return 0;
}
