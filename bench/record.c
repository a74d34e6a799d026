/* SPDX-License-Identifier: MIT */
/* record.c - counts the sizes and lifetimes of a program's blocks: a library to preload; mix replays it.
 *
 *     BENCH_RECORD=my.mix LD_PRELOAD=bench/record.so PROGRAM [ARGUMENT]...
 *     bench/mix --file my.mix
 *
 * The program itself runs on glibc's malloc. The histogram is written when it exits; programs that it
 * starts are not recorded, so name the program itself, not a shell around it (for a compiler: cc1, the
 * command that "gcc -v" prints). Python wants PYTHONMALLOC=malloc, or it would hide most of its blocks.
 *
 * The age of a block is the number of blocks that were allocated after it and before it was freed. A
 * realloc ends one block and begins another. Blocks that are alive at the exit count as never freed. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* TABLE is a power of two; what is mapped but not needed costs nothing. */
enum { TABLE = 1 << 24, FULL = TABLE / 8 * 7, SIZES = 16 + 4 * 56, AGES = 48, NAME = 256 };

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

struct entry {
    uintptr_t block; /* 0: empty */
    size_t size;
    uint64_t birth; /* so many blocks had been allocated before */
};

static struct {
    uint64_t count, bytes, never, aged[AGES];
} sizes[SIZES];

static struct entry *table; /* NULL: not recording */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static uint64_t allocated, alive, alive_bytes, peak, peak_bytes, lost;
static char file_name[4096], command[NAME];
static size_t (*usable_size)(void *);

static unsigned bits(uint64_t value)
{
    return value ? 64 - (unsigned)__builtin_clzll(value) : 0;
}

/* Steps of 16 up to 256 bytes, then four in each power of two. */
static unsigned size_bucket(size_t size)
{
    unsigned power;

    if (size <= 256)
        return size ? (unsigned)(size - 1) / 16 : 0;
    power = bits(size - 1) - 1;
    return 16 + (power - 8) * 4 + (unsigned)((size - 1) >> (power - 2)) - 4;
}

static size_t home(uintptr_t block)
{
    return (size_t)((block >> 4) * 0x9e3779b97f4a7c15u >> 40);
}

/* The entry of BLOCK, or the empty one where it belongs. */
static struct entry *find(uintptr_t block)
{
    size_t i = home(block);

    while (table[i].block && table[i].block != block)
        i = (i + 1) & (TABLE - 1);
    return &table[i];
}

/* Close the gap: move up what could not be found any more. */
static void erase(struct entry *entry)
{
    size_t gap = (size_t)(entry - table);

    for (size_t i = (gap + 1) & (TABLE - 1); table[i].block; i = (i + 1) & (TABLE - 1)) {
        size_t from_home = (i - home(table[i].block)) & (TABLE - 1);

        if (from_home >= ((i - gap) & (TABLE - 1))) {
            table[gap] = table[i];
            gap = i;
        }
    }
    table[gap].block = 0;
}

static void keep(void *block, size_t size, uint64_t birth)
{
    struct entry *entry = find((uintptr_t)block);

    if (entry->block) /* freed behind our back */
        alive--, alive_bytes -= entry->size;
    *entry = (struct entry){(uintptr_t)block, size, birth};
    alive_bytes += size;
    if (++alive > peak)
        peak = alive;
    if (alive_bytes > peak_bytes)
        peak_bytes = alive_bytes;
}

static void *born(void *block, size_t size)
{
    if (!table || !block)
        return block;
    pthread_mutex_lock(&mutex);
    if (table && alive < FULL) {
        sizes[size_bucket(size)].count++;
        sizes[size_bucket(size)].bytes += size;
        keep(block, size, allocated++);
    } else if (table) {
        lost++;
    }
    pthread_mutex_unlock(&mutex);
    return block;
}

/* Forget BLOCK; its entry is returned, for a realloc that fails. */
static struct entry take(void *block)
{
    struct entry found = {0, 0, 0};

    pthread_mutex_lock(&mutex);
    if (table) {
        struct entry *entry = find((uintptr_t)block);

        found = *entry;
        if (found.block) {
            erase(entry);
            alive--;
            alive_bytes -= found.size;
        }
    }
    pthread_mutex_unlock(&mutex);
    return found;
}

static void died(struct entry entry)
{
    unsigned age;

    if (!entry.block)
        return;
    pthread_mutex_lock(&mutex);
    age = bits(allocated - entry.birth - 1);
    sizes[size_bucket(entry.size)].aged[age < AGES ? age : AGES - 1]++;
    pthread_mutex_unlock(&mutex);
}

void *malloc(size_t size)
{
    return born(__libc_malloc(size), size);
}

void *calloc(size_t count, size_t size)
{
    return born(__libc_calloc(count, size), count * size);
}

void free(void *block)
{
    if (table && block)
        died(take(block));
    __libc_free(block);
}

void *realloc(void *block, size_t size)
{
    struct entry old = {0, 0, 0};
    void *moved;

    if (table && block)
        old = take(block);
    moved = __libc_realloc(block, size);
    if (moved || !size) {
        died(old);
        return born(moved, size);
    }
    if (old.block) {
        pthread_mutex_lock(&mutex);
        if (table)
            keep(block, old.size, old.birth);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

void *memalign(size_t alignment, size_t size)
{
    return born(__libc_memalign(alignment, size), size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return born(__libc_memalign(alignment, size), size);
}

int posix_memalign(void **where, size_t alignment, size_t size)
{
    int saved = errno;
    void *block;

    if (alignment < sizeof(void *) || (alignment & (alignment - 1)))
        return EINVAL;
    block = born(__libc_memalign(alignment, size), size);
    errno = saved;
    if (!block)
        return ENOMEM;
    *where = block;
    return 0;
}

void *valloc(size_t size)
{
    return born(__libc_memalign((size_t)sysconf(_SC_PAGESIZE), size), size);
}

/* A program that brings an allocator along would else ask that one about glibc's blocks. */
size_t malloc_usable_size(void *block)
{
    return usable_size && block ? usable_size(block) : 0;
}

static void before_fork(void)
{
    pthread_mutex_lock(&mutex);
}

static void after_fork(void)
{
    pthread_mutex_unlock(&mutex);
}

static void after_fork_in_child(void)
{
    table = NULL;
    pthread_mutex_unlock(&mutex);
}

static void read_command(void)
{
    int file = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, command, sizeof command - 1);

    if (file >= 0)
        close(file);
    for (ssize_t i = 0; i < length - 1; i++)
        if ((unsigned char)command[i] < ' ')
            command[i] = ' ';
}

__attribute__((constructor)) static void begin(void)
{
    const char *name = getenv("BENCH_RECORD");
    void *libc, *memory;

    libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
    if (libc)
        *(void **)&usable_size = dlsym(libc, "malloc_usable_size");
    if (!name || !*name)
        return;
    if (strlen(name) >= sizeof file_name) {
        dprintf(2, "record: the name in BENCH_RECORD is too long\n");
        return;
    }
    strcpy(file_name, name);
    unsetenv("BENCH_RECORD"); /* or each program it starts would write the same file */
    read_command();
    memory = mmap(NULL, TABLE * sizeof *table, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED || pthread_atfork(before_fork, after_fork, after_fork_in_child)) {
        dprintf(2, "record: no memory, nothing is recorded\n");
        return;
    }
    table = memory;
}

static void write_size(FILE *file, unsigned bucket)
{
    unsigned last = AGES;

    if (!sizes[bucket].count)
        return;
    while (last > 0 && !sizes[bucket].aged[last - 1])
        last--;
    fprintf(file, "%llu %llu %llu",
            (unsigned long long)((sizes[bucket].bytes + sizes[bucket].count - 1) / sizes[bucket].count),
            (unsigned long long)sizes[bucket].count, (unsigned long long)sizes[bucket].never);
    for (unsigned age = 0; age < last; age++)
        fprintf(file, " %llu", (unsigned long long)sizes[bucket].aged[age]);
    fputc('\n', file);
}

static void write_mix(FILE *file)
{
    fprintf(
        file,
        "# mix 1\n"
        "# Sizes and lifetimes of the blocks of a program, recorded by bench/record.c, replayed by mix.\n"
        "# A line: mean size in bytes, number of blocks, how many of them were never freed, and how many\n"
        "# were freed at each age: before the next allocation, after 1, 2 to 3, 4 to 7, ... of them.\n"
        "# Recorded: %s\n"
        "# At once alive: %llu blocks, %llu bytes. Too many for the recorder: %llu blocks.\n",
        command, (unsigned long long)peak, (unsigned long long)peak_bytes, (unsigned long long)lost);
    for (unsigned bucket = 0; bucket < SIZES; bucket++)
        write_size(file, bucket);
}

__attribute__((destructor)) static void end(void)
{
    FILE *file;

    if (!table)
        return;
    pthread_mutex_lock(&mutex);
    for (size_t i = 0; i < TABLE; i++)
        if (table[i].block)
            sizes[size_bucket(table[i].size)].never++;
    table = NULL;
    pthread_mutex_unlock(&mutex);
    file = fopen(file_name, "we");
    if (!file) {
        dprintf(2, "record: cannot write %s: %s\n", file_name, strerror(errno));
        return;
    }
    write_mix(file);
    if (ferror(file) | fclose(file))
        dprintf(2, "record: %s is not complete\n", file_name);
}
