/* SPDX-License-Identifier: MIT */
/* Passive mode finds the C library's malloc by itself: neither by a dlsym that the program replaced, nor by
 * names that are ours. */
/* { dg-link preload shared } */
/* { dg-env HAKMEM_TINY_SS_SHARED=0 } */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int asked;
void *dlsym(void *handle, const char *name);
void *dlsym(void *handle, const char *name)
{
    (void)handle, (void)name;
    asked++;
    return NULL;
}

extern void *__libc_malloc(size_t);

int main(void)
{
    char *top = sbrk(0), *p[1000];
    for (int i = 0; i < 1000; i++)
        p[i] = i % 2 ? malloc(100) : __libc_malloc(100);
    char *now = sbrk(0);
    /* glibc's small blocks lie where brk says, ours never. */
    if (asked || p[999] > now || now - p[999] > (now - top) + (1 << 20)) {
        dprintf(2, "dlsym asked %d times, block %p, heap ends at %p\n", asked, (void *)p[999], (void *)now);
        return 1;
    }
    for (int i = 0; i < 1000; i++)
        free(p[i]);
    return 0;
}
