/* SPDX-License-Identifier: MIT */
/* malloc_stats writes to standard error, for a screen of 80 columns, and nowhere else. */
#include "check.h"

int main(void)
{
    FILE *file = tmpfile();
    char text[65536] = "";
    CHECK(file);
    int saved = dup(2);
    dup2(fileno(file), 2);
    malloc_stats();
    fflush(stderr);
    dup2(saved, 2);
    ssize_t length = pread(fileno(file), text, sizeof text - 1, 0);
    CHECK(length > 20);
    CHECK(text[length - 1] == '\n');
    for (char *line = text; *line; line = strchr(line, '\n') + 1)
        CHECK(strcspn(line, "\n") <= 80);
    CHECK(strpbrk(text, "0123456789") != NULL);
    return 0;
}
