/* SPDX-License-Identifier: MIT */
/* HAKMEM_STATS_FILE: a block of NAME=VALUE lines for each process, appended, with the header's names. */
/* { dg-link preload core } */
/* { dg-args start } */
#include <sys/stat.h>
#include <sys/wait.h>

#include "check.h"

static const char *const field[] = {
    "pid",          "allocations",     "frees",          "cache_hits",   "live_blocks",
    "live_bytes",   "cached_bytes",    "slab_bytes",     "span_bytes",   "large_bytes",
    "mapped_bytes", "metadata_bytes",  "retained_bytes", "purged_bytes", "stage_partial",
    "stage_empty",  "stage_empty_any", "stage_unused",   "stage_new",    "failures",
    "threads"};
/* The header may have more fields by now. In place of its size and version, pid comes before them and
 * process_resident_bytes behind; the program's name on the second line is no number. */
enum { KNOWN = sizeof field / sizeof *field, LINES = sizeof(struct hak_stats) / sizeof(uint64_t) };

static void check_block(FILE *file, pid_t pid)
{
    char line[200], name[100];
    for (int i = 0; i < LINES; i++) {
        unsigned long value;
        CHECK(fgets(line, sizeof line, file));
        if (i == 1) {
            CHECK(strcmp(line, "program=a??program\n") == 0);
            CHECK(fgets(line, sizeof line, file));
        }
        CHECK(sscanf(line, "%99[a-z_]=%lu\n", name, &value) == 2);
        CHECK(i >= KNOWN || strcmp(name, field[i]) == 0);
        CHECK((i == LINES - 1) == (strcmp(name, "process_resident_bytes") == 0));
        CHECK(i != 0 || value == (unsigned long)pid);
        CHECK(i != 1 || value >= 10000);
        CHECK(i != LINES - 1 || (value > 100000 && value < 1u << 30));
    }
    CHECK(fgets(line, sizeof line, file) && strcmp(line, "\n") == 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    if (strcmp(argv[1], "child") == 0) {
        for (int i = 0; i < 10000; i++)
            free(malloc(i));
        return 0;
    }
    char path[] = "stats-file.XXXXXX";
    pid_t pid[3];
    CHECK(close(mkstemp(path)) == 0 && unlink(path) == 0);
    for (int i = 0; i < 3; i++) {
        CHECK((pid[i] = fork()) >= 0);
        if (pid[i] == 0) {
            setenv("HAKMEM_STATS_FILE", path, 1);
            execl("/proc/self/exe", "/the/path/to/a\n\tprogram", "child", NULL);
        }
        int status;
        CHECK(waitpid(pid[i], &status, 0) == pid[i] && status == 0);
    }
    struct stat info;
    FILE *file = fopen(path, "r");
    CHECK(file && fstat(fileno(file), &info) == 0);
    unlink(path);
    CHECK((info.st_mode & 0777) == 0600);
    for (int i = 0; i < 3; i++)
        check_block(file, pid[i]);
    CHECK(fgetc(file) == EOF);
    return 0;
}
