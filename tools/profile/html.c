/* SPDX-License-Identifier: MIT */
/* profile/html.c - one page with a flame graph, which needs nothing else: flame.html, with the profile in it; and the
 * same profile as JSON. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/units.h"
#include "profile/functions.h"
#include "profile/output.h"

static const char page[] =
#include "profile/flame-page.h"
    ;

void put_quoted(const char *text, FILE *out)
{
    fputc('"', out);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c < 0x20 || *c == '<' || *c == '>' || *c == '&' || *c == '"' || *c == '\\' || *c == 0x7f)
            fprintf(out, "\\u%04x", *c);
        else if (*c < 0x80)
            fputc(*c, out);
        else /* as characters of the same number: valid whatever they are */
            fprintf(out, "\\u%04x", *c);
    }
    fputc('"', out);
}

static void put_escaped(const char *text, FILE *out)
{
    for (; *text; text++) {
        switch (*text) {
        case '<': fputs("&lt;", out); break;
        case '>': fputs("&gt;", out); break;
        case '&': fputs("&amp;", out); break;
        case '"': fputs("&quot;", out); break;
        default: fputc((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f ? '?' : *text, out);
        }
    }
}

/* --- The data ------------------------------------------------------------------------------------*/

static void put_types(FILE *out)
{
    fputs("\"types\":[", out);
    for (int i = 0; i < TYPES; i++)
        fprintf(out, "%s{\"name\":\"%s\",\"unit\":\"%s\"}", i ? "," : "", value_names[i], value_units[i]);
    fputs("],\n", out);
}

/* Stacks by numbers of functions; those are counted as they come. */
static void put_stacks(struct profile *p, struct intern *functions, FILE *out)
{
    struct names names = {0};
    fputs("\"stacks\":[", out);
    for (uint32_t s = 0; s < p->stacks.count; s++) {
        fprintf(out, "%s[[", s ? ",\n" : "\n");
        for (int i = 0; i < TYPES; i++)
            fprintf(out, "%s%.0f", i ? "," : "", p->value[s][i]);
        fputs("],[", out);
        for (size_t n = profile_names(p, s, &names), i = n; i-- > 0;)
            fprintf(out, "%s%u", i + 1 < n ? "," : "",
                    (unsigned)intern(functions, &names.of[i], sizeof names.of[i]));
        fputs("]]", out);
    }
    fputs("],\n", out);
    free(names.of);
}

static void put_names(const struct profile *p, const struct intern *functions, FILE *out)
{
    fputs("\"functions\":[", out);
    for (uint32_t i = 0; i < functions->count; i++) {
        uint32_t name;
        memcpy(&name, functions->of[i].bytes, sizeof name);
        fputs(i ? ",\n" : "\n", out);
        put_quoted(text_of(p, name), out);
    }
    fputs("]\n", out);
}

static const char *title(const struct profile *p)
{
    return p->title ? p->title : "difference of two profiles";
}

void write_json(struct profile *p, enum value type, FILE *out)
{
    struct intern functions = {0};
    double sum[VALUES];
    profile_sum(p, sum);
    fputs("{\"title\":", out);
    put_quoted(title(p), out);
    fprintf(out, ",\"seconds\":%.3f,\"mean\":%.0f,\"samples\":%.0f,\"dropped\":%.0f,\"difference\":%s,\n",
            p->seconds, p->mean, p->taken, p->dropped, p->difference ? "true" : "false");
    fprintf(out, "\"cut_objects\":%.0f,\"type\":\"%s\",\n", sum[CUT], value_names[type]);
    put_types(out);
    put_stacks(p, &functions, out);
    put_names(p, &functions, out);
    fputs("}\n", out);
    intern_free(&functions);
}

/* --- The page ------------------------------------------------------------------------------------*/

static void put_about(const struct profile *p, FILE *out)
{
    double sum[VALUES];
    profile_sum(p, sum);
    fprintf(out, "%.0f samples", p->taken);
    if (p->seconds > 0)
        fprintf(out, " in %.1f seconds", p->seconds);
    fprintf(out, ". %s allocated, %s in use. A click on a function shows what it called.",
            units_bytes((uint64_t)llround(fabs(sum[ALLOC_SPACE]))),
            units_bytes((uint64_t)llround(fmax(sum[INUSE_SPACE], 0))));
    if (p->difference)
        fputs(" A difference: only what became more is drawn.", out);
}

/* The page up to its next mark, which begins and ends with '@' and is of capitals alone: MARK; NULL at the end. */
static const char *put_page(const char *from, char mark[16], FILE *out)
{
    for (const char *at = strchr(from, '@'); at; at = strchr(at + 1, '@')) {
        size_t n = strspn(at + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        if (!n || n > 15 || at[1 + n] != '@')
            continue;
        (void)fwrite(from, 1, (size_t)(at - from), out);
        memcpy(mark, at + 1, n);
        mark[n] = '\0';
        return at + n + 2;
    }
    fputs(from, out);
    return NULL;
}

void write_html(struct profile *p, enum value type, FILE *out)
{
    char mark[16];
    for (const char *at = page; (at = put_page(at, mark, out)) != NULL;) {
        if (strcmp(mark, "TITLE") == 0)
            put_escaped(title(p), out);
        else if (strcmp(mark, "ABOUT") == 0)
            put_about(p, out);
        else
            write_json(p, type, out);
    }
}
