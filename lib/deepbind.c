/* SPDX-License-Identifier: MIT */
/* deepbind.c - libraries opened with RTLD_DEEPBIND find our malloc (floor F8).
 *
 * Such a library looks names up in itself and in what it needs before the rest of the process: its free is
 * the C library's, while asprintf, getline and strdup of that same C library call malloc by the common order,
 * which is ours. So the C library's own symbols of the family are pointed at ours, in its dynamic symbol
 * table. They lie on nine pages, which a process would have a copy of; so it is done when the first library
 * is opened that way, and most processes never open one. Nothing in text is changed, and whatever was bound
 * before stays bound: to us, as we come first.
 *
 * The C library's functions have names beside these, which libc.c uses. Where the table cannot be written,
 * libraries are opened without the flag: then they find our malloc first, as all others do. */
#include "deepbind.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <string.h>

#include "atomic.h"
#include "bits.h"
#include "fork.h"
#include "heap.h"
#include "layout.h"
#include "libc.h"
#include "options.h"
#include "os.h"

static _Atomic(enum deepbind_state) deepbind_state; /* written under the start lock; settled once */

static const char *const names[] = {"malloc",       "free",     "calloc",         "realloc",
                                    "reallocarray", "memalign", "posix_memalign", "aligned_alloc",
                                    "valloc",       "pvalloc",  "cfree",          "malloc_usable_size"};
enum { NAMES = sizeof names / sizeof names[0] };

/* What is to be written: symbols of the C library, and our functions as offsets from where it is loaded. */
struct plan {
    unsigned count;
    ElfW(Sym) * symbol[NAMES];
    ElfW(Addr) value[NAMES];
};

typedef int address_lookup(const void *, Dl_info *, void **, int); /* dladdr1 */

/* The object that ADDRESS lies in. */
static const struct link_map *object_of(address_lookup *look, const void *address)
{
    Dl_info info;
    void *map = NULL;
    return address && look(address, &info, &map, RTLD_DL_LINKMAP) ? map : NULL;
}

struct tables {
    const uint32_t *hash; /* of the GNU kind */
    ElfW(Sym) * symbols;
    const char *strings;
};

/* The loader has made addresses of these, on most machines; on others it leaves them as in the file. */
static void *relocated(const struct link_map *map, ElfW(Addr) value)
{
    return (void *)(value < map->l_addr ? value + map->l_addr : value);
}

static bool find_tables(const struct link_map *map, struct tables *out)
{
    *out = (struct tables){0};
    for (const ElfW(Dyn) *d = map->l_ld; d->d_tag != DT_NULL; d++)
        if (d->d_tag == DT_GNU_HASH)
            out->hash = relocated(map, d->d_un.d_ptr);
        else if (d->d_tag == DT_SYMTAB)
            out->symbols = relocated(map, d->d_un.d_ptr);
        else if (d->d_tag == DT_STRTAB)
            out->strings = relocated(map, d->d_un.d_ptr);
    return out->hash && out->symbols && out->strings;
}

static uint32_t hash_of(const char *name)
{
    uint32_t h = 5381;
    for (; *name; name++)
        h = h * 33 + (unsigned char)*name;
    return h;
}

/* The function NAME that an object defines; NULL if there is none. */
static ElfW(Sym) * find_function(const struct tables *t, const char *name)
{
    uint32_t buckets = t->hash[0], first = t->hash[1], words = t->hash[2], hash = hash_of(name);
    const uint32_t *bucket = (const uint32_t *)((const ElfW(Addr) *)(t->hash + 4) + words);
    const uint32_t *chain = bucket + buckets;
    uint32_t index = buckets ? bucket[hash % buckets] : 0;
    if (index < first)
        return NULL;
    for (;; index++) {
        ElfW(Sym) *s = &t->symbols[index];
        if ((chain[index - first] | 1) == (hash | 1) && s->st_shndx != SHN_UNDEF &&
            ELF64_ST_TYPE(s->st_info) == STT_FUNC && strcmp(t->strings + s->st_name, name) == 0)
            return s;
        if (chain[index - first] & 1)
            return NULL;
    }
}

static bool comes_before(const struct link_map *a, const struct link_map *b)
{
    while (b && b != a)
        b = b->l_prev;
    return b != NULL;
}

/* What would have to be written. Our functions, where they are the first of their names: another allocator
 * in front of us, or a program that opened us at run time, keeps what it has. */
static enum deepbind_state make_plan(struct plan *plan)
{
    address_lookup *look = (address_lookup *)libc_symbol("dladdr1");
    struct tables t;
    plan->count = 0;
    if (!look)
        return DEEPBIND_REFUSED;
    const struct link_map *own = object_of(look, &deepbind_state), *libc = object_of(look, (void *)look);
    if (!own || !libc || own == libc || !find_tables(libc, &t) || !find_function(&t, "__libc_malloc"))
        return DEEPBIND_REFUSED;
    if (!comes_before(own, libc) || object_of(look, libc_first_symbol("malloc")) != own)
        return DEEPBIND_FOREIGN;
    for (unsigned i = 0; i < NAMES; i++) {
        ElfW(Sym) *symbol = find_function(&t, names[i]);
        void *ours = symbol ? libc_first_symbol(names[i]) : NULL;
        if (ours && object_of(look, ours) == own) {
            plan->symbol[plan->count] = symbol;
            plan->value[plan->count++] = (ElfW(Addr))ours - libc->l_addr;
        }
    }
    return plan->count ? DEEPBIND_FIXED : DEEPBIND_REFUSED;
}

/* Other threads may be reading the table: each sees the one function or the other. */
static enum deepbind_state carry_out(const struct plan *plan)
{
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
    LAYOUT_CONSTANT(OPT_DEEPBIND_FIX), LAYOUT_CONSTANT(DEEPBIND_IDLE),    LAYOUT_CONSTANT(DEEPBIND_FIXED),
    LAYOUT_CONSTANT(DEEPBIND_FOREIGN), LAYOUT_CONSTANT(DEEPBIND_REFUSED), LAYOUT_END,
};
const struct layout_row layout_at_deepbind[] = {
    LAYOUT_ADDRESS(deepbind_state),
    LAYOUT_END,
};
