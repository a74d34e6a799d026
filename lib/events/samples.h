/* SPDX-License-Identifier: MIT */
/* events/samples.h - sampled allocations: by whom, which of them live, how long the others lived.
 *
 * One allocation in so many bytes is sampled (cache/sampler.h chooses it), and noted here with its stack.
 * Equal stacks are kept once; samples of one stack and one chance make up a site, which counts them. A live
 * sample has a record, found by the block's address; the last ones that were freed stand in a ring.
 *
 * A sample of W bytes (`weighed`) was taken with the chance 1 - exp(-W / mean), so it stands for 1 / (1 -
 * exp(-W / mean)) allocations: who reads the tables multiplies. `bytes` are as they were asked for.
 *
 * All of it lies in one mapping of HAKMEM_SAMPLE_MEMORY bytes, made when sampling begins for the first time
 * and never unmapped; pages are touched as they are used. What finds no room is counted in `dropped`.
 * Indices begin with 1; 0 is none.
 *
 * The SAMPLES lock guards everything here. `epoch` is read without it: release, once the tables are ready.
 * `changes` is odd while a thread changes the tables, for who reads them from outside: a copy is whole if
 * it was even and the same before and after. Once sampling is off nothing changes any more, until it begins
 * again, with empty tables. The hakmem command reads all of it (layout_samples), so it does not believe any
 * index. */
#ifndef HAK_SAMPLES_H
#define HAK_SAMPLES_H

#include "base/atomic.h"
#include "base/compiler.h"
#include "base/unwind.h"

enum {
    SAMPLE_DEPTH = 64,     /* return addresses of a stack that are kept */
    SAMPLE_LIFETIMES = 16, /* [0]: less than 1 ms; [n]: less than 4^n ms; the last: all beyond */
    SAMPLE_MODULES = 256,  /* objects that frames lie in; further ones are not named */
    SAMPLE_FREED = 256,    /* the last samples that were freed */
    SAMPLE_PC_BITS = 48    /* of a frame: the return address; above it the number of its module, 0: unknown */
};

/* An object whose code was met in a stack, as it was then: it may have been unloaded since. */
struct sample_module {
    uint64_t start, end; /* addresses that it takes */
    uint32_t build_id_size;
    uint8_t build_id[20];
    char name[96]; /* of its file, the end of it where it is longer; "" of the program itself */
};

/* In the area of words: this, then `depth` frames, the innermost first. */
struct sample_stack {
    uint32_t hash, next; /* of the same bucket */
    uint32_t depth;
    uint32_t complete; /* 1: the outermost frame is there */
};

struct sample_site {
    uint64_t weighed;            /* bytes that its chance was reckoned with */
    uint64_t allocs, bytes;      /* samples, and what was asked for */
    uint64_t frees, freed_bytes; /* of those, freed */
    uint64_t foreign;            /* of those, by another thread */
    uint64_t lived_ms;           /* sum, of the freed ones */
    uint32_t stack, next;        /* index of its first word; of the same bucket */
    uint32_t lifetimes[SAMPLE_LIFETIMES];
};

struct sample {
    uint64_t address; /* 0: this record is free */
    uint64_t size;    /* asked for */
    uint64_t at_ms;   /* CLOCK_MONOTONIC */
    uint32_t site;
    uint32_t thread; /* kernel ID */
    uint32_t next;   /* of the same bucket, or of the free ones */
    uint32_t unused;
};

struct sample_freed {
    struct sample was;
    uint64_t freed_ms;
    uint32_t stack, thread; /* of the free */
};

struct samples {
    _Atomic(uint32_t) epoch;               /* odd: sampling. Counted up by each beginning and each end */
    _Atomic(uint32_t) changes;             /* see above */
    uint64_t mean;                         /* bytes between two samples */
    uint64_t begun_ms, ended_ms, until_ms; /* CLOCK_MONOTONIC; until: it ends then by itself, 0: never */
    _Atomic(uint32_t) unwind;              /* enum unwind_how; relaxed */
    /* Since it began. */
    uint64_t taken;   /* samples noted */
    uint64_t dropped; /* not noted, for want of room or memory */
    uint64_t cut;     /* of those noted, stacks that do not reach the outermost frame */
    /* The tables: where, how many there are room for, and how many were used so far. */
    uint64_t *words;
    struct sample_site *sites;
    struct sample *live; /* [0] of each is not used */
    uint32_t words_most, sites_most, live_most;
    uint32_t words_used, sites_used, live_used;
    uint32_t live_free; /* the first record that is free again */
    uint32_t *stack_bucket, *site_bucket, *live_bucket;
    uint32_t stack_buckets, site_buckets, live_buckets; /* powers of two */
    uint32_t modules_used;
    struct sample_module *modules;
    struct sample_freed *freed; /* a ring */
    uint64_t freed_next;        /* how many ever */
    uint64_t lived;             /* records in use now */
};
extern struct samples samples;

/* What another process asks (adapt/request.h has the manner): it writes `mean` and `seconds`, then the
 * byte. */
enum { SAMPLE_WANTS_START = 1, SAMPLE_WANTS_STOP = 2 };
struct sample_request {
    _Atomic(uint8_t) wanted;  /* by another process; 0: by the thread that serves it */
    _Atomic(uint8_t) refused; /* 1: the last beginning that was asked for could not be had: no memory */
    uint64_t mean;            /* 0: that of HAKMEM_SAMPLE_BYTES */
    uint64_t seconds;         /* sampling ends by itself after so many; 0: never */
};
extern struct sample_request sample_request;

/* Sampling is on. */
static ALWAYS_INLINE bool samples_on(void)
{
    return load_relaxed(&samples.epoch) & 1;
}

/* Begin, with empty tables, a sample each MEAN bytes; or end. False: it was so already, or there is no memory
 * for the tables. No lock held, inside the gate. UNTIL_MS: see above. */
bool samples_begin(uint64_t mean, uint64_t until_ms, uint64_t now_ms);
bool samples_end(uint64_t now_ms);

/* The calling thread: its kernel ID, 0 where it is the process's own, or another number beyond 2^31 where
 * that is not known; and no frame of it lies above STACK_TOP, 0: the stack of the process. */
struct sample_thread {
    uint32_t id;
    uintptr_t stack_top;
};

/* The stack of the caller, as the option says: MOST return addresses at most. Takes no lock. */
struct unwound samples_stack(uintptr_t *pcs, unsigned most, struct sample_thread by);

/* P, of SIZE bytes that were asked for, was sampled, with the chance that WEIGHED bytes have. The stack is
 * that of the caller. False: there was no room. No lock held. */
bool samples_note(void *p, size_t size, size_t weighed, struct sample_thread by);
/* A sample could not be served. */
void samples_drop(void);

/* Copy site I, with its stack, and module I, from 1 on; false behind the last one. Any thread. */
struct sample_copy {
    struct sample_site site;
    unsigned depth;
    bool complete;
    uint64_t frame[SAMPLE_DEPTH]; /* as in the tables */
};
bool samples_nth(uint32_t i, struct sample_copy *out);
bool samples_module(uint32_t i, struct sample_module *out);
/* The numbers of all, as they are now; all 0 if nothing was ever sampled. */
struct samples_totals {
    uint64_t mean, until_ms, ms, taken, dropped, cut, lived;
};
struct samples_totals samples_totals(uint64_t now_ms);

/* P is about to be resized, and may move: its record, if it is a sample, is set aside. One of the next two
 * follows, or neither where `record` is 0. Nothing is lost if sampling ends meanwhile. */
struct sample_aside {
    uint32_t record, epoch;
    uint64_t address, size, weighed;
};
struct sample_aside samples_aside(void *p);
/* The sample is still one, at P, of SIZE bytes. */
void samples_again(const struct sample_aside *aside, void *p, size_t size);
/* It was freed. */
void samples_gone(const struct sample_aside *aside, struct sample_thread by);

/* P is freed: if it was sampled, its record goes. Any thread that holds no lock. */
void samples_forget(void *p, struct sample_thread by);

#endif
