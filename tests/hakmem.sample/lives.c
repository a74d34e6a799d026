/* SPDX-License-Identifier: MIT */
/* What is in use and what was freed, of all kinds of blocks, is told as it is: within seven deviations
 * where it is an estimate, exactly where it is a count. Another thread's frees are told as such. */
/* { dg-options "-O1 -pthread" } */
#include <pthread.h>

#include "profile.h"

enum { MEAN = 8192, SMALL = 20000, SPANS = 500, LARGE = 40 };

struct kind {
    size_t size;
    int blocks;
};
static const struct kind kinds[] = {{24, SMALL},    {1000, SMALL},       {9000, 2000},
                                    {50000, SPANS}, {300000, SPANS / 4}, {3000000, LARGE}};
enum { KINDS = sizeof kinds / sizeof kinds[0] };
static void **block[KINDS];
static char path[64];

static void allocate(int k)
{
    for (int i = 0; i < kinds[k].blocks; i++)
        CHECK((block[k][i] = malloc(kinds[k].size)) != NULL);
}

static void *free_odd_ones(void *unused)
{
    (void)unused;
    for (int k = 0; k < KINDS; k++)
        for (int i = 1; i < kinds[k].blocks; i += 2) {
            free(block[k][i]);
            block[k][i] = NULL;
        }
    return NULL;
}

static void is_about(double told, double wants, double samples)
{
    double off = told / wants - 1;
    if (off * off * samples > 49)
        dprintf(2, "told %.0f, is %.0f, of %.0f samples\n", told, wants, samples);
    CHECK(off * off * samples <= 49);
}

int main(void)
{
    double bytes = 0;
    pthread_t thread;
    snprintf(path, sizeof path, "lives.%d.heap", (int)getpid());
    CHECK(hak_profile_dump(path) == -1 && errno == ENODATA);
    CHECK(hak_profile_stop() == -1 && errno == EINVAL);
    for (int k = 0; k < KINDS; k++)
        block[k] = calloc((size_t)kinds[k].blocks, sizeof(void *));
    CHECK(hak_profile_start(MEAN) == 0);
    CHECK(hak_profile_start(MEAN) == -1 && errno == EBUSY);
    for (int k = 0; k < KINDS; k++) {
        allocate(k);
        bytes += (double)kinds[k].size * kinds[k].blocks;
    }
    CHECK(hak_profile_dump(path) == 0);
    struct site s = profile_sum(path, NULL, 0);
    is_about((double)s.all_bytes, bytes, (double)s.samples);
    CHECK(s.live_bytes == s.all_bytes && s.live == s.all && s.frees == 0);

    CHECK(pthread_create(&thread, NULL, free_odd_ones, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(hak_profile_dump(path) == 0);
    s = profile_sum(path, NULL, 0);
    is_about((double)s.live_bytes, bytes / 2, (double)s.samples / 2);
    dprintf(1, "%lu samples, %lu freed, %lu by another thread\n", s.samples, s.frees, s.foreign);
    CHECK(s.foreign + 16 >= s.frees && s.frees > 1000); /* those of stdio are of this thread */

    for (int k = 0; k < KINDS; k++)
        for (int i = 0; i < kinds[k].blocks; i++)
            free(block[k][i]);
    CHECK(hak_profile_stop() == 0);
    CHECK(hak_profile_dump(path) == 0);
    struct site last = profile_sum(path, NULL, 0);
    CHECK(profile_number(path, "dropped") == 0);
    CHECK(last.frees + 16 >= last.samples &&
          last.foreign >= s.foreign); /* the thread's own blocks may live */
    CHECK(hak_check() == 0);
    unlink(path);
    return 0;
}
