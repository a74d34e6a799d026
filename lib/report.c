/* SPDX-License-Identifier: MIT */
/* report.c - what the library says about a broken program (floor F2). */
#include "report.h"

#include "gate.h"
#include "message.h"
#include "os.h"

static const char *const fault_text[FAULTS] = {
#define HAK_FAULT(id, text) [FAULT_##id] = text,
    HAK_FAULTS(HAK_FAULT)
#undef HAK_FAULT
};

void report_fault(enum fault fault, const char *function, const void *address)
{
    struct message m;
    message_init(&m);
    message_str(&m, "hakmem: ");
    message_str(&m, function);
    message_str(&m, "(): ");
    message_str(&m, fault_text[fault]);
    message_str(&m, " ");
    message_hex(&m, (uintptr_t)address);
    message_str(&m, "\n");
    message_send(&m, 2);
    gate_abandon(); /* handlers of the program may fork, or never come back */
    os_abort();
}
