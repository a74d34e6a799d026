/* SPDX-License-Identifier: MIT */
/* insight/format.c - statistics as text, JSON, OpenMetrics and glibc's XML.
 *
 * All of it is gathered first, then printed: a slow reader holds nothing up. */
#include "insight/format.h"

#include <errno.h>
#include <string.h>

#include "config.h"
#include "base/json.h"
#include "base/os.h"
#include "settings/options.h"
#include "events/failure.h"
#include "memory/granules.h"
#include "heap/heap.h"
#include "heap/tunable.h"
#include "insight/byname.h"
#include "insight/metric.h"
#include "insight/residency.h"
#include "insight/summary.h"

enum { FAILURES_SHOWN = 16, COLUMN = 26, VALUE = 20 };

struct report {
    struct hak_stats stats;
    struct ace_report ace;
    struct census census;
};

static void gather(struct report *r)
{
    struct account a;
    summary_take(&r->census);
    residency_get(&a, &r->census);
    statistics_fill(&r->stats, &r->census, &a);
    tunable_report(&r->ace);
}

static const char *mode_name(void)
{
    switch (load_relaxed(&heap_mode)) {
    case HEAP_POOL: return "pool";
    case HEAP_PASSIVE: return "passive";
    case HEAP_CHECKED: return "checked";
    default: return "early";
    }
}

/* What the engine decided, but for the values by class. */
#define ACE_FIELDS(X, r)                                                                                     \
    X("decisions", (r)->decisions)                                                                           \
    X("quiet_ms", (r)->quiet_ms)                                                                             \
    X("quiet", (r)->quiet)                                                                                   \
    X("tight", (r)->tight)                                                                                   \
    X("fast", (r)->fast)                                                                                     \
    X("growth_max", (r)->policy.growth_max)                                                                  \
    X("growth_step", (r)->policy.growth_step)                                                                \
    X("huge", (r)->policy.huge)                                                                              \
    X("retain_bytes", (r)->policy.retain_bytes)                                                              \
    X("retain_shift", (r)->policy.retain_shift)                                                              \
    X("large_cache_bytes", (r)->policy.large_cache_bytes)                                                    \
    X("purge_delay", (r)->policy.purge_delay_ms)                                                             \
    X("idle", (r)->policy.idle_ms)                                                                           \
    X("soft_limit_bytes", (r)->policy.soft_limit_bytes)                                                      \
    X("pressure", (r)->policy.pressure)

static const char *reason_of(const struct failure *f)
{
    return failure_reason_name[f->reason < FAILURE_REASONS ? f->reason : FAILURE_NONE];
}

/* What JSON and XML tell of a failure F: numbers and strings. */
#define FAILURE_FIELDS(NUMBER, STRING, to, f)                                                                \
    NUMBER(to, "number", (f)->number);                                                                       \
    NUMBER(to, "time_ns", (f)->time_ns);                                                                     \
    NUMBER(to, "thread_id", (uint64_t)(f)->tid);                                                             \
    STRING(to, "reason", reason_of(f));                                                                      \
    NUMBER(to, "bytes", (f)->size);                                                                          \
    NUMBER(to, "alignment", (f)->alignment);                                                                 \
    STRING(to, "call", (f)->call);                                                                           \
    NUMBER(to, "errno", (uint64_t)(f)->code)

struct format_arena format_arena(const struct hak_stats *s)
{
    struct format_arena a = {.held = s->slab_bytes + s->span_bytes + s->shelved_bytes};
    a.live = min_size(s->live_bytes - min_size(s->live_bytes, s->large_bytes), a.held);
    a.fast = min_size(s->cached_bytes, a.held - a.live);
    a.rest = a.held - a.live - a.fast;
    a.fast_blocks = s->cached_blocks;
    a.rest_blocks = s->free_blocks + (s->empty_bytes >> GRANULE_SHIFT) + (s->shelved_bytes != 0);
    return a;
}

/* --- Text ----------------------------------------------------------------------------------------*/

static void text_fields(struct text *p, const struct hak_stats *s)
{
    for (unsigned i = 0; i < STATISTICS; i++) {
        text_str_in(p, statistics[i].name, -COLUMN);
        text_dec_in(p, statistic(s, i), VALUE);
        if (statistics[i].bytes) {
            text_str(p, "  ");
            text_bytes(p, statistic(s, i));
        }
        text_str(p, "\n");
    }
}

static void text_classes(struct text *p, const struct census_class *class)
{
    text_str(p, "\nclass  size        live blocks      cached        free       slabs\n");
    for (unsigned c = 1; c < CLASSES; c++) {
        if (!census_used(&class[c]))
            continue;
        text_dec_in(p, c, 5);
        text_dec_in(p, class_size(c), 6);
        text_dec_in(p, class[c].live, 19);
        text_dec_in(p, class[c].cached, 12);
        text_dec_in(p, class[c].free, 12);
        text_dec_in(p, class[c].slabs, 12);
        text_str(p, "\n");
    }
}

static void text_ace(struct text *p, const struct ace_report *ace)
{
#define TEXT_ACE(name, value)                                                                                \
    text_str_in(p, "engine " name, -COLUMN);                                                                 \
    text_dec_in(p, (value), VALUE);                                                                          \
    text_str(p, "\n");
    ACE_FIELDS(TEXT_ACE, ace)
#undef TEXT_ACE
}

static void text_options(struct text *p)
{
    for (unsigned o = 0; o < OPT_COUNT; o++) {
        const char *path = option_path((enum option)o);
        uint64_t value = byname_option_value((enum option)o);
        if (option_rows[o].type == OPTION_PATH ? !path : value == option_rows[o].def)
            continue;
        text_str(p, "option ");
        text_str(p, option_rows[o].name);
        text_str(p, "=");
        if (option_rows[o].type == OPTION_PATH)
            text_str(p, path);
        else
            text_dec(p, value);
        text_str(p, "\n");
    }
}

static void text_failures(struct text *p)
{
    struct failure f;
    for (unsigned i = 0; i < FAILURES_SHOWN; i++) {
        if (!failure_nth(i, &f))
            continue;
        text_str(p, "failure ");
        text_dec(p, f.number);
        text_str(p, ": ");
        text_str(p, reason_of(&f));
        text_str(p, ", ");
        text_dec(p, f.size);
        text_str(p, " bytes, ");
        text_str(p, f.call);
        text_str(p, ", errno ");
        text_dec(p, (uint64_t)f.code);
        text_str(p, "\n");
    }
}

static void text(struct text *p, const struct report *r)
{
    text_str(p, "hakmem " PACKAGE_VERSION ", process ");
    text_dec(p, (uint64_t)os_pid());
    text_str(p, ", mode ");
    text_str(p, mode_name());
    text_str(p, "\n");
    text_fields(p, &r->stats);
    text_classes(p, r->census.of);
    text_str(p, "\n");
    text_ace(p, &r->ace);
    text_options(p);
    text_failures(p);
}

/* --- JSON ----------------------------------------------------------------------------------------*/

static void json_classes(struct json *j, const struct census_class *class)
{
    json_open(j, "classes", '[');
    for (unsigned c = 1; c < CLASSES; c++) {
        if (!census_used(&class[c]))
            continue;
        json_open(j, NULL, '{');
        json_number(j, "class", c);
        json_number(j, "size", class_size(c));
        json_number(j, "live_blocks", class[c].live);
        json_number(j, "cached_blocks", class[c].cached);
        json_number(j, "free_blocks", class[c].free);
        json_number(j, "slabs", class[c].slabs);
        json_close(j);
    }
    json_close(j);
}

static void json_options(struct json *j)
{
    json_open(j, "options", '{');
    for (unsigned o = 0; o < OPT_COUNT; o++) {
        char name[CTL_OPTION];
        byname_option_name((enum option)o, name);
        if (option_rows[o].type == OPTION_PATH)
            json_text(j, name, option_path((enum option)o));
        else
            json_number(j, name, byname_option_value((enum option)o));
    }
    json_close(j);
}

static void json_failures(struct json *j)
{
    struct failure f;
    json_open(j, "failures", '[');
    for (unsigned i = 0; i < FAILURES_SHOWN; i++) {
        if (!failure_nth(i, &f))
            continue;
        json_open(j, NULL, '{');
        FAILURE_FIELDS(json_number, json_text, j, &f);
        json_close(j);
    }
    json_close(j);
}

static void json(struct text *p, const struct report *r)
{
    struct json j = {.to = p};
    json_open(&j, NULL, '{');
    json_text(&j, "version", PACKAGE_VERSION);
    json_number(&j, "pid", (uint64_t)os_pid());
    json_text(&j, "mode", mode_name());
    json_open(&j, "stats", '{');
    for (unsigned i = 0; i < STATISTICS; i++)
        json_number(&j, statistics[i].name, statistic(&r->stats, i));
    json_close(&j);
    json_classes(&j, r->census.of);
    json_open(&j, "engine", '{');
#define JSON_ACE(name, value) json_number(&j, name, (value));
    ACE_FIELDS(JSON_ACE, &r->ace)
#undef JSON_ACE
    json_close(&j);
    json_options(&j);
    json_failures(&j);
    json_close(&j);
}

/* --- OpenMetrics ---------------------------------------------------------------------------------*/

static void metric_classes(struct text *p, const struct report *r, const char *name, const char *help,
                           size_t member)
{
    metric_head(p, name, false, false, help);
    for (unsigned c = 1; c < CLASSES; c++) {
        size_t value;
        memcpy(&value, (const char *)&r->census.of[c] + member, sizeof value);
        if (!census_used(&r->census.of[c]))
            continue;
        text_str(p, "hakmem_");
        text_str(p, name);
        text_str(p, "{size=\"");
        text_dec(p, class_size(c));
        text_str(p, "\"} ");
        text_dec(p, value);
        text_str(p, "\n");
    }
}

static void openmetrics(struct text *p, const struct report *r)
{
    text_str(p, "# TYPE hakmem_library info\n# HELP hakmem_library the library and its mode\n"
                "hakmem_library_info{version=\"" PACKAGE_VERSION "\",mode=\"");
    text_str(p, mode_name());
    text_str(p, "\"} 1\n");
    for (unsigned i = 0; i < STATISTICS; i++) {
        const struct statistic *f = &statistics[i];
        metric_head(p, f->name, f->counter, f->bytes, f->words);
        text_str(p, "hakmem_");
        text_str(p, f->name);
        text_str(p, f->counter ? "_total " : " ");
        text_dec(p, statistic(&r->stats, i));
        text_str(p, "\n");
    }
    metric_classes(p, r, "class_live_blocks", "live blocks of one size", offsetof(struct census_class, live));
    metric_classes(p, r, "class_cached_blocks", "blocks of one size in thread caches and transfer slots",
                   offsetof(struct census_class, cached));
    metric_classes(p, r, "class_free_blocks", "free blocks of one size in slabs",
                   offsetof(struct census_class, free));
    metric_classes(p, r, "class_slabs", "ACTIVE slabs of one size", offsetof(struct census_class, slabs));
    text_str(p, "# EOF\n");
}

/* --- XML -----------------------------------------------------------------------------------------*/

static void xml_number(struct text *p, const char *name, uint64_t value)
{
    text_str(p, " ");
    text_str(p, name);
    text_str(p, "=\"");
    text_dec(p, value);
    text_str(p, "\"");
}

static void xml_string(struct text *p, const char *name, const char *value)
{
    text_str(p, " ");
    text_str(p, name);
    text_str(p, "=\"");
    text_xml(p, value);
    text_str(p, "\"");
}

static void xml_total(struct text *p, const char *type, size_t blocks, size_t bytes)
{
    text_str(p, "<total");
    xml_string(p, "type", type);
    xml_number(p, "count", blocks);
    xml_number(p, "size", bytes);
    text_str(p, "/>\n");
}

static void xml_size(struct text *p, const char *element, const char *type, size_t bytes)
{
    text_str(p, "<");
    text_str(p, element);
    xml_string(p, "type", type);
    xml_number(p, "size", bytes);
    text_str(p, "/>\n");
}

static void xml_system(struct text *p, const struct format_arena *a, const struct hak_stats *s)
{
    size_t mapped = s->superslabs << SUPERSLAB_SHIFT;
    xml_size(p, "system", "current", a->held);
    xml_size(p, "system", "max", max_size(a->held, s->superslabs_peak << SUPERSLAB_SHIFT));
    xml_size(p, "aspace", "total", mapped);
    xml_size(p, "aspace", "mprotect", mapped);
}

/* As glibc has it: one heap, here that of all superslabs, then the same with large mappings. */
static void xml_glibc(struct text *p, const struct report *r)
{
    struct format_arena a = format_arena(&r->stats);
    text_str(p, "<heap nr=\"0\">\n<sizes>\n");
    for (unsigned c = 1; c < CLASSES; c++) {
        size_t blocks = r->census.of[c].cached + r->census.of[c].free;
        if (!blocks)
            continue;
        text_str(p, "  <size");
        xml_number(p, "from", class_size(c - 1) + 1);
        xml_number(p, "to", class_size(c));
        xml_number(p, "total", blocks * class_size(c));
        xml_number(p, "count", blocks);
        text_str(p, "/>\n");
    }
    text_str(p, "</sizes>\n");
    xml_total(p, "fast", a.fast_blocks, a.fast);
    xml_total(p, "rest", a.rest_blocks, a.rest);
    xml_system(p, &a, &r->stats);
    text_str(p, "</heap>\n");
    xml_total(p, "fast", a.fast_blocks, a.fast);
    xml_total(p, "rest", a.rest_blocks, a.rest);
    xml_total(p, "mmap", r->stats.large_blocks, r->stats.large_bytes);
    xml_system(p, &a, &r->stats);
}

static void xml_classes(struct text *p, const struct census_class *class)
{
    text_str(p, "<classes>\n");
    for (unsigned c = 1; c < CLASSES; c++) {
        if (!census_used(&class[c]))
            continue;
        text_str(p, "<class");
        xml_number(p, "nr", c);
        xml_number(p, "size", class_size(c));
        xml_number(p, "live", class[c].live);
        xml_number(p, "cached", class[c].cached);
        xml_number(p, "free", class[c].free);
        xml_number(p, "slabs", class[c].slabs);
        text_str(p, "/>\n");
    }
    text_str(p, "</classes>\n");
}

static void xml_slabs(struct text *p, const struct hak_stats *s)
{
    size_t all = s->superslabs * GRANULES, active = (s->slab_bytes - s->empty_bytes) >> GRANULE_SHIFT;
    size_t empty = s->empty_bytes >> GRANULE_SHIFT;
    struct granule_totals now;
    granules_totals(&now); /* blocks of strips, which are spans to everybody else, have no granules */
    size_t span = now.span >> GRANULE_SHIFT;
    text_str(p, "<slabs");
    xml_number(p, "active", active);
    xml_number(p, "empty", empty);
    xml_number(p, "span", span);
    xml_number(p, "unused", all - min_size(all, active + empty + span));
    text_str(p, "/>\n");
}

static void xml_ace(struct text *p, const struct ace_report *ace)
{
    text_str(p, "<engine");
#define XML_ACE(name, value) xml_number(p, name, (value));
    ACE_FIELDS(XML_ACE, ace)
#undef XML_ACE
    text_str(p, "/>\n");
}

static void xml_options(struct text *p)
{
    text_str(p, "<options>\n");
    for (unsigned o = 0; o < OPT_COUNT; o++) {
        const char *path = option_path((enum option)o);
        text_str(p, "<option");
        xml_string(p, "name", option_rows[o].name);
        if (option_rows[o].type == OPTION_PATH)
            xml_string(p, "value", path ? path : "");
        else
            xml_number(p, "value", byname_option_value((enum option)o));
        text_str(p, "/>\n");
    }
    text_str(p, "</options>\n");
}

static void xml_failures(struct text *p)
{
    struct failure f;
    text_str(p, "<failures>\n");
    for (unsigned i = 0; i < FAILURES_SHOWN; i++) {
        if (!failure_nth(i, &f))
            continue;
        text_str(p, "<failure");
        FAILURE_FIELDS(xml_number, xml_string, p, &f);
        text_str(p, "/>\n");
    }
    text_str(p, "</failures>\n");
}

int format_xml(text_put *put, void *to)
{
    struct report r;
    struct text p;
    gather(&r);
    text_init(&p, put, to);
    text_str(&p, "<malloc version=\"1\">\n");
    xml_glibc(&p, &r);
    text_str(&p, "<hakmem");
    xml_string(&p, "version", PACKAGE_VERSION);
    xml_string(&p, "mode", mode_name());
    text_str(&p, ">\n");
    for (unsigned i = 0; i < STATISTICS; i++) {
        text_str(&p, "<stat");
        xml_string(&p, "name", statistics[i].name);
        xml_number(&p, "value", statistic(&r.stats, i));
        text_str(&p, "/>\n");
    }
    xml_classes(&p, r.census.of);
    xml_slabs(&p, &r.stats);
    xml_ace(&p, &r.ace);
    xml_options(&p);
    xml_failures(&p);
    text_str(&p, "</hakmem>\n</malloc>\n");
    return text_end(&p);
}

int format_print(int fd, unsigned format)
{
    static void (*const formats[])(struct text * p, const struct report *r) = {text, json, openmetrics};
    struct report r;
    struct text p;
    if (format >= sizeof formats / sizeof *formats)
        return EINVAL;
    gather(&r);
    text_init_fd(&p, &fd);
    formats[format](&p, &r);
    return text_end(&p);
}
