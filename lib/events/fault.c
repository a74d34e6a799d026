/* SPDX-License-Identifier: MIT */
/* events/fault.c - what the library says about a broken program. */
#include "events/fault.h"

#include "base/gate.h"
#include "base/os.h"
#include "base/text.h"

static const char *const fault_text[FAULTS] = {
#define HAK_FAULT(id, text) [FAULT_##id] = text,
    HAK_FAULTS(HAK_FAULT)
#undef HAK_FAULT
};

void fault_report(enum fault fault, const char *function, const void *address)
{
    struct line m;
    line_init(&m);
    line_str(&m, "hakmem: ");
    line_str(&m, function);
    line_str(&m, "(): ");
    line_str(&m, fault_text[fault]);
    line_str(&m, " ");
    line_hex(&m, (uintptr_t)address);
    line_str(&m, "\n");
    line_send(&m, 2);
    gate_abandon(); /* handlers of the program may fork, or never come back */
    os_abort();
}
