/* SPDX-License-Identifier: MIT */
/* small.c - a little of everything, free of errors and leaks, for valgrind (test). */
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned churn(unsigned seed, int steps)
{
    char *slots[64] = {0};
    size_t sizes[64] = {0};
    unsigned sum = 0;
    for (int i = 0; i < steps; i++) {
        seed = seed * 69069 + 1;
        unsigned s = seed >> 10 & 63;
        size_t size = 1 + (seed >> 16 & (seed & 63 ? 1023 : 65535)) * (i % 1000 == 0 ? 40 : 1);
        if (!slots[s]) {
            slots[s] = i % 4 ? malloc(size) : calloc(1, size);
            if (i % 4 == 0 && (slots[s][0] || slots[s][size - 1]))
                abort();
        } else if (seed & 64) {
            sum += (unsigned char)slots[s][0] + (unsigned char)slots[s][sizes[s] - 1];
            free(slots[s]);
            slots[s] = NULL;
            continue;
        } else {
            slots[s] = realloc(slots[s], size);
        }
        sizes[s] = size;
        slots[s][0] = slots[s][size - 1] = (char)i;
    }
    for (int i = 0; i < 64; i++)
        free(slots[i]);
    return sum;
}

static void *work(void *arg)
{
    unsigned *sum = arg;
    *sum = churn(*sum, 4000);
    return NULL;
}

int main(void)
{
    pthread_t threads[4];
    unsigned sums[4] = {1, 2, 3, 4};
    int status = 1;
    printf("alone %u\n", churn(5, 10000));
    for (size_t align = 8; align <= 65536; align *= 2) {
        void *p = NULL, *q = aligned_alloc(align, align * 3);
        if (posix_memalign(&p, align, 100) != 0 || (uintptr_t)p % align || (uintptr_t)q % align)
            return 1;
        free(p);
        free(q);
    }
    for (int i = 0; i < 4; i++)
        if (pthread_create(&threads[i], NULL, work, &sums[i]) != 0)
            return 1;
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    printf("threads %u %u %u %u\n", sums[0], sums[1], sums[2], sums[3]);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        churn(6, 2000);
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        return 1;
    malloc_trim(0);
    puts(sums[0] == churn(1, 4000) ? "same" : "different");
    return 0;
}
