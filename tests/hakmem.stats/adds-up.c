/* SPDX-License-Identifier: MIT */
/* The resident parts add up, and their sum follows what the kernel counts within 2 %, at the ends of programs
 * like those of the bench. */
/* { dg-variant "" } */
/* { dg-variant "HAKMEM_TINY_SLL_VALIDATE_HDR=1" } */
/* { dg-variant "HAKMEM_HUGE_PAGES=2" } */
/* { dg-timeout 120 } */
#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "check.h"

enum { SLOTS = 400000, THREADS = 4, STACK = 256 << 10, PAGES_APART = 32 };
static char **slot; /* resident before anything is measured, as the stacks are */
static char *stacks;

/* Anonymous memory of the process that is resident, by the kernel's exact count. */
static size_t anonymous(void)
{
    char text[4096];
    int fd = open("/proc/self/smaps_rollup", O_RDONLY);
    if (fd < 0)
        _exit(77);
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    CHECK(length > 0);
    text[length] = 0;
    char *line = strstr(text, "\nAnonymous:");
    CHECK(line);
    return strtoul(line + 11, NULL, 10) * 1024;
}

static uint64_t parts(const struct hak_stats *s)
{
    return s->resident_live_bytes + s->resident_cached_bytes + s->resident_free_bytes +
           s->resident_retained_bytes + s->resident_metadata_bytes + s->fragmentation_bytes;
}

static char *filled(size_t size)
{
    char *p = malloc(size);
    CHECK(p);
    return memset(p, 1, size);
}

static void frag(void)
{
    uint64_t seed = 88172645463325252u;
    for (int i = 0; i < 300000; i++)
        slot[i] = filled(64 + next_random(&seed) % 512);
    for (int i = 0; i < 300000; i++)
        if (i % 1000)
            free(slot[i]);
}

static void frag_trimmed(void)
{
    frag();
    malloc_trim(0);
}

static void churn(void)
{
    uint64_t seed = 1;
    for (int i = 0; i < 2000000; i++) {
        char **at = &slot[next_random(&seed) % 100000];
        free(*at);
        *at = filled(16 + next_random(&seed) % 1024);
    }
}

static void mid(void)
{
    uint64_t seed = 2;
    for (int i = 0; i < 100000; i++) {
        char **at = &slot[next_random(&seed) % 5000];
        free(*at);
        *at = filled(1025 + next_random(&seed) % 31000);
    }
}

static void large(void)
{
    uint64_t seed = 3;
    for (int i = 0; i < 300; i++) {
        char **at = &slot[next_random(&seed) % 20];
        free(*at);
        *at = filled((1 << 20) + next_random(&seed) % (6 << 20));
    }
}

static void spans(void)
{
    uint64_t seed = 4;
    for (int i = 0; i < 3000; i++) {
        char **at = &slot[next_random(&seed) % 200];
        free(*at);
        *at = filled(32769 + next_random(&seed) % 900000);
    }
}

static void untouched(void)
{
    for (int i = 0; i < 40; i++)
        CHECK((slot[i] = calloc(1, 10 << 20)));
    for (int i = 0; i < 3; i++)
        slot[i][5 << 20] = 1;
}

static void only_free(void)
{
    for (int i = 0; i < SLOTS; i++)
        slot[i] = filled(100);
    for (int i = 0; i < SLOTS; i++)
        free(slot[i]);
}

static void *larson_thread(void *arg)
{
    char **mine = slot + (SLOTS / THREADS) * (intptr_t)arg;
    uint64_t seed = 5 + (uintptr_t)arg;
    for (int i = 0; i < 500000; i++) {
        char **at = &mine[next_random(&seed) % 10000];
        free(*at);
        *at = filled(8 + next_random(&seed) % 500);
    }
    return NULL;
}

static void larson(void)
{
    pthread_t thread[THREADS];
    for (int round = 0; round < 3; round++) {
        for (intptr_t i = 0; i < THREADS; i++) {
            pthread_attr_t attributes;
            CHECK(pthread_attr_init(&attributes) == 0);
            CHECK(pthread_attr_setstack(&attributes, stacks + i * STACK, STACK) == 0);
            CHECK(pthread_create(&thread[i], &attributes, larson_thread, (void *)((i + round) % THREADS)) ==
                  0);
        }
        for (int i = 0; i < THREADS; i++)
            CHECK(pthread_join(thread[i], NULL) == 0);
    }
}

static void check_sum(const char *name, size_t before, const struct hak_stats *start)
{
    struct hak_stats end;
    CHECK(heap_stats(&end) == 0);
    size_t now = anonymous(), pages = PAGES_APART * (size_t)sysconf(_SC_PAGESIZE);
    size_t grown = now - before, told = end.resident_bytes - start->resident_bytes;
    size_t apart = grown > told ? grown - told : told - grown;
    dprintf(1, "%-14s kernel %10zu library %10zu\n", name, grown, told);
    CHECK(parts(&end) == end.resident_bytes);
    CHECK(apart <= now / 50 + pages);
    CHECK(end.resident_live_bytes <= end.live_bytes);
    CHECK(end.resident_metadata_bytes > 0 && end.resident_metadata_bytes <= end.metadata_bytes);
    CHECK(end.resident_retained_bytes <= end.retained_bytes);
}

static void *whole(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    CHECK(p != MAP_FAILED);
    return p;
}

int main(void)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } pattern[] = {{"frag", frag},           {"frag_trimmed", frag_trimmed},
                   {"churn", churn},         {"mid", mid},
                   {"large", large},         {"spans", spans},
                   {"untouched", untouched}, {"only_free", only_free},
                   {"larson", larson}};
    for (size_t i = 0; i < sizeof pattern / sizeof *pattern; i++) {
        int status;
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            struct hak_stats start;
            slot = whole(SLOTS * sizeof *slot);
            stacks = whole(THREADS * STACK);
            CHECK(heap_stats(&start) == 0);
            size_t before = anonymous();
            pattern[i].run();
            check_sum(pattern[i].name, before, &start);
            _exit(0);
        }
        CHECK(waitpid(pid, &status, 0) == pid);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
            return 77;
        CHECK(status == 0);
    }
    return 0;
}
