/* SPDX-License-Identifier: MIT */
/* A program closes every descriptor it does not know and opens files of its own: no line gets into them. */
/* { dg-variant "-DFD=2 HAKMEM_SUPER_REG_DEBUG=1" } */
/* { dg-variant "-DFD=own HAKMEM_SUPER_REG_DEBUG=1 HAKMEM_TRACE_FILE=trace-%p" } */
/* { dg-output {^(hakmem: region [^\n]*\n)*$} } */
#include <sys/stat.h>

#include "lines.h"

/* The descriptor of the trace file, by what the kernel says is open. */
static UNUSED int own_descriptor(void)
{
    struct stat file, open_one;
    CHECK(stat(lines_path(getpid()), &file) == 0);
    for (int fd = 3; fd < 4096; fd++)
        if (fstat(fd, &open_one) == 0 && open_one.st_ino == file.st_ino && open_one.st_dev == file.st_dev) {
            CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC);
            CHECK(fd >= 32); /* out of the way */
            return fd;
        }
    CHECK(!"the trace file is not open");
    return -1;
}

static void busy(void)
{
    for (int i = 0; i < 20; i++) {
        free(malloc(3 << 20));
        malloc_trim(0);
    }
}

int main(void)
{
#define own own_descriptor()
    char name[] = "trace-own-XXXXXX", byte;
    busy();
    int fd = FD, mine = mkstemp(name);
    CHECK(mine >= 0 && unlink(name) == 0);
    size_t before = 0;
    if (fd > 2) {
        lines_read(getpid());
        CHECK((before = lines.size) > 0);
    }
    for (int i = 0; i < 4096; i++)
        if (i != mine && i != 1)
            close(i);
    CHECK(dup2(mine, fd) == fd);
    busy();
    CHECK(pread(fd, &byte, 1, 0) == 0);
    /* Nor when the number is free again, or is a pipe's. */
    CHECK(close(fd) == 0);
    busy();
    int pipes[2];
    CHECK(pipe(pipes) == 0 && dup2(pipes[1], fd) == fd);
    busy();
    CHECK(fcntl(pipes[0], F_SETFL, O_NONBLOCK) == 0 && read(pipes[0], &byte, 1) == -1);
    if (before) {
        lines_read(getpid());
        CHECK(lines.size == before);
        lines_done(getpid());
    }
    return 0;
}
