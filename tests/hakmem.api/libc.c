/* SPDX-License-Identifier: MIT */
/* What the C library allocates for its callers can be freed, and comes from us. */
#include <dirent.h>
#include <locale.h>
#include <time.h>

#include "check.h"

static void ours(void *p)
{
    const char *mode = getenv("HAKMEM_TINY_SS_SHARED");
    CHECK(p);
    if (getenv("HAK_TEST_LINK") && !(mode && *mode == '0'))
        CHECK(heap_owns(p) == 1);
    free(p);
}

int main(void)
{
    char *text = NULL, *line = NULL;
    size_t size = 0;
    ours(strdup("a string"));
    CHECK(asprintf(&text, "%d %s %1000d", 1, "two", 3) > 1000);
    ours(text);
    FILE *file = fopen("/proc/self/maps", "r");
    CHECK(file && getline(&line, &size, file) > 0);
    fclose(file);
    ours(line);
    ours(realpath("/proc/self/..", NULL));
    ours(getcwd(NULL, 0));
    FILE *stream = open_memstream(&text, &size);
    for (int i = 0; i < 10000; i++)
        fprintf(stream, "%d,", i);
    fclose(stream);
    CHECK(size == 48890);
    ours(text);
    struct dirent **names;
    int count = scandir("/", &names, NULL, alphasort);
    CHECK(count > 2);
    for (int i = 0; i < count; i++)
        ours(names[i]);
    ours(names);
    setlocale(LC_ALL, "C.UTF-8");
    setenv("HAK_TEST_VARIABLE", "value", 1);
    tzset();
    return 0;
}
