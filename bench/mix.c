/* SPDX-License-Identifier: MIT */
/* mix.c - replays sizes and lifetimes that were recorded from a real program.
 *
 * Each step frees the blocks whose time has come and allocates one, its size and its age drawn from the
 * histogram of --file. What the program did between two calls is left out, and so is the order in which
 * blocks of one age die. A file is made with record.so; see record.c. */
#include "mixfile.h"

enum { SLOTS = 4096, PAGE = 4096 };

static uint64_t ops = 0, seed = 88172645463325252u;
static const char *file_name;
static struct mix mix;

/* A block that is alive, in one of the lists of the wheel. 0 ends a list. */
struct node {
    void *block;
    uint32_t next;
    uint16_t due; /* the last twelve bits of the step at which it is freed */
    uint16_t cell;
};

/* Blocks to free within the 4096 steps that run now have a list for each step; others one for each 4096
 * steps, which is spread over the first kind when its time comes; the rest is kept to the end. */
static uint32_t soon[SLOTS], later[SLOTS], kept;
static struct node *nodes;
static uint32_t spare, fresh = 1;
static uint64_t alive_bytes, most_bytes, alive, most;

static uint32_t new_node(void)
{
    uint32_t node = spare;

    if (!node)
        return fresh++;
    spare = nodes[node].next;
    return node;
}

static void insert(uint32_t *list, uint32_t node)
{
    nodes[node].next = *list;
    *list = node;
}

static void free_list(uint32_t *list)
{
    for (uint32_t node = *list, next; node; node = next) {
        next = nodes[node].next;
        free(nodes[node].block);
        alive--;
        alive_bytes -= mix.cells[nodes[node].cell].size;
        insert(&spare, node);
    }
    *list = 0;
}

static void spread(uint32_t *list)
{
    for (uint32_t node = *list, next; node; node = next) {
        next = nodes[node].next;
        insert(&soon[nodes[node].due], node);
    }
    *list = 0;
}

/* Programs fill what they ask for: each page is written to, and the last byte. */
static void touch_pages(void *block, size_t size)
{
    volatile unsigned char *bytes = block;

    for (size_t i = 0; i < size; i += PAGE)
        bytes[i] = 1;
    bytes[size - 1] = 2;
}

static void allocate(uint64_t now)
{
    uint16_t cell = mix_draw(&mix, bench_random(&seed));
    const struct mix_cell *drawn = &mix.cells[cell];
    uint32_t node = new_node();
    uint64_t due;

    nodes[node].block = bench_need(malloc(drawn->size));
    nodes[node].cell = cell;
    touch_pages(nodes[node].block, drawn->size);
    alive_bytes += drawn->size;
    most_bytes = most_bytes < alive_bytes ? alive_bytes : most_bytes;
    most = most < ++alive ? alive : most;
    if (drawn->age == MIX_NEVER) {
        insert(&kept, node);
        return;
    }
    due = now + 1 + mix_age(drawn->age, bench_random(&seed));
    nodes[node].due = due % SLOTS;
    if (due / SLOTS == now / SLOTS)
        insert(&soon[due % SLOTS], node);
    else
        insert(due / SLOTS - now / SLOTS < SLOTS ? &later[due / SLOTS % SLOTS] : &kept, node);
}

/* The life of the program that was recorded: as many blocks as it allocated. */
static void live(uint64_t steps)
{
    for (uint64_t now = 0; now < steps; now++) {
        if (now % SLOTS == 0)
            spread(&later[now / SLOTS % SLOTS]);
        free_list(&soon[now % SLOTS]);
        allocate(now);
    }
}

static void end_life(void)
{
    for (int i = 0; i < SLOTS; i++) {
        free_list(&soon[i]);
        free_list(&later[i]);
    }
    free_list(&kept);
}

int main(int argc, char **argv)
{
    static const struct bench_option options[] = {
        {"ops", &ops, "blocks to allocate, 0: as many as the program did"},
        {"seed", &seed, "seed, not 0"},
        {NULL, NULL, NULL},
    };
    uint64_t calls, lifetime;

    bench_text_option("file", &file_name, "histogram to replay");
    bench_options(argc, argv,
                  "Replay the sizes and lifetimes of a real program's blocks.\n"
                  "To record one: BENCH_RECORD=NAME.mix LD_PRELOAD=bench/record.so PROGRAM [ARGUMENT]...\n"
                  "After as many blocks as the program allocated all are freed, and it begins anew.",
                  options);
    bench_range("seed", seed, 1, UINT64_MAX);
    bench_range("ops", ops, 0, UINT64_MAX / 4);
    if (!file_name)
        bench_refuse("--file is missing");
    mix_read(&mix, file_name);
    ops = ops ? ops : mix.count;
    lifetime = mix.count < ops ? mix.count : ops;
    nodes = bench_array(lifetime + 2, sizeof *nodes);
    bench_begin();
    for (uint64_t done = 0; done < ops; done += lifetime) {
        if (done)
            end_life();
        live(ops - done < lifetime ? ops - done : lifetime);
    }
    calls = 2 * ops - alive;
    bench_end();
    bench_note("live_peak_kb", most_bytes / 1024);
    bench_note("live_peak_blocks", most);
    bench_report("mix", calls);
    return 0;
}
