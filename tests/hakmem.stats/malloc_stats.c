/* SPDX-License-Identifier: MIT */
/* malloc_stats writes to standard error, and nowhere else. */
#include "check.h"

int main(void)
{
    FILE *file = tmpfile();
    char text[8192] = "";
    CHECK(file);
    int saved = dup(2);
    dup2(fileno(file), 2);
    malloc_stats();
    fflush(stderr);
    dup2(saved, 2);
    ssize_t length = pread(fileno(file), text, sizeof text - 1, 0);
    CHECK(length > 20);
    CHECK(text[length - 1] == '\n');
    CHECK(strpbrk(text, "0123456789") != NULL);
    return 0;
}
