/* SPDX-License-Identifier: MIT */
/* common/json.h - JSON on standard output. NAME is NULL for the elements of an array. */
#ifndef HAK_TOOL_JSON_H
#define HAK_TOOL_JSON_H

#include <stdbool.h>
#include <stdint.h>

void json_open(const char *name, char bracket); /* '{' or '[' */
void json_close(void);
void json_number(const char *name, uint64_t value);
void json_bool(const char *name, bool value);
/* Bytes that are no UTF-8 become '?'; NULL is null. */
void json_text(const char *name, const char *value);

#endif
