/* SPDX-License-Identifier: MIT */
/* opens [-t] LIBRARY...: opens them all, each with a run-time of its own, then has each try what its
 * operators do when memory ends, while the others have handlers that must not run; with -t in a thread. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#ifdef BLIND
int dl_iterate_phdr(int (*each)(void *, size_t, void *), void *arg);
int dl_iterate_phdr(int (*each)(void *, size_t, void *), void *arg)
{
    (void)each, (void)arg;
    return 0;
}
#endif

enum { MAX = 4 };
static int count;
static struct {
    int (*try)(void);
    void (*arm)(void);
    int (*disarm)(void);
} library[MAX];

static void *try_all(void *unused)
{
    for (int i = 0; i < count; i++) {
        for (int j = 0; j < count; j++)
            if (j != i)
                library[j].arm();
        int faults = library[i].try();
        for (int j = 0; j < count; j++)
            if (j != i)
                faults += library[j].disarm();
        if (faults)
            _exit(1);
    }
    return unused;
}

static void load(const char *path)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        dprintf(2, "%s\n", dlerror());
    void *through = handle ? dlsym(handle, "plugin_through") : NULL;
    if (!handle || count == MAX)
        _exit(2);
    library[count].try = (int (*)(void))(through ? through : dlsym(handle, "plugin_try"));
    library[count].arm = (void (*)(void))dlsym(handle, "plugin_arm");
    library[count].disarm = (int (*)(void))dlsym(handle, "plugin_disarm");
    if (!library[count].try || !library[count].arm || !library[count++].disarm)
        _exit(2);
}

int main(int argc, char **argv)
{
    int in_thread = argc > 1 && strcmp(argv[1], "-t") == 0;
    struct rlimit limit = {8ul << 30, 8ul << 30};
    pthread_t thread;
    free(malloc(10));
    if (setrlimit(RLIMIT_AS, &limit))
        return 2;
    for (int i = 1 + in_thread; i < argc; i++)
        load(argv[i]);
    if (!in_thread)
        try_all(NULL);
    else if (pthread_create(&thread, NULL, try_all, NULL) || pthread_join(thread, NULL))
        return 2;
    free(malloc(10));
    return 0;
}
