/* SPDX-License-Identifier: MIT */
/* heap/aside.c - memory while a fork has the gate closed.
 *
 * The C library takes the locks of its allocator after everything else that fork waits for, so its malloc can
 * be called by any thread at any time. Its blocks are not in the class map, but in a table here. */
#include "heap/aside.h"

#include <errno.h>

#include "base/libc.h"
#include "base/os.h"
#include "heap/mode.h"

/* Any thread puts a note in front; who takes them takes all, so that ABA does not arise and nobody reads a
 * note that may be gone. seq_cst: see gate_is_closed. */
static _Atomic(struct aside_note *) notes;

/* The C library's blocks that are with the program. A block has one of the WINDOW places that its address
 * leads to; each is a word of its own, 0 or an address, so that the copy that fork makes of the table is
 * sound, whatever other threads do meanwhile. Where all are taken, blocks are only counted, and while there
 * are such, any pointer that is not ours may be one of them. Relaxed: a pointer reaches another thread after
 * its entry. */
enum { PLACES_SHIFT = 16, WINDOW = 64 };
typedef _Atomic(uintptr_t) place;
static struct {
    _Atomic(size_t) listed, unlisted;
    _Atomic(place *) table; /* mapped by the first fork; where it could not be, nothing is listed */
} blocks;
enum { TABLE_BYTES = ((1 << PLACES_SHIFT) + WINDOW) * sizeof(place) };

/* The window of P, or NULL. */
static place *window_of(const void *p)
{
    place *table = load_acquire(&blocks.table);
    return table ? table + (((uintptr_t)p >> 4) * 0x9e3779b97f4a7c15u >> (64 - PLACES_SHIFT)) : NULL;
}

/* Exchange FROM for TO in the window of P; false if it is not there. */
static bool exchange(const void *p, uintptr_t from, uintptr_t to)
{
    place *at = window_of(p);
    for (int i = 0; at && i < WINDOW; i++) {
        uintptr_t seen = from;
        if (load_relaxed(&at[i]) == from &&
            atomic_compare_exchange_strong_explicit(&at[i], &seen, to, memory_order_relaxed,
                                                    memory_order_relaxed))
            return true;
    }
    return false;
}

static void enter_block(const void *p)
{
    if (p)
        add_relaxed(exchange(p, 0, (uintptr_t)p) ? &blocks.listed : &blocks.unlisted, 1);
}

/* P is none any more: false if it was none, as far as we know. */
static bool leave_block(const void *p)
{
    if (load_relaxed(&blocks.listed) && exchange(p, (uintptr_t)p, 0))
        sub_relaxed(&blocks.listed, 1);
    else if (load_relaxed(&blocks.unlisted))
        sub_relaxed(&blocks.unlisted, 1);
    else
        return false;
    return true;
}

bool aside_owns(const void *p)
{
    const place *at = p && load_relaxed(&blocks.listed) ? window_of(p) : NULL;
    for (int i = 0; at && i < WINDOW; i++)
        if (load_relaxed(&at[i]) == (uintptr_t)p)
            return true;
    return false;
}

/* The C library counts on malloc being called before there are threads: of two that call it first, both would
 * set it up, and fork would copy it unlocked. */
void aside_prepare(void)
{
    static bool set_up; /* START lock */
    if (set_up || !libc_find())
        return;
    set_up = true;
    libc_free(libc_malloc(1));
    struct os_error before = os_error; /* no reason why an allocation failed */
    store_release(&blocks.table, os_map(TABLE_BYTES, os_page_size(), NULL, true));
    os_error = before;
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
    enter_block(p);
    return p;
}

static bool any_is_libcs(void)
{
    return load_relaxed(&heap_mode) == HEAP_PASSIVE || load_relaxed(&heap_mixed);
}

bool aside_is_libcs(const void *p)
{
    return any_is_libcs() || aside_owns(p) || load_relaxed(&blocks.unlisted) != 0;
}

bool aside_free_libcs(void *p)
{
    if (!leave_block(p) && !any_is_libcs())
        return false;
    libc_free(p);
    return true;
}

void *aside_realloc_libcs(void *p, size_t size)
{
    bool aside = leave_block(p);
    void *q = libc_realloc(p, size);
    if (aside)
        enter_block(q || size == 0 ? q : p);
    return q;
}

bool aside_free(void *p, const char *function)
{
    int saved = errno;
    struct aside_note *note = libc_known() ? libc_malloc(sizeof *note) : NULL;
    errno = saved;
    if (!note)
        return false;
    *note = (struct aside_note){load_relaxed(&notes), p, function};
    while (!atomic_compare_exchange_weak(&notes, &note->next, note))
        ;
    return true;
}

struct aside_note *aside_take(void)
{
    return atomic_exchange(&notes, NULL);
}

struct aside_note *aside_drop(struct aside_note *note)
{
    struct aside_note *next = note->next;
    libc_free(note);
    return next;
}

void aside_forked(void)
{
    store_relaxed(&notes, NULL);
}
