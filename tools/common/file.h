/* SPDX-License-Identifier: MIT */
/* common/file.h - bytes to a file, complete or not at all. */
#ifndef HAK_TOOL_FILE_H
#define HAK_TOOL_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* All SIZE bytes to FD. False, with errno, if it does not take them. */
bool file_put(int fd, const char *bytes, size_t size);

/* Whoever reads FILE sees what it was or what it becomes: the new one, of MODE, lies beside it until it is
 * complete, under a name that begins as FILE does. False, with errno: FILE is as it was. */
bool file_replace(const char *file, const char *bytes, size_t size, mode_t mode);

#endif
