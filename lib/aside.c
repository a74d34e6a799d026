/* SPDX-License-Identifier: MIT */
/* aside.c - memory while a fork has the gate closed (floor F7).
 *
 * The C library takes the locks of its allocator after everything else that fork waits for, so its malloc can
 * be called by any thread at any time. Its blocks are not in the class map; while there are any, a pointer
 * that is not ours may be one of them, and the C library judges it. */
#include "aside.h"

#include <errno.h>

#include "heap.h"
#include "libc.h"

/* A block to be freed. The block itself is not touched: it may be guarded, or a fault. */
struct note {
    struct note *next;
    void *p;
    const char *function;
};

/* Any thread puts a note in front (release); who takes them takes all (acquire), so that ABA does not arise
 * and nobody reads a note that may be gone. */
static _Atomic(struct note *) notes;

static _Atomic(size_t) blocks; /* of the C library's; relaxed: a pointer reaches another thread after it */

/* The C library counts on malloc being called before there are threads: of two that call it first, both would
 * set it up, and fork would copy it unlocked. */
void aside_prepare(void)
{
    static bool set_up; /* START lock */
    if (!set_up && libc_find())
        libc_free(libc_malloc(1));
    set_up = true;
}

bool aside_enter(void)
{
    if (LIKELY(gate_enter()))
        return true;
    if (libc_known())
        return false;
    gate_enter_waiting(); /* a static program */
    return true;
}

void *aside_alloc(size_t size, size_t align, bool zero)
{
    void *p;
    if (zero)
        p = libc_calloc(1, size);
    else
        p = align > MIN_ALIGN ? libc_memalign(align, size) : libc_malloc(size);
    add_relaxed(&blocks, p != NULL);
    return p;
}

bool aside_is_libcs(void)
{
    return load_relaxed(&heap_mode) == HEAP_PASSIVE || load_relaxed(&heap_mixed) ||
           load_relaxed(&blocks) != 0;
}

static void one_less(void)
{
    if (load_relaxed(&blocks) != 0)
        sub_relaxed(&blocks, 1);
}

void aside_free_libcs(void *p)
{
    libc_free(p);
    one_less();
}

void *aside_realloc_libcs(void *p, size_t size)
{
    void *q = libc_realloc(p, size);
    if (!q && size == 0)
        one_less();
    return q;
}

bool aside_free(void *p, const char *function)
{
    int saved = errno;
    struct note *note = libc_known() ? libc_malloc(sizeof *note) : NULL;
    errno = saved;
    if (!note)
        return false;
    *note = (struct note){load_relaxed(&notes), p, function};
    while (!atomic_compare_exchange_weak_explicit(&notes, &note->next, note, memory_order_release,
                                                  memory_order_relaxed))
        ;
    return true;
}

void aside_resume(void)
{
    struct note *note = atomic_exchange_explicit(&notes, NULL, memory_order_acquire), *next;
    for (; note; note = next) {
        next = note->next;
        heap_free(note->p, note->function);
        libc_free(note);
    }
}

void aside_forked(void)
{
    store_relaxed(&notes, NULL);
}
