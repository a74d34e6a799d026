/* SPDX-License-Identifier: MIT */
/* events/failure.c - why allocations failed: a ring of the last failures.
 *
 * Any thread writes and reads at any time, without a lock. Record n lies in slot n % FAILURE_RECORDS.
 *
 * Invariant: a slot's `turn` only grows. 2n + 1: one thread, which made it so, is writing record n;
 * 2n + 2: the words of the slot are record n; 0: never used.
 *
 * A writer claims n by an addition, then the slot by changing `turn` from an even value below 2n + 1
 * to 2n + 1. If it is odd or larger, the ring went round while some writer was on its way: the record
 * is lost, and counted. So a slot has one writer at a time; taking it acquires what the one before
 * stored, and words of two records never mix.
 *
 * A reader copies the words between two reads of `turn` and takes the copy if both are 2n + 2. Words
 * are stored with release and loaded with acquire. A word of a later record makes its writer's 2m + 1
 * visible to the second read of `turn`: the copy is dropped. A word of an earlier one cannot be seen,
 * as the first read of 2n + 2 acquires those of n.
 *
 * ABA: no value of `turn` comes back, in 2^63 failures. Reclamation: the ring is never freed. A child
 * of fork in whose parent another thread was writing has a slot that stays odd: it is not used again.
 *
 * --- In a core dump ---
 * The ring is exported as hak_failures. With debug information: p hak_failures.slot[0].record, or all of
 * it by p hak_failures. Without: x/8xg &hak_failures shows the header: 16 bytes of text, then as numbers of
 * 8 bytes the offset of the first slot, the size of a slot, their number, the failures begun and the records
 * lost. A slot is its turn and then the words of struct failure (trace.h), in order. The last failure is
 * in slot (begun - 1) % number. */
#include "events/failure.h"

#include <errno.h>

#include "base/clock.h"
#include "base/layout.h"
#include "base/os.h"
#include "events/counters.h"
#include "events/trace.h"

enum { WORDS = sizeof(struct failure) / sizeof(uint64_t) };
static_assert(sizeof(struct failure) % sizeof(uint64_t) == 0, "a record is whole words");

struct slot {
    _Atomic(uint64_t) turn;
    union {
        _Atomic(uint64_t) word[WORDS];
        struct failure record; /* for debuggers */
    };
};

struct failure_ring {
    char magic[16];
    uint64_t first_slot, slot_size, slots; /* fixed */
    _Atomic(uint64_t) begun, lost;
    struct slot slot[FAILURE_RECORDS];
};

extern struct failure_ring hak_failures;
EXPORT struct failure_ring hak_failures = {.magic = "hakmem failures",
                                           .first_slot = offsetof(struct failure_ring, slot),
                                           .slot_size = sizeof(struct slot),
                                           .slots = FAILURE_RECORDS};

const char *const failure_reason_name[FAILURE_REASONS] = {"none", "Threshold", "Exhaustion", "MapFail"};

/* A record as words, and back. */
union words {
    struct failure failure;
    uint64_t word[WORDS];
};

static void store(struct failure *f)
{
    uint64_t n = f->number = add_relaxed(&hak_failures.begun, 1);
    struct slot *slot = &hak_failures.slot[n % FAILURE_RECORDS];
    uint64_t turn = load_relaxed(&slot->turn);
    if (turn % 2 != 0 || turn > 2 * n ||
        !atomic_compare_exchange_strong_explicit(&slot->turn, &turn, 2 * n + 1, memory_order_acquire,
                                                 memory_order_relaxed)) {
        add_relaxed(&hak_failures.lost, 1);
        return;
    }
    const union words words = {.failure = *f};
    for (unsigned i = 0; i < WORDS; i++)
        store_release(&slot->word[i], words.word[i]);
    store_release(&slot->turn, 2 * n + 2);
}

static bool load(uint64_t n, struct failure *out)
{
    struct slot *slot = &hak_failures.slot[n % FAILURE_RECORDS];
    union words words;
    if (load_acquire(&slot->turn) != 2 * n + 2)
        return false;
    for (unsigned i = 0; i < WORDS; i++)
        words.word[i] = load_acquire(&slot->word[i]);
    if (load_relaxed(&slot->turn) != 2 * n + 2)
        return false;
    *out = words.failure;
    return true;
}

/* --- Writing -------------------------------------------------------------------------------------*/

void failure_environment(struct failure_environment *out)
{
    *out = (struct failure_environment){.known = 1,
                                        .address_space = os_address_space(),
                                        .address_limit = os_limit(OS_LIMIT_ADDRESS_SPACE),
                                        .data_limit = os_limit(OS_LIMIT_DATA),
                                        .maps = os_count_lines("/proc/self/maps")};
    uint64_t n = 0;
    out->maps_limit = os_read_number("/proc/sys/vm/max_map_count", &n) ? n : 0;
    out->overcommit = os_read_number("/proc/sys/vm/overcommit_memory", &n) ? (int64_t)n : -1;
}

static void put_limit(struct line *m, const char *name, uint64_t n)
{
    if (n != UINT64_MAX)
        line_field(m, name, n);
    else
        line_text(m, name, "none");
}

static void print(const struct failure *f)
{
    struct line m;
    trace_begin(&m, CHANNEL_FAILURE);
    line_str(&m, " ");
    line_str(&m, failure_reason_name[f->reason]);
    line_field(&m, "size", f->size);
    put_limit(&m, "class", (uint64_t)f->size_class);
    line_text(&m, "call", f->call);
    line_field(&m, "errno", (uint64_t)f->code);
    line_field(&m, "align", f->alignment);
    line_field(&m, "tid", (uint64_t)f->tid);
    line_field(&m, "mapped", f->mapped);
    line_field(&m, "mappings", f->mappings);
    line_field(&m, "address_space", f->at.address_space);
    put_limit(&m, "address_limit", f->at.address_limit);
    put_limit(&m, "data_limit", f->at.data_limit);
    line_field(&m, "maps", f->at.maps);
    line_field(&m, "maps_limit", f->at.maps_limit);
    put_limit(&m, "overcommit", (uint64_t)f->at.overcommit);
    trace_end(&m, CHANNEL_FAILURE);
    trace_flush();
}

void *failure_record(enum failure_reason reason, size_t size, size_t align, int size_class)
{
    bool refused = reason == FAILURE_MAPFAIL && os_error.call;
    struct failure f = {.time_ns = clock_wall_ns(),
                        .thread = os_thread(),
                        .size = size,
                        .alignment = align,
                        .reason = reason,
                        .size_class = size_class,
                        .call = refused ? os_error.call : "none",
                        .code = refused ? os_error.code : 0,
                        .mapped = os_mapped_bytes(),
                        .mappings = os_mappings()};
    os_error.call = NULL;
    count(COUNT_FAILURES, 1);
    bool traced = trace_on(CHANNEL_FAILURE);
    if (traced) {
        f.tid = os_tid();
        failure_environment(&f.at);
    }
    store(&f);
    if (traced)
        print(&f);
    errno = ENOMEM;
    return NULL;
}

/* --- Reading -------------------------------------------------------------------------------------*/

uint64_t failure_count(void)
{
    return load_relaxed(&hak_failures.begun);
}

static bool read_back(uint64_t begun, unsigned back, struct failure *out)
{
    if (back >= FAILURE_RECORDS || back >= begun || !load(begun - 1 - back, out))
        return false;
    if (!out->tid && out->thread == os_thread())
        out->tid = os_tid();
    return true;
}

bool failure_nth(unsigned back, struct failure *out)
{
    return read_back(failure_count(), back, out);
}

bool failure_latest(struct failure *out)
{
    uint64_t begun = failure_count();
    for (unsigned back = 0; back < FAILURE_RECORDS; back++)
        if (read_back(begun, back, out))
            return true;
    return false;
}

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_failure[] = {
    LAYOUT_ADDRESS(hak_failures),
    LAYOUT_END,
};
