/* SPDX-License-Identifier: MIT */
/* tree.h - a directory in the place of the machine's root: files of control groups and of pressure. */
#ifndef TREE_H
#define TREE_H

#include <sys/stat.h>

#include "base/cgroup.h"

static char tree[64];

/* TREE and PATH. Its directories are made. */
static const char *tree_path(const char *path)
{
    static char whole[4096];
    snprintf(whole, sizeof whole, "%s%s", tree, path);
    for (char *p = whole + strlen(tree) + 1; (p = strchr(p, '/')) != NULL; p++) {
        *p = '\0';
        (void)mkdir(whole, 0700);
        *p = '/';
    }
    return whole;
}

/* The file PATH holds SIZE bytes of TEXT, or is not there. What is open stays the same file. */
static UNUSED void put_bytes(const char *path, const char *text, size_t size)
{
    const char *name = tree_path(path);
    if (!text) {
        (void)unlink(name);
        return;
    }
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0 && write(fd, text, size) == (ssize_t)size);
    close(fd);
}

static UNUSED void put(const char *path, const char *text)
{
    put_bytes(path, text, text ? strlen(text) : 0);
}

static void fell(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", tree);
    CHECK(system(command) == 0);
}

/* Begin anew, with nothing in it. */
static UNUSED void plant(void)
{
    if (*tree)
        fell();
    else
        snprintf(tree, sizeof tree, "tree-%d", (int)getpid());
    CHECK(mkdir(tree, 0700) == 0);
    cgroup_root = tree;
}

#endif
