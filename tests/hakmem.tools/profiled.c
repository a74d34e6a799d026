/* SPDX-License-Identifier: MIT */
/* profiled.c - allocates as it is told to (target of profile.sh and leaks.sh). What it should come out as is known:
 *
 *   sums       "three" asks for three times the bytes of "one"; both free them at once, and then it ends with 7
 *   loop       the same without an end
 *   lives      "shortly" frees at once, "later" after 100 ms
 *   hands      what "gives" allocates another thread frees
 *   leaks      "leaky" never frees, "steady" keeps the last 1000 blocks
 *   steady     the same without "leaky"
 *   plugin     the library of argument 2 allocates, and is closed; then it waits
 *   sleeps     allocates and waits
 *   jit        code that it makes itself calls "three"; its map is there; then it waits
 *   ends       loops for a second and ends
 *   execs      loops for a second and becomes sleep(1)
 *   damaged    loops for a second, ruins the tables by number argument 2, and waits */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "rows.h"

#define NOINLINE __attribute__((noinline))
enum { SUMS = 30000, KEPT = 1000 };
static void *volatile kept[KEPT];
static void *volatile here;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

NOINLINE void three(void)
{
    here = malloc(300);
    free(here);
}

NOINLINE void one(void)
{
    here = malloc(100);
    free(here);
}

static void both(int times)
{
    for (int i = 0; i < times; i++) {
        three();
        one();
    }
}

static void loop_for(double seconds)
{
    for (double end = now() + seconds; now() < end;) {
        both(50);
        usleep(200);
    }
}

NOINLINE void shortly(void)
{
    here = malloc(1000);
    free(here);
}

NOINLINE void *later(void)
{
    return malloc(1000);
}

static void lives(void)
{
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < KEPT; i++) {
            shortly();
            kept[i] = later();
        }
        usleep(100000);
        for (int i = 0; i < KEPT; i++)
            free(kept[i]);
    }
}

NOINLINE void *gives(void)
{
    return malloc(500);
}

static void *takes(void *unused)
{
    for (int i = 0; i < KEPT; i++)
        free(kept[i]);
    return unused;
}

static void hands(void)
{
    pthread_t thread;
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < KEPT; i++) {
            kept[i] = gives();
            both(1);
        }
        pthread_create(&thread, NULL, takes, NULL);
        pthread_join(thread, NULL);
    }
}

NOINLINE void leaky(void)
{
    here = malloc(400);
}

NOINLINE void steady(unsigned i)
{
    free(kept[i % KEPT]);
    kept[i % KEPT] = malloc(400);
}

static void grow(int leak)
{
    for (unsigned i = 0;; i++) {
        steady(i);
        if (leak && i % 4 == 0)
            leaky();
        if (i % 16 == 0)
            usleep(200);
    }
}

static void plugin(const char *path)
{
    void *library = dlopen(path, RTLD_NOW);
    void (*call)(void) = library ? (void (*)(void))dlsym(library, "plugged") : NULL;
    for (int i = 0; call && i < 3000; i++)
        call();
    if (library)
        dlclose(library);
}

/* push %rbp; mov %rsp, %rbp; call *%rdi; pop %rbp; ret */
static void jit(void)
{
#ifdef __x86_64__
    static const unsigned char code[] = {0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3};
    char name[64], line[64];
    void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(at, code, sizeof code);
    snprintf(name, sizeof name, "/tmp/perf-%d.map", (int)getpid());
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);
    int n = snprintf(line, sizeof line, "%lx %zx jitted function\n", (unsigned long)at, sizeof code);
    (void)!write(fd, line, (size_t)n);
    close(fd);
    for (int i = 0; i < 3000; i++)
        ((void (*)(void (*)(void)))at)(three);
#endif
}

static void ruin(int what)
{
    static const char *const field[] = {"samples.words",      "samples.sites",   "samples.words_used",
                                        "samples.sites_used", "samples.modules", "samples.changes",
                                        "samples.epoch",      "samples.mean"};
    unsigned char *at = (unsigned char *)(uintptr_t)row("&samples");
    uint64_t words, sites;
    memcpy(&words, at + offset("samples.words"), sizeof words);
    memcpy(&sites, at + offset("samples.sites"), sizeof sites);
    if (what < 8)
        memset(at + offset(field[what]), 0x7d, 4);
    else if (what == 8)
        memset((void *)(uintptr_t)sites, 0xa7, 2000);
    else
        memset((void *)(uintptr_t)words, 0xa7, 2000);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    void *tables[20]; /* of the loader, and of stdio */
    for (int i = 0; i < 20; i++)
        tables[i] = malloc(10);
    if (strcmp(what, "sums") == 0 || strcmp(what, "lives") == 0 || strcmp(what, "hands") == 0) {
        *what == 's' ? both(SUMS) : *what == 'l' ? lives() : hands();
        return tables[0] ? 7 : 0;
    }
    (void)!write(1, "ready\n", 6);
    if (strcmp(what, "loop") == 0)
        loop_for(1000);
    if (strcmp(what, "leaks") == 0 || strcmp(what, "steady") == 0)
        grow(*what == 'l');
    if (strcmp(what, "plugin") == 0)
        plugin(argv[2]);
    if (strcmp(what, "jit") == 0)
        jit();
    if (strcmp(what, "sleeps") == 0)
        both(1000);
    if (strcmp(what, "ends") == 0 || strcmp(what, "execs") == 0 || strcmp(what, "damaged") == 0)
        loop_for(1);
    if (strcmp(what, "execs") == 0)
        execlp("sleep", "sleep", "60", (char *)NULL);
    if (strcmp(what, "damaged") == 0)
        ruin(atoi(argv[2]));
    if (strcmp(what, "ends") == 0)
        return 0;
    (void)!write(1, "waits\n", 6);
    for (;;)
        pause();
}
