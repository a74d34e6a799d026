/* SPDX-License-Identifier: MIT */
/* purged.c - has much that is free, and does slow paths when it is told to (target of purge.sh).
 *
 * Lines on standard input: "work" slow paths for a while, "fork" the same in a child alone, "damage" ruins what the
 * command looks at, "exec" becomes sleep(1), "loop" works until the end of input, "quit" verifies and ends. After
 * each it prints what the request says: wanted, begun, done. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rows.h"

enum { LIVE = 3000, FREED = 100000, SIZE = 200 };

static unsigned char *live[LIVE];
static int looping = 1;

static uint64_t field(const char *name)
{
    uint64_t value = row(name), result = 0;
    memcpy(&result, (char *)(uintptr_t)row("&purge_request") + (value & UINT32_MAX), value >> 32);
    return result;
}

/* A line at once: no buffer of stdio may stand for the rest of the time. */
static void say(const char *who)
{
    char text[128];
    int n = snprintf(text, sizeof text, "%s wanted %d begun %d done %d\n", who, (int)field("request.wanted"),
                     (int)field("request.begun"), (int)field("request.done"));
    (void)!write(1, text, (size_t)n);
}

/* Much that is kept: blocks that were freed, the first of them between some that are in use. */
static void fill(void)
{
    static unsigned char *freed[FREED];
    for (int i = 0; i < FREED; i++) {
        freed[i] = memset(malloc(SIZE), 1, SIZE);
        if (i < LIVE)
            live[i] = memset(malloc(SIZE), i & 0xff, SIZE);
    }
    for (int i = 0; i < FREED; i++)
        free(freed[i]);
}

static int verify(void)
{
    for (int i = 0; i < LIVE; i++)
        for (int k = 0; k < SIZE; k++)
            if (live[i][k] != (i & 0xff))
                return 0;
    return 1;
}

/* Slow paths, for longer than from one look at the clock to the next. */
static void work(int ms)
{
    static THREAD_LOCAL void *block[500];
    for (; ms > 0; ms -= 2) {
        for (int i = 0; i < 500; i++)
            block[i] = malloc(3000);
        for (int i = 0; i < 500; i++)
            free(block[i]);
        usleep(2000);
    }
}

static void *loop(void *unused)
{
    while (__atomic_load_n(&looping, __ATOMIC_RELAXED))
        work(2);
    return unused;
}

static void threads(void)
{
    pthread_t thread[4];
    char c;
    for (int i = 0; i < 4; i++)
        pthread_create(&thread[i], NULL, loop, NULL);
    while (read(0, &c, 1) > 0)
        continue;
    __atomic_store_n(&looping, 0, __ATOMIC_RELAXED);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
}

static void obey(const char *word)
{
    if (strcmp(word, "work") == 0) {
        work(300);
    } else if (strcmp(word, "loop") == 0) {
        threads();
    } else if (strcmp(word, "damage") == 0) {
        *(unsigned char *)(uintptr_t)(row("&purge_request") + offset("request.busy")) = 7;
    } else if (strcmp(word, "exec") == 0) {
        execlp("sleep", "sleep", "60", (char *)NULL);
    } else if (strcmp(word, "fork") == 0 && fork() == 0) {
        work(300);
        say("child");
        _exit(verify() ? 0 : 1);
    }
    int status = 0;
    (void)wait(&status);
    say(status ? "bad" : word);
}

int main(void)
{
    char word[32];
    size_t n = 0;
    fill();
    say("ready");
    while (read(0, &word[n], 1) == 1) {
        if (word[n] != '\n') {
            n += n < sizeof word - 2;
            continue;
        }
        word[n] = '\0';
        n = 0;
        if (strcmp(word, "quit") == 0)
            break;
        obey(word);
    }
    return verify() && heap_check() == 0 ? 0 : 1;
}
