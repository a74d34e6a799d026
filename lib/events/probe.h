/* SPDX-License-Identifier: MIT */
/* events/probe.h - probes for tracers on sampled blocks: otel_memory:alloc(ptr, size, weight), free(ptr),
 * as OpenTelemetry's memory profilers expect them.
 *
 * A probe is a no-op and a note in the file that tells where it is. The tracer counts up a semaphore while
 * it is attached, and only then is anything done. Without <sys/sdt.h> when the library was built there are
 * none. */
#ifndef HAK_PROBE_H
#define HAK_PROBE_H

#include "base/compiler.h"
#include "config.h"

#ifdef HAVE_SYS_SDT_H
#define _SDT_HAS_SEMAPHORES 1
#include <sys/sdt.h>
HIDDEN extern volatile unsigned short otel_memory_alloc_semaphore, otel_memory_free_semaphore;
#define PROBE_ALLOC_WANTED UNLIKELY(otel_memory_alloc_semaphore)
#define PROBE_ALLOC(p, size, weight) STAP_PROBE3(otel_memory, alloc, p, size, weight)
#define PROBE_FREE(p)                                                                                        \
    do {                                                                                                     \
        if (UNLIKELY(otel_memory_free_semaphore))                                                            \
            STAP_PROBE1(otel_memory, free, p);                                                               \
    } while (0)
#else
#define PROBE_ALLOC_WANTED false
#define PROBE_ALLOC(p, size, weight) ((void)(weight))
#define PROBE_FREE(p) ((void)0)
#endif

#endif
