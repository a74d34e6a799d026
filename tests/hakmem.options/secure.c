/* SPDX-License-Identifier: MIT */
/* Secure execution: every HAKMEM_ variable is ignored, good or bad. The program makes itself a
 * set-group-id copy, which root's exec of it turns into AT_SECURE. */
/* { dg-link core } */
/* { dg-require root } */
/* { dg-args start } */
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "check.h"

static void copy(const char *from, const char *to)
{
    char buffer[65536];
    ssize_t length;
    int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0700);
    CHECK(in >= 0 && out >= 0);
    while ((length = read(in, buffer, sizeof buffer)) > 0)
        CHECK(write(out, buffer, (size_t)length) == length);
    CHECK(fchown(out, (uid_t)-1, getgid() + 1) == 0);
    CHECK(fchmod(out, 02755) == 0);
    close(in);
    close(out);
}

int main(int argc, char **argv)
{
    (void)argc;
    if (strcmp(argv[1], "secure") == 0) {
        if (!getauxval(AT_SECURE))
            return 77; /* mounted nosuid, or no_new_privs */
        void *p = malloc(100);
        CHECK(heap_owns(p) == 1); /* not passive */
        free(p);
        CHECK(malloc((size_t)(uintptr_t)hide((void *)SIZE_MAX)) == NULL);
        return 0;
    }
    char path[] = "./secure-copy.XXXXXX", file[] = "secure-stats.XXXXXX";
    CHECK(close(mkstemp(path)) == 0 && close(mkstemp(file)) == 0 && unlink(file) == 0);
    copy("/proc/self/exe", path);
    pid_t pid = fork();
    if (pid == 0) {
        CHECK(setenv("HAKMEM_TINY_SS_SHARED", "0", 1) == 0);
        CHECK(setenv("HAKMEM_ACE_TRACE", "1", 1) == 0);
        CHECK(setenv("HAKMEM_RETAIN_BYTES", "junk", 1) == 0);
        CHECK(setenv("HAKMEM_SHARED_POOL_STAGE_STATS", "1", 1) == 0);
        CHECK(setenv("HAKMEM_STATS_FILE", file, 1) == 0);
        execl(path, path, "secure", NULL);
        _exit(1);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    CHECK(unlink(path) == 0);
    CHECK(access(file, F_OK) != 0);
    return WEXITSTATUS(status);
}
