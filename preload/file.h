/* SPDX-License-Identifier: MIT */
/* file.h - /etc/ld.so.preload as a file: locked, read, replaced at one stroke. */
#ifndef HAK_PRELOAD_FILE_H
#define HAK_PRELOAD_FILE_H

#include <sys/stat.h>

#include "parse.h"

/* The file as it was read. */
struct preload {
    bool exists;
    struct stat stat;
    struct text text; /* empty where there is no file */
};

/* What stands beside the file until it takes its place; "" when there is none. */
struct successor {
    char path[64];
    bool placeholder; /* an empty file was made where there was none, to bind the successor over it */
};

/* One tool at a time. False, and said, where another is at work for half a minute. */
bool preload_lock(void);
void preload_unlock(void);

/* False, and said, where it is none that this tool edits: symbolic link, directory, mount point, or
 * unreadable. */
bool preload_read(struct preload *file);
void preload_forget(struct preload *file);

/* Write TEXT beside the file, on the disk, with MODE and the owner and extended attributes of the file. */
bool successor_write(struct successor *next, const struct preload *file, const struct text *text,
                     mode_t mode);
/* Make an empty file where there is none: ld.so passes over it. */
bool successor_placeholder(struct successor *next, const struct preload *file);
/* Put it in place, if the file is still what was read. What was there before stands beside it then. */
bool successor_install(struct successor *next, struct preload *file);
/* Put back what was there before. */
bool successor_undo(struct successor *next, const struct preload *file);
/* Remove what stands beside the file. */
void successor_drop(struct successor *next);
/* Remove the file, if it is still what was read. */
bool preload_remove(const struct preload *file);

/* Give the file the label that the machine's policy has for it. */
void preload_label(void);

/* Notes that outlive a restart. */
#define STATE_DIR "/var/lib/hakmem"
/* What the file was before the line was added: "created\n", "newline\n" or nothing. */
#define STATE_BEFORE STATE_DIR "/preload.before"
/* It was enabled, and a package script took it away: nothing, or what STATE_UNCONFIRMED held. */
#define STATE_REMEMBERED STATE_DIR "/preload.remembered"
/* It waits to be confirmed: confirm.c. */
#define STATE_UNCONFIRMED STATE_DIR "/preload.unconfirmed"
/* Both are on the disk when they return. False, and said, where that failed. */
bool state_write(const char *path, const char *word);
bool state_remove(const char *path);
bool state_is(const char *path, const char *word);

/* All of the regular file PATH, or false with errno set. */
bool read_file(const char *path, struct text *text);
/* Write PATH at one stroke; its directory exists. */
bool write_file(const char *path, const char *data, size_t size);

#endif
