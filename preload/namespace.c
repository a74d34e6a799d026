/* SPDX-License-Identifier: MIT */
/* namespace.c - a mount namespace in which something else stands in the place of /etc/ld.so.preload. */
#include "namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "preload.h"

bool namespace_bind(const char *from)
{
    (void)umount2(PRELOAD_FILE, MNT_DETACH);
    return mount(from, PRELOAD_FILE, NULL, MS_BIND, NULL) == 0;
}

static bool make_private(void)
{
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* To the root of the whole tree of mounts. The root of a chroot is rarely a mount point, and only of those
   can be said that nothing shall be seen outside: to make one of it first would be seen. Whoever joins a
   namespace stands at its root, and so does a process that joins its own. */
static bool to_whole_tree(void)
{
    int fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    bool done = fd >= 0 && setns(fd, CLONE_NEWNS) == 0;
    if (fd >= 0)
        (void)close(fd);
    return done;
}

/* In a tree of --root, the real root is where mounts are made private; the working directory takes it into
   the new namespace. */
bool namespace_enter(void)
{
    bool moved = outer_root >= 0;
    if ((moved && fchdir(outer_root) != 0) || unshare(CLONE_NEWNS) != 0)
        return false;
    int inner = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (inner < 0 || (moved && chroot(".") != 0))
        return false;
    bool done = make_private();
    int code = errno;
    if (!done && code == EINVAL && to_whole_tree()) {
        moved = true;
        done = make_private();
        code = errno;
    }
    if (moved && (fchdir(inner) != 0 || chroot(".") != 0))
        _exit(EXIT_FAULT);
    (void)close(inner);
    if (done && access("/proc/self", F_OK) != 0)
        (void)mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
    errno = code;
    return done;
}

const char *namespace_why(int code)
{
    static char words[160];
    const char *more = "";
    if (code == EINVAL)
        more = ": the root here is that of a chroot, and no mount point; 'mount --bind DIR DIR' makes it one";
    else if (code == EPERM || code == EACCES)
        more = ": a container or sandbox forbids it";
    (void)snprintf(words, sizeof words, "%s%s", strerror(code), more);
    return words;
}
