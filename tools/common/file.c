/* SPDX-License-Identifier: MIT */
/* common/file.c - bytes to a file, complete or not at all. */
#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/say.h"

bool file_put(int fd, const char *bytes, size_t size)
{
    while (size) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        size -= (size_t)n;
    }
    return true;
}

bool file_replace(const char *file, const char *bytes, size_t size, mode_t mode)
{
    char *beside = need_format("%s.XXXXXX", file);
    int fd = mkostemp(beside, O_CLOEXEC);
    bool good = fd >= 0 && file_put(fd, bytes, size) && fchmod(fd, mode) == 0;
    int code = errno;
    if (fd >= 0 && close(fd) != 0 && good) { /* some file systems refuse here */
        code = errno;
        good = false;
    }
    if (good && rename(beside, file) != 0) {
        code = errno;
        good = false;
    }
    if (!good && fd >= 0)
        (void)unlink(beside);
    free(beside);
    errno = code;
    return good;
}
