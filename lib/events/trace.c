/* SPDX-License-Identifier: MIT */
/* events/trace.c - lines of the traces: which, how many, and to which file.
 *
 * The queue: line n lies in slot n % SLOTS, in round r = n / SLOTS of it. Its `turn` only grows:
 *   2r      free for line n
 *   2r + 1  holds line n, whole (release by who put it there, acquire by who writes it)
 * A line's number is claimed by moving `tail` on, which is only done where the slot is free. Who has it
 * owns the slot's text until `turn` says 2r + 1. A full queue leaves the line out and counts it.
 *
 * One thread at a time writes: the one that changed `busy` from 0 to 1. Nobody waits for it; who finds it
 * 1 goes, and the writer looks at the queue again after it put it back to 0. Both exchanges are acquire
 * and release: if ours found 1, the writer's later one sees what we queued before. `head`, the file and
 * all else of `out` belong to the writer.
 *
 * ABA: `turn`, `tail` and `head` never come back to a value. Reclamation: slots are never freed. In the
 * child of fork slots may be half written by threads that do not exist: trace_forked begins anew.
 *
 * The descriptor: a program may close it and be given its number for a file of its own. So it is high,
 * where there are no others, and before each write it must still be the file that was opened: by device
 * and inode, standard error, too. Otherwise tracing ends. What is left is a program that exchanges it in
 * another thread between the look and the write. */
#include "events/trace.h"

#include <string.h>

#include "base/clock.h"
#include "base/gate.h"
#include "base/os.h"
#include "events/usage.h"

enum { SLOTS = 128, STANDARD_ERROR = 2 };

struct slot {
    _Atomic(uint64_t) turn;
    size_t len;
    char text[LINE_MAX_BYTES];
};

static struct queue {
    struct slot line[SLOTS];
    _Atomic(uint64_t) tail;
    _Atomic(uint64_t) head; /* written by the writer alone */
} queue;

/* Owned by who holds `busy`, and by trace_open and trace_forked, which run alone. */
static struct {
    _Atomic(uint32_t) busy;
    _Atomic(bool) opened; /* before, lines only queue */
    bool stopped;         /* for good */
    bool reopen;          /* a child that needs a file of its own */
    bool own;             /* fd was opened here */
    int fd;
    struct os_file file; /* which it was then */
    char path[4096 + 16];
} out;

static struct channel_state {
    _Atomic(uint64_t) window; /* second << 32 | lines in it */
    _Atomic(uint64_t) left_out;
} channels[CHANNELS];

static const char *const channel_name[CHANNELS] = {
#define TRACE_CHANNEL(id, name, option) [CHANNEL_##id] = name,
    TRACE_CHANNELS(TRACE_CHANNEL)
#undef TRACE_CHANNEL
};

_Atomic(uint64_t) trace_waiting; /* relaxed: lines queued and not written; 0 where none ever was */

/* --- The queue -----------------------------------------------------------------------------------*/

static uint64_t round_of(uint64_t n)
{
    return n / SLOTS;
}

/* False if the queue is full. */
static bool put(const struct line *m)
{
    uint64_t n = load_relaxed(&queue.tail);
    struct slot *line;
    for (;;) {
        line = &queue.line[n % SLOTS];
        uint64_t turn = load_acquire(&line->turn);
        if (turn < 2 * round_of(n))
            return false;
        if (turn > 2 * round_of(n)) /* another thread has number n by now */
            n = load_relaxed(&queue.tail);
        else if (atomic_compare_exchange_weak_explicit(&queue.tail, &n, n + 1, memory_order_relaxed,
                                                       memory_order_relaxed))
            break;
    }
    line->len = m->len < sizeof line->text ? m->len : sizeof line->text;
    memcpy(line->text, m->text, line->len);
    line->text[line->len - 1] = '\n'; /* also of a line that was cut */
    add_relaxed(&trace_waiting, 1);
    store_release(&line->turn, 2 * round_of(n) + 1);
    return true;
}

/* The line to write next, or NULL. */
static struct slot *first(void)
{
    uint64_t n = load_relaxed(&queue.head);
    struct slot *line = &queue.line[n % SLOTS];
    return load_acquire(&line->turn) == 2 * round_of(n) + 1 ? line : NULL;
}

static void drop_first(void)
{
    uint64_t n = load_relaxed(&queue.head);
    store_relaxed(&queue.head, n + 1);
    store_release(&queue.line[n % SLOTS].turn, 2 * round_of(n) + 2);
    sub_relaxed(&trace_waiting, 1);
}

/* --- The file ------------------------------------------------------------------------------------*/

static bool same_file(void)
{
    struct os_file now;
    return os_stat(out.fd, &now) == 0 && now.device == out.file.device && now.inode == out.file.inode;
}

static void warn(int error)
{
    struct line m;
    line_init(&m);
    line_str(&m, "hakmem: HAKMEM_TRACE_FILE: cannot open '");
    line_word(&m, out.path, 256);
    line_str(&m, "', using standard error");
    line_field(&m, "errno", (uint64_t)error);
    line_str(&m, "\n");
    line_send(&m, STANDARD_ERROR);
}

/* The file of HAKMEM_TRACE_FILE, else standard error. */
static void open_file(void)
{
    const char *name = option_path(OPT_TRACE_FILE);
    out.fd = STANDARD_ERROR;
    out.own = false;
    if (name && text_path(out.path, sizeof out.path, name, (uint64_t)os_pid())) {
        int fd = os_open_append(out.path);
        if (fd >= 0) {
            out.fd = os_move_high(fd);
            out.own = true;
        } else {
            warn(-fd);
        }
    }
    out.stopped = os_stat(out.fd, &out.file) != 0;
}

/* May be written to? */
static bool usable(void)
{
    if (out.stopped)
        return false;
    if (!out.reopen) {
        out.stopped = !same_file();
        return !out.stopped;
    }
    out.reopen = false;
    if (same_file()) /* the parent's */
        os_close(out.fd);
    open_file();
    return !out.stopped;
}

static void watch(const struct os_event *e);

void trace_open(void)
{
    bool any = option_path(OPT_TRACE_FILE) != NULL;
    for (enum channel c = 0; c < CHANNELS; c++)
        any = any || trace_on(c);
    any = any || option(OPT_SHARED_POOL_STAGE_STATS) || option(OPT_SHARED_POOL_LOCK_STATS) ||
          option(OPT_SIZE_HIST);
    if (!any)
        return;
    open_file();
    if (trace_on(CHANNEL_MAP))
        store_relaxed(&os_watch, watch);
    store_release(&out.opened, true);
}

void trace_forked(void)
{
    if (!load_relaxed(&out.opened))
        return;
    for (unsigned i = 0; i < SLOTS; i++)
        store_relaxed(&queue.line[i].turn, 0);
    store_relaxed(&queue.tail, 0);
    store_relaxed(&queue.head, 0);
    store_relaxed(&trace_waiting, 0);
    store_relaxed(&out.busy, 0);
    for (unsigned c = 0; c < CHANNELS; c++) {
        store_relaxed(&channels[c].left_out, 0);
        store_relaxed(&channels[c].window, 0);
    }
    const char *name = option_path(OPT_TRACE_FILE);
    out.reopen = out.own && name && strstr(name, "%p");
}

void trace_write(void)
{
    if (gate_is_closed() || !load_acquire(&out.opened))
        return;
    (void)clock_now_ms();
    do {
        if (atomic_exchange_explicit(&out.busy, 1, memory_order_acq_rel) != 0)
            return;
        for (const struct slot *line; (line = first()) != NULL; drop_first())
            if (usable())
                os_write(out.fd, line->text, line->len);
        (void)atomic_exchange_explicit(&out.busy, 0, memory_order_acq_rel);
    } while (first());
}

/* --- Lines ---------------------------------------------------------------------------------------*/

/* May channel C have one line more in this second? Locks may be held: the second is that of the clock's last
 * reading, which slow paths make, and who writes lines. */
static bool admit(enum channel c)
{
    _Atomic(uint64_t) *window = &channels[c].window;
    uint64_t second = clock_recent_ms() / 1000 & UINT32_MAX, was = load_relaxed(window), now;
    do {
        now = was >> 32 == second ? was + 1 : second << 32 | 1;
        if ((now & UINT32_MAX) > LINES_A_SECOND)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(window, &was, now, memory_order_relaxed,
                                                    memory_order_relaxed));
    return true;
}

/* Say how many lines of C are missing. */
static void put_left_out(enum channel c)
{
    uint64_t n = atomic_exchange_explicit(&channels[c].left_out, 0, memory_order_relaxed);
    if (!n)
        return;
    struct line m;
    line_init(&m);
    line_str(&m, "hakmem: ");
    line_str(&m, channel_name[c]);
    line_str(&m, m.text[m.len - 1] == ':' ? " " : ": ");
    line_dec(&m, n);
    line_str(&m, " lines left out\n");
    if (!put(&m))
        add_relaxed(&channels[c].left_out, n);
}

void trace_begin(struct line *m, enum channel c)
{
    line_init(m);
    line_str(m, "hakmem: ");
    line_str(m, channel_name[c]);
}

void trace_end(struct line *m, enum channel c)
{
    line_str(m, "\n");
    bool admitted = admit(c);
    if (admitted)
        put_left_out(c);
    if (!admitted || !put(m))
        add_relaxed(&channels[c].left_out, 1);
}

void trace_report(struct line *m)
{
    line_str(m, "\n");
    if (put(m))
        trace_write();
}

void trace_finish(void)
{
    if (!load_relaxed(&out.opened))
        return;
    trace_flush();
    for (enum channel c = 0; c < CHANNELS; c++)
        put_left_out(c);
    trace_flush();
}

/* HAKMEM_SS_MAP_TRACE: os.c made a call. */
static void watch(const struct os_event *e)
{
    struct line m;
    trace_begin(&m, CHANNEL_MAP);
    line_text(&m, "call", e->call);
    line_address(&m, "address", e->address);
    line_field(&m, "size", e->size);
    if (e->new_size)
        line_field(&m, "new_size", e->new_size);
    if (e->target)
        line_address(&m, "target", e->target);
    line_field(&m, "errno", (uint64_t)e->code);
    trace_end(&m, CHANNEL_MAP);
}

bool trace_memory_due(uint64_t now_ms)
{
    static _Atomic(uint64_t) next_ms; /* whoever moves it on writes the line */
    uint64_t every = option(OPT_MEM_TRACE), due = load_relaxed(&next_ms);
    return every && now_ms >= due && move_on(&next_ms, due, now_ms + every);
}

void trace_memory(size_t threads)
{
    struct line m;
    trace_begin(&m, CHANNEL_MEMORY);
    line_field(&m, "in_use", usage_of(USAGE_IN_USE));
    line_field(&m, "kept", usage_of(USAGE_KEPT_SLABS) + usage_of(USAGE_KEPT_LARGE));
    line_field(&m, "mapped", os_mapped_bytes());
    line_field(&m, "threads", threads);
    trace_end(&m, CHANNEL_MEMORY);
}
