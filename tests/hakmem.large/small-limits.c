/* SPDX-License-Identifier: MIT */
/* What a process that uses little maps: it starts, and gets blocks, where a limit leaves little more than the
 * C library itself needs, and at each limit above that. The program starts itself again under the limit. */
/* { dg-args start } */
/* { dg-variant "-DRESOURCE=RLIMIT_DATA -DKIB=512" } */
/* { dg-variant "-DRESOURCE=RLIMIT_AS -DKIB=6144" } */
#include <sys/resource.h>
#include <sys/wait.h>

#include "check.h"

static void start_again(const char *self, size_t kib)
{
    struct rlimit limit = {kib << 10, kib << 10};
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        CHECK(setrlimit(RESOURCE, &limit) == 0);
        execl("/proc/self/exe", self, NULL);
        _exit(3);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    if (status != 0)
        dprintf(2, "limit of %zu KiB: status %#x\n", kib, status);
    CHECK(status == 0);
}

int main(int argc, char **argv)
{
    for (int step = 0; argc > 1 && step < 64; step++)
        start_again(argv[0], KIB + step * 12);
    if (argc > 1)
        return 0;
    char *block[40];
    for (int i = 0; i < 40; i++) {
        CHECK((block[i] = calloc(1, 16 + i * 20)));
        for (int k = 0; k < 16 + i * 20; k++)
            CHECK(block[i][k] == 0);
    }
    char *buffer = malloc(32768);
    CHECK(buffer);
    memset(buffer, 1, 32768);
    CHECK(heap_check() == 0);
    int n = 0; /* up to the limit, and on */
    for (char *last = NULL, *p; (p = malloc(5000)); last = p, n++)
        *(char **)p = last;
    CHECK(n > 0 && errno == ENOMEM);
    for (int i = 0; i < 40; i++)
        free(block[i]);
    free(buffer);
    CHECK((buffer = malloc(32768)));
    CHECK(heap_check() == 0);
    return 0;
}
