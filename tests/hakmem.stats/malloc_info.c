/* SPDX-License-Identifier: MIT */
/* malloc_info writes well-formed XML with glibc's root element; bad options are EINVAL. */
#include <ctype.h>

#include "check.h"

/* Every element is closed in order, attributes are quoted. Returns the number of elements. */
static int well_formed(const char *text)
{
    char stack[64][64];
    int depth = 0, elements = 0;
    while (*text) {
        if (*text != '<') {
            CHECK(*text != '>' && (depth > 0 || isspace((unsigned char)*text)));
            text++;
            continue;
        }
        int closing = text[1] == '/';
        size_t length = strcspn(text + 1 + closing, " \t\n/>");
        CHECK(length > 0 && length < 64);
        char name[64] = "";
        memcpy(name, text + 1 + closing, length);
        text += 1 + closing + length;
        int empty = 0;
        for (; *text != '>'; text++) {
            CHECK(*text && *text != '<');
            empty = *text == '/';
            if (*text == '"') {
                CHECK(!closing && text[-1] == '=');
                text += 1 + strcspn(text + 1, "\"<");
                CHECK(*text == '"');
            }
        }
        text++;
        if (closing) {
            CHECK(depth > 0 && strcmp(stack[--depth], name) == 0);
        } else {
            CHECK(depth > 0 || elements == 0); /* one root */
            elements++;
            if (!empty) {
                CHECK(depth < 64);
                strcpy(stack[depth++], name);
            }
        }
    }
    CHECK(depth == 0);
    return elements;
}

int main(void)
{
    char *text = NULL, *live = malloc(5000);
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    CHECK(stream && live);
    errno = 0;
    CHECK(malloc_info(1, stream) != 0);
    CHECK(malloc_info(0, stream) == 0);
    CHECK(fclose(stream) == 0);
    CHECK(strncmp(text, "<malloc version=\"", 17) == 0);
    CHECK(well_formed(text) > 2);
    free(text);
    free(live);
    return 0;
}
