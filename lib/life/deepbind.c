/* SPDX-License-Identifier: MIT */
/* life/deepbind.c - libraries opened with RTLD_DEEPBIND find our malloc.
 *
 * Such a library looks names up in itself and in what it needs before the rest of the process: its free is
 * the C library's, while asprintf, getline and strdup of that same C library call malloc by the common order,
 * which is ours. So the C library's own symbols of the family are pointed at ours, in its dynamic symbol
 * table. They lie on fourteen pages, which a process would have a copy of; so it is done when the first
 * library is opened that way, and most processes never open one. Nothing in text is changed, and whatever was
 * bound before stays bound: to us, as we come first.
 *
 * libc.c finds what it needs before: passive mode changes nothing here. Where the table cannot be written,
 * libraries are opened without the flag: then they find our malloc first, as all others do. */
#include "life/deepbind.h"

#include "base/atomic.h"
#include "base/bits.h"
#include "base/layout.h"
#include "base/libc.h"
#include "base/object.h"
#include "base/os.h"
#include "settings/options.h"
#include "heap/heap.h"
#include "life/fork.h"

static _Atomic(enum deepbind_state) deepbind_state; /* written under the start lock; settled once */

static const char *const names[] = {
    "malloc",          "free",          "calloc",         "realloc",
    "reallocarray",    "memalign",      "posix_memalign", "aligned_alloc",
    "valloc",          "pvalloc",       "cfree",          "malloc_usable_size",
    "__libc_malloc",   "__libc_free",   "__libc_calloc",  "__libc_realloc",
    "__libc_memalign", "__libc_valloc", "__libc_pvalloc", "__libc_reallocarray"};
enum { NAMES = sizeof names / sizeof names[0] };

/* What is to be written: symbols of the C library, and our functions as offsets from where it is loaded. */
struct plan {
    unsigned count;
    ElfW(Sym) * symbol[NAMES];
    ElfW(Addr) value[NAMES];
};

/* What would have to be written. Our functions, where they are the first of their names: another allocator
 * in front of us, or a program that opened us at run time, keeps what it has. */
static enum deepbind_state make_plan(struct plan *plan)
{
    const struct link_map *own = object_own(), *libc = object_libc();
    plan->count = 0;
    if (!own || !libc || own == libc || !object_symbol(libc, "malloc"))
        return DEEPBIND_REFUSED;
    if (!object_before(own, libc) || !object_first_is_own("malloc"))
        return DEEPBIND_FOREIGN;
    for (unsigned i = 0; i < NAMES; i++) {
        ElfW(Sym) *symbol = object_symbol(libc, names[i]);
        void *ours = symbol ? object_first_is_own(names[i]) : NULL;
        if (ours) {
            plan->symbol[plan->count] = symbol;
            plan->value[plan->count++] = (ElfW(Addr))ours - libc->l_addr;
        }
    }
    return plan->count ? DEEPBIND_FIXED : DEEPBIND_REFUSED;
}

/* Other threads may be reading the table: each sees the one function or the other. */
static enum deepbind_state carry_out(const struct plan *plan)
{
    if (!libc_find()) /* the C library's own, before its names are ours */
        return DEEPBIND_REFUSED;
    uintptr_t low = UINTPTR_MAX, high = 0;
    for (unsigned i = 0; i < plan->count; i++) {
        uintptr_t at = (uintptr_t)plan->symbol[i];
        low = at < low ? at : low;
        high = at + sizeof *plan->symbol[i] > high ? at + sizeof *plan->symbol[i] : high;
    }
    low = round_down(low, os_page_size());
    struct os_error before = os_error; /* no reason why an allocation failed */
    int refused = os_protect((void *)low, high - low, true);
    os_error = before;
    if (refused)
        return DEEPBIND_REFUSED;
    for (unsigned i = 0; i < plan->count; i++)
        __atomic_store_n(&plan->symbol[i]->st_value, plan->value[i], __ATOMIC_RELAXED);
    (void)os_protect((void *)low, high - low, false);
    return DEEPBIND_FIXED;
}

static enum deepbind_state settle(enum heap_mode mode)
{
    struct plan plan;
    enum deepbind_state state = DEEPBIND_OFF, before;
    if (option(OPT_DEEPBIND_FIX) && mode != HEAP_PASSIVE)
        state = make_plan(&plan);
    start_take_lock();
    before = load_relaxed(&deepbind_state);
    if (before != DEEPBIND_IDLE)
        state = before;
    else if (state == DEEPBIND_FIXED)
        state = carry_out(&plan);
    store_release(&deepbind_state, state);
    start_give_lock();
    return state;
}

bool deepbind_opening(void)
{
    enum deepbind_state state = load_relaxed(&deepbind_state);
    if (state == DEEPBIND_IDLE) {
        hak_start();
        enum heap_mode mode = load_relaxed(&heap_mode);
        if (mode == HEAP_EARLY)
            return true; /* opened by the loader itself, before libc is set up */
        state = settle(mode);
    }
    return state != DEEPBIND_REFUSED;
}

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_deepbind[] = {
    LAYOUT_ADDRESS(deepbind_state),    LAYOUT_CONSTANT(DEEPBIND_IDLE),    LAYOUT_CONSTANT(DEEPBIND_FIXED),
    LAYOUT_CONSTANT(DEEPBIND_FOREIGN), LAYOUT_CONSTANT(DEEPBIND_REFUSED), LAYOUT_END,
};
