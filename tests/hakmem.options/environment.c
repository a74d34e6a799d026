/* SPDX-License-Identifier: MIT */
/* HAKMEM_STATS_FILE still names the file at exit, whatever became of the environment. */
/* { dg-link preload core } */
/* { dg-args start } */
#include <sys/wait.h>

#include "check.h"

int main(int argc, char **argv)
{
    char path[] = "environment.XXXXXX", text[5] = "";
    (void)argc;
    if (strcmp(argv[1], "child") == 0) {
        free(malloc(1)); /* the core is linked because somebody uses it */
        CHECK(setenv("HAKMEM_STATS_FILE", "another-file", 1) == 0);
        CHECK(clearenv() == 0);
        return 0;
    }
    int fd = mkstemp(path), status;
    CHECK(fd >= 0);
    pid_t pid = fork();
    if (pid == 0) {
        setenv("HAKMEM_STATS_FILE", path, 1);
        execl("/proc/self/exe", argv[0], "child", NULL);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    CHECK(unlink(path) == 0);
    CHECK(read(fd, text, 4) == 4 && strcmp(text, "pid=") == 0);
    return 0;
}
