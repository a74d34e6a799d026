/* SPDX-License-Identifier: MIT */
/* bursts.c - takes and frees much until it is known whether there is a helper, and until that has given much
 * back; then it sleeps (target of helper.sh). With an argument it sleeps at once. IMPORT: what it uses beside. */
#include <poll.h>
#include <sys/prctl.h>

#include "rows.h"

enum { BURST = 160000, TRIES = 1200 /* of 50 ms */, ENOUGH = 2 << 20 };

static volatile int never;
static void *block[BURST];

static void burst(void)
{
    for (int i = 0; i < BURST; i++)
        CHECK((block[i] = memset(malloc(330), 1, 330)));
    for (int i = 0; i < BURST; i++)
        free(block[i]);
}

static uint32_t state(void)
{
    return *(volatile uint32_t *)(uintptr_t)(row("&helper_report") + offset("helper_report.state"));
}

static uint64_t given(void)
{
    struct hak_stats s;
    CHECK(heap_stats(&s) == 0);
    return s.helper_bytes;
}

int main(int argc, char **argv)
{
    (void)argv;
#ifdef IMPORT
    if (never)
        (void)!IMPORT;
#endif
    free(hide(malloc(100)));
    for (int i = 0; argc == 1 && i < TRIES && state() == row("HELPER_NONE"); i++)
        burst();
    for (int i = 0; argc == 1 && i < TRIES && state() != row("HELPER_NEVER") && given() < ENOUGH; i++) {
        if (i % 100 == 99) /* little was kept: what is given back and missed, is */
            for (int k = 0; k < 4; k++)
                burst();
        poll(NULL, 0, 50);
    }
    (void)!write(1, "ready\n", 6);
    for (;;)
        pause();
}
