/* SPDX-License-Identifier: MIT */
/* paths.c - one path through the allocator, again and again: what callgrind and strace count.
 *
 * paths PATH      takes PATH, prints "pid=P per=N KIND"
 * paths --list    the names of all paths
 * KIND says which instructions make the cost, out of the parts between calls of cost_mark():
 *   parts     what the third part, 2 N times the path, executes more than the second, N times; over N
 *   children  what N children execute, together, over N: each from the last mark before fork to its end
 *   whole     everything from exec to exit; N is 1 */
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BURST = 1000, BATCH = 10000 };

enum kind { PARTS, CHILDREN, WHOLE };

static size_t size;
static void *kept;
static void **table;
static void *(*operator_new)(size_t);
static void (*operator_delete)(void *);
static struct rusage usage;

/* Where one part ends and the next begins: callgrind dumps here (--dump-before), strace sees a getrusage. */
__attribute__((noinline)) void cost_mark(void);
void cost_mark(void)
{
    getrusage(RUSAGE_SELF, &usage);
}

static _Noreturn void fail(const char *message)
{
    dprintf(2, "paths: %s\n", message);
    _exit(1);
}

static void *touch(void *block)
{
    if (!block)
        fail("no memory");
    *(volatile char *)block = 1;
    return block;
}

static void pair(void)
{
    free(touch(malloc(size)));
}

/* While samples are taken, none of which falls here. */
static void sampled_pair(void)
{
    static int (*start)(size_t);
    if (!start) {
        start = (int (*)(size_t))dlsym(RTLD_DEFAULT, "hak_profile_start");
        if (!start || start((size_t)1 << 40) != 0)
            fail("no sampling");
    }
    pair();
}

static void zeroed_pair(void)
{
    free(touch(calloc(1, size)));
}

static void aligned_pair(void)
{
    free(touch(memalign(64, size)));
}

static void posix_pair(void)
{
    void *block = NULL;

    if (posix_memalign(&block, 64, size))
        fail("no memory");
    free(touch(block));
}

static void cxx_pair(void)
{
    operator_delete(touch(operator_new(size)));
}

/* Both sizes have the same class. */
static void realloc_same(void)
{
    kept = touch(realloc(kept, 60));
    kept = touch(realloc(kept, 50));
}

static void realloc_grow(void)
{
    free(touch(realloc(touch(malloc(64)), 128)));
}

static void usable(void)
{
    if (malloc_usable_size(kept) < 64)
        fail("a block is too small");
}

static void free_null(void)
{
    free(NULL);
}

/* Sizes of 16 to 1039 bytes, the same ones in each burst. */
static void burst_of(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        table[i] = touch(malloc(16 + i * 7919 % 1024));
    for (unsigned i = 0; i < count; i++)
        free(table[i]);
}

static void burst(void)
{
    burst_of(BURST);
}

/* More than the caches of a thread hold. */
static void burst_long(void)
{
    burst_of(BATCH);
}

static void *free_batch(void *unused)
{
    (void)unused;
    for (unsigned i = 0; i < BATCH; i++)
        free(table[i]);
    return NULL;
}

static void *allocate_once(void *unused)
{
    (void)unused;
    return touch(malloc(size));
}

static void in_thread(void *(*body)(void *))
{
    pthread_t thread;
    void *block;

    if (pthread_create(&thread, NULL, body, NULL) || pthread_join(thread, &block))
        fail("no thread");
    free(block);
}

static void hand_over(void)
{
    for (unsigned i = 0; i < BATCH; i++)
        table[i] = touch(malloc(size));
    in_thread(free_batch);
}

static void thread_life(void)
{
    in_thread(allocate_once);
}

static void fork_once(void)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        touch(malloc(size));
        exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status)
        fail("no child");
}

static void fork_marked(void)
{
    cost_mark();
    fork_once();
}

static void start(void)
{
    free(touch(malloc(size)));
}

/* REPEATS of RUN, each of which is EACH times the path. */
static const struct path {
    const char *name;
    enum kind kind;
    void (*run)(void);
    size_t size;
    unsigned repeats, each;
} paths[] = {
    {"pair_64", PARTS, pair, 64, 1000, 1},
    {"pair_1024", PARTS, pair, 1024, 1000, 1},
    {"pair_3000", PARTS, pair, 3000, 1000, 1},
    {"pair_20000", PARTS, pair, 20000, 1000, 1},
    {"pair_100000", PARTS, pair, 100000, 1000, 1},
    {"pair_300000", PARTS, pair, 300000, 1000, 1},
    {"pair_2000000", PARTS, pair, 2000000, 1000, 1},
    {"sampled_64", PARTS, sampled_pair, 64, 1000, 1},
    {"pair_25000000", PARTS, pair, 25000000, 1000, 1},
    {"calloc_64", PARTS, zeroed_pair, 64, 1000, 1},
    {"calloc_1000", PARTS, zeroed_pair, 1000, 1000, 1},
    {"calloc_4000000", PARTS, zeroed_pair, 4000000, 100, 1},
    {"memalign_200", PARTS, aligned_pair, 200, 1000, 1},
    {"posix_memalign_200", PARTS, posix_pair, 200, 1000, 1},
    {"new_64", PARTS, cxx_pair, 64, 1000, 1},
    {"realloc_same", PARTS, realloc_same, 0, 500, 2},
    {"realloc_grow", PARTS, realloc_grow, 0, 1000, 1},
    {"usable_size", PARTS, usable, 0, 1000, 1},
    {"free_null", PARTS, free_null, 0, 1000, 1},
    {"burst_1000", PARTS, burst, 0, 10, BURST},
    {"burst_10000", PARTS, burst_long, 0, 10, BATCH},
    {"handover", PARTS, hand_over, 64, 10, BATCH},
    {"thread", PARTS, thread_life, 64, 50, 1},
    {"fork", PARTS, fork_once, 64, 20, 1},
    {"child", CHILDREN, fork_marked, 64, 8, 1},
    {"start", WHOLE, start, 64, 1, 1},
};

static void repeat(const struct path *path, unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        path->run();
}

/* Symbols are looked up and tables mapped before anything is counted. */
static void prepare(void)
{
    table = mmap(NULL, BATCH * sizeof *table, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (table == MAP_FAILED)
        fail("no memory");
    operator_new = (void *(*)(size_t))dlsym(RTLD_DEFAULT, "_Znwm");
    operator_delete = (void (*)(void *))dlsym(RTLD_DEFAULT, "_ZdlPv");
    /* The first blocks of a process are special; what is counted comes after them. */
    for (int i = 0; i < 2000; i++)
        kept = touch(malloc(64));
}

static void take(const struct path *path)
{
    static const char *const kinds[] = {"parts", "children", "whole"};

    size = path->size;
    if (path->kind != WHOLE)
        prepare();
    if (path->run == cxx_pair && (!operator_new || !operator_delete))
        fail("no operator new in this process");
    if (path->kind == PARTS) {
        repeat(path, 2 * path->repeats);
        cost_mark();
        repeat(path, path->repeats);
        cost_mark();
        repeat(path, path->repeats);
    }
    repeat(path, path->repeats);
    if (path->kind == PARTS)
        cost_mark();
    dprintf(1, "pid=%ld per=%u %s\n", (long)getpid(), path->repeats * path->each, kinds[path->kind]);
}

int main(int argc, char **argv)
{
    const size_t count = sizeof paths / sizeof *paths;

    if (argc != 2)
        fail("expected the name of a path, or --list");
    for (size_t i = 0; i < count; i++) {
        if (!strcmp(argv[1], "--list"))
            dprintf(1, "%s\n", paths[i].name);
        else if (!strcmp(argv[1], paths[i].name)) {
            take(&paths[i]);
            return 0;
        }
    }
    if (strcmp(argv[1], "--list") != 0)
        fail("no path has this name (see --list)");
    return 0;
}
