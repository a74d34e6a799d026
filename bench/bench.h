/* SPDX-License-Identifier: MIT */
/* bench.h - what all benchmark programs share: options, clocks, resident memory, one line of results.
 *
 * None of it calls malloc, so that only the workload is measured. */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct bench_option {
    const char *name; /* without the dashes; a NULL name ends the table */
    uint64_t *value;  /* holds the default before, the value given after */
    const char *help;
};

/* Read "--NAME NUMBER" and "--help". Any other word ends the program with status 2. */
void bench_options(int argc, char **argv, const char *summary, const struct bench_option *options);

/* Before bench_options(): there is an option NAME, too, whose value is a text. *VALUE is its default. */
void bench_text_option(const char *name, const char **value, const char *help);

/* After bench_options(): end the program with status 2 unless option NAME lies between these two. */
void bench_range(const char *name, uint64_t value, uint64_t least, uint64_t most);

/* End the program with status 2 and a message: these options make no workload. */
_Noreturn void bench_refuse(const char *message);

/* End the program with status 1 and a message. */
_Noreturn void bench_fail(const char *message);

/* Zeroed memory straight from the system: the tables of a workload are not part of the workload. */
void *bench_pages(size_t size);
void *bench_array(uint64_t count, size_t size);

/* The timed part lies between these two. bench_end() keeps the clocks and the memory of that moment. */
void bench_begin(void);
void bench_end(void);

/* What happens between these two, within the timed part, is not timed: a program that waits. */
void bench_pause(void);
void bench_resume(void);

/* Seconds since bench_begin(), pauses included; processor time of the process. */
double bench_elapsed(void);
double bench_cpu(void);

/* Resident memory now. */
uint64_t bench_resident_kb(void);

/* Note resident memory at DONE of TOTAL steps; the result line then tells whether it grows. */
void bench_sample(uint64_t done, uint64_t total);

/* Add KEY=VALUE to the result line. */
void bench_note(const char *key, uint64_t value);

/* Print the result line of WORKLOAD: OPS operations took the time from bench_begin() to bench_end(). */
void bench_report(const char *workload, uint64_t ops);

static inline uint64_t bench_random(uint64_t *state)
{
    uint64_t x = *state;

    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return *state = x;
}

/* Write the first and the last byte; volatile, or the compiler would drop the write and then the block. */
static inline void bench_touch(void *block, size_t size)
{
    volatile unsigned char *bytes = block;

    bytes[0] = 1;
    bytes[size - 1] = 2;
}

static inline void *bench_need(void *block)
{
    if (__builtin_expect(!block, 0))
        bench_fail("out of memory");
    return block;
}

/* The usual size of a mixed workload: 16 to 1039 bytes. */
static inline size_t bench_mixed_size(uint64_t random)
{
    return 16 + (random & 0x3ff);
}

#endif
