/* SPDX-License-Identifier: MIT */
/* text.c: numbers, columns, escapes, and text longer than its buffer; the first error stays. */
#include "base/text.h"

#include "check.h"

static char text[20000];
static size_t len, calls;
static int code;

static int put(void *to, const char *from, size_t n)
{
    CHECK(to == text && n > 0 && len + n < sizeof text);
    memcpy(text + len, from, n);
    len += n;
    calls++;
    return code;
}

static void check_text(struct text *p, const char *want)
{
    CHECK(text_end(p) == 0);
    text[len] = '\0';
    if (strcmp(text, want) != 0)
        dprintf(2, "'%s' not '%s'\n", text, want);
    CHECK(strcmp(text, want) == 0);
    len = 0;
}

static void check_bytes(struct text *p, uint64_t n, const char *want)
{
    text_bytes(p, n);
    check_text(p, want);
}

int main(void)
{
    struct text p;
    text_init(&p, put, text);
    CHECK(text_end(&p) == 0 && calls == 0);
    text_dec(&p, 0);
    text_str(&p, " ");
    text_dec(&p, UINT64_MAX);
    check_text(&p, "0 18446744073709551615");
    text_str_in(&p, "ab", 4);
    text_str_in(&p, "ab", -4);
    text_str_in(&p, "abcde", 4);
    text_dec_in(&p, 7, 3);
    check_text(&p, "  abab  abcde  7");
    check_bytes(&p, 0, "       0 B");
    check_bytes(&p, 1023, "    1023 B");
    check_bytes(&p, 1024, "   1.0 KiB");
    check_bytes(&p, 1024 * 1024 - 1, "   1.0 MiB");
    check_bytes(&p, 1024 * 1024, "   1.0 MiB");
    check_bytes(&p, UINT64_C(123456789012), " 115.0 GiB");
    check_bytes(&p, UINT64_MAX, "  16.0 EiB");
    text_json(&p, "a\"b\\c\n\x7f\xc3\xa4\xa4\xed\xa0\x80");
    check_text(&p, "a\\u0022b\\u005cc\\u000a\\u007f\xc3\xa4\\u00a4\\u00ed\\u00a0\\u0080");
    text_xml(&p, "a<b>&\"'\n\xc3\xe2\x82\xac\xef\xbf\xbf");
    check_text(&p, "a&#x3c;b&#x3e;&#x26;&#x22;&#x27;?&#xc3;\xe2\x82\xac&#xef;&#xbf;&#xbf;");

    calls = 0;
    for (int i = 0; i < 1500; i++)
        text_str(&p, "0123456789");
    CHECK(text_end(&p) == 0 && len == 15000 && calls == 4);
    for (size_t i = 0; i < len; i++)
        CHECK(text[i] == (char)('0' + i % 10));

    len = calls = 0;
    code = EIO;
    for (int i = 0; i < 1000; i++)
        text_str(&p, "0123456789");
    CHECK(text_end(&p) == EIO && calls == 1);
    CHECK(hak_stats_print(-1, HAK_TEXT) == -1 && errno == EBADF);
    CHECK(hak_stats_print(1, (enum hak_format)3) == -1 && errno == EINVAL);
    return 0;
}
