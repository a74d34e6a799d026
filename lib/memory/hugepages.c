/* SPDX-License-Identifier: MIT */
/* memory/hugepages.c - which superslabs ask for huge pages. */
#include "memory/hugepages.h"

#include "memory/arena.h"
#include "base/os.h"

void huge_plain_pages(const struct slab *slab)
{
    struct superslab *ss = superslab_of(slab);
    if (LIKELY(!load_relaxed(&ss->huge)))
        return;
    store_relaxed(&ss->huge, false);
    os_no_huge(ss->base, SUPERSLAB);
}

enum { PROMOTE_AT_ONCE = 8 };

void huge_promote(void)
{
    struct superslab *dense[PROMOTE_AT_ONCE];
    unsigned n = 0;
    arena_lock();
    LIST_EACH (l, &arena.all) {
        struct superslab *ss = CONTAINER_OF(l, struct superslab, all);
        if (n == PROMOTE_AT_ONCE)
            break;
        if (ss->free_mask != 0 || ss->opened < GRANULES || load_relaxed(&ss->huge))
            continue;
        ss->pinned++; /* still mapped when the system is asked */
        dense[n++] = ss;
    }
    arena_unlock();
    for (unsigned i = 0; i < n; i++)
        store_relaxed(&dense[i]->huge, os_huge(dense[i]->base, SUPERSLAB) == 0);
    arena_lock();
    for (unsigned i = 0; i < n; i++)
        dense[i]->pinned--;
    arena_unlock();
}
