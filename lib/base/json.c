/* SPDX-License-Identifier: MIT */
/* base/json.c - a JSON document. */
#include "base/json.h"

static void next_line(struct json *j)
{
    text_str(j->to, "\n");
    text_str_in(j->to, "", (int)j->depth * 2);
}

static void quoted(struct json *j, const char *s)
{
    text_str(j->to, "\"");
    text_json(j->to, s);
    text_str(j->to, "\"");
}

static void begin(struct json *j, const char *name)
{
    if (j->depth) {
        text_str(j->to, j->any[j->depth] ? "," : "");
        next_line(j);
        j->any[j->depth] = true;
    }
    if (name) {
        quoted(j, name);
        text_str(j->to, ": ");
    }
}

void json_open(struct json *j, const char *name, char bracket)
{
    begin(j, name);
    text_str(j->to, bracket == '{' ? "{" : "[");
    j->depth++;
    j->any[j->depth] = false;
    j->end[j->depth] = bracket == '{' ? '}' : ']';
}

void json_close(struct json *j)
{
    const char end[] = {j->end[j->depth], '\0'};
    bool any = j->any[j->depth--];
    if (any)
        next_line(j);
    text_str(j->to, end);
    if (j->depth)
        return;
    text_str(j->to, "\n");
    (void)text_end(j->to);
}

void json_number(struct json *j, const char *name, uint64_t value)
{
    begin(j, name);
    text_dec(j->to, value);
}

void json_bool(struct json *j, const char *name, bool value)
{
    begin(j, name);
    text_str(j->to, value ? "true" : "false");
}

void json_text(struct json *j, const char *name, const char *value)
{
    begin(j, name);
    if (value)
        quoted(j, value);
    else
        text_str(j->to, "null");
}
