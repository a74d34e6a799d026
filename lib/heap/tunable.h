/* SPDX-License-Identifier: MIT */
/* heap/tunable.h - what a program may change while it runs. Any thread, any time. */
#ifndef HAK_TUNABLE_H
#define HAK_TUNABLE_H

#include "settings/options.h"
#include "adapt/ace.h"

enum tunable_status {
    TUNABLE_OK,
    TUNABLE_FIXED, /* read at start only */
    TUNABLE_RANGE  /* outside of the range of the option */
};

/* The value in force: as set last, else as at start. */
uint64_t tunable_get(enum option o);

/* Set an option of WHEN_RUNNING. The policy follows at once; what is cached or kept already, with its next
 * use. */
enum tunable_status tunable_set(enum option o, uint64_t value);

/* Return everything that is free to the system, now: the caches of the calling thread, what travels between
 * threads, EMPTY slabs, cached large mappings, pages inside partial slabs. The bytes returned. */
size_t tunable_purge(void);

/* Make SLABS slabs resident for the next uses of SIZE_CLASS, 1 to CLASS_LAST. How many could be made. */
size_t tunable_prewarm(unsigned size_class, size_t slabs);

/* Beyond SLABS slabs the class caches little; 0: no cap. False if there is no such class. */
bool tunable_set_cap(unsigned size_class, size_t slabs);
size_t tunable_cap(unsigned size_class);

/* Begin to sample allocations, or end it. 0, or an errno: EBUSY or EINVAL if it is so already, ENOMEM;
 * ENOTSUP in modes without caches; EAGAIN during a fork. */
int tunable_sample(bool begin, uint64_t mean);

/* What the engine decided last. */
struct ace_report {
    uint64_t decisions;      /* since start */
    uint32_t quiet_ms;       /* how long hardly anything has happened */
    bool quiet, tight, fast; /* nothing happens; memory was refused; the heap grows fast */
    struct policy policy;
};
void tunable_report(struct ace_report *out);

#endif
