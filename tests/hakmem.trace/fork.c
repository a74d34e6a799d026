/* SPDX-License-Identifier: MIT */
/* The child of fork traces to a file of its own where the name has %p, else to that of its parent; what the
 * parent had not written yet is not written twice. */
/* { dg-variant "HAKMEM_TRACE_FILE=trace-%p" } */
/* { dg-variant "-DSHARED HAKMEM_TRACE_FILE=trace-shared" } */
/* { dg-env HAKMEM_SUPER_REG_DEBUG=1 HAKMEM_ACE_TRACE=1 } */
#include <pthread.h>
#include <sys/wait.h>

#include "lines.h"

enum { CHILDREN = 4, PARENT = 1000 };

/* A line that nobody else writes. */
static void leave(size_t mark)
{
    CHECK(malloc(((size_t)1 << 60) + mark) == NULL);
}

static size_t marks(size_t mark)
{
    char line[128];
    snprintf(line, sizeof line, "hakmem: failed allocation: MapFail size=%zu ", ((size_t)1 << 60) + mark);
    return lines_count(line);
}

static void *churn(void *stop)
{
    while (!__atomic_load_n((int *)stop, __ATOMIC_RELAXED)) {
        free(malloc(4 << 20));
        malloc_trim(0);
    }
    return NULL;
}

/* The file of PID, whatever it is called. */
static void read_of(pid_t pid)
{
#ifdef SHARED
    CHECK(link("trace-shared", lines_path(pid)) == 0);
    lines_read(pid);
    lines_done(pid);
#else
    lines_read(pid);
#endif
}

int main(void)
{
    int stop = 0;
    pthread_t thread;
    leave(PARENT);
    CHECK(pthread_create(&thread, NULL, churn, &stop) == 0); /* fork finds the queue in use */
    for (size_t i = 0; i < CHILDREN; i++) {
        int status;
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            leave(i);
            _exit(0);
        }
        CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
        read_of(pid);
        CHECK(marks(i) == 1);
#ifndef SHARED
        CHECK(marks(PARENT) == 0);
        lines_done(pid);
        read_of(getpid());
        CHECK(marks(i) == 0);
#endif
        CHECK(marks(PARENT) == 1);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    CHECK(pthread_join(thread, NULL) == 0);
#ifdef SHARED
    CHECK(unlink("trace-shared") == 0);
#else
    lines_done(getpid());
#endif
    return 0;
}
