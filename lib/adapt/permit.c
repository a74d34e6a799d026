/* SPDX-License-Identifier: MIT */
/* adapt/permit.c - may this process have a helper thread, and which kind?
 *
 * What is feared, and what stands against it:
 *
 * A filter of seccomp(2) that ends the process for clone(2), or for the question whether there is one. One
 * that the program has set itself: it imports one of `filters`, or, with one thread, prctl(2), and then it is
 * not asked. In a process with threads the C library's free opens a file of /proc, too (when an arena
 * shrinks, it asks for the mode of overcommitment). One that the process was started with lets open(2) pass,
 * or the loader could not have loaded anything. A process with a filter has a helper only if the first
 * process that it sees has as many: the rules of a container, which are made for any program.
 *
 * unshare(2), setns(2) and others that are refused in a process with threads, or that change the calling
 * thread alone: privileges, identity, what a file system lets it do. In a process that has threads of its
 * own, the C library or the program sees to all of them, and a helper of pthread_create is one of them. In
 * one that has not, the names must not be imported.
 *
 * A program that counts its threads. As above; and the helper goes when the program's own threads are down to
 * one (thread.h). */
#include "adapt/permit.h"

#include <string.h>

#include "base/atomic.h"
#include "base/libc.h"
#include "base/object.h"
#include "base/os.h"
#include "base/task.h"
#include "settings/options.h"

/* Names that end with 0, one behind the other. */
static const char filters[] = "seccomp_load\0seccomp_init\0";
static const char alone_names[] = "prctl\0unshare\0setns\0clone\0clone3\0landlock_restrict_self\0"
                                  "pivot_root\0chroot\0personality\0";
static const char identity_names[] = "setuid\0setgid\0seteuid\0setegid\0setreuid\0setregid\0setresuid\0"
                                     "setresgid\0setgroups\0initgroups\0setfsuid\0setfsgid\0capset\0"
                                     "cap_set_proc\0";

static struct permit_refusal refusal; /* by who asks; one at a time (helper.c) */

struct permit_refusal permit_refusal(void)
{
    return refusal;
}

static enum permit refuse(enum permit permit, enum permit_reason reason)
{
    refusal.reason = reason;
    return permit;
}

static bool is_one_of(const char *name, const char *names)
{
    for (; *names; names += strlen(names) + 1)
        if (strcmp(name, names) == 0) {
            refusal.name = names;
            return true;
        }
    return false;
}

/* True if an object imports one of NAMES, the C library excepted; also where there is no list of objects: a
 * static program could be anything. Where other threads may unload objects meanwhile, those up to the C
 * library only: they were loaded at start, and stay. */
static bool imports(const char *names)
{
    const struct link_map *map = object_first(), *libc = object_libc();
    if (!map || !libc)
        return true;
    for (; map && (map != libc || libc_single_threaded()); map = map->l_next)
        if (map != libc && object_imports(map, names, is_one_of))
            return true;
    return false;
}

static uint64_t filters_seen; /* by who asks, before the helper begins */

uint64_t permit_filters(void)
{
    return filters_seen;
}

/* As many filters as the first process of its name space has. */
static bool has_common_filters(const struct task_status *own)
{
    struct task_status first;
    filters_seen = own->filters;
    return own->seccomp == 0 ||
           (own->filters && task_status("/proc/1/status", &first) && first.filters == own->filters);
}

/* What the system says of the process stands against a helper of any kind. */
static enum permit_reason look(struct task_status *own)
{
    if (!task_status("/proc/self/status", own))
        return AGAINST_UNKNOWN;
    return has_common_filters(own) ? AGAINST_NOTHING : AGAINST_FILTER;
}

/* The child of vfork has its parent's memory, and its state: a helper of its own would be gone with it. */
static bool is_vforked(void)
{
    return libc_tid() != (uint32_t)os_tid();
}

/* A task would stay what it is: setuid(2) and the like tell the threads that the C library knows. */
static bool may_change_identity(const struct task_status *own)
{
    return (own->capabilities || !own->one_identity) && imports(identity_names);
}

static enum permit ask_alone(void)
{
    struct task_status own;
    if (object_list_changes()) /* this very call of malloc comes from dlopen or dlclose */
        return refuse(PERMIT_NONE, AGAINST_LOADING);
    if (imports(filters) || imports(alone_names))
        return refuse(PERMIT_NEVER, AGAINST_IMPORT);
    if (is_vforked())
        return refuse(PERMIT_NONE, AGAINST_VFORK);
    if (os_tid() != os_pid()) /* the child of a fork in another thread: its storage may go */
        return refuse(PERMIT_NEVER, AGAINST_FORK);
    enum permit_reason reason = look(&own);
    if (reason != AGAINST_NOTHING)
        return refuse(PERMIT_NEVER, reason);
    if (may_change_identity(&own))
        return refuse(PERMIT_NEVER, AGAINST_IDENTITY);
    return own.threads == 1 ? PERMIT_TASK : refuse(PERMIT_NEVER, AGAINST_THREADS);
}

static enum permit ask_threads(void)
{
    struct task_status own;
    if (imports(filters))
        return refuse(PERMIT_NEVER, AGAINST_IMPORT);
    if (is_vforked())
        return refuse(PERMIT_NONE, AGAINST_VFORK);
    enum permit_reason reason = look(&own);
    return reason == AGAINST_NOTHING ? PERMIT_THREAD : refuse(PERMIT_NEVER, reason);
}

/* One there shall be, at whatever cost; a task costs least. */
static enum permit ask_by_request(void)
{
    struct task_status own;
    if (is_vforked())
        return refuse(PERMIT_NONE, AGAINST_VFORK);
    bool task = libc_single_threaded() && os_tid() == os_pid() && task_status("/proc/self/status", &own) &&
                !may_change_identity(&own);
    return task ? PERMIT_TASK : PERMIT_THREAD;
}

/* ThreadSanitizer must see a thread being created, which is by the name that it has replaced. */
#ifdef __SANITIZE_THREAD__
enum { FORBIDDEN = true };
#else
enum { FORBIDDEN = false };
#endif

enum permit permit_ask(size_t threads)
{
    refusal = (struct permit_refusal){AGAINST_NOTHING, NULL};
    if (FORBIDDEN || option(OPT_ACE_THREAD) == 0)
        return refuse(PERMIT_NEVER, FORBIDDEN ? AGAINST_SANITIZER : AGAINST_OPTION);
    if (option(OPT_ACE_THREAD) == 1)
        return ask_by_request();
    if (os_secure())
        return refuse(PERMIT_NEVER, AGAINST_SECURE);
    if (libc_single_threaded())
        return ask_alone();
    return threads >= 2 ? ask_threads() : refuse(PERMIT_NONE, AGAINST_CACHES);
}
