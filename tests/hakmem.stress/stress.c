/* SPDX-License-Identifier: MIT */
/* stress.c - random operations from many threads against a shadow model (test).
 *
 * Every block has a node: where it is, its size, its usable size and an id from which its contents
 * follow (pattern.h). Nodes are owned by one thread or lie in a mailbox; threads exchange nodes
 * with mailboxes, so that blocks are freed and resized by threads that did not allocate them.
 * shadow.h tells that no two live blocks overlap. Threads end and start again, short errand
 * threads come and go, children are forked in between, and hak_check() runs while all threads wait.
 * The same --seed draws the same numbers in every thread; the scheduler does the rest.
 *
 * Linked with the core it uses the hak_* names. With -DUSE_MALLOC it uses the malloc family of
 * whatever library is preloaded, and hak_check() of that library if it has one. */
#include "api.h"
#include "pattern.h"
#include "shadow.h"

#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    SLOTS = 4096,     /* nodes of a thread */
    MAILBOXES = 1024, /* nodes that lie between threads */
    MAX_THREADS = 64,
    ROUNDS = 4,            /* barriers in the life of a thread */
    PHASE_STEPS = 1 << 15, /* steps between changes of habit */
    ERRAND_SLOTS = 64,     /* lent to an errand thread ... */
    ERRAND_STEPS = 256,    /* ... for so many steps ... */
    ERRAND_PERIOD = 16384, /* ... at least once in so many steps of its master */
    CHILD_STEPS = 4000,
    CHILD_SECONDS = 200, /* then a forked child is taken to hang */
    WARM_UP = 1000       /* calls before a self-test spoils something */
};

enum fault { NOTHING, OVERLAP, CONTENTS, TAIL, ZERO, ALIGN, USABLE, CHECK, CHILD, LEAK, NFAULTS };
static const char *const fault_names[NFAULTS] = {"nothing", "overlap", "contents", "tail",  "zero",
                                                 "align",   "usable",  "check",    "child", "leak"};

struct node {
    char *block; /* NULL: no block */
    size_t size, usable;
    uint64_t id;
};

struct worker {
    struct node **slots;
    size_t nslots, window; /* slots, and how many of them are in use in this phase */
    size_t base;           /* where the window starts */
    size_t live, limit;    /* bytes of usable size held, and how many may be */
    size_t pinned;         /* a size that most allocations of this phase have, or 0 */
    unsigned fill;         /* of 16 steps on an empty slot, how many allocate */
    unsigned keep;         /* of 16 steps on a full slot, how many do not free */
    uint64_t rng, calls, goal, steps, next_id, forks;
    unsigned index;
    bool in_child, late;
    pthread_t thread;
};

static struct {
    unsigned threads;
    uint64_t ops, seed, forks, limit;
    bool large, spans;
    enum fault fault;
} opt = {.threads = 4, .ops = 10000000, .seed = 1, .forks = 100, .limit = 256 << 20};

static struct worker workers[MAX_THREADS];
static struct node *_Atomic mailboxes[MAILBOXES];
static pthread_barrier_t barrier;
static pthread_key_t late_key;
static _Atomic uint64_t checks, errands, children, strips; /* blocks that lay in strips */
static bool owned; /* blocks of this run lie in memory that hak_owns() knows */

__attribute__((format(printf, 2, 3), noreturn)) static void fail(const struct worker *w, const char *format,
                                                                 ...)
{
    char what[200], line[320];
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    int n = w ? snprintf(line, sizeof line, "stress: FAIL: %s (seed %lu, thread %u, call %lu%s)\n", what,
                         (unsigned long)opt.seed, w->index, (unsigned long)w->calls,
                         w->in_child ? ", in a child" : "")
              : snprintf(line, sizeof line, "stress: FAIL: %s\n", what);
    if (write(STDERR_FILENO, line, (size_t)n) < 0)
        _exit(3);
    _exit(1);
}

static uint64_t draw(struct worker *w)
{
    w->rng += UINT64_C(0x9e3779b97f4a7c15);
    return mix(w->rng);
}

/* True once, when the self-test is to spoil something. */
static bool spoil(const struct worker *w, enum fault fault)
{
    return __builtin_expect(opt.fault == fault, 0) && w->calls > WARM_UP;
}

/* --- The model: one node ------------------------------------------------------------------------*/

static void verify(struct worker *w, struct node *n, size_t kept)
{
    if (spoil(w, CONTENTS) && n->size > 64)
        n->block[40] ^= 4;
    if (spoil(w, TAIL) && n->size > PATTERN_FULL && kept == n->size)
        n->block[n->size - 1] ^= 1;
    ptrdiff_t bad = pattern_block(n->block, n->id, n->size, kept, false);
    if (bad != PATTERN_NONE)
        fail(w, "contents of block %p (size %zu, usable %zu, id %#lx) changed at offset %td",
             (void *)n->block, n->size, n->usable, (unsigned long)n->id, bad);
}

static void mark(struct worker *w, struct node *n, bool live)
{
    if (!shadow_change(n->block, n->usable, live))
        fail(w,
             live ? "block %p (size %zu, usable %zu) overlaps a live block"
                  : "block %p (size %zu, usable %zu) is live but its units are not",
             (void *)n->block, n->size, n->usable);
}

/* Everything that must hold for a block that was just handed out, then its contents. */
static void adopt(struct worker *w, struct node *n, void *block, size_t size, size_t align)
{
    if (!block)
        fail(w, "no memory for %zu bytes: errno %d", size, errno);
    if (spoil(w, ALIGN))
        block = (char *)block + 8;
    if ((uintptr_t)block % align != 0)
        fail(w, "block %p is not aligned to %zu", block, align);
    *n = (struct node){block, size, api_usable_size(block), ++w->next_id};
    if (spoil(w, USABLE))
        n->usable = size - 1;
    if (n->usable < size)
        fail(w, "block %p: usable size %zu, asked for %zu", block, n->usable, size);
    if (owned && !api_owns(block))
        fail(w, "hak_owns(%p) denies a live block", block);
    if (size > 32768 && (uintptr_t)block % 65536 != 0)
        atomic_fetch_add_explicit(&strips, 1, memory_order_relaxed);
    mark(w, n, true);
    w->live += n->usable;
    if (n->id % 4 == 0)
        n->size = n->usable;
    pattern_block(n->block, n->id, n->size, n->size, true);
}

/* Take the block of N out of the model: the next call may free or move it. */
static void *disown(struct worker *w, struct node *n)
{
    void *block = n->block;
    size_t usable = api_usable_size(block);
    if (usable != n->usable)
        fail(w, "block %p: usable size was %zu, is %zu", block, n->usable, usable);
    mark(w, n, false);
    w->live -= n->usable;
    n->block = NULL;
    return block;
}

/* --- The operations -----------------------------------------------------------------------------*/

static size_t pick_size(struct worker *w)
{
    uint64_t r = draw(w), kind = r & 4095;
    size_t size;
    r >>= 12;
    if (w->pinned && (r & 7))
        size = w->pinned;
    else if (kind < (opt.large ? 32 : 1))
        size = (1 << 20) + r % (opt.large ? 48 << 20 : 7 << 20);
    else if (opt.spans && kind < 2000)
        size = 32769 + r % (kind % 8 ? 60 << 10 : 992 << 10);
    else if (kind < 24)
        size = 32768 + r % (992 * 1024);
    else if (kind < 400)
        size = 1024 + r % (31 * 1024);
    else
        size = r % (kind < 2400 ? 129 : 1041);
    return w->live + size <= w->limit ? size : size % 1024;
}

static size_t pick_align(struct worker *w)
{
    uint64_t r = draw(w);
    unsigned most = r % 64 == 0 ? 18 : 9; /* 16 to 4 KiB, seldom up to 2 MiB */
    return (size_t)16 << (r >> 6) % most;
}

static void check_zero(struct worker *w, char *block, size_t size)
{
    size_t step = size > (1 << 20) ? 64 : 8;
    if (block && size && spoil(w, ZERO))
        block[size - 1] = 1;
    if (!block)
        return;
    for (size_t o = 0; o + 8 <= size; o += step) {
        uint64_t word;
        memcpy(&word, block + o, 8);
        if (word)
            fail(w, "calloc: block %p (size %zu) is not zero at %zu", (void *)block, size, o);
    }
    for (size_t o = size & ~(size_t)7; o < size; o++)
        if (block[o])
            fail(w, "calloc: block %p (size %zu) is not zero at %zu", (void *)block, size, o);
}

static void do_allocate(struct worker *w, struct node *n, const struct node *other)
{
    size_t size = pick_size(w), align = 16;
    uint64_t r = draw(w);
    char *block;
    w->calls++;
    if (r % 16 == 0) {
        align = pick_align(w);
        block = api_memalign(align, size);
    } else if (r % 16 < 4) {
        block = api_calloc(1 + (r >> 8) % 3, size / (1 + (r >> 8) % 3));
        size = size / (1 + (r >> 8) % 3) * (1 + (r >> 8) % 3);
        check_zero(w, block, size);
    } else if (r % 16 == 4) {
        block = api_realloc(NULL, size);
    } else {
        block = api_malloc(size);
    }
    if (spoil(w, OVERLAP) && other->block && other->usable >= size && align == 16)
        block = other->block;
    adopt(w, n, block, size, align);
}

static void do_free(struct worker *w, struct node *n)
{
    verify(w, n, n->size);
    w->calls++;
    api_free(disown(w, n));
}

static void do_resize(struct worker *w, struct node *n)
{
    uint64_t r = draw(w);
    size_t size = r % 4 ? n->size / 2 + (r >> 8) % (n->size + 32) : pick_size(w);
    struct node old = *n;
    if (size == 0 || w->live + size > w->limit)
        size = 1 + r % 64;
    verify(w, n, n->size);
    void *block = api_realloc(disown(w, n), size);
    w->calls++;
    if (!block)
        fail(w, "no memory for realloc to %zu bytes: errno %d", size, errno);
    old.block = block;
    verify(w, &old, size < old.size ? size : old.size);
    adopt(w, n, block, size, 16);
}

/* Exchange a node with a mailbox: either may be without a block. */
static void do_exchange(struct worker *w, struct node **slot)
{
    struct node *out = *slot;
    w->live -= out->block ? out->usable : 0;
    *slot = atomic_exchange(&mailboxes[draw(w) % MAILBOXES], out);
    w->live += (*slot)->block ? (*slot)->usable : 0;
}

/* --- Habits -------------------------------------------------------------------------------------*/

static void change_habits(struct worker *w)
{
    static const unsigned char fill[] = {16, 16, 4, 12}, keep[] = {4, 14, 0, 2};
    uint64_t r = draw(w);
    w->fill = fill[r % 4];
    w->keep = keep[r % 4];
    w->window = (r >> 8) % 3 == 0 ? w->nslots : w->nslots / ((r >> 8) % 3 == 1 ? 16 : 64);
    w->base = (r >> 16) % (w->nslots - w->window + 1);
    w->pinned = 0;
    if ((r >> 12) % 4 == 0)
        w->pinned = pick_size(w);
}

static void step(struct worker *w)
{
    if (w->steps++ % PHASE_STEPS == 0)
        change_habits(w);
    uint64_t r = draw(w);
    struct node **slot = &w->slots[w->base + (r >> 32) % w->window];
    struct node *n = *slot;
    unsigned what = r >> 8 & 15;
    if ((r & 15) == 0)
        do_exchange(w, slot);
    else if (!n->block && what < w->fill)
        do_allocate(w, n, w->slots[r % w->nslots]);
    else if (n->block && what >= w->keep)
        do_free(w, n);
    else if (n->block && (r >> 12) % 4 == 0)
        do_resize(w, n);
    else if (n->block && (r >> 12) % 64 == 1)
        verify(w, n, n->size);
}

static void free_all(struct worker *w, size_t from, size_t stride)
{
    for (size_t i = from; i < w->nslots; i += stride)
        if (w->slots[i]->block)
            do_free(w, w->slots[i]);
}

/* The validator, for as long as nothing else runs in this process. */
static void check_heap(struct worker *w)
{
    int faults = api_check() + (spoil(w, CHECK) ? 1 : 0);
    atomic_fetch_add(&checks, 1);
    if (faults)
        fail(w, "hak_check() found %d faults", faults);
}

/* --- Threads and children -----------------------------------------------------------------------*/

static void *errand(void *arg)
{
    struct worker *w = arg;
    while (w->steps < ERRAND_STEPS)
        step(w);
    return NULL;
}

/* A short thread works on some slots of W and ends. */
static void run_errand(struct worker *w)
{
    uint64_t r = draw(w);
    struct worker e = *w;
    e.slots = w->slots + r % (w->nslots - ERRAND_SLOTS);
    e.nslots = ERRAND_SLOTS;
    e.steps = 0;
    e.rng = ~r;
    int error = pthread_create(&e.thread, NULL, errand, &e);
    if (error)
        fail(w, "pthread_create: errno %d", error);
    pthread_join(e.thread, NULL);
    w->live = e.live;
    w->calls = e.calls;
    w->next_id = e.next_id;
    atomic_fetch_add(&errands, 1);
}

/* What the child of a threaded process does with the heap it inherited. */
__attribute__((noreturn)) static void child(struct worker *w)
{
    w->in_child = true;
    alarm(CHILD_SECONDS);
    for (int i = 0; i < CHILD_STEPS; i++)
        step(w);
    check_heap(w);
    free_all(w, 0, 2);
    check_heap(w);
    _exit(spoil(w, CHILD) ? 4 : 0);
}

static void run_child(struct worker *w)
{
    int status;
    pid_t pid = fork();
    if (pid < 0)
        fail(w, "fork: errno %d", errno);
    if (pid == 0)
        child(w);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            fail(w, "waitpid: errno %d", errno);
    if (status)
        fail(w, "a child ended with status %#x", (unsigned)status);
    atomic_fetch_add(&children, 1);
}

/* Runs among the destructors of thread-specific data, twice: frees after the allocator may have
 * seen the thread go. */
static void late(void *arg)
{
    struct worker *w = arg;
    free_all(w, w->late ? 0 : 1, w->late ? 1 : 2);
    if (!w->late)
        pthread_setspecific(late_key, w);
    w->late = true;
}

static void *work(void *arg)
{
    struct worker *w = arg;
    uint64_t share = w->goal / ROUNDS, per_thread = opt.ops / opt.threads;
    uint64_t period = share / 4 < ERRAND_PERIOD ? share / 4 + 1 : ERRAND_PERIOD;
    for (int round = 0; round < ROUNDS; round++) {
        for (uint64_t end = w->calls + share, n = 0; w->calls < end; n++) {
            step(w);
            if (n % period == period / 2)
                run_errand(w);
            if (n % (1 << 18) == (1 << 17))
                api_trim(draw(w) % (1 << 20));
            if (n % 1024 == 0 && w->forks * opt.threads < opt.forks &&
                w->calls > per_thread / (opt.forks / opt.threads + 1) * w->forks) {
                run_child(w);
                w->forks++;
            }
        }
        if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
            check_heap(w);
        pthread_barrier_wait(&barrier);
    }
    if (draw(w) % 2) {
        w->late = false;
        pthread_setspecific(late_key, w);
    }
    return NULL;
}

/* --- The run ------------------------------------------------------------------------------------*/

static void set_up(void)
{
    struct node *nodes = shadow_map(sizeof *nodes * (MAILBOXES + (size_t)SLOTS * opt.threads));
    struct node **slots = shadow_map(sizeof *slots * SLOTS * opt.threads);
    for (size_t i = 0; i < MAILBOXES; i++)
        mailboxes[i] = nodes++;
    for (size_t i = 0; i < (size_t)SLOTS * opt.threads; i++)
        slots[i] = nodes++;
    for (unsigned i = 0; i < opt.threads; i++)
        workers[i] = (struct worker){.slots = slots + (size_t)SLOTS * i,
                                     .nslots = SLOTS,
                                     .limit = opt.limit / opt.threads,
                                     .index = i,
                                     .rng = mix(opt.seed * MAX_THREADS + i),
                                     .next_id = (uint64_t)i << 48};
    pthread_barrier_init(&barrier, NULL, opt.threads);
    pthread_key_create(&late_key, late);
}

static uint64_t total_calls(void)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < opt.threads; i++)
        n += workers[i].calls;
    return n;
}

/* One life of all threads. */
static void run_generation(uint64_t calls)
{
    for (unsigned i = 0; i < opt.threads; i++) {
        workers[i].goal = calls;
        int error = pthread_create(&workers[i].thread, NULL, work, &workers[i]);
        if (error)
            fail(NULL, "pthread_create: errno %d", error);
    }
    for (unsigned i = 0; i < opt.threads; i++)
        pthread_join(workers[i].thread, NULL);
}

static void tear_down(int64_t live_before)
{
    struct worker *w = &workers[0];
    for (unsigned i = 0; i < opt.threads; i++)
        free_all(&workers[i], 0, 1);
    for (size_t i = 0; i < MAILBOXES; i++) {
        w->live += mailboxes[i]->block ? mailboxes[i]->usable : 0;
        if (mailboxes[i]->block)
            do_free(w, mailboxes[i]);
    }
    if (spoil(w, LEAK))
        w->slots[0]->block = api_malloc(100);
    check_heap(w);
    if (api_live_blocks() != live_before)
        fail(w, "%ld live blocks at the end, %ld at the start", (long)api_live_blocks(), (long)live_before);
}

static uint64_t number(const char *text)
{
    char *end;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    if (errno || end == text || *end)
        fail(NULL, "not a number: %s", text);
    return n;
}

static enum fault fault_named(const char *name)
{
    for (int i = 1; i < NFAULTS; i++)
        if (strcmp(name, fault_names[i]) == 0)
            return (enum fault)i;
    fail(NULL, "no such self-test: %s", name);
}

static void parse(int argc, char **argv)
{
    enum { THREADS, OPS, SEED, MAX_BYTES, FORK, NO_FORK, LARGE, SPANS, NEED_CHECK, SELF_TEST };
    static const struct option names[] = {
        {"threads", 1, NULL, THREADS},     {"ops", 1, NULL, OPS},     {"seed", 1, NULL, SEED},
        {"max-bytes", 1, NULL, MAX_BYTES}, {"fork", 1, NULL, FORK},   {"no-fork", 0, NULL, NO_FORK},
        {"large", 0, NULL, LARGE},         {"spans", 0, NULL, SPANS}, {"need-check", 0, NULL, NEED_CHECK},
        {"self-test", 1, NULL, SELF_TEST}, {NULL, 0, NULL, 0}};
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        switch (c) {
        case THREADS: opt.threads = (unsigned)number(optarg); break;
        case OPS: opt.ops = number(optarg); break;
        case SEED: opt.seed = number(optarg); break;
        case MAX_BYTES: opt.limit = number(optarg); break;
        case FORK: opt.forks = number(optarg); break;
        case NO_FORK: opt.forks = 0; break;
        case LARGE: opt.large = true; break;
        case SPANS: opt.spans = true; break;
        case SELF_TEST: opt.fault = fault_named(optarg); break;
        case NEED_CHECK:
            if (!api_can_check())
                fail(NULL, "no hak_check() in this process");
            break;
        default: _exit(2);
        }
    }
    if (opt.threads < 1 || opt.threads > MAX_THREADS || optind != argc)
        fail(NULL, "1 to %d threads, no arguments but options", MAX_THREADS);
}

/* With --spans: so much of their address space is of no use that blocks lie in strips soon. */
static void waste_spans(void)
{
    for (int i = 0; opt.spans && i < 300; i++)
        if (!api_malloc(33000))
            fail(NULL, "no memory for spans");
}

int main(int argc, char **argv)
{
    parse(argc, argv);
    void *probe = api_malloc(64);
    owned = api_owns(probe);
    api_free(probe);
    waste_spans();
    int64_t live_before = api_live_blocks();
    set_up();
    uint64_t life = opt.ops / opt.threads / 8 + 1; /* eight generations of threads ... */
    if (life > 1000000)
        life = 1000000; /* ... or more: a barrier at least every 250,000 calls */
    while (total_calls() < opt.ops)
        run_generation(life);
    tear_down(live_before);
    if (opt.spans && owned && strips < opt.ops / 1000)
        fail(NULL, "only %lu blocks lay in strips", (unsigned long)strips);
    printf("stress: sound: %lu calls, %u threads, %lu errands, %lu children, %lu checks%s\n",
           (unsigned long)total_calls(), opt.threads, (unsigned long)errands, (unsigned long)children,
           (unsigned long)checks, api_can_check() ? "" : " (empty)");
    return 0;
}
