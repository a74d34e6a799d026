/* SPDX-License-Identifier: MIT */
/* ace.h - the adaptive engine: what is known in, a policy out (floor F3).
 * A pure function. It calls nobody, and mechanisms read only its result. */
#ifndef HAK_ACE_H
#define HAK_ACE_H

#include "policy.h"

struct ace_input {
    size_t cache_bytes;       /* HAKMEM_CACHE_BYTES */
    size_t retain_bytes;      /* HAKMEM_RETAIN_BYTES */
    size_t large_cache_bytes; /* HAKMEM_LARGE_CACHE_BYTES */
    uint32_t purge_delay_ms;  /* HAKMEM_PURGE_DELAY */
};

void ace_decide(const struct ace_input *in, struct policy *out);

#endif
