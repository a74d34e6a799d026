/* SPDX-License-Identifier: MIT */
/* The process exits while threads are busy allocating: a clean exit, no alarm, no deadlock. */
/* { dg-variant "" } */
/* { dg-variant "HAKMEM_STATS_FILE=/dev/null HAKMEM_SHARED_POOL_STAGE_STATS=0" } */
/* { dg-timeout 20 } */
#include <pthread.h>
#include <sys/wait.h>

#include "check.h"

static void *work(void *seed)
{
    void *block[100] = {0};
    uint64_t state = (uintptr_t)seed + 5;
    for (;;) {
        uint64_t r = next_random(&state);
        free(block[r % 100]);
        block[r % 100] = malloc(r >> 20 & 0x3fff);
        CHECK(block[r % 100]);
    }
    return NULL;
}

int main(void)
{
    for (int run = 0; run < 100; run++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            for (uintptr_t i = 0; i < 3; i++) {
                pthread_t thread;
                CHECK(pthread_create(&thread, NULL, work, (void *)i) == 0);
                pthread_detach(thread);
            }
            usleep(2000);
            exit(0);
        }
        int status;
        CHECK(waitpid(child, &status, 0) == child);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    return 0;
}
