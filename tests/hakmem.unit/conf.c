/* SPDX-License-Identifier: MIT */
/* The parser of hakmem.conf(5): what each text gives to a program, then mutated texts, which must only
 * ever give what lies in them. */
/* { dg-link core asan ubsan } */
#include "check.h"
#include "settings/conf.h"

#undef malloc /* the sanitizer's, which guards both ends */
#undef free

/* The settings of TEXT for PROGRAM as "LINE:KEY=VALUE", malformed lines as "LINE!". */
static void expect(const char *text, size_t size, const char *program, const char *executable,
                   const char *wanted)
{
    struct conf conf;
    char *copy = malloc(size + 1), got[400] = "", *at = got;
    memcpy(copy, text, size);
    conf_begin(&conf, copy, size, program, executable);
    for (enum conf_item item; (item = conf_next(&conf)) != CONF_END;)
        at += item == CONF_SETTING ? sprintf(at, " %u:%s=%s", conf.line, conf.key, conf.value)
                                   : sprintf(at, " %u!", conf.line);
    if (strcmp(at == got ? "" : got + 1, wanted) != 0)
        dprintf(1, "%s for %s: %s, wanted %s\n", text, program, got, wanted);
    CHECK(strcmp(at == got ? "" : got + 1, wanted) == 0);
    free(copy);
}

static void gives(const char *text, const char *wanted)
{
    expect(text, strlen(text), "/usr/bin/sort", "/usr/bin/sort", wanted);
}

static void lines(void)
{
    gives("", "");
    gives("\n\n", "");
    gives("a=1", "1:a=1");
    gives("a=1\nb = 2 \n\n\tc\t=\t3", "1:a=1 2:b=2 4:c=3");
    gives("a=1\r\nb=2\r\n[program:sort]\r\nc=3\r\n", "1:a=1 2:b=2 4:c=3");
    gives("# a=1\n;b=2\n  # c=3\nd=4#e", "4:d=4#e");
    gives("a=\nb= x y \n", "1:a= 2:b=x y");
    gives("a=1=2", "1:a=1=2");
    gives("a=1\na=2\n", "1:a=1 2:a=2");
    gives("junk\na=1", "1! 2:a=1");
    gives("=1\n = 2\na=1", "1! 2! 3:a=1");
    expect("a\0=1\nb=\0\n\0\nc=1\0", 15, "x", "", "1! 2! 3! 4!");
    expect("a=1\n\xff\xfe\x80=\x01\n", 10, "x", "", "1:a=1 2:\xff\xfe\x80=\x01");
}

static void sections(void)
{
    static const char text[] = "a=0\n[program:sort]\na=1\n[program:/usr/bin/s*]\na=2\n"
                               "[ program:sort]\na=3\n[program:python3.?]\na=4\n[program:*]\na=5\n";
    expect(text, strlen(text), "/usr/bin/sort", NULL, "1:a=0 3:a=1 5:a=2 6! 11:a=5");
    expect(text, strlen(text), "sort", NULL, "1:a=0 3:a=1 6! 11:a=5");
    expect(text, strlen(text), "./sort", "/usr/bin/sort", "1:a=0 3:a=1 5:a=2 6! 11:a=5");
    expect(text, strlen(text), "/opt/report", "/usr/bin/python3.9", "1:a=0 6! 9:a=4 11:a=5");
    expect(text, strlen(text), "/usr/bin/python3.11", "", "1:a=0 6! 11:a=5");
    expect(text, strlen(text), "", "", "1:a=0 6! 11:a=5");
    gives("[program:]\na=1", "1!");
    gives("[program: sort ]\na=1", "2:a=1");
    gives("[program:sort\na=1", "1!");
    gives("[program]\na=1\n[]\n[\n", "1! 3! 4!");
    gives("[PROGRAM:sort]\na=1", "1!");
    gives("[program:other]\njunk\n=\na=1\n", "");
    gives("[program:usr/bin/sort]\na=1", "");
    gives("[program:/usr/*/sort]\na=1", "2:a=1");
    gives("[program:/*]\na=1", "2:a=1");
    gives("[program:/usr/bin]\na=1", "");
    gives("[program:s**t]\na=1", "2:a=1");
    gives("[program:sort?]\na=1", "");
    gives("[program:sort*]\na=1", "2:a=1");
    gives("[program:*t*o*]\na=1", "");
    gives("[program:*o*t*]\na=1", "2:a=1");
    gives("[program:?o??]\na=1", "2:a=1");
    /* Stars that all could match: no more than the product of the lengths. */
    char name[2001], pattern[4100] = "[program:";
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    for (int i = 0; i < 1000; i++)
        strcat(pattern, "a*");
    strcat(pattern, "b]\na=1");
    expect(pattern, strlen(pattern), name, "", "");
}

/* S lies within SIZE bytes of TEXT, and if TRIMMED without blanks at both ends. */
static void inside(const char *s, bool trimmed, const char *text, size_t size)
{
    CHECK(s >= text && s + strlen(s) <= text + size);
    CHECK(!strchr(s, '\n'));
    CHECK(!*s || !trimmed || (!strchr(" \t\r\v\f", *s) && !strchr(" \t\r\v\f", s[strlen(s) - 1])));
}

static void mutate(char *text, size_t size, uint64_t *random)
{
    static const char bytes[] = "\n\n\n[[]]==##;;  \r\t**??:/ap\0\xff";
    for (unsigned n = (unsigned)(next_random(random) % 12); n > 0; n--) {
        size_t at = next_random(random) % size;
        uint64_t r = next_random(random);
        if (r % 3 == 0)
            memmove(text + at, text + r / 3 % size, size - (at > r / 3 % size ? at : r / 3 % size));
        else
            text[at] = bytes[r / 3 % (sizeof bytes - 1)];
    }
}

int main(void)
{
    static const char seed[] = "# comment\ncache_bytes = 128k\n[program:python3*]\nenabled = no\r\n"
                               "[program:/usr/lib/*/bin/a?b]\n  retain_bytes=1g\n\n; end\nstats_file = /x y";
    uint64_t random = 88172645463325252;
    unsigned settings = 0, malformed = 0;
    lines();
    sections();
    for (int round = 0; round < 60000; round++) {
        size_t size = next_random(&random) % sizeof seed;
        char *text = malloc(size + 1);
        memcpy(text, seed, size);
        if (size)
            mutate(text, size, &random);
        struct conf conf;
        conf_begin(&conf, text, size, round % 2 ? "./script" : "/usr/lib/x/bin/aab", "/usr/bin/python3.11");
        enum conf_item item;
        for (unsigned line = 0; (item = conf_next(&conf)) != CONF_END; line = conf.line) {
            CHECK(conf.line > line && conf.line <= size);
            inside(conf.key, item == CONF_SETTING, text, size);
            malformed += item == CONF_MALFORMED;
            settings += item == CONF_SETTING;
            if (item == CONF_SETTING) {
                inside(conf.value, true, text, size);
                CHECK(*conf.key && conf.value > conf.key && !strchr(conf.key, '='));
            }
        }
        CHECK(conf_next(&conf) == CONF_END);
        free(text);
    }
    CHECK(settings > 1000 && malformed > 1000);
    return 0;
}
