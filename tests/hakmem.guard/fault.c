/* SPDX-License-Identifier: MIT */
/* An access behind a guarded block, in front of it or after its free ends the process there, and is told; one
 * byte less is none. */
/* { dg-env HAKMEM_GUARD_BYTES=1 HAKMEM_GUARD_REPORT=1 } */
/* { dg-variant "-DSIZE=96 -DAT=96 -DKIND=overflow -DAT_END=1" } */
/* { dg-variant "-DSIZE=96 -DAT=96 -DKIND=overflow -DAT_END=1 -DWRITES" } */
/* { dg-variant "-DSIZE=1 -DAT=16 -DKIND=overflow -DAT_END=1" } */
/* { dg-variant "-DSIZE=4096 -DAT=4096 -DKIND=overflow -DAT_END=1 -DWRITES" } */
/* { dg-variant "-DSIZE=2000 -DAT=2100 -DKIND=overflow -DAT_END=1" } */
/* { dg-variant "-DSIZE=96 -DAT=-1 -DKIND=underflow -DAT_END=0" } */
/* { dg-variant "-DSIZE=96 -DAT=-1 -DKIND=underflow -DAT_END=0 -DWRITES" } */
/* { dg-variant "-DSIZE=4096 -DAT=-100 -DKIND=underflow -DAT_END=0" } */
/* { dg-variant "-DSIZE=96 -DAT=0 -DKIND=use_after_free -DAT_END=1 -DFREED" } */
/* { dg-variant "-DSIZE=96 -DAT=95 -DKIND=use_after_free -DAT_END=0 -DFREED -DWRITES" } */
/* { dg-variant "-DSIZE=96 -DAT=96 -DKIND=use_after_free -DAT_END=1 -DFREED" } */
/* { dg-variant "-DSIZE=96 -DAT=96 -DKIND=overflow -DAT_END=1 -DON_THREAD" } */
/* { dg-variant "-DSIZE=96 -DAT=96 -DKIND=overflow -DAT_END=1 -DON_STACK" } */
/* { dg-variant "-DSIZE=96 -DAT=96 -DKIND=overflow -DAT_END=1 HAKMEM_GUARD_REPORT=0" } */
#include <pthread.h>

#include "guarded.h"

#define TEXT_(kind) #kind
#define TEXT(kind) TEXT_(kind)

static int last; /* byte of the block that is still accessed */

static void touch(volatile char *p)
{
#ifdef WRITES
    *p = 1;
#else
    (void)*p;
#endif
}

static void work(void *data)
{
    char *p = data;
#ifdef ON_STACK
    static char small[16384];
    stack_t stack = {.ss_sp = small, .ss_size = sizeof small};
    CHECK(sigaltstack(&stack, NULL) == 0);
#endif
#ifdef FREED
    if (last == AT)
        release(p);
#endif
    touch(p + last);
}

#ifdef ON_THREAD
static void *in_thread(void *data)
{
    work(data);
    return NULL;
}

static void elsewhere(void *data)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, in_thread, data) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}
#define work elsewhere
#endif

/* Where the access is, in words: of a block, in front of it, or behind it. */
static void expect(char *line, size_t size, const char *p)
{
    char kind[] = TEXT(KIND), where[64];
    for (char *c = kind; *c; c++)
        *c = *c == '_' ? ' ' : *c;
    int away = AT < 0 ? -AT : AT - SIZE + 1;
    if (AT >= 0 && AT < SIZE)
        snprintf(where, sizeof where, "at byte %d of", AT);
    else
        snprintf(where, sizeof where, "%d byte%s %s", away, away == 1 ? "" : "s",
                 AT < 0 ? "in front of" : "behind");
    snprintf(line, size, "hakmem: %s (%s) of 0x%lx, %s the block of %d byte%s at 0x%lx\n", kind,
#ifdef WRITES
             "write",
#else
             "read",
#endif
             (unsigned long)p + (unsigned long)AT, where, SIZE, SIZE == 1 ? "" : "s", (unsigned long)p);
}

int main(void)
{
    static char text[8192], line[256];
    char *p = guarded(SIZE, AT_END);
    last = AT < 0 ? 0 : AT < SIZE ? SIZE / 2 : SIZE - 1;
    CHECK(child(work, p, text) == 0 && !text[0]);
    last = AT;
    CHECK(child(work, p, text) == SIGSEGV);
    if (!atoi(getenv("HAKMEM_GUARD_REPORT"))) {
        CHECK(!text[0]);
        return 0;
    }
    expect(line, sizeof line, p);
    if (strncmp(text, line, strlen(line)) != 0)
        dprintf(2, "told:\n%swanted:\n%s", text, line);
    CHECK(strncmp(text, line, strlen(line)) == 0);
    CHECK(strstr(text, "\nhakmem: by ") && strstr(text, "\nhakmem: allocated by the main thread, "));
    CHECK(stack_passes(text, "hakmem: allocated by", (void *)allocate));
#ifdef FREED
    CHECK(stack_passes(text, "hakmem: freed by the main thread", (void *)release));
#else
    CHECK(!strstr(text, "freed by"));
#endif
#ifdef ON_THREAD
    CHECK(strstr(text, "\nhakmem: by thread "));
#else
    CHECK(strstr(text, "\nhakmem: by the main thread "));
#endif
    return 0;
}
