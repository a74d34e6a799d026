/* SPDX-License-Identifier: MIT */
/* memory/guardreport.c - what is said of a guarded block.
 *
 * In the handler of a fault: nothing here takes a lock, allocates, or needs more of the stack than some 2
 * KiB, as that may be a small one for signals alone. */
#include "memory/guardreport.h"

#include "base/clock.h"
#include "base/objectat.h"
#include "base/os.h"
#include "base/segv.h"
#include "base/text.h"
#include "settings/options.h"
#include "memory/guards.h"

static void begin(struct line *m, const char *text)
{
    line_init(m);
    line_str(m, "hakmem: ");
    line_str(m, text);
}

static void end(struct line *m)
{
    line_str(m, "\n");
    line_send(m, 2);
}

static void put_bytes(struct line *m, uint64_t n)
{
    line_dec(m, n);
    line_str(m, n == 1 ? " byte" : " bytes");
}

static void put_place(struct line *m, uintptr_t pc)
{
    struct object_at o;
    line_hex(m, pc);
    if (!object_at(pc, &o))
        return;
    line_str(m, " ");
    line_str(m, o.name[0] ? o.name : os_started_as());
    line_str(m, "+");
    line_hex(m, pc - o.start);
}

static void put_thread(struct line *m, uint64_t thread)
{
    if (!thread) {
        line_str(m, "the main thread");
        return;
    }
    line_str(m, "thread ");
    line_dec(m, thread);
}

static void tell_event(const struct guard_event *e, const char *what)
{
    struct line m;
    uint64_t now_ms = clock_now_ms();
    if (!e->at_ms)
        return;
    begin(&m, what);
    put_thread(&m, e->thread);
    line_str(&m, ", ");
    line_dec(&m, now_ms > e->at_ms ? now_ms - e->at_ms : 0);
    line_str(&m, " ms before");
    end(&m);
    for (uint64_t i = 0; i < e->depth && i < GUARD_DEPTH; i++) {
        begin(&m, "  ");
        put_place(&m, e->pc[i]);
        end(&m);
    }
}

/* Where ADDRESS lies, seen from the block of SLOT. */
static void put_where(struct line *m, uintptr_t address, const struct guard_slot *slot)
{
    uint64_t end = slot->address + slot->size;
    if (address >= end) {
        line_str(m, ", ");
        put_bytes(m, address - end + 1);
        line_str(m, " behind");
    } else if (address < slot->address) {
        line_str(m, ", ");
        put_bytes(m, slot->address - address);
        line_str(m, " in front of");
    } else {
        line_str(m, ", at byte ");
        line_dec(m, address - slot->address);
        line_str(m, " of");
    }
    line_str(m, " the block of ");
    put_bytes(m, slot->size);
    line_str(m, " at ");
    line_hex(m, slot->address);
}

static void tell_events(const struct guard_slot *slot)
{
    tell_event(&slot->got, "allocated by ");
    if (load_acquire(&slot->state) != GUARD_LIVE)
        tell_event(&slot->freed, "freed by ");
}

static const char *kind_of(uintptr_t address, const struct guard_slot *slot)
{
    if (!slot)
        return "wild access";
    uint64_t state = load_acquire(&slot->state);
    if (state == GUARD_FREED || state == GUARD_CLOSING)
        return "use after free";
    return address < slot->address ? "underflow" : "overflow";
}

static void on_fault(const struct segv *fault)
{
    static const char *const access[] = {
        [SEGV_ACCESS] = "", [SEGV_READ] = " (read)", [SEGV_WRITE] = " (write)"};
    struct line m;
    if (!guards_hold(fault->address))
        return;
    const struct guard_slot *slot = guards_nearest(fault->address);
    begin(&m, kind_of(fault->address, slot));
    line_str(&m, access[fault->access]);
    line_str(&m, " of ");
    line_hex(&m, fault->address);
    if (slot)
        put_where(&m, fault->address, slot);
    end(&m);
    begin(&m, "by ");
    put_thread(&m, (uint64_t)(os_tid() != os_pid() ? os_tid() : 0));
    line_str(&m, " at ");
    put_place(&m, fault->pc);
    end(&m);
    if (slot)
        tell_events(slot);
}

void guardreport_begin(void)
{
    if (option(OPT_GUARD_REPORT))
        (void)segv_catch(on_fault);
}

void guardreport_block(const void *p)
{
    struct line m;
    const struct guard_slot *slot = guards_slot(p);
    if (!slot || !option(OPT_GUARD_REPORT))
        return;
    begin(&m, "");
    line_hex(&m, (uintptr_t)p);
    put_where(&m, (uintptr_t)p, slot);
    end(&m);
    tell_events(slot);
}
