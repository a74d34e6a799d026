/* SPDX-License-Identifier: MIT */
/* base/json.h - a JSON document. NAME is NULL for the elements of an array. */
#ifndef HAK_JSON_H
#define HAK_JSON_H

#include "base/text.h"

enum { JSON_DEPTH = 8 };
struct json {
    struct text *to;
    unsigned depth;       /* 0 before it begins, and behind its end */
    bool any[JSON_DEPTH]; /* something was put at this depth */
    char end[JSON_DEPTH];
};

void json_open(struct json *j, const char *name, char bracket); /* '{' or '[' */
void json_close(struct json *j); /* of the document, too: TO is put to its end */
void json_number(struct json *j, const char *name, uint64_t value);
void json_bool(struct json *j, const char *name, bool value);
void json_text(struct json *j, const char *name, const char *value); /* NULL is null */

#endif
