/* SPDX-License-Identifier: MIT */
/* base/cgroup.c - the control group of the process: where its files are, and the limits of its memory.
 *
 * The helper comes by here, which malloc starts: no function of the C library is called but memcpy. */
#include "base/cgroup.h"

#include <string.h>

#include "base/os.h"

enum {
    MEMBERSHIP = 8192, /* bytes of /proc/self/cgroup that are looked at: a line for each kind of group */
    PATH = 1024,       /* a longer one is not followed */
    STALL = 256        /* bytes of a file of pressure */
};
static const uint64_t NO_LIMIT = (uint64_t)1
                                 << 62; /* groups of the first kind have numbers without meaning */

const char *cgroup_root;

/* --- Text ------------------------------------------------------------------------------------------*/

/* Characters [at, end). */
struct piece {
    const char *at, *end;
};
#define PIECE(literal) ((struct piece){(literal), (literal) + sizeof(literal) - 1})

static size_t size_of(struct piece p)
{
    return (size_t)(p.end - p.at);
}

static struct piece piece_of(const char *text)
{
    struct piece p = {text, text};
    for (; p.end && *p.end; p.end++)
        __asm__ volatile(""); /* the compiler knows this loop as strlen */
    return p;
}

static bool begins(struct piece p, struct piece with)
{
    for (; with.at < with.end; p.at++, with.at++)
        if (p.at == p.end || *p.at != *with.at)
            return false;
    return true;
}

static bool same(struct piece p, struct piece other)
{
    return size_of(p) == size_of(other) && begins(p, other);
}

/* Move what lies in front of the first C of *P to *OUT, leave what lies behind. False if there is none. */
static bool split(struct piece *p, char c, struct piece *out)
{
    for (const char *at = p->at; at < p->end; at++)
        if (*at == c) {
            *out = (struct piece){p->at, at};
            p->at = at + 1;
            return true;
        }
    return false;
}

/* The number that is all of P. */
static bool number(struct piece p, uint64_t *out)
{
    uint64_t n = 0;
    for (const char *at = p.at; at < p.end; at++)
        if (*at < '0' || *at > '9' || __builtin_mul_overflow(n, 10, &n) ||
            __builtin_add_overflow(n, (uint64_t)(*at - '0'), &n))
            return false;
    *out = n;
    return p.at < p.end;
}

/* --- Paths -----------------------------------------------------------------------------------------*/

struct path {
    size_t length;
    char text[PATH]; /* ends with 0 */
};

/* Add P. False, and nothing added, if it gets too long. */
static bool add(struct path *path, struct piece p)
{
    if (path->length + size_of(p) >= PATH)
        return false;
    memcpy(path->text + path->length, p.at, size_of(p));
    path->length += size_of(p);
    path->text[path->length] = '\0';
    return true;
}

static bool begin(struct path *path, struct piece p)
{
    path->length = 0;
    path->text[0] = '\0';
    return (!cgroup_root || add(path, piece_of(cgroup_root))) && add(path, p);
}

/* The path of GROUP, as /proc/self/cgroup has it, below MOUNT. The length of the mount's; 0: too long. */
static size_t group_path(struct path *path, struct piece mount, struct piece group)
{
    if (!begin(path, mount))
        return 0;
    size_t top = path->length;
    return size_of(group) == 1 || add(path, group) ? top : 0; /* of "/" nothing */
}

/* --- Which group -----------------------------------------------------------------------------------*/

/* Is "memory" among NAMES, which commas divide? */
static bool has_memory(struct piece names)
{
    struct piece name;
    while (split(&names, ',', &name))
        if (same(name, PIECE("memory")))
            return true;
    return same(names, PIECE("memory"));
}

/* In TEXT, lines "ID:NAMES:PATH", the path of the group that has the memory, or of that in the unified tree,
 * whose line is "0::PATH". What lies above the root of a namespace is not to be seen: then it is the root. */
static bool find_group(struct piece text, bool unified, struct piece *out)
{
    struct piece line, id, names;
    while (split(&text, '\n', &line)) {
        if (!split(&line, ':', &id) || !split(&line, ':', &names) || !begins(line, PIECE("/")))
            continue;
        if (unified ? !same(id, PIECE("0")) || size_of(names) : !has_memory(names))
            continue;
        *out = begins(line, PIECE("/..")) ? PIECE("/") : line;
        return true;
    }
    return false;
}

static struct piece read_membership(char text[MEMBERSHIP])
{
    struct path path;
    bool any = begin(&path, PIECE("/proc/self/cgroup")) && os_read_text(path.text, text, MEMBERSHIP);
    return any ? piece_of(text) : (struct piece){text, text};
}

/* --- Limits ----------------------------------------------------------------------------------------*/

/* The number that is all of the file, UINT64_MAX if there is none: the kernel ends it with a line. */
static uint64_t read_limit(int fd)
{
    char text[32];
    uint64_t n;
    if (!os_read_again(fd, text, sizeof text))
        return UINT64_MAX;
    struct piece all = piece_of(text), line;
    bool good = split(&all, '\n', &line) && size_of(all) == 0 && number(line, &n);
    return good && n < NO_LIMIT ? n : UINT64_MAX;
}

uint64_t cgroup_least(const struct cgroup_files *files)
{
    uint64_t least = UINT64_MAX;
    for (unsigned i = 0; i < files->limits; i++) {
        uint64_t one = read_limit(files->limit[i]);
        least = one < least ? one : least;
    }
    return least;
}

/* Open the files of that NAME in PATH and all directories above it, down to TOP characters. */
static void open_limits(struct cgroup_files *files, struct path path, size_t top, struct piece name)
{
    for (size_t length = path.length; top && files->limits < CGROUP_LIMITS;) {
        int fd = add(&path, PIECE("/")) && add(&path, name) ? os_open_read(path.text) : -1;
        if (fd >= 0)
            files->limit[files->limits++] = fd;
        if (length <= top)
            break;
        while (--length > top && path.text[length] != '/')
            ;
        path.length = length;
        path.text[length] = '\0';
    }
}

/* MORE: of the files that bear other names, too. */
static void open_all_limits(struct cgroup_files *files, struct piece lines, bool more)
{
    struct path path;
    struct piece group;
    files->limits = 0;
    if (find_group(lines, false, &group)) {
        size_t top = group_path(&path, PIECE("/sys/fs/cgroup/memory"), group);
        open_limits(files, path, top, PIECE("memory.limit_in_bytes"));
    } else if (find_group(lines, true, &group)) {
        size_t top = group_path(&path, PIECE("/sys/fs/cgroup"), group);
        open_limits(files, path, top, PIECE("memory.max"));
        if (more)
            open_limits(files, path, top, PIECE("memory.high"));
    }
}

uint64_t cgroup_max(void)
{
    char text[MEMBERSHIP];
    struct cgroup_files files;
    open_all_limits(&files, read_membership(text), false);
    uint64_t least = cgroup_least(&files);
    while (files.limits)
        os_close(files.limit[--files.limits]);
    return least;
}

/* --- Pressure --------------------------------------------------------------------------------------*/

/* The number behind " total=" at the end of the line of TEXT that begins with NAME. */
static bool find_total(struct piece text, struct piece name, uint64_t *out)
{
    struct piece line, word;
    while (split(&text, '\n', &line)) {
        if (!begins(line, name))
            continue;
        while (split(&line, ' ', &word))
            ;
        if (!begins(line, PIECE("total=")))
            return false;
        line.at += sizeof "total=" - 1;
        return number(line, out);
    }
    return false;
}

static bool read_stall(int fd, struct cgroup_stall *out)
{
    char text[STALL];
    if (!os_read_again(fd, text, sizeof text))
        return false;
    struct piece all = piece_of(text);
    return find_total(all, PIECE("some "), &out->some) && find_total(all, PIECE("full "), &out->full);
}

bool cgroup_stall(const struct cgroup_files *files, struct cgroup_stall *out)
{
    return files->pressure >= 0 && read_stall(files->pressure, out);
}

/* PATH for reading, if it tells what it should: a kernel may have the file and count nothing. */
static int try_pressure(const struct path *path)
{
    struct cgroup_stall stall;
    int fd = os_open_read(path->text);
    if (fd < 0 || read_stall(fd, &stall))
        return fd < 0 ? -1 : fd;
    os_close(fd);
    return -1;
}

static int open_pressure(struct piece lines)
{
    const struct piece mounts[] = {PIECE("/sys/fs/cgroup"), PIECE("/sys/fs/cgroup/unified")};
    struct path path;
    struct piece group;
    int fd = -1;
    bool unified = find_group(lines, true, &group);
    for (size_t i = 0; unified && fd < 0 && i < sizeof mounts / sizeof mounts[0]; i++)
        if (group_path(&path, mounts[i], group) && add(&path, PIECE("/memory.pressure")))
            fd = try_pressure(&path);
    return fd < 0 && begin(&path, PIECE("/proc/pressure/memory")) ? try_pressure(&path) : fd;
}

void cgroup_open(struct cgroup_files *out)
{
    char text[MEMBERSHIP];
    struct piece lines = read_membership(text);
    open_all_limits(out, lines, true);
    out->pressure = open_pressure(lines);
}
