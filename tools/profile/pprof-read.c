/* SPDX-License-Identifier: MIT */
/* profile/pprof-read.c - a profile from profile.proto: what pprof.c wrote, or another program.
 *
 * The file may be anything: each length is checked against what is left, each number against what there is. */
#include <stdlib.h>
#include <string.h>

#include "common/say.h"
#include "profile/wire.h"

enum { IDS_MOST = 1 << 26, DEPTH_MOST = 4096, SAMPLE_TYPES_MOST = 64 };

struct message {
    const unsigned char *at, *end;
    bool bad;
};

/* A field of a message: a number, or the bytes of what is nested. */
struct field {
    unsigned number;
    uint64_t value;
    struct message inner;
    bool nested;
};

struct reading {
    struct profile *p;
    uint32_t *text; /* numbers in P */
    size_t text_count;
    /* By the numbers that the file gives them: numbers in P + 1. */
    uint32_t *mapping, *location, *function, *function_file;
    size_t mappings, locations, functions;
    enum value type[SAMPLE_TYPES_MOST];
    unsigned types;
    bool any_type;
};

/* --- The wire format -----------------------------------------------------------------------------*/

static uint64_t varint(struct message *m)
{
    uint64_t n = 0;
    for (unsigned shift = 0; m->at < m->end && shift < 64; shift += 7) {
        unsigned char byte = *m->at++;
        n |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return n;
    }
    m->bad = true;
    return 0;
}

static bool skip(struct message *m, uint64_t size)
{
    if (size > (uint64_t)(m->end - m->at))
        m->bad = true;
    else
        m->at += size;
    return !m->bad;
}

/* The next field; false at the end, or where it is none. */
static bool next_field(struct message *m, struct field *f)
{
    if (m->bad || m->at == m->end)
        return false;
    uint64_t tag = varint(m), size;
    *f = (struct field){.number = (unsigned)(tag >> 3)};
    switch (tag & 7) {
    case WIRE_VARINT: f->value = varint(m); break;
    case WIRE_BYTES:
        size = varint(m);
        f->nested = true;
        f->inner = (struct message){m->at, m->at + (size < (uint64_t)(m->end - m->at) ? size : 0), false};
        if (skip(m, size))
            f->inner.end = m->at;
        break;
    case WIRE_FIXED64: (void)skip(m, 8); break;
    case WIRE_FIXED32: (void)skip(m, 4); break;
    default: m->bad = true;
    }
    return !m->bad;
}

/* The numbers of a repeated field, packed or not: EACH of F. Their count, cut to MOST. */
static size_t numbers(struct field *f, uint64_t *out, size_t count, size_t most)
{
    if (!f->nested) {
        if (count < most)
            out[count++] = f->value;
        return count;
    }
    while (count < most && f->inner.at < f->inner.end && !f->inner.bad)
        out[count++] = varint(&f->inner);
    return count;
}

/* --- Texts and tables ----------------------------------------------------------------------------*/

static uint32_t text_number(const struct reading *r, uint64_t n)
{
    return n < r->text_count ? r->text[n] : 0;
}

static void add_text(struct reading *r, const struct field *f)
{
    if ((r->text_count & (r->text_count - 1)) == 0)
        r->text = need_memory(r->text, (r->text_count ? r->text_count * 2 : 1) * sizeof *r->text);
    char *text = need_format("%.*s", (int)(f->inner.end - f->inner.at), (const char *)f->inner.at);
    r->text[r->text_count++] = profile_text(r->p, text);
    free(text);
}

/* Entry ID of a table that grows to it; NULL where no table is that large. */
static uint32_t *entry(uint32_t **table, size_t *count, uint64_t id)
{
    if (id >= IDS_MOST)
        return NULL;
    if (id >= *count) {
        size_t more = id + id / 2 + 64;
        *table = need_memory(*table, more * sizeof **table);
        memset(*table + *count, 0, (more - *count) * sizeof **table);
        *count = more;
    }
    return &(*table)[id];
}

static uint32_t known(const uint32_t *table, size_t count, uint64_t id)
{
    return id < count ? table[id] : 0;
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void add_mapping(struct reading *r, struct message m)
{
    struct module own = {.name = (char *)(uintptr_t) ""};
    const char *id = "";
    uint64_t number = 0;
    for (struct field f; next_field(&m, &f);) {
        if (f.number == MAPPING_ID)
            number = f.value;
        if (f.number == MAPPING_START)
            own.start = f.value;
        if (f.number == MAPPING_LIMIT)
            own.end = f.value;
        if (f.number == MAPPING_OFFSET)
            own.offset = f.value;
        if (f.number == MAPPING_FILE)
            own.name = (char *)(uintptr_t)text_of(r->p, text_number(r, f.value));
        if (f.number == MAPPING_BUILD_ID)
            id = text_of(r->p, text_number(r, f.value));
        if (f.number == MAPPING_HAS_FUNCTIONS)
            own.named = f.value != 0;
    }
    for (; hex(id[0]) >= 0 && hex(id[1]) >= 0 && own.build_id_size < sizeof own.build_id; id += 2)
        own.build_id[own.build_id_size++] = (uint8_t)(hex(id[0]) * 16 + hex(id[1]));
    own.file = own.name[0] == '/' ? own.name : NULL;
    uint32_t *at = entry(&r->mapping, &r->mappings, number);
    if (at)
        *at = profile_module(r->p, &own) + 1;
}

static void add_function(struct reading *r, struct message m)
{
    uint64_t number = 0;
    uint32_t name = 0, file = 0, *at;
    for (struct field f; next_field(&m, &f);) {
        if (f.number == FUNCTION_ID)
            number = f.value;
        if (f.number == FUNCTION_NAME)
            name = text_number(r, f.value);
        if (f.number == FUNCTION_FILE)
            file = text_number(r, f.value);
    }
    size_t count = r->functions;
    if ((at = entry(&r->function_file, &count, number)) != NULL)
        *at = file;
    if ((at = entry(&r->function, &r->functions, number)) != NULL)
        *at = name + 1;
}

static void add_line(struct reading *r, struct message m, uint32_t location)
{
    uint64_t function = 0, line = 0;
    for (struct field f; next_field(&m, &f);) {
        if (f.number == LINE_FUNCTION)
            function = f.value;
        if (f.number == LINE_LINE)
            line = f.value;
    }
    uint32_t name = known(r->function, r->functions, function);
    if (name)
        profile_line(r->p, location, name - 1, r->function_file[function], (int64_t)line);
}

/* Two locations of one address may differ where addresses are not known: then their numbers tell. */
static void add_location(struct reading *r, struct message m)
{
    uint64_t number = 0, address = 0, mapping = 0;
    struct message again = m;
    for (struct field f; next_field(&m, &f);) {
        if (f.number == LOCATION_ID)
            number = f.value;
        if (f.number == LOCATION_ADDRESS)
            address = f.value;
        if (f.number == LOCATION_MAPPING)
            mapping = f.value;
    }
    uint32_t *at = entry(&r->location, &r->locations, number), before = r->p->addresses.count;
    if (!at)
        return;
    uint32_t own =
        profile_location(r->p, address ? address : number, known(r->mapping, r->mappings, mapping));
    *at = own + 1;
    for (struct field f; own == before && next_field(&again, &f);)
        if (f.number == LOCATION_LINE && f.nested)
            add_line(r, f.inner, own);
}

/* --- Samples -------------------------------------------------------------------------------------*/

static void add_type(struct reading *r, struct message m)
{
    uint32_t name = 0;
    for (struct field f; next_field(&m, &f);)
        if (f.number == VALUE_TYPE_TYPE)
            name = text_number(r, f.value);
    if (r->types == SAMPLE_TYPES_MOST)
        return;
    r->type[r->types] = value_find(text_of(r->p, name));
    r->any_type = r->any_type || r->type[r->types] < TYPES;
    r->types++;
}

static void add_label(struct reading *r, struct message m, double value[VALUES])
{
    const char *key = "";
    int64_t number = 0;
    for (struct field f; next_field(&m, &f);) {
        if (f.number == LABEL_KEY)
            key = text_of(r->p, text_number(r, f.value));
        if (f.number == LABEL_NUM)
            number = (int64_t)f.value;
    }
    if (strcmp(key, LABEL_CUT) == 0)
        value[CUT] += (double)number;
    if (strncmp(key, LABEL_LIFETIME, strlen(LABEL_LIFETIME)) == 0) {
        unsigned long i = strtoul(key + strlen(LABEL_LIFETIME), NULL, 10);
        if (i < SAMPLE_LIFETIMES)
            value[LIFETIMES + i] += (double)number;
    }
}

static bool add_sample(struct reading *r, struct message m)
{
    static uint64_t list[DEPTH_MOST], values[SAMPLE_TYPES_MOST];
    static uint32_t stack[DEPTH_MOST];
    size_t depth = 0, count = 0;
    double value[VALUES] = {0};
    for (struct field f; next_field(&m, &f);) {
        if (f.number == SAMPLE_LOCATION)
            depth = numbers(&f, list, depth, DEPTH_MOST);
        if (f.number == SAMPLE_VALUE)
            count = numbers(&f, values, count, SAMPLE_TYPES_MOST);
        if (f.number == SAMPLE_LABEL && f.nested)
            add_label(r, f.inner, value);
    }
    for (size_t i = 0; i < count && i < r->types; i++)
        if (r->type[i] < TYPES)
            value[r->type[i]] += (double)(int64_t)values[i];
    for (size_t i = 0; i < depth; i++) {
        uint32_t location = known(r->location, r->locations, list[i]);
        if (!location)
            return false;
        stack[i] = location - 1;
    }
    if (depth)
        (void)profile_add(r->p, stack, (uint32_t)depth, value, 1);
    return !m.bad;
}

static void add_comment(struct reading *r, uint64_t number)
{
    const char *text = text_of(r->p, text_number(r, number));
    if (strncmp(text, COMMENT "samples=", strlen(COMMENT "samples=")) == 0)
        r->p->taken += strtod(text + strlen(COMMENT "samples="), NULL);
    if (strncmp(text, COMMENT "dropped=", strlen(COMMENT "dropped=")) == 0)
        r->p->dropped += strtod(text + strlen(COMMENT "dropped="), NULL);
    if (strncmp(text, COMMENT "title=", strlen(COMMENT "title=")) == 0 && !r->p->title)
        r->p->title = need_format("%s", text + strlen(COMMENT "title="));
    if (strcmp(text, COMMENT "difference=1") == 0)
        r->p->difference = true;
}

static bool add_number(struct reading *r, const struct field *f)
{
    if (f->number == PROFILE_TIME_NANOS)
        r->p->when = (double)(int64_t)f->value / 1e9;
    if (f->number == PROFILE_DURATION_NANOS)
        r->p->seconds = (double)(int64_t)f->value / 1e9;
    if (f->number == PROFILE_PERIOD)
        r->p->mean = (double)(int64_t)f->value;
    if (f->number == PROFILE_COMMENT)
        add_comment(r, f->value);
    return true;
}

static bool add_part(struct reading *r, const struct field *f)
{
    switch (f->number) {
    case PROFILE_SAMPLE_TYPE: add_type(r, f->inner); return true;
    case PROFILE_MAPPING: add_mapping(r, f->inner); return true;
    case PROFILE_FUNCTION: add_function(r, f->inner); return true;
    case PROFILE_LOCATION: add_location(r, f->inner); return true;
    case PROFILE_SAMPLE: return add_sample(r, f->inner);
    default: return true;
    }
}

/* Parts refer to others that may stand behind them: so they are read in this order. */
bool input_pprof(struct profile *p, const char *bytes, size_t size, const char **why)
{
    static const unsigned order[] = {PROFILE_STRING,   PROFILE_SAMPLE_TYPE, PROFILE_MAPPING,
                                     PROFILE_FUNCTION, PROFILE_LOCATION,    PROFILE_SAMPLE};
    struct reading *r = need_memory(NULL, sizeof *r);
    *r = (struct reading){.p = p};
    bool good = size > 0;
    for (size_t i = 0; good && i < sizeof order / sizeof order[0]; i++) {
        struct message m = {(const unsigned char *)bytes, (const unsigned char *)bytes + size, false};
        for (struct field f; good && next_field(&m, &f);) {
            if (f.number == order[i] && f.nested && f.number == PROFILE_STRING)
                add_text(r, &f);
            else if (f.number == order[i] && f.nested)
                good = add_part(r, &f);
            else if (order[i] == PROFILE_SAMPLE && !f.nested)
                (void)add_number(r, &f);
        }
        good = good && !m.bad;
    }
    *why = good ? "it has none of the types of a heap profile" : "it is no heap profile, or damaged";
    good = good && r->any_type;
    free(r->text);
    free(r->mapping);
    free(r->location);
    free(r->function);
    free(r->function_file);
    free(r);
    return good;
}
