/* SPDX-License-Identifier: MIT */
/* HAKMEM_SAMPLE, HAKMEM_SAMPLE_BYTES, HAKMEM_SAMPLE_MEMORY, HAKMEM_SAMPLE_UNWIND and HAKMEM_PROFILE:
 * sampling from the start, how often, with how much memory, with which stacks, and the file at exit. The
 * program executes itself. */
/* { dg-link shared } */
#include "check.h"

#include <sys/wait.h>

enum { BLOCKS = 20000, SIZE = 100 };

struct told {
    unsigned long mean, samples, dropped, stacks, live_bytes;
};

static char path[64];

static struct told read_profile(const char *name)
{
    static char line[8192];
    struct told t = {0};
    FILE *f = fopen(name, "r");
    CHECK(f && fgets(line, sizeof line, f));
    CHECK(sscanf(line, "heap profile: %*u: %lu [", &t.live_bytes) == 1);
    while (fgets(line, sizeof line, f)) {
        (void)sscanf(line, "# libhakmem mean=%lu ms=%*u samples=%lu dropped=%lu", &t.mean, &t.samples,
                     &t.dropped);
        t.stacks += strstr(line, "@ 0x") != NULL;
    }
    fclose(f);
    unlink(name);
    return t;
}

/* What a run with OPTIONS, pairs of names and values, sampled. */
static struct told run(const char *self, const char *const *options)
{
    int status;
    char name[96];
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        for (; *options; options += 2)
            setenv(options[0], options[1], 1);
        execl(self, self, path, (char *)NULL);
        _exit(2);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    snprintf(name, sizeof name, "%s.%d", path, (int)child);
    return read_profile(access(name, F_OK) == 0 ? name : path);
}

static int work(const char *name)
{
    static void *block[BLOCKS];
    for (int i = 0; i < BLOCKS; i++)
        CHECK((block[i] = malloc(SIZE)));
    if (!getenv("HAKMEM_PROFILE"))
        CHECK(hak_profile_dump(name) == 0 || errno == ENODATA);
    return 0; /* and nothing is freed */
}

int main(int argc, char **argv)
{
    char at_exit[96];
    if (argc > 1)
        return work(argv[1]);
    snprintf(path, sizeof path, "options-sample.%d", (int)getpid());
    snprintf(at_exit, sizeof at_exit, "%s.%%p", path);

    struct told t = run(argv[0], (const char *[]){"HAKMEM_SAMPLE", "1", NULL});
    CHECK(t.mean == 524288 && t.dropped == 0 && t.samples < 100);

    t = run(argv[0], (const char *[]){"HAKMEM_SAMPLE", "1", "HAKMEM_SAMPLE_BYTES", "1000", NULL});
    CHECK(t.mean == 1000 && t.samples > 1500 && t.samples < 3500 && t.stacks >= 1);
    CHECK(t.live_bytes > 1800000 && t.live_bytes < 2400000);

    t = run(argv[0], (const char *[]){"HAKMEM_PROFILE", at_exit, "HAKMEM_SAMPLE_BYTES", "1k", NULL});
    CHECK(t.mean == 1024 && t.samples > 1500 && t.live_bytes > 1800000);

    /* 64 KiB have room for some hundred records. */
    t = run(argv[0], (const char *[]){"HAKMEM_SAMPLE", "1", "HAKMEM_SAMPLE_BYTES", "0",
                                      "HAKMEM_SAMPLE_MEMORY", "1", NULL});
    CHECK(t.mean == 1 && t.samples > 100 && t.samples < 1000 && t.dropped > 10000);

    t = run(argv[0], (const char *[]){"HAKMEM_SAMPLE", "1", "HAKMEM_SAMPLE_BYTES", "1000",
                                      "HAKMEM_SAMPLE_UNWIND", "0", NULL});
    CHECK(t.samples > 1500 && t.stacks == 0);
    return 0;
}
