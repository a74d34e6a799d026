/* SPDX-License-Identifier: MIT */
/* The control group of the process: its limits are the least of its own and of those above it, of both kinds of
 * groups; a file that is absent, cut off, huge or makes no sense says nothing. */
#include <stdbool.h>

#include "check.h"

#include "base/bits.h"
#include "settings/options.h"
#include "tree.h"

#define NONE UINT64_MAX
#define V1 "/sys/fs/cgroup/memory"
#define V2 "/sys/fs/cgroup"

static struct cgroup_files files;

static void close_files(void)
{
    while (files.limits)
        close(files.limit[--files.limits]);
    if (files.pressure >= 0)
        close(files.pressure);
}

/* The least of all memory.max is MAX, and of all memory.high, where there are any, HIGH. */
static void is(uint64_t max, uint64_t high)
{
    cgroup_open(&files);
    uint64_t found = cgroup_max(), least = cgroup_least(&files);
    if (found != max || least != min_size(max, high))
        dprintf(2, "max %llu, least %llu\n", (unsigned long long)found, (unsigned long long)least);
    CHECK(found == max && least == min_size(max, high));
    close_files();
}

static void member(const char *lines)
{
    plant();
    put("/proc/self/cgroup", lines);
    is(NONE, NONE);
}

static void unified(void)
{
    member("0::/a/b\n");
    put(V2 "/a/b/memory.max", "1000\n");
    is(1000, NONE);
    put(V2 "/a/memory.max", "800\n");
    put(V2 "/a/b/memory.high", "max\n");
    put(V2 "/a/memory.high", "700\n");
    is(800, 700);
    put(V2 "/a/b/memory.max", "max\n");
    put(V2 "/a/memory.max", NULL);
    is(NONE, 700);
    put(V2 "/memory.max",
        "500\n"); /* a container sees its group as the root, and names it by the host's path */
    is(500, 700);
    put(V2 "/ab/memory.max", "1\n"); /* of others */
    put(V2 "/a/bc/memory.max", "1\n");
    is(500, 700);
    member("0::/\n");
    put(V2 "/memory.max", "500\n");
    is(500, NONE);
    member("0::/../other\n"); /* outside of the namespace */
    put(V2 "/memory.max", "500\n");
    is(500, NONE);
}

/* More levels than files are held open: the nearest ones count. */
static void deep(void)
{
    char line[600] = "0::", path[900] = V2;
    for (int i = 0; i < 100; i++)
        strcat(line, "/dir");
    strcat(path, line + 3);
    strcat(path, "/memory.max");
    strcat(line, "\n");
    member(line);
    put(path, "900\n");
    is(900, NONE);
}

static void first_kind(void)
{
    member("12:pids:/x\n5:cpu,memory:/a\n1:name=memory:/n\n0::/a\n");
    put(V2 "/a/memory.max", "3\n"); /* the memory is with the other kind */
    put(V1 "/x/memory.limit_in_bytes", "1\n");
    put(V1 "/n/memory.limit_in_bytes", "2\n");
    is(NONE, NONE);
    put(V1 "/a/memory.limit_in_bytes", "9223372036854771712\n");
    is(NONE, NONE);
    put(V1 "/a/memory.limit_in_bytes", "4096\n");
    put(V1 "/memory.limit_in_bytes", "9223372036854771712\n");
    is(4096, NONE);
    member("3:memoryx,xmemory:/a\n2:memory,hugetlb:/b\n");
    put(V1 "/a/memory.limit_in_bytes", "1\n");
    put(V1 "/b/memory.limit_in_bytes", "2\n");
    is(2, NONE);
}

/* Nothing of this is a limit, alone or beside a good one above. */
static void nonsense(void)
{
    static const char *const bad[] = {"",
                                      "\n",
                                      "5",
                                      "max",
                                      "5\n6\n",
                                      "-5\n",
                                      "5 \n",
                                      " 5\n",
                                      "0x5\n",
                                      "5k\n",
                                      "5%\n",
                                      "18446744073709551616\n",
                                      "99999999999999999999999999999999999999999999\n"};
    member("0::/a/b\n");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        put(V2 "/a/memory.max", NULL);
        put(V2 "/a/b/memory.max", bad[i]);
        is(NONE, NONE);
        put(V2 "/a/memory.max", "77\n");
        is(77, NONE);
    }
    put_bytes(V2 "/a/b/memory.max", "5\0\n", 3);
    is(77, NONE);
    CHECK(mkdir(tree_path(V2 "/a/b/c"), 0700) == 0 && rename(tree_path(V2 "/a/b/c"), "away") == 0);
    put(V2 "/a/b/memory.max", NULL);
    CHECK(rename("away", tree_path(V2 "/a/b/memory.max")) == 0); /* a directory */
    is(77, NONE);

    static char huge[3 << 20];
    memset(huge, '1', sizeof huge);
    put_bytes(V2 "/a/memory.max", huge, sizeof huge);
    is(NONE, NONE);
    static const char *const lines[] = {"",       "0::/a",   "0:/a\n",   "0\n",    ":::\n",
                                        "0::a\n", "1::/a\n", "0:x:/a\n", "\n\n\n", "::"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        member(lines[i]);
        put(V2 "/a/memory.max", "5\n");
        put(V1 "/a/memory.limit_in_bytes", "5\n");
        is(NONE, NONE);
    }
    memcpy(huge, "0::/", 4);
    put_bytes("/proc/self/cgroup", huge, sizeof huge);
    is(NONE, NONE);
    huge[3000] = '\n'; /* a path that is too long */
    put_bytes("/proc/self/cgroup", huge, 3001);
    put(V2 "/memory.max", "5\n");
    is(NONE, NONE);
}

static void shares(void)
{
    uint64_t n;
    const uint64_t most = option_rows[OPT_LIMIT_BYTES].max;
    member("0::/a\n");
    CHECK(option_parse(OPT_LIMIT_BYTES, "80%", &n) && n == 0);
    put(V2 "/a/memory.max", "1000003\n");
    CHECK(option_parse(OPT_LIMIT_BYTES, "80%", &n) && n == 800002);
    CHECK(option_parse(OPT_SOFT_LIMIT_BYTES, "100%", &n) && n == 1000003);
    CHECK(option_parse(OPT_SOFT_LIMIT_BYTES, "1%", &n) && n == 10000);
    CHECK(!option_parse(OPT_LIMIT_BYTES, "0%", &n) && !option_parse(OPT_LIMIT_BYTES, "101%", &n));
    CHECK(!option_parse(OPT_RETAIN_BYTES, "80%", &n) && !option_parse(OPT_PURGE_DELAY, "80%", &n));
    put(V2 "/a/memory.max", "0\n"); /* which is a limit */
    CHECK(option_parse(OPT_LIMIT_BYTES, "80%", &n) && n == 1);
    put(V2 "/a/memory.max", "4611686018427387903\n");
    CHECK(option_parse(OPT_LIMIT_BYTES, "80%", &n) && n == most);
}

#define SOME "some avg10=0.00 avg60=0.12 avg300=0.00 total="
#define FULL "full avg10=0.00 avg60=0.00 avg300=0.00 total="

static bool opens(struct cgroup_stall *s)
{
    cgroup_open(&files);
    bool tells = cgroup_stall(&files, s);
    if (!tells)
        close_files();
    return tells;
}

static void stalls(void)
{
    struct cgroup_stall s;
    static const char *const bad[] = {"",
                                      "some total=1\n",
                                      SOME "1\n" FULL "2",
                                      SOME "1\n" FULL "\n",
                                      SOME "1 " FULL "2\n",
                                      SOME "1x\n" FULL "2\n",
                                      SOME "99999999999999999999\n" FULL "2\n",
                                      "some avg10=0.00 avg60=0.12\n" FULL "2\n"};
    member("0::/a\n");
    CHECK(!opens(&s));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        put("/proc/pressure/memory", bad[i]);
        CHECK(!opens(&s));
    }
    /* The group's own, where it tells; else the machine's. */
    static const char *const where[] = {"/proc/pressure/memory", V2 "/unified/a/memory.pressure",
                                        V2 "/a/memory.pressure"};
    for (unsigned i = 0; i < 3; i++) {
        char text[256];
        sprintf(text, SOME "%u\n" FULL "%u\n", 1000 + i, 10 + i);
        put(where[i], text);
        CHECK(opens(&s) && s.some == 1000 + i && s.full == 10 + i);
        put(where[i], SOME "5000\n" FULL "50\n"); /* the same descriptor reads what is there now */
        CHECK(cgroup_stall(&files, &s) && s.some == 5000 && s.full == 50);
        put(where[i], "");
        CHECK(!cgroup_stall(&files, &s));
        close_files();
        put(where[i], SOME "5000\n" FULL "50\n");
    }
    put(V2 "/a/memory.pressure", "nothing\n");
    put(V2 "/unified/a/memory.pressure", SOME "6000\n" FULL "60\n");
    CHECK(opens(&s) && s.some == 6000);
    close_files();
}

int main(void)
{
    unified();
    deep();
    first_kind();
    nonsense();
    shares();
    stalls();
    fell();
    return 0;
}
