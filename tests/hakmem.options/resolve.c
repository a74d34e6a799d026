/* SPDX-License-Identifier: MIT */
/* options_resolve: defaults, file, environment in this order; what cannot be used is reported once and is
 * as if it were not there; a file that others may write is not read. */
/* { dg-link core asan ubsan } */
/* { dg-require root } */
#include <sys/stat.h>

#include "check.h"
#include "settings/conf.h"
#include "settings/options.h"

static const char path[] = "resolve.conf";
static struct option_values values;
static struct option_source source[OPT_COUNT];

static void write_file(const char *text, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    CHECK(fd >= 0 && write(fd, text, size) == (ssize_t)size && fchmod(fd, 0644) == 0 && close(fd) == 0);
}

/* The warnings must be WANTED; "@" in it stands for the name of the file. */
static void resolve(const char *program, char **environment, const char *wanted)
{
    int ends[2];
    char got[4000], text[4000], *at = text;
    CHECK(pipe(ends) == 0);
    struct option_inputs in = {path, program, "", environment, ends[1]};
    bool any = options_resolve(&in, &values, source), changed = false;
    close(ends[1]);
    ssize_t n = read(ends[0], got, sizeof got - 1);
    close(ends[0]);
    got[n > 0 ? n : 0] = '\0';
    for (; *wanted; wanted++)
        at += *wanted == '@' ? sprintf(at, "%s", path) : sprintf(at, "%c", *wanted);
    *at = '\0';
    if (strcmp(got, text) != 0)
        dprintf(1, "said: %swanted: %s", got, text);
    CHECK(strcmp(got, text) == 0);
    for (int o = 0; o < OPT_COUNT; o++) {
        bool given = source[o].from != OPTION_DEFAULT;
        CHECK(given || (values.number[o] == option_rows[o].def && !values.path[o]));
        CHECK((source[o].line != 0) == (source[o].from == OPTION_FILE));
        changed |= given;
    }
    CHECK(any == changed);
}

static void file(const char *text, const char *wanted)
{
    write_file(text, strlen(text));
    resolve("/bin/p", NULL, wanted);
}

static void is(enum option o, uint64_t value, enum option_from from, unsigned line)
{
    CHECK(values.number[o] == value && source[o].from == from && source[o].line == line);
}

static void values_of_files(void)
{
    unlink(path);
    resolve("/bin/p", NULL, "");
    is(OPT_CACHE_BYTES, 65536, OPTION_DEFAULT, 0);
    file("", "");
    file("cache_bytes = 128k\n[program:p]\nretain_bytes=1m\r\npurge_delay=7\n[program:q]\npurge_delay=8", "");
    is(OPT_CACHE_BYTES, 131072, OPTION_FILE, 1);
    is(OPT_RETAIN_BYTES, 1048576, OPTION_FILE, 3);
    is(OPT_PURGE_DELAY, 7, OPTION_FILE, 4);
    file("purge_delay=1\n[program:p]\npurge_delay=2\npurge_delay=3\n[program:*]\npurge_delay=4", "");
    is(OPT_PURGE_DELAY, 4, OPTION_FILE, 6);
    static const char *const words[] = {"no", "yes", "off", "on", "0", "1"};
    for (unsigned i = 0; i < 6; i++) {
        char text[40];
        sprintf(text, "enabled=%s\nace_trace = %s", words[i], words[i]);
        file(text, "");
        is(OPT_ENABLED, i & 1, OPTION_FILE, 1);
        is(OPT_ACE_TRACE, i & 1, OPTION_FILE, 2);
    }
    file("stats_file = /a b\ntrace_file=/x\ntrace_file=", "");
    CHECK(strcmp(values.path[OPT_STATS_FILE], "/a b") == 0 && !values.path[OPT_TRACE_FILE]);
    for (int o = 0; o < OPT_COUNT; o++) { /* every key: the variable in lower case */
        char key[64], text[80];
        uint64_t n = option_rows[o].max;
        strcpy(key, option_rows[o].name + 7);
        for (char *p = key; *p; p++)
            *p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
        CHECK(option_by_key(key) == (enum option)o);
        sprintf(text, "%s=%llu", key, (unsigned long long)n);
        file(text, "");
        CHECK(source[o].from == OPTION_FILE && (values.number[o] == n || *values.path[o]));
    }
    CHECK(option_by_key("") == OPT_COUNT && option_by_key("CACHE_BYTES") == OPT_COUNT);
    CHECK(option_by_key("cache_byte") == OPT_COUNT && option_by_key("cache_bytes_") == OPT_COUNT);
}

static void environments(void)
{
    char *none[] = {NULL}, *both[] = {"HAKMEM_CACHE_BYTES=2k", "HAKMEM_CACHE_BYTES=3k", "A=1", NULL};
    char *bad[] = {"HAKMEM_CACHE_BYTES=x", "HAKMEM_ENABLED=2", "HAKMEM_PURGE_DELAY=", NULL};
    char *unknown[] = {"HAKMEM_CACHE_BYTE=1", "HAKMEM_", "HAKMEM_QQQQQQQ=1", "HAKMEM_OTHER=1", NULL};
    char *path_given[] = {"HAKMEM_STATS_FILE=", NULL};
    write_file("cache_bytes=1k\nretain_bytes=5\nstats_file=/f", 43);
    resolve("/bin/p", none, "");
    is(OPT_CACHE_BYTES, 1024, OPTION_FILE, 1);
    resolve("/bin/p", both, "");
    is(OPT_CACHE_BYTES, 2048, OPTION_ENVIRONMENT, 0);
    is(OPT_RETAIN_BYTES, 5, OPTION_FILE, 2);
    resolve("/bin/p", path_given, "");
    CHECK(!values.path[OPT_STATS_FILE] && source[OPT_STATS_FILE].from == OPTION_ENVIRONMENT);
    resolve("/bin/p", bad,
            "hakmem: HAKMEM_CACHE_BYTES: bad value 'x' (0..1048576), using 1024\n"
            "hakmem: HAKMEM_ENABLED: bad value '2' (0..1), using 1\n"
            "hakmem: HAKMEM_PURGE_DELAY: bad value '' (0..3600000), using 500\n");
    is(OPT_CACHE_BYTES, 1024, OPTION_FILE, 1);
    resolve("/bin/p", unknown,
            "hakmem: HAKMEM_CACHE_BYTE: unknown variable, the nearest is HAKMEM_CACHE_BYTES\n"
            "hakmem: HAKMEM_: unknown variable\n"
            "hakmem: HAKMEM_QQQQQQQ: unknown variable\n");
    char longest[5000] = "HAKMEM_STATS_FILE=", strange[] = "HAKMEM_A\n\033B=1",
         *too[] = {longest, strange, NULL};
    memset(longest + 18, 'x', 4096);
    resolve("/bin/p", too,
            "hakmem: HAKMEM_STATS_FILE: bad value "
            "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'"
            " (0..4095 bytes), using /f\nhakmem: HAKMEM_A??B: unknown variable\n");
}

static void bad_files(void)
{
    file("cache_bytes=1k\n\ncache_bytes = x\nretain_bytes=1\n",
         "hakmem: @:3: cache_bytes: bad value 'x' (0..1048576), using 1024\n");
    is(OPT_CACHE_BYTES, 1024, OPTION_FILE, 1);
    is(OPT_RETAIN_BYTES, 1, OPTION_FILE, 4); /* the rest is used */
    file("cache_bytes = x", "hakmem: @:1: cache_bytes: bad value 'x' (0..1048576), using 65536\n");
    file("ace_trace = maybe", "hakmem: @:1: ace_trace: bad value 'maybe' (0..1), using 0\n");
    file("cache_byte = 1\njunk\ncache_bytes=x", /* of many, the first */
         "hakmem: @:1: cache_byte: unknown key, the nearest is cache_bytes\n");
    file("HAKMEM_CACHE_BYTES = 1",
         "hakmem: @:1: HAKMEM_CACHE_BYTES: unknown key, the nearest is cache_bytes\n");
    file("junk\a\nretain_bytes=1\n", "hakmem: @:1: junk?: neither a setting nor a section\n");
    is(OPT_RETAIN_BYTES, 1, OPTION_FILE, 2);
    file("[sort]\nenabled=0\n", "hakmem: @:1: [sort]: neither a setting nor a section\n");
    is(OPT_ENABLED, 1, OPTION_DEFAULT, 0);
    file("[program:q]\njunk\nx=y\n", "");
    write_file("\0\1\2\n=", 5);
    resolve("/bin/p", NULL, "hakmem: @:1: : neither a setting nor a section\n");
}

static void refused(const char *why)
{
    char wanted[200];
    sprintf(wanted, "hakmem: @ ignored: %s\n", why);
    resolve("/bin/p", NULL, wanted);
    is(OPT_RETAIN_BYTES, 262144, OPTION_DEFAULT, 0);
}

static void refused_files(void)
{
    static char large[CONF_MAX + 1];
    write_file("retain_bytes=1", 14);
    CHECK(chmod(path, 0664) == 0);
    refused("it is writable by others than its owner");
    CHECK(chmod(path, 0646) == 0);
    refused("it is writable by others than its owner");
    CHECK(chmod(path, 0400) == 0 && chown(path, 65534, 0) == 0);
    refused("it is not owned by root");
    CHECK(chown(path, 0, 65534) == 0);
    resolve("/bin/p", NULL, "");
    is(OPT_RETAIN_BYTES, 1, OPTION_FILE, 1);
    memset(large, '\n', sizeof large);
    memcpy(large + CONF_MAX - 14, "retain_bytes=7", 14);
    write_file(large, CONF_MAX);
    resolve("/bin/p", NULL, "");
    is(OPT_RETAIN_BYTES, 7, OPTION_FILE, CONF_MAX - 13);
    write_file(large, CONF_MAX + 1);
    refused("it is larger than 64 KiB");
    CHECK(unlink(path) == 0 && mkdir(path, 0755) == 0);
    refused("it is not a regular file");
    CHECK(rmdir(path) == 0 && mkfifo(path, 0644) == 0);
    refused("it is not a regular file");
    CHECK(unlink(path) == 0 && symlink(path, path) == 0);
    refused("it cannot be opened");
    CHECK(unlink(path) == 0 && symlink("nowhere", path) == 0);
    resolve("/bin/p", NULL, "");
    CHECK(unlink(path) == 0);
    char other[] = "resolve-target.conf"; /* a link to a file that root owns is followed */
    write_file("retain_bytes=1", 14);
    CHECK(rename(path, other) == 0 && symlink(other, path) == 0);
    resolve("/bin/p", NULL, "");
    is(OPT_RETAIN_BYTES, 1, OPTION_FILE, 1);
    CHECK(unlink(path) == 0 && unlink(other) == 0);
}

/* Whatever the file holds: one warning at most, on one line, and values that are in their ranges. */
static void mutated_files(void)
{
    static const char seed[] =
        "cache_bytes = 128k\n[program:p]\nenabled = no\r\nretain_bytes=1g\n"
        "stats_file = /x y\n; end\n[program:/bin/*]\npurge_delay=18446744073709551616\n";
    static const char bytes[] = "\n\n[]==#; *?/agkm019\0\xff";
    uint64_t random = 88172645463325252;
    unsigned given = 0, warned = 0;
    for (int round = 0; round < 3000; round++) {
        char text[sizeof seed], got[2000];
        int ends[2];
        memcpy(text, seed, sizeof seed);
        for (uint64_t n = next_random(&random) % 10; n > 0; n--)
            text[next_random(&random) % sizeof seed] = bytes[next_random(&random) % sizeof bytes];
        write_file(text, next_random(&random) % sizeof seed);
        CHECK(pipe(ends) == 0);
        struct option_inputs in = {path, "/bin/p", "", NULL, ends[1]};
        given += options_resolve(&in, &values, source);
        close(ends[1]);
        ssize_t n = read(ends[0], got, sizeof got);
        close(ends[0]);
        CHECK(n == 0 || (n > 8 && n < 300 && memcmp(got, "hakmem: ", 8) == 0));
        CHECK(n == 0 || memchr(got, '\n', (size_t)n) == got + n - 1);
        warned += n > 0;
        for (int o = 0; o < OPT_COUNT; o++) {
            const struct option_row *row = &option_rows[o];
            CHECK(row->type == OPTION_PATH || (values.number[o] >= row->min && values.number[o] <= row->max));
            CHECK(!values.path[o] || (*values.path[o] && strlen(values.path[o]) <= row->max));
        }
    }
    CHECK(given > 1000 && warned > 1000 && unlink(path) == 0);
}

int main(void)
{
    int lowest = dup(0);
    close(lowest);
    errno = 0;
    values_of_files();
    environments();
    bad_files();
    refused_files();
    mutated_files();
    CHECK(dup(0) == lowest); /* no file stays open */
    return 0;
}
