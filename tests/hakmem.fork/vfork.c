/* SPDX-License-Identifier: MIT */
/* posix_spawn, popen and system from a threaded program. */
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "check.h"

extern char **environ;
static atomic_int stop;

static void *work(void *unused)
{
    while (!atomic_load(&stop))
        free(malloc(3000));
    return unused;
}

int main(void)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, work, NULL) == 0);
    for (int i = 0; i < 50; i++) {
        char *arguments[] = {"true", NULL}, text[64] = "";
        pid_t pid;
        int status;
        CHECK(posix_spawnp(&pid, "true", NULL, NULL, arguments, environ) == 0);
        CHECK(waitpid(pid, &status, 0) == pid && status == 0);
        FILE *pipe = popen("echo spoken", "r");
        CHECK(pipe && fgets(text, sizeof text, pipe) && strcmp(text, "spoken\n") == 0);
        CHECK(pclose(pipe) == 0);
        CHECK(system("exit 3") == 3 << 8);
    }
    atomic_store(&stop, 1);
    CHECK(pthread_join(thread, NULL) == 0);
    return 0;
}
