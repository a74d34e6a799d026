/* SPDX-License-Identifier: MIT */
/* common/proc.c - what the kernel tells of a process: /proc/PID. */
#include "common/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/units.h"
#include "common/say.h"

enum { PF_KTHREAD = 0x00200000 };

char *proc_text(const char *path, size_t *size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    size_t have = 0, room = 65536;
    char *text = need_memory(NULL, room);
    ssize_t n;
    while ((n = read(fd, text + have, room - have - 1)) > 0) {
        have += (size_t)n;
        if (room - have < 16384)
            text = need_memory(text, room *= 2);
    }
    int code = errno;
    close(fd);
    if (n < 0) {
        free(text);
        errno = code;
        return NULL;
    }
    text[have] = '\0';
    if (size)
        *size = have;
    return text;
}

static char *pid_text(int pid, const char *name, size_t *size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    return proc_text(path, size);
}

bool proc_read(struct process *p, int pid)
{
    *p = (struct process){.pid = pid, .state = '?'};
    char path[64];
    struct stat st;
    snprintf(path, sizeof path, "/proc/%d", pid);
    char *text = pid_text(pid, "stat", NULL);
    if (!text)
        return false;
    if (stat(path, &st) == 0)
        p->user = st.st_uid;
    /* The name stands in parentheses, and may hold some itself. */
    char *open = strchr(text, '('), *close = strrchr(text, ')');
    if (open && close && close > open) {
        *close = '\0';
        snprintf(p->name, sizeof p->name, "%s", units_plain(open + 1));
        unsigned flags = 0;
        (void)sscanf(close + 1,
                     " %c %*d %*d %*d %*d %*d %u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %" SCNu64
                     " %*d %" SCNu64,
                     &p->state, &flags, &p->threads, &p->start);
        p->kernel = (flags & PF_KTHREAD) != 0;
    }
    free(text);
    return true;
}

/* A line of maps: "start-end perms offset dev inode   path". */
static bool parse_vma(struct vma *v, char *line)
{
    int at = 0;
    *v = (struct vma){.path = ""};
    if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %*x:%*x %" SCNu64 " %n", &v->start, &v->end,
               v->perms, &v->offset, &v->inode, &at) < 5 ||
        !at)
        return false;
    v->path = line + at;
    return true;
}

static void add_vma(struct vmas *out, const struct vma *v)
{
    if ((out->count & (out->count - 1)) == 0)
        out->vma = need_memory(out->vma, (out->count ? out->count * 2 : 1) * sizeof *v);
    out->vma[out->count++] = *v;
}

void proc_maps_parse(struct vmas *out, char *text)
{
    char *next;
    *out = (struct vmas){.text = text};
    for (char *line = out->text; *line; line = next) {
        char *end = strchrnul(line, '\n');
        next = *end ? end + 1 : end;
        *end = '\0';
        struct vma v;
        uint64_t kib;
        /* Lines of numbers begin with a capital, those of mappings with a digit of an address. */
        if (*line >= 'A' && *line <= 'Z') {
            if (out->count && sscanf(line, "Rss: %" SCNu64, &kib) == 1)
                out->vma[out->count - 1].rss = kib << 10;
        } else if (parse_vma(&v, line)) {
            add_vma(out, &v);
        }
    }
}

bool proc_maps(struct vmas *out, int pid, bool smaps)
{
    char *text = pid_text(pid, smaps ? "smaps" : "maps", NULL);
    *out = (struct vmas){0};
    if (text)
        proc_maps_parse(out, text);
    return text != NULL;
}

void proc_maps_free(struct vmas *v)
{
    free(v->vma);
    free(v->text);
    *v = (struct vmas){0};
}

const struct vma *proc_find(const struct vmas *v, uint64_t address)
{
    size_t low = 0, high = v->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (v->vma[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < v->count && v->vma[low].start <= address ? &v->vma[low] : NULL;
}

uint64_t proc_resident(int pid)
{
    char *text = pid_text(pid, "smaps_rollup", NULL);
    const char *rss = text ? strstr(text, "\nRss:") : NULL;
    uint64_t kib = rss ? strtoull(rss + 5, NULL, 10) : 0;
    free(text);
    return kib << 10;
}

uint64_t proc_resident_fast(int pid)
{
    char *text = pid_text(pid, "statm", NULL);
    uint64_t pages = 0;
    if (text)
        (void)sscanf(text, "%*u %" SCNu64, &pages);
    free(text);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}
