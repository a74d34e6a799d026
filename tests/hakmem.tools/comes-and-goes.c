/* SPDX-License-Identifier: MIT */
/* 8 MB in use, then free, again and again. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
    enum { COUNT = 8000 };
    static char *block[COUNT];
    for (int round = 0;; round++) {
        for (int i = 0; i < COUNT; i++)
            if (!(block[i] = malloc(1000)) || !memset(block[i], 1, 1000))
                return 1;
        for (int i = 0; i < COUNT; i++)
            free(block[i]);
        if (round == 0 && write(1, "ready\n", 6) != 6)
            return 1;
        usleep(20000);
    }
}
