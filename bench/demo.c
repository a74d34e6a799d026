/* SPDX-License-Identifier: MIT */
/* demo.c - a small program with the habits of larger ones; knows nothing of libhakmem.
 *
 * It counts the words of a text it makes up (many small blocks, a growing table), lets two threads
 * hand records to each other (blocks freed by another thread than their own), and grows one large
 * buffer (realloc). It prints a checksum, so that its work can be compared with and without us. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 1000000, DISTINCT = 40000, RECORDS = 1000000, QUEUE = 256, BUFFER_MIB = 48 };

static uint64_t random_state = 88172645463325252u;

static uint64_t next_random(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

static void *need(void *block)
{
    if (!block) {
        fputs("demo: out of memory\n", stderr);
        exit(1);
    }
    return block;
}

/* --- counting words ----------------------------------------------------------------------------- */

struct word {
    struct word *next;
    unsigned count;
    char *text;
};

struct table {
    struct word **bucket;
    size_t buckets, words;
};

static uint64_t hash(const char *text)
{
    uint64_t h = 14695981039346656037u;
    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 1099511628211u;
    return h;
}

static void grow(struct table *t)
{
    size_t buckets = t->buckets ? 2 * t->buckets : 64;
    struct word **bucket = need(calloc(buckets, sizeof *bucket));
    for (size_t i = 0; i < t->buckets; i++)
        for (struct word *w = t->bucket[i], *next; w; w = next) {
            struct word **to = &bucket[hash(w->text) % buckets];
            next = w->next;
            w->next = *to;
            *to = w;
        }
    free(t->bucket);
    t->bucket = bucket;
    t->buckets = buckets;
}

static void count(struct table *t, const char *text)
{
    if (t->words >= t->buckets)
        grow(t);
    struct word **bucket = &t->bucket[hash(text) % t->buckets], *w = *bucket;
    while (w && strcmp(w->text, text) != 0)
        w = w->next;
    if (!w) {
        w = need(malloc(sizeof *w));
        *w = (struct word){.next = *bucket, .text = need(strdup(text))};
        *bucket = w;
        t->words++;
    }
    w->count++;
}

/* Word number N is always the same; low numbers come up most. */
static char *make_word(void)
{
    uint64_t n = next_random() % DISTINCT * (next_random() % DISTINCT) / DISTINCT;
    char *text = need(malloc(12 + n % 40));
    int length = sprintf(text, "w%u", (unsigned)n);
    memset(text + length, 'x', n % 40);
    text[length + (int)(n % 40)] = 0;
    return text;
}

static uint64_t count_words(void)
{
    struct table t = {0};
    for (int i = 0; i < WORDS; i++) {
        char *text = make_word();
        count(&t, text);
        free(text);
    }
    uint64_t sum = 0;
    for (size_t i = 0; i < t.buckets; i++)
        for (struct word *w = t.bucket[i], *next; w; w = next) {
            sum += hash(w->text) * w->count;
            next = w->next;
            free(w->text);
            free(w);
        }
    free(t.bucket);
    return sum;
}

/* --- one thread makes, another frees ------------------------------------------------------------ */

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t change;
    unsigned char *record[QUEUE];
    size_t put, got;
};

static void queue_put(struct queue *q, unsigned char *record)
{
    pthread_mutex_lock(&q->lock);
    while (q->put - q->got == QUEUE)
        pthread_cond_wait(&q->change, &q->lock);
    if (q->put++ == q->got)
        pthread_cond_signal(&q->change);
    q->record[(q->put - 1) % QUEUE] = record;
    pthread_mutex_unlock(&q->lock);
}

static unsigned char *queue_get(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    while (q->put == q->got)
        pthread_cond_wait(&q->change, &q->lock);
    unsigned char *record = q->record[q->got++ % QUEUE];
    if (q->put - q->got == QUEUE - 1)
        pthread_cond_signal(&q->change);
    pthread_mutex_unlock(&q->lock);
    return record;
}

static void *consume(void *argument)
{
    uint64_t *sum = need(calloc(1, sizeof *sum));
    for (unsigned char *record; (record = queue_get(argument)) != NULL; free(record))
        *sum += record[0];
    return sum;
}

static uint64_t hand_over(void)
{
    struct queue *q = need(calloc(1, sizeof *q));
    pthread_t thread;
    void *result;
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->change, NULL);
    if (pthread_create(&thread, NULL, consume, q) != 0) {
        fputs("demo: cannot start a thread\n", stderr);
        exit(1);
    }
    for (int i = 0; i < RECORDS; i++) {
        unsigned char *record = need(malloc(16 + next_random() % 1024));
        record[0] = (unsigned char)i;
        queue_put(q, record);
    }
    queue_put(q, NULL);
    pthread_join(thread, &result);
    uint64_t sum = *(uint64_t *)result;
    free(result);
    pthread_cond_destroy(&q->change);
    pthread_mutex_destroy(&q->lock);
    free(q);
    return sum;
}

/* --- one buffer that grows ---------------------------------------------------------------------- */

static uint64_t grow_buffer(void)
{
    size_t size = 0, step = 64 * 1024, limit = (size_t)BUFFER_MIB << 20;
    unsigned char *buffer = NULL;
    while (size < limit) {
        buffer = need(realloc(buffer, size + step));
        memset(buffer + size, (int)(size / step), step);
        size += step;
    }
    uint64_t sum = 0;
    for (size_t i = 0; i < size; i += 4096)
        sum += buffer[i];
    free(buffer);
    return sum;
}

int main(void)
{
    uint64_t words = count_words();
    printf("demo: counted %d words, checksum %016llx\n", WORDS, (unsigned long long)words);
    uint64_t records = hand_over();
    printf("demo: handed %d records from thread to thread, checksum %016llx\n", RECORDS,
           (unsigned long long)records);
    uint64_t bytes = grow_buffer();
    printf("demo: grew a buffer to %d MiB, checksum %016llx\n", BUFFER_MIB, (unsigned long long)bytes);
    return 0;
}
