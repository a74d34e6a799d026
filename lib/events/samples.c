/* SPDX-License-Identifier: MIT */
/* events/samples.c - the tables of sampled allocations. */
#include "events/samples.h"

#include <elf.h>
#include <string.h>

#include "base/bits.h"
#include "base/auxv.h"
#include "base/cfi.h"
#include "base/clock.h"
#include "base/layout.h"
#include "base/lock.h"
#include "base/meta.h"
#include "base/objectat.h"
#include "base/unwind.h"
#include "settings/options.h"
#include "events/probe.h"
#include "events/weigh.h"

#ifdef HAVE_SYS_SDT_H
volatile unsigned short otel_memory_alloc_semaphore __attribute__((section(".probes")));
volatile unsigned short otel_memory_free_semaphore __attribute__((section(".probes")));
#endif

struct samples samples;
struct sample_request sample_request;

/* --- The tables ------------------------------------------------------------------------------------*/

/* The next SIZE bytes of *AREA. */
static void *cut(char **area, size_t size)
{
    void *p = *area;
    *area += round_up(size, 64);
    return p;
}

static uint32_t buckets_for(size_t entries)
{
    return (uint32_t)1 << log2_floor(max_size(entries, 2) / 2);
}

enum { KNOWN_ROWS = 2048 }; /* for the unwinder */

/* Of SIZE bytes one half for stacks, a quarter for sites, the rest for what lives. */
static bool make_tables(size_t size)
{
    struct samples *s = &samples;
    size_t fixed = SAMPLE_MODULES * sizeof *s->modules + SAMPLE_FREED * sizeof *s->freed;
    fixed += KNOWN_ROWS * sizeof(struct cfi_known);
    char *area = meta_alloc(size + fixed + 1024);
    if (!area)
        return false;
    s->words_most = (uint32_t)(size / 2 / sizeof *s->words);
    s->stack_buckets = buckets_for(s->words_most / 16);
    s->words_most -= s->stack_buckets / 2;
    s->sites_most = (uint32_t)(size / 4 / (sizeof *s->sites + sizeof *s->site_bucket));
    s->site_buckets = buckets_for(s->sites_most);
    s->live_most = (uint32_t)(size / 4 / (sizeof *s->live + sizeof *s->live_bucket));
    s->live_buckets = buckets_for(s->live_most);
    s->modules = cut(&area, SAMPLE_MODULES * sizeof *s->modules);
    s->freed = cut(&area, SAMPLE_FREED * sizeof *s->freed);
    cfi_remember(cut(&area, KNOWN_ROWS * sizeof(struct cfi_known)), KNOWN_ROWS);
    s->stack_bucket = cut(&area, s->stack_buckets * sizeof *s->stack_bucket);
    s->site_bucket = cut(&area, s->site_buckets * sizeof *s->site_bucket);
    s->live_bucket = cut(&area, s->live_buckets * sizeof *s->live_bucket);
    s->words = cut(&area, s->words_most * sizeof *s->words);
    s->sites = cut(&area, s->sites_most * sizeof *s->sites);
    s->live = cut(&area, s->live_most * sizeof *s->live);
    return true;
}

/* Empty again. */
static void clear_tables(void)
{
    struct samples *s = &samples;
    if (s->words_used) { /* new ones are, and have no memory yet */
        memset(s->stack_bucket, 0, s->stack_buckets * sizeof *s->stack_bucket);
        memset(s->site_bucket, 0, s->site_buckets * sizeof *s->site_bucket);
        memset(s->live_bucket, 0, s->live_buckets * sizeof *s->live_bucket);
    }
    s->words_used = s->sites_used = s->live_used = 1;
    s->live_free = 0;
    s->modules_used = 1;
    s->taken = s->dropped = s->cut = s->lived = s->freed_next = 0;
}

/* Around each change; lock held. */
static void begin_change(void)
{
    store_relaxed(&samples.changes, load_relaxed(&samples.changes) + 1);
    atomic_thread_fence(memory_order_release);
}

static void end_change(void)
{
    store_release(&samples.changes, load_relaxed(&samples.changes) + 1);
}

/* --- Objects and stacks ----------------------------------------------------------------------------*/

static bool same_module(const struct sample_module *m, const struct object_at *o)
{
    return m->start == o->start && m->end == o->end && m->build_id_size == o->build_id_size &&
           memcmp(m->build_id, o->build_id, o->build_id_size) == 0;
}

/* Of a long name the end is kept. */
static void name_module(struct sample_module *m, const struct object_at *o)
{
    size_t len = strlen(o->name), most = sizeof m->name - 1;
    *m = (struct sample_module){.start = o->start, .end = o->end, .build_id_size = o->build_id_size};
    memcpy(m->build_id, o->build_id, o->build_id_size);
    memcpy(m->name, o->name + (len > most ? len - most : 0), min_size(len, most));
}

/* The number of the object that PC lies in, as it is now; 0: none, or no room. Only for stacks that are new:
 * one object may have been unloaded, and another be at its place. Lock held, as for all below. */
static uint32_t module_of(uintptr_t pc)
{
    struct samples *s = &samples;
    struct object_at o;
    if (!object_at(pc, &o))
        return 0;
    for (uint32_t i = s->modules_used; i-- > 1;)
        if (same_module(&s->modules[i], &o))
            return i;
    if (s->modules_used == SAMPLE_MODULES)
        return 0;
    name_module(&s->modules[s->modules_used], &o);
    return s->modules_used++;
}

static uint32_t hash_of(const uintptr_t *pcs, unsigned depth)
{
    uint64_t h = depth;
    for (unsigned i = 0; i < depth; i++)
        h = (h ^ pcs[i]) * UINT64_C(0x9e3779b97f4a7c15), h ^= h >> 29;
    return (uint32_t)(h ^ h >> 32);
}

static struct sample_stack *stack_at(uint32_t i)
{
    return (struct sample_stack *)&samples.words[i];
}

static bool same_stack(const struct sample_stack *st, const uintptr_t *pcs, const struct unwound *u,
                       uint32_t hash)
{
    const uint64_t *frame = (const uint64_t *)(st + 1);
    if (st->hash != hash || st->depth != u->depth || st->complete != u->complete)
        return false;
    for (unsigned i = 0; i < u->depth; i++)
        if ((frame[i] & ((UINT64_C(1) << SAMPLE_PC_BITS) - 1)) != pcs[i])
            return false;
    return true;
}

/* The index of the stack PCS; 0: no room. A stack that is known is not looked up again: if its objects were
 * unloaded, and others are at their places with equal return addresses, it has the old names. */
static uint32_t stack_of(const uintptr_t *pcs, const struct unwound *u)
{
    enum { HEAD = sizeof(struct sample_stack) / sizeof(uint64_t) };
    struct samples *s = &samples;
    uint32_t hash = hash_of(pcs, u->depth), *bucket = &s->stack_bucket[hash & (s->stack_buckets - 1)];
    for (uint32_t i = *bucket; i; i = stack_at(i)->next)
        if (same_stack(stack_at(i), pcs, u, hash))
            return i;
    if (s->words_used + HEAD + u->depth > s->words_most)
        return 0;
    uint32_t i = s->words_used;
    *stack_at(i) = (struct sample_stack){hash, *bucket, u->depth, u->complete};
    for (unsigned n = 0; n < u->depth; n++)
        s->words[i + HEAD + n] = pcs[n] | (uint64_t)module_of(pcs[n] - 1) << SAMPLE_PC_BITS;
    s->words_used += HEAD + u->depth;
    return *bucket = i;
}

static uint32_t site_of(uint32_t stack, size_t weighed)
{
    struct samples *s = &samples;
    uint64_t key = (stack + weighed * 31) * UINT64_C(0x9e3779b97f4a7c15);
    uint32_t *bucket = &s->site_bucket[key >> 32 & (s->site_buckets - 1)];
    for (uint32_t i = *bucket; i; i = s->sites[i].next)
        if (s->sites[i].stack == stack && s->sites[i].weighed == weighed)
            return i;
    if (s->sites_used == s->sites_most)
        return 0;
    uint32_t i = s->sites_used++;
    s->sites[i] = (struct sample_site){.weighed = weighed, .stack = stack, .next = *bucket};
    return *bucket = i;
}

/* --- Records ---------------------------------------------------------------------------------------*/

static uint32_t *live_bucket(const void *p)
{
    uint64_t key = ((uintptr_t)p >> 4) * UINT64_C(0x9e3779b97f4a7c15);
    return &samples.live_bucket[key >> 32 & (samples.live_buckets - 1)];
}

/* A record that is nobody's; 0: no room. */
static uint32_t take_record(void)
{
    struct samples *s = &samples;
    uint32_t i = s->live_free;
    if (i)
        s->live_free = s->live[i].next;
    else if (s->live_used < s->live_most)
        i = s->live_used++;
    return i;
}

static unsigned lifetime(uint64_t ms)
{
    unsigned n = 0;
    for (; ms && n < SAMPLE_LIFETIMES - 1; ms >>= 2)
        n++;
    return n;
}

/* The sample of record I, which was the one of AT, was freed by BY, whose stack is STACK. */
static void count_freed(uint32_t i, uint64_t now_ms, uint32_t by, uint32_t stack)
{
    struct samples *s = &samples;
    struct sample *was = &s->live[i];
    struct sample_site *site = &s->sites[was->site];
    uint64_t ms = now_ms - was->at_ms;
    site->frees++;
    site->freed_bytes += was->size;
    site->foreign += was->thread != by;
    site->lived_ms += ms;
    site->lifetimes[lifetime(ms)]++;
    s->freed[s->freed_next++ % SAMPLE_FREED] = (struct sample_freed){*was, now_ms, stack, by};
    s->lived--;
}

/* The link that leads to the record of P; 0 stands there if there is none. */
static uint32_t *link_to(const void *p)
{
    uint32_t *at = live_bucket(p);
    while (*at && samples.live[*at].address != (uintptr_t)p)
        at = &samples.live[*at].next;
    return at;
}

/* The record is taken out of its bucket. */
static uint32_t unlink_record(uint32_t *at)
{
    uint32_t i = *at;
    if (i)
        *at = samples.live[i].next;
    return i;
}

static void link_record(uint32_t i)
{
    uint32_t *bucket = live_bucket((const void *)(uintptr_t)samples.live[i].address);
    samples.live[i].next = *bucket;
    *bucket = i;
}

static void give_record(uint32_t i)
{
    samples.live[i].address = 0;
    samples.live[i].next = samples.live_free;
    samples.live_free = i;
}

/* An old record of P is of a block whose end was not met: a thread did not know yet that samples were
 * taken. */
static void forget_old(const void *p, uint64_t now_ms, uint32_t by)
{
    uint32_t i = unlink_record(link_to(p));
    if (i) {
        count_freed(i, now_ms, by, 0);
        give_record(i);
    }
}

static bool note(const struct sample *sample, size_t weighed, const uintptr_t *pcs, const struct unwound *u)
{
    struct samples *s = &samples;
    forget_old((const void *)(uintptr_t)sample->address, sample->at_ms, sample->thread);
    uint32_t stack = stack_of(pcs, u), site = stack ? site_of(stack, weighed) : 0,
             i = site ? take_record() : 0;
    if (!i)
        return false;
    s->live[i] = *sample;
    s->live[i].site = site;
    link_record(i);
    s->sites[site].allocs++;
    s->sites[site].bytes += sample->size;
    s->taken++;
    s->cut += !u->complete;
    s->lived++;
    return true;
}

/* --- What others call ------------------------------------------------------------------------------*/

bool samples_begin(uint64_t mean, uint64_t until_ms, uint64_t now_ms)
{
    static const size_t least = KIB(64);
    lock_take(RANK_SAMPLES);
    bool begins = !samples_on();
    size_t size = max_size(option(OPT_SAMPLE_MEMORY), least);
    while (begins && !samples.words && !make_tables(size))
        if ((size /= 2) < least)
            begins = false;
    if (begins) {
        begin_change();
        clear_tables();
        samples.mean = mean;
        samples.begun_ms = now_ms;
        samples.ended_ms = 0;
        samples.until_ms = until_ms;
        store_relaxed(&samples.unwind, (uint32_t)option(OPT_SAMPLE_UNWIND));
        end_change();
        store_release(&samples.epoch, load_relaxed(&samples.epoch) + 1);
    }
    lock_give(RANK_SAMPLES);
    return begins;
}

bool samples_end(uint64_t now_ms)
{
    lock_take(RANK_SAMPLES);
    bool ends = samples_on();
    if (ends) {
        samples.ended_ms = now_ms;
        store_release(&samples.epoch, load_relaxed(&samples.epoch) + 1);
    }
    lock_give(RANK_SAMPLES);
    return ends;
}

void samples_drop(void)
{
    lock_take(RANK_SAMPLES);
    if (samples_on())
        samples.dropped++;
    lock_give(RANK_SAMPLES);
}

struct unwound samples_stack(uintptr_t *pcs, unsigned most, struct sample_thread by)
{
    /* What the kernel put above the stack of the process: of another thread, the unwinder does not
     * believe it. */
    uintptr_t top = by.stack_top ? by.stack_top : auxv_get(AT_RANDOM) & ~(uintptr_t)7;
    return unwind(pcs, most, top, (enum unwind_how)load_relaxed(&samples.unwind));
}

bool samples_note(void *p, size_t size, size_t weighed, struct sample_thread by)
{
    uintptr_t pcs[SAMPLE_DEPTH];
    struct unwound u = samples_stack(pcs, SAMPLE_DEPTH, by);
    struct sample sample = {.address = (uintptr_t)p, .size = size, .at_ms = clock_now_ms(), .thread = by.id};
    lock_take(RANK_SAMPLES);
    bool noted = false;
    if (samples_on()) {
        begin_change();
        noted = note(&sample, weighed, pcs, &u);
        samples.dropped += !noted;
        end_change();
    }
    lock_give(RANK_SAMPLES);
    if (PROBE_ALLOC_WANTED)
        PROBE_ALLOC(p, size, weigh(weighed, weigh_factor(weighed, samples.mean)));
    return noted;
}

bool samples_nth(uint32_t i, struct sample_copy *out)
{
    lock_take(RANK_SAMPLES);
    bool is = samples.sites && i < samples.sites_used;
    if (is) {
        const struct sample_stack *st = stack_at(samples.sites[i].stack);
        out->site = samples.sites[i];
        out->depth = st->depth;
        out->complete = st->complete;
        memcpy(out->frame, st + 1, st->depth * sizeof out->frame[0]);
    }
    lock_give(RANK_SAMPLES);
    return is;
}

bool samples_module(uint32_t i, struct sample_module *out)
{
    lock_take(RANK_SAMPLES);
    bool is = samples.modules && i < samples.modules_used;
    if (is)
        *out = samples.modules[i];
    lock_give(RANK_SAMPLES);
    return is;
}

struct samples_totals samples_totals(uint64_t now_ms)
{
    lock_take(RANK_SAMPLES);
    const struct samples *s = &samples;
    uint64_t end_ms = s->ended_ms ? s->ended_ms : now_ms, ms = s->words ? end_ms - s->begun_ms : 0;
    struct samples_totals t = {s->mean, s->until_ms, ms, s->taken, s->dropped, s->cut, s->lived};
    lock_give(RANK_SAMPLES);
    return t;
}

/* --- Blocks that are freed or resized --------------------------------------------------------------*/

struct sample_aside samples_aside(void *p)
{
    struct sample_aside aside = {0};
    lock_take(RANK_SAMPLES);
    uint32_t *at = link_to(p);
    if (samples_on() && *at) {
        struct sample *sample = &samples.live[*at];
        aside = (struct sample_aside){*at, load_relaxed(&samples.epoch), sample->address, sample->size,
                                      samples.sites[sample->site].weighed};
        begin_change();
        (void)unlink_record(at);
        sample->address = 0;
        end_change();
    }
    lock_give(RANK_SAMPLES);
    return aside;
}

/* Its record is where it was left. Lock held. */
static bool is_aside(const struct sample_aside *aside)
{
    return aside->record && load_relaxed(&samples.epoch) == aside->epoch;
}

void samples_again(const struct sample_aside *aside, void *p, size_t size)
{
    if (!aside->record)
        return;
    uint64_t now_ms = clock_now_ms();
    lock_take(RANK_SAMPLES);
    if (is_aside(aside)) {
        struct sample *sample = &samples.live[aside->record];
        begin_change();
        forget_old(p, now_ms, sample->thread);
        samples.sites[sample->site].bytes += size - sample->size;
        sample->size = size;
        sample->address = (uintptr_t)p;
        link_record(aside->record);
        end_change();
    }
    lock_give(RANK_SAMPLES);
}

/* The stack is taken without the lock, as few blocks are samples. */
void samples_gone(const struct sample_aside *aside, struct sample_thread by)
{
    uintptr_t pcs[SAMPLE_DEPTH];
    if (!aside->record)
        return;
    uint64_t now_ms = clock_now_ms();
    struct unwound u = samples_stack(pcs, SAMPLE_DEPTH, by);
    lock_take(RANK_SAMPLES);
    if (is_aside(aside)) {
        begin_change();
        samples.live[aside->record].address = aside->address;
        count_freed(aside->record, now_ms, by.id, stack_of(pcs, &u));
        give_record(aside->record);
        end_change();
    }
    lock_give(RANK_SAMPLES);
}

void samples_forget(void *p, struct sample_thread by)
{
    struct sample_aside aside = samples_aside(p);
    if (aside.record)
        PROBE_FREE(p);
    samples_gone(&aside, by);
}

/* --- For the hakmem command (layout.h) ------------------------------------------------------------*/

const struct layout_row layout_samples[] = {
    LAYOUT_ADDRESS(samples),
    LAYOUT_ADDRESS(sample_request),
    LAYOUT_END,
};
