/* SPDX-License-Identifier: MIT */
/* target/processes.c - which processes of the machine may have the library. */
#include "target/processes.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/proc.h"
#include "common/units.h"

static bool names_library(int pid, size_t *unknown)
{
    char path[64];
    struct process process;
    snprintf(path, sizeof path, "/proc/%d/maps", pid);
    char *text = proc_text(path, NULL);
    bool denied = !text && (errno == EACCES || errno == EPERM);
    bool named = text && strstr(text, "libhakmem.so");
    free(text);
    *unknown += denied && proc_read(&process, pid) && !process.kernel && process.state != 'Z';
    return named;
}

void processes_each(size_t *unknown, void (*each)(int pid, void *arg), void *arg)
{
    DIR *dir = opendir("/proc");
    for (struct dirent *d; dir && (d = readdir(dir)) != NULL;)
        if (d->d_name[0] >= '1' && d->d_name[0] <= '9' && names_library(atoi(d->d_name), unknown))
            each(atoi(d->d_name), arg);
    if (dir)
        closedir(dir);
}

/* --- Units ---------------------------------------------------------------------------------------*/

/* A line of /proc/PID/cgroup, "NUMBER:CONTROLLERS:PATH": the path, where systemd keeps its tree. */
static char *unit_path(char *line)
{
    char *controllers = strchr(line, ':');
    char *path = controllers ? strchr(controllers + 1, ':') : NULL;
    if (!path)
        return NULL;
    *path++ = '\0';
    bool unified = strcmp(line, "0:") == 0, old = strcmp(controllers + 1, "name=systemd") == 0;
    return unified || old ? path : NULL;
}

static bool is_unit(const char *name, size_t size)
{
    static const char *const kinds[] = {".service", ".scope", ".socket", ".mount", ".swap"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t n = strlen(kinds[i]);
        if (size > n && memcmp(name + size - n, kinds[i], n) == 0)
            return true;
    }
    return false;
}

/* The innermost unit: of what a user's own systemd runs, its own, and not user@1000.service. systemd puts an
 * underscore in front of a name that the kernel could take for one of its files. */
static void find_unit(char *path, char *out, size_t size)
{
    char *deleted = strstr(path, " (deleted)");
    if (deleted)
        *deleted = '\0';
    for (const char *name = path; *name;) {
        size_t length = strcspn(name, "/");
        if (is_unit(name, length)) {
            size_t skip = *name == '_';
            char *text = strndup(name + skip, length - skip);
            snprintf(out, size, "%s", text ? units_plain(text) : "");
            free(text);
        }
        name += length + (name[length] == '/');
    }
}

void process_unit(int pid, char *out, size_t size)
{
    char path[64], *next;
    snprintf(path, sizeof path, "/proc/%d/cgroup", pid);
    char *text = proc_text(path, NULL);
    *out = '\0';
    for (char *line = text; line && *line && !*out; line = next) {
        char *end = strchrnul(line, '\n'), *found;
        next = *end ? end + 1 : end;
        *end = '\0';
        if ((found = unit_path(line)) != NULL)
            find_unit(found, out, size);
    }
    free(text);
}
