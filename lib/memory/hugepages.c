/* SPDX-License-Identifier: MIT */
/* memory/hugepages.c - which superslabs ask for huge pages. */
#include "memory/hugepages.h"

#include "base/os.h"
#include "memory/arena.h"

/* Before a part of SS is given back: the kernel would fill the hole again, by a huge page. Several threads
 * may find `huge` set: the second call changes nothing. */
void huge_plain_pages(const struct slab *slab)
{
    struct superslab *ss = superslab_of(slab);
    if (LIKELY(!load_relaxed(&ss->huge)))
        return;
    store_relaxed(&ss->huge, false);
    os_no_huge(ss->base, SUPERSLAB);
}

enum { PROMOTE_AT_ONCE = 8 };

/* Superslabs of which every granule is in use, so that a huge page holds nothing that is free. The system is
 * asked without the lock. A superslab of which something was given back meanwhile may so be marked after it
 * was cleared: the next purge clears it again. */
void huge_promote(void)
{
    struct superslab *dense[PROMOTE_AT_ONCE];
    unsigned n = 0;
    lock_take(RANK_ARENA);
    LIST_EACH (l, &arena.all) {
        struct superslab *ss = CONTAINER_OF(l, struct superslab, all);
        if (n == PROMOTE_AT_ONCE)
            break;
        if (ss->free_mask != 0 || ss->opened < GRANULES || load_relaxed(&ss->huge))
            continue;
        ss->pinned++; /* still mapped when the system is asked */
        dense[n++] = ss;
    }
    lock_give(RANK_ARENA);
    for (unsigned i = 0; i < n; i++)
        store_relaxed(&dense[i]->huge, os_huge(dense[i]->base, SUPERSLAB) == 0);
    lock_take(RANK_ARENA);
    for (unsigned i = 0; i < n; i++)
        dense[i]->pinned--;
    lock_give(RANK_ARENA);
}
