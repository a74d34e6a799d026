/* SPDX-License-Identifier: MIT */
/* file.c - /etc/ld.so.preload as a file: locked, read, replaced at one stroke. */
#include "file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "preload.h"
#include "run.h"

#define LOCK_FILE "/run/hakmem-preload.lock"
#define STEM PRELOAD_DIR "/." PRELOAD_NAME "."

enum { FILE_LIMIT = 1 << 20, XATTR_LIMIT = 1 << 16, LOCK_SECONDS = 30 };

static int lock = -1;

/* The lock file names the placeholder while there is one. */
struct identity {
    dev_t dev;
    ino_t ino;
};

static void note_placeholder(int placeholder)
{
    struct stat st;
    if (fstat(placeholder, &st) == 0)
        (void)!pwrite(lock, &(struct identity){st.st_dev, st.st_ino}, sizeof(struct identity), 0);
}

/* What a killed predecessor left; under the lock. */
static void remove_leftovers(void)
{
    struct identity left;
    struct stat now;
    if (pread(lock, &left, sizeof left, 0) == (ssize_t)sizeof left && lstat(PRELOAD_FILE, &now) == 0 &&
        S_ISREG(now.st_mode) && now.st_size == 0 && now.st_dev == left.dev && now.st_ino == left.ino)
        (void)unlink(PRELOAD_FILE);
    (void)!ftruncate(lock, 0);
    DIR *dir = opendir(PRELOAD_DIR);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        const char *stem = strrchr(STEM, '/') + 1;
        if (strncmp(entry->d_name, stem, strlen(stem)) == 0 && strlen(entry->d_name) == strlen(stem) + 6)
            (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
    (void)closedir(dir);
}

bool preload_lock(void)
{
    (void)mkdir("/run", 0755);
    lock = open(LOCK_FILE, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (lock < 0) {
        fault("%s: %s", LOCK_FILE, strerror(errno));
        return false;
    }
    for (int i = 0; flock(lock, LOCK_EX | LOCK_NB) != 0; i++) {
        if (i == LOCK_SECONDS * 10 || (errno != EWOULDBLOCK && errno != EINTR)) {
            fault("%s: another hakmem-preload is at work", LOCK_FILE);
            preload_unlock();
            return false;
        }
        (void)nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
    remove_leftovers();
    return true;
}

void preload_unlock(void)
{
    if (lock >= 0)
        (void)close(lock);
    lock = -1;
}

/* --- Reading -------------------------------------------------------------------------------------*/

static bool read_all(int fd, struct text *text)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return false;
    if (!S_ISREG(st.st_mode) || st.st_size > 64 * FILE_LIMIT) {
        errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
        return false;
    }
    size_t size = (size_t)st.st_size, have = 0;
    char *data = need_memory(size + 1);
    while (have < size) {
        ssize_t n = read(fd, data + have, size - have);
        if (n <= 0) {
            if (n < 0 && errno == EINTR)
                continue;
            free(data);
            errno = n < 0 ? errno : EIO;
            return false;
        }
        have += (size_t)n;
    }
    data[size] = '\0';
    *text = (struct text){data, size};
    return true;
}

bool read_file(const char *path, struct text *text)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    bool done = read_all(fd, text);
    int code = errno;
    (void)close(fd);
    errno = code;
    return done;
}

/* Is something mounted on the file? Kernels that cannot tell refuse the rename instead. */
static bool is_mount(void)
{
    struct statx sx;
    return statx(AT_FDCWD, PRELOAD_FILE, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, 0, &sx) == 0 &&
           (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

static bool refuse(const char *why)
{
    fault("%s %s", PRELOAD_FILE, why);
    return false;
}

bool preload_read(struct preload *file)
{
    *file = (struct preload){.text = text_copy("", 0)};
    if (lstat(PRELOAD_FILE, &file->stat) != 0)
        return errno == ENOENT || refuse(strerror(errno));
    file->exists = true;
    if (S_ISLNK(file->stat.st_mode))
        return refuse("is a symbolic link: edit the file that it points to by hand, or replace it");
    if (S_ISDIR(file->stat.st_mode))
        return refuse("is a directory: ld.so reads nothing from it; remove it first");
    if (!S_ISREG(file->stat.st_mode))
        return refuse("is not a regular file; remove it first");
    if (is_mount())
        return refuse("is a mount point: change the file that is mounted there, or unmount it");
    if (file->stat.st_nlink > 1)
        return refuse("has other names (hard links), which would keep the old contents");
    if (file->stat.st_size > FILE_LIMIT)
        return refuse("is larger than 1 MiB");
    text_free(&file->text);
    if (!read_file(PRELOAD_FILE, &file->text)) {
        file->text = text_copy("", 0);
        return refuse(strerror(errno));
    }
    return true;
}

void preload_forget(struct preload *file)
{
    text_free(&file->text);
}

/* --- Writing -------------------------------------------------------------------------------------*/

static bool write_all(int fd, const char *data, size_t size)
{
    while (size) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        data += n;
        size -= (size_t)n;
    }
    return true;
}

static bool sync_dir(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool done = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        (void)close(fd);
    return done;
}

/* Labels and access lists of the old file. One that the file system refuses is not taken over silently. */
static bool copy_attributes(int to)
{
    static char names[XATTR_LIMIT], value[XATTR_LIMIT];
    ssize_t size = llistxattr(PRELOAD_FILE, names, sizeof names);
    if (size < 0)
        return errno == ENOTSUP || errno == ENOSYS;
    for (const char *name = names; name < names + size; name += strlen(name) + 1) {
        ssize_t n = lgetxattr(PRELOAD_FILE, name, value, sizeof value);
        if (n < 0 || fsetxattr(to, name, value, (size_t)n, 0) != 0) {
            fault("extended attribute %s of %s: %s", name, PRELOAD_FILE, strerror(errno));
            return false;
        }
    }
    return true;
}

bool successor_write(struct successor *next, const struct preload *file, const struct text *text, mode_t mode)
{
    *next = (struct successor){0};
    char path[sizeof next->path] = STEM "XXXXXX";
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0) {
        fault("cannot write in %s: %s", PRELOAD_DIR, strerror(errno));
        return false;
    }
    memcpy(next->path, path, sizeof path);
    bool done =
        (!file->exists || (fchown(fd, file->stat.st_uid, file->stat.st_gid) == 0 && copy_attributes(fd))) &&
        write_all(fd, text->data, text->size) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
    int code = errno;
    if (close(fd) != 0 || !done) {
        fault("cannot write %s: %s", path, strerror(done ? errno : code));
        successor_drop(next);
        return false;
    }
    return true;
}

bool successor_placeholder(struct successor *next, const struct preload *file)
{
    if (file->exists)
        return true;
    int fd = open(PRELOAD_FILE, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return refuse(errno == EEXIST ? "was made by somebody else meanwhile; try again" : strerror(errno));
    note_placeholder(fd);
    (void)fchmod(fd, 0644);
    (void)close(fd);
    next->placeholder = true;
    return true;
}

/* The file at PATH is the one that was read, and holds what it held. */
static bool unchanged(const char *path, const struct preload *file)
{
    struct stat now;
    struct text text;
    if (lstat(path, &now) != 0 || !S_ISREG(now.st_mode) || !read_file(path, &text))
        return false;
    bool same = text_equal(&text, &file->text);
    text_free(&text);
    if (!file->exists)
        return same; /* the placeholder, still empty */
    return same && now.st_dev == file->stat.st_dev && now.st_ino == file->stat.st_ino &&
           now.st_mode == file->stat.st_mode && now.st_uid == file->stat.st_uid &&
           now.st_mtim.tv_sec == file->stat.st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == file->stat.st_mtim.tv_nsec;
}

static int exchange(const char *a, const char *b, unsigned flags)
{
    return (int)syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, flags);
}

enum { RENAME_NOREPLACE_FLAG = 1, RENAME_EXCHANGE_FLAG = 2 };

static bool changed_meanwhile(void)
{
    return refuse("was changed by somebody else meanwhile; nothing is written, try again");
}

bool successor_undo(struct successor *next, const struct preload *file)
{
    bool done;
    if (!file->exists) {
        done = unlink(PRELOAD_FILE) == 0;
        next->placeholder = false;
    } else if (next->path[0]) {
        done = rename(next->path, PRELOAD_FILE) == 0;
        next->path[0] = '\0';
    } else {
        struct successor old;
        done = successor_write(&old, file, &file->text, file->stat.st_mode & 07777) &&
               rename(old.path, PRELOAD_FILE) == 0;
    }
    return done && sync_dir(PRELOAD_DIR);
}

/* In place, and on the disk; else it does not stay in place. */
static bool settle(struct successor *next, const struct preload *file)
{
    if (sync_dir(PRELOAD_DIR))
        return true;
    int code = errno;
    (void)successor_undo(next, file);
    fault("%s cannot be written to the disk: %s", PRELOAD_FILE, strerror(code));
    return false;
}

/* Exchanging the two leaves no moment between the last look at the old file and its end: it can be looked at,
   and put back, afterwards. File systems that cannot exchange get the look before, and a rename. */
bool successor_install(struct successor *next, struct preload *file)
{
    if (!file->exists && !next->placeholder) {
        if (exchange(next->path, PRELOAD_FILE, RENAME_NOREPLACE_FLAG) != 0)
            return errno == EEXIST ? changed_meanwhile() : refuse(strerror(errno));
        next->path[0] = '\0';
        return settle(next, file);
    }
    if (!unchanged(PRELOAD_FILE, file))
        return changed_meanwhile();
    if (exchange(next->path, PRELOAD_FILE, RENAME_EXCHANGE_FLAG) == 0) {
        if (!unchanged(next->path, file)) {
            (void)exchange(next->path, PRELOAD_FILE, RENAME_EXCHANGE_FLAG);
            return changed_meanwhile();
        }
    } else if (errno == EINVAL || errno == ENOSYS) {
        if (rename(next->path, PRELOAD_FILE) != 0)
            return refuse(strerror(errno));
        next->path[0] = '\0';
    } else {
        return refuse(strerror(errno));
    }
    return settle(next, file);
}

void successor_drop(struct successor *next)
{
    struct stat now;
    if (next->path[0])
        (void)unlink(next->path);
    if (next->placeholder && lstat(PRELOAD_FILE, &now) == 0 && S_ISREG(now.st_mode) && now.st_size == 0)
        (void)unlink(PRELOAD_FILE);
    if (next->placeholder)
        (void)!ftruncate(lock, 0);
    *next = (struct successor){0};
}

bool preload_remove(const struct preload *file)
{
    if (!unchanged(PRELOAD_FILE, file))
        return changed_meanwhile();
    if (unlink(PRELOAD_FILE) != 0)
        return refuse(strerror(errno));
    return sync_dir(PRELOAD_DIR) || refuse("could not be removed from the disk");
}

void preload_label(void)
{
    const char *const argv[] = {"restorecon", PRELOAD_FILE, NULL};
    struct outcome outcome;
    if (access("/sys/fs/selinux/enforce", F_OK) != 0 && !in_other_root)
        return;
    if (run_program(&(struct program){.argv = argv}, &outcome) && !outcome_clean(&outcome))
        fault("warning: restorecon %s: %s", PRELOAD_FILE, outcome_words(&outcome));
}

/* --- Notes ---------------------------------------------------------------------------------------*/

bool write_file(const char *path, const char *data, size_t size)
{
    char temporary[512];
    if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= (int)sizeof temporary) {
        errno = ENAMETOOLONG;
        return false;
    }
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return false;
    bool done = write_all(fd, data, size) && fchmod(fd, 0644) == 0 && fsync(fd) == 0;
    int code = errno;
    done = close(fd) == 0 && done && rename(temporary, path) == 0;
    if (!done) {
        code = code ? code : errno;
        (void)unlink(temporary);
        errno = code;
    }
    return done;
}

bool state_write(const char *path, const char *word)
{
    static const char *const dirs[] = {"/", "/var", "/var/lib", STATE_DIR};
    bool done = true;
    for (size_t i = 1; i < sizeof dirs / sizeof *dirs; i++)
        if (mkdir(dirs[i], 0755) == 0)
            done = sync_dir(dirs[i - 1]) && done;
    done = done && write_file(path, word, strlen(word)) && sync_dir(STATE_DIR);
    if (!done)
        fault("cannot note it: %s: %s", path, strerror(errno));
    return done;
}

bool state_is(const char *path, const char *word)
{
    struct text text;
    if (!read_file(path, &text))
        return false;
    bool same = text.size == strlen(word) && memcmp(text.data, word, text.size) == 0;
    text_free(&text);
    return same;
}

bool state_remove(const char *path)
{
    struct stat st;
    bool done = lstat(path, &st) != 0 || remove(path) == 0;
    done = done && (sync_dir(STATE_DIR) || errno == ENOENT || errno == ENOTDIR);
    if (done)
        (void)rmdir(STATE_DIR);
    else
        fault("cannot remove a note: %s: %s", path, strerror(errno));
    return done;
}
