/* SPDX-License-Identifier: MIT */
/* settings/policy.h - the settings that the mechanisms obey.
 *
 * The engine (ace.h) decides a whole `struct policy`; policy_publish writes what changed of it into the
 * live one, under the ENGINE lock. Mechanisms read single fields at any time. Each field stands for itself
 * and every value is legal beside every other: atomics, relaxed. */
#ifndef HAK_POLICY_H
#define HAK_POLICY_H

#include "base/atomic.h"
#include "base/sizeclass.h"

enum { POLICY_STRIPES = 8, POLICY_THREADS_PER_STRIPE = 4 };

/* X(TYPE, NAME): one value. */
#define POLICY_FIELDS(X)                                                                                     \
    X(uint32_t, growth_max)     /* superslabs mapped in one step, at most */                                 \
    X(uint32_t, growth_step)    /* bytes of a superslab opened at a time: 512 KiB to 2 MiB */                \
    X(uint32_t, huge)           /* enum policy_huge */                                                       \
    X(uint32_t, retain_shift)   /* EMPTY slabs kept: slab bytes >> this, or retain_bytes if more */          \
    X(uint32_t, purge_delay_ms) /* before kept memory is returned */                                         \
    X(uint32_t, idle_ms)      /* before the cached blocks of a class nobody uses leave a cache; 0: never */  \
    X(uint64_t, retain_bytes) /* EMPTY slabs kept, at least */                                               \
    X(uint64_t, large_cache_bytes) /* freed large mappings kept, at most */                                  \
    X(uint64_t, limit_bytes)       /* superslabs and large mappings, at most; 0: no limit */                 \
    X(uint64_t, soft_limit_bytes)  /* nothing is kept near to it (usage_room); 0: no limit */                \
    X(uint32_t, pressure)          /* enum policy_pressure: nothing is kept */                               \
    X(uint32_t, margin_shift)      /* of what is in use, kept whatever the recent peak was */                \
    X(uint32_t, tolerance_shift)   /* the same of EMPTY slabs, where they earned it */

/* X(TYPE, NAME): one value for each class. */
#define POLICY_ARRAYS(X)                                                                                     \
    X(uint16_t, magazine)   /* blocks in a full magazine; at least 1 */                                      \
    X(uint16_t, travelling) /* the same for magazines that go from thread to thread */                       \
    X(uint32_t, soft_cap)   /* slabs beyond which a class caches little; 0: no cap */

enum policy_huge {
    HUGE_NEVER,  /* not asked for, and refused for all superslabs */
    HUGE_AS_IS,  /* what is mapped now is left as the system has it */
    HUGE_GROWTH, /* asked for in superslabs that are mapped now */
    HUGE_DENSE   /* asked for in superslabs that are in use as a whole, whenever they were mapped */
};

/* How short the machine, or the control group of the process, is of memory. */
enum policy_pressure {
    PRESSURE_NONE, /* or nobody knows */
    PRESSURE_SOME, /* some tasks wait for memory */
    PRESSURE_FULL  /* there are times in which none does anything else */
};

enum { MARGIN_SHIFT = 6, TOLERANCE_SHIFT = 4 }; /* where nothing is known of memory being plenty */

struct policy {
#define POLICY_FIELD(type, name) type name;
#define POLICY_ARRAY(type, name) type name[CLASSES];
    POLICY_FIELDS(POLICY_FIELD)
    POLICY_ARRAYS(POLICY_ARRAY)
#undef POLICY_FIELD
#undef POLICY_ARRAY
};

struct live_policy {
#define POLICY_FIELD(type, name) _Atomic(type) name;
#define POLICY_ARRAY(type, name) _Atomic(type) name[CLASSES];
    POLICY_FIELDS(POLICY_FIELD)
    POLICY_ARRAYS(POLICY_ARRAY)
#undef POLICY_FIELD
#undef POLICY_ARRAY
};

extern struct live_policy live_policy;

/* The value of a field, or of an element of an array, now. */
#define policy(field) load_relaxed(&live_policy.field)

/* The first one, while there is one thread. */
void policy_begin(const struct policy *p);

/* Write what differs. Called by one thread at a time: the ENGINE lock. */
void policy_publish(const struct policy *p);

#endif
