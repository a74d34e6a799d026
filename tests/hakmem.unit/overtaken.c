/* SPDX-License-Identifier: MIT */
/* A thread is held up in the middle of a record while the ring goes round: by a signal, whose handler fails
 * more often than there are slots. The slot has one writer at a time: what finds it taken is counted as lost,
 * and nothing that is read is of two records. */
/* { dg-link core asan ubsan } */
#include <signal.h>
#include <sys/time.h>

#include "check.h"
#include "events/failure.h"

extern struct {
    char magic[16];
    uint64_t first_slot, slot_size, slots, begun, lost;
} hak_failures;

static volatile sig_atomic_t signals;

static void overtake(int number)
{
    (void)number;
    for (size_t i = 0; i < FAILURE_RECORDS + 1; i++)
        (void)failure_record(FAILURE_EXHAUSTION, 2000 + i, 64, (int)(2000 + i));
    signals++;
}

int main(void)
{
    struct itimerval every = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};
    struct sigaction action = {.sa_handler = overtake};
    CHECK(sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &every, NULL) == 0);
    while (*(volatile uint64_t *)&hak_failures.lost < 3) {
        CHECK(signals < 20000); /* a writer is held up in mid-record by one signal of a few */
        for (size_t i = 0; i < 1000; i++)
            (void)failure_record(FAILURE_EXHAUSTION, i, 16, (int)i);
    }
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
    struct failure f;
    unsigned missing = 0;
    for (unsigned back = 0; back < FAILURE_RECORDS; back++)
        if (failure_nth(back, &f))
            CHECK(f.size == (uint64_t)f.size_class && f.alignment == (f.size >= 2000 ? 64 : 16));
        else
            missing++;
    CHECK(missing <= *(volatile uint64_t *)&hak_failures.lost);
    return 0;
}
