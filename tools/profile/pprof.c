/* SPDX-License-Identifier: MIT */
/* profile/pprof.c - a profile as profile.proto has it, which pprof and others read.
 *
 * The few messages are put together by hand: a varint, and a length before what is nested. A library for
 * protobuf would be one dependency more, and a generated file larger than this one. */
#include <stdlib.h>
#include <string.h>
#include <math.h>

#include "common/say.h"
#include "profile/output.h"
#include "profile/wire.h"

/* --- The wire format -----------------------------------------------------------------------------*/

struct bytes {
    char *of;
    size_t size, room;
};

static void put_raw(struct bytes *b, const void *data, size_t size)
{
    if (b->size + size > b->room) {
        b->room = (b->size + size) * 2;
        b->of = need_memory(b->of, b->room);
    }
    if (size)
        memcpy(b->of + b->size, data, size);
    b->size += size;
}

static void put_varint(struct bytes *b, uint64_t n)
{
    unsigned char byte[10];
    size_t size = 0;
    for (; n > 0x7f; n >>= 7)
        byte[size++] = (unsigned char)(n | 0x80);
    byte[size++] = (unsigned char)n;
    put_raw(b, byte, size);
}

static void put_number(struct bytes *b, unsigned field, uint64_t n)
{
    if (!n)
        return; /* what is not there is 0 */
    put_varint(b, field << 3 | WIRE_VARINT);
    put_varint(b, n);
}

static void put_bytes(struct bytes *b, unsigned field, const void *data, size_t size)
{
    put_varint(b, field << 3 | WIRE_BYTES);
    put_varint(b, size);
    put_raw(b, data, size);
}

/* INNER as a nested message; it is empty then. */
static void put_message(struct bytes *b, unsigned field, struct bytes *inner)
{
    put_bytes(b, field, inner->of, inner->size);
    inner->size = 0;
}

/* --- The messages --------------------------------------------------------------------------------*/

struct writing {
    struct profile *p;
    struct bytes all, inner, list;
};

static uint64_t text_number(struct writing *w, const char *text)
{
    return profile_text(w->p, text);
}

static uint64_t whole(double value)
{
    return (uint64_t)(int64_t)llround(value);
}

static void put_types(struct writing *w)
{
    for (int i = 0; i < TYPES; i++) {
        put_number(&w->inner, VALUE_TYPE_TYPE, text_number(w, value_names[i]));
        put_number(&w->inner, VALUE_TYPE_UNIT, text_number(w, value_units[i]));
        put_message(&w->all, PROFILE_SAMPLE_TYPE, &w->inner);
    }
}

static void put_label(struct writing *w, const char *name, double value)
{
    struct bytes label = {0};
    if (!whole(value))
        return;
    put_number(&label, LABEL_KEY, text_number(w, name));
    put_number(&label, LABEL_NUM, whole(value));
    put_number(&label, LABEL_NUM_UNIT, text_number(w, "count"));
    put_message(&w->inner, SAMPLE_LABEL, &label);
    free(label.of);
}

static void put_sample(struct writing *w, uint32_t stack)
{
    const double *value = w->p->value[stack];
    char name[32];
    uint32_t depth;
    const uint32_t *location = stack_of(w->p, stack, &depth);
    for (uint32_t i = 0; i < depth; i++)
        put_varint(&w->list, (uint64_t)location[i] + 1);
    put_message(&w->inner, SAMPLE_LOCATION, &w->list);
    for (int i = 0; i < TYPES; i++)
        put_varint(&w->list, whole(value[i]));
    put_message(&w->inner, SAMPLE_VALUE, &w->list);
    for (int i = 0; i < SAMPLE_LIFETIMES; i++) {
        snprintf(name, sizeof name, LABEL_LIFETIME "%d", i);
        put_label(w, name, value[LIFETIMES + i]);
    }
    put_label(w, LABEL_CUT, value[CUT]);
    put_message(&w->all, PROFILE_SAMPLE, &w->inner);
}

static void put_mapping(struct writing *w, uint32_t number)
{
    const struct module *m = &w->p->module[number];
    char id[2 * sizeof m->build_id + 1] = "";
    for (uint32_t i = 0; i < m->build_id_size; i++)
        snprintf(id + 2 * i, 3, "%02x", m->build_id[i]);
    put_number(&w->inner, MAPPING_ID, (uint64_t)number + 1);
    put_number(&w->inner, MAPPING_START, m->start);
    put_number(&w->inner, MAPPING_LIMIT, m->end);
    put_number(&w->inner, MAPPING_OFFSET, m->offset);
    put_number(&w->inner, MAPPING_FILE, text_number(w, m->name));
    put_number(&w->inner, MAPPING_BUILD_ID, text_number(w, id));
    put_number(&w->inner, MAPPING_HAS_FUNCTIONS, m->named);
    put_message(&w->all, PROFILE_MAPPING, &w->inner);
}

/* A function is one name in one file: both are texts. */
static uint64_t function_number(struct intern *functions, const struct function_line *line)
{
    const uint32_t key[2] = {line->function, line->file};
    return (uint64_t)intern(functions, key, sizeof key) + 1;
}

static void put_location(struct writing *w, struct intern *functions, uint32_t number)
{
    const struct location *l = &w->p->location[number];
    put_number(&w->inner, LOCATION_ID, (uint64_t)number + 1);
    put_number(&w->inner, LOCATION_MAPPING, l->module);
    put_number(&w->inner, LOCATION_ADDRESS, l->module || !l->lines ? l->address : 0);
    for (uint32_t i = 0; i < l->lines; i++) {
        const struct function_line *line = &w->p->line[l->first_line + i];
        put_number(&w->list, LINE_FUNCTION, function_number(functions, line));
        put_number(&w->list, LINE_LINE, (uint64_t)line->line);
        put_message(&w->inner, LOCATION_LINE, &w->list);
    }
    put_message(&w->all, PROFILE_LOCATION, &w->inner);
}

static void put_functions(struct writing *w, const struct intern *functions)
{
    for (uint32_t i = 0; i < functions->count; i++) {
        uint32_t key[2];
        memcpy(key, functions->of[i].bytes, sizeof key);
        put_number(&w->inner, FUNCTION_ID, (uint64_t)i + 1);
        put_number(&w->inner, FUNCTION_NAME, key[0]);
        put_number(&w->inner, FUNCTION_SYSTEM_NAME, key[0]);
        put_number(&w->inner, FUNCTION_FILE, key[1]);
        put_message(&w->all, PROFILE_FUNCTION, &w->inner);
    }
}

static void put_comment(struct writing *w, const char *name, double value)
{
    char text[64];
    snprintf(text, sizeof text, COMMENT "%s=%.0f", name, value);
    put_number(&w->all, PROFILE_COMMENT, text_number(w, text));
}

static void put_title(struct writing *w)
{
    char *text = need_format(COMMENT "title=%s", w->p->title);
    put_number(&w->all, PROFILE_COMMENT, text_number(w, text));
    free(text);
}

static void put_whole(struct writing *w)
{
    const struct profile *p = w->p;
    if (p->title)
        put_title(w);
    put_number(&w->all, PROFILE_TIME_NANOS, (uint64_t)(p->when * 1e9));
    put_number(&w->all, PROFILE_DURATION_NANOS, (uint64_t)(p->seconds * 1e9));
    put_number(&w->inner, VALUE_TYPE_TYPE, text_number(w, "space"));
    put_number(&w->inner, VALUE_TYPE_UNIT, text_number(w, "bytes"));
    put_message(&w->all, PROFILE_PERIOD_TYPE, &w->inner);
    put_number(&w->all, PROFILE_PERIOD, (uint64_t)p->mean);
    put_comment(w, "samples", p->taken);
    put_comment(w, "dropped", p->dropped);
    put_comment(w, "difference", p->difference);
    put_number(&w->all, PROFILE_DEFAULT_TYPE, text_number(w, value_names[INUSE_SPACE]));
}

void write_pprof(struct profile *p, FILE *out)
{
    struct writing w = {.p = p};
    struct intern functions = {0};
    put_types(&w);
    for (uint32_t i = 0; i < p->stacks.count; i++)
        put_sample(&w, i);
    for (uint32_t i = 0; i < p->module_count; i++)
        put_mapping(&w, i);
    for (uint32_t i = 0; i < p->addresses.count; i++)
        put_location(&w, &functions, i);
    put_functions(&w, &functions);
    put_whole(&w);
    for (uint32_t i = 0; i < p->texts.count; i++) /* all are there by now */
        put_bytes(&w.all, PROFILE_STRING, p->texts.of[i].bytes, p->texts.of[i].size);
    size_t size;
    char *packed = gzip_pack(w.all.of, w.all.size, &size);
    (void)fwrite(packed, 1, size, out);
    free(packed);
    free(w.all.of);
    free(w.inner.of);
    free(w.list.of);
    intern_free(&functions);
}
