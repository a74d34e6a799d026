/* SPDX-License-Identifier: MIT */
/* parse.c - the text of /etc/ld.so.preload: how ld.so reads it, how it was meant, and changes to it. */
#include "parse.h"

#include <stdlib.h>
#include <string.h>

#include "preload.h"

struct text text_copy(const char *data, size_t size)
{
    struct text text = {need_memory(size + 1), size};
    if (size)
        memcpy(text.data, data, size);
    text.data[size] = '\0';
    return text;
}

void text_free(struct text *text)
{
    free(text->data);
    *text = (struct text){0};
}

bool text_equal(const struct text *a, const struct text *b)
{
    return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

size_t text_line(const struct text *text, size_t at)
{
    size_t line = 1;
    for (size_t i = 0; i < at && i < text->size; i++)
        line += text->data[i] == '\n';
    return line;
}

/* --- Reading -------------------------------------------------------------------------------------*/

static bool separates(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == ':';
}

static void names_add(struct names *names, size_t at, size_t size)
{
    if (names->count % 16 == 0) {
        struct name *more = need_memory((names->count + 16) * sizeof *more);
        if (names->count)
            memcpy(more, names->list, names->count * sizeof *more);
        free(names->list);
        names->list = more;
    }
    names->list[names->count++] = (struct name){at, size};
}

void names_free(struct names *names)
{
    free(names->list);
    *names = (struct names){0};
}

/* Names in DATA from FROM to END. */
static void names_split(struct names *names, const char *data, size_t from, size_t end)
{
    for (size_t i = from; i < end;) {
        size_t start = i;
        while (i < end && !separates(data[i]))
            i++;
        if (i > start)
            names_add(names, start, i - start);
        i++;
    }
}

/* elf/rtld.c: the search for each further comment begins at the start of the file again, but ends where the
   number of bytes behind the last comment ends. So a comment is missed when less of the file is behind the
   one before it than stands in front of it. */
static void blank_comments(char *data, size_t size)
{
    size_t rest = size;
    while (rest > 0) {
        char *comment = memchr(data, '#', rest);
        if (!comment)
            break;
        rest -= (size_t)(comment - data);
        do
            *comment = ' ';
        while (--rest > 0 && *++comment != '\n');
    }
}

struct names names_read(const struct text *text)
{
    struct names names = {0};
    if (!text->size)
        return names; /* an empty file is not even mapped */
    struct text copy = text_copy(text->data, text->size);
    blank_comments(copy.data, copy.size);
    /* A name that ends with the file is taken apart from the others, which a NUL ends. */
    size_t last = copy.size, end;
    if (separates(copy.data[copy.size - 1])) {
        end = copy.size - 1;
    } else {
        while (last > 0 && !separates(copy.data[last - 1]))
            last--;
        end = last ? last - 1 : 0;
    }
    names_split(&names, copy.data, 0, strnlen(copy.data, end));
    size_t size = strnlen(copy.data + last, copy.size - last);
    if (size)
        names_add(&names, last, size);
    text_free(&copy);
    return names;
}

struct names names_meant(const struct text *text)
{
    struct names names = {0};
    for (size_t i = 0; i < text->size;) {
        const char *newline = memchr(text->data + i, '\n', text->size - i);
        size_t end = newline ? (size_t)(newline - text->data) : text->size;
        const char *comment = memchr(text->data + i, '#', end - i);
        names_split(&names, text->data, i, comment ? (size_t)(comment - text->data) : end);
        i = end + 1;
    }
    return names;
}

const struct name *names_strange(const struct text *text, const struct names *read, const struct names *meant)
{
    (void)text;
    for (size_t i = 0; i < read->count; i++)
        if (i >= meant->count || read->list[i].at != meant->list[i].at ||
            read->list[i].size != meant->list[i].size)
            return &read->list[i];
    return meant->count > read->count ? &meant->list[read->count] : NULL;
}

/* --- Our names -----------------------------------------------------------------------------------*/

static bool spells(const char *data, size_t size, const char *word)
{
    return size == strlen(word) && memcmp(data, word, size) == 0;
}

static bool begins(const char *data, size_t size, const char *word)
{
    return size >= strlen(word) && memcmp(data, word, strlen(word)) == 0;
}

bool name_is_line(const struct text *text, const struct name *name)
{
    return spells(text->data + name->at, name->size, PRELOAD_LINE);
}

/* The last component without the CR of a DOS line. */
static struct name last_component(const struct text *text, const struct name *name)
{
    size_t end = name->at + name->size, start = end;
    while (start > name->at && text->data[start - 1] != '/')
        start--;
    if (end > start && text->data[end - 1] == '\r')
        end--;
    return (struct name){start, end - start};
}

bool name_is_hakmem(const struct text *text, const struct name *name)
{
    struct name last = last_component(text, name);
    return begins(text->data + last.at, last.size, "libhakmem.so");
}

/* By no path, or below the directories that the system's libraries are in. */
bool name_is_ours(const struct text *text, const struct name *name)
{
    static const char *const places[] = {"/usr/$LIB/", "/usr/${LIB}/", "/$LIB/", "/${LIB}/"};
    struct name last = last_component(text, name);
    if (!spells(text->data + last.at, last.size, LIBRARY_NAME))
        return false;
    const char *dir = text->data + name->at;
    size_t size = last.at - name->at;
    if (!size)
        return true;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (spells(dir, size, places[i]))
            return true;
    if (begins(dir, size, "/usr/")) {
        dir += 4;
        size -= 4;
    }
    return begins(dir, size, "/lib");
}

/* --- Changes -------------------------------------------------------------------------------------*/

struct text text_with_line(const struct text *text)
{
    bool open = text->size && text->data[text->size - 1] != '\n';
    size_t line = strlen(PRELOAD_LINE);
    struct text result = {need_memory(text->size + open + line + 2), text->size + open + line + 1};
    memcpy(result.data, text->data, text->size);
    if (open)
        result.data[text->size] = '\n';
    memcpy(result.data + text->size + open, PRELOAD_LINE "\n", line + 2);
    return result;
}

/* Marks in DROP what is to go with the name: its whole line, or the separators on one side. */
static void mark(const struct text *text, const struct name *name, bool *drop)
{
    size_t from = name->at, to = name->at + name->size;
    for (size_t i = from; i < to; i++)
        drop[i] = true;
    size_t line = from, end = to;
    while (line > 0 && text->data[line - 1] != '\n' && (drop[line - 1] || separates(text->data[line - 1])))
        line--;
    while (end < text->size && text->data[end] != '\n' && separates(text->data[end]))
        end++;
    bool first = line == 0 || text->data[line - 1] == '\n';
    bool last = end == text->size || text->data[end] == '\n';
    if (first && last) {
        to = end < text->size ? end + 1 : end;
        from = line;
    } else if (!last) {
        to = end; /* what follows moves up */
    } else {
        while (from > line && separates(text->data[from - 1]))
            from--;
    }
    for (size_t i = from; i < to; i++)
        drop[i] = true;
}

static struct text cut(const struct text *text, const struct names *read, name_test *test)
{
    bool *drop = need_memory(text->size + 1);
    memset(drop, 0, text->size + 1);
    for (size_t i = 0; i < read->count; i++)
        if (test(text, &read->list[i]))
            mark(text, &read->list[i], drop);
    struct text result = text_copy(text->data, text->size);
    result.size = 0;
    for (size_t i = 0; i < text->size; i++)
        if (!drop[i])
            result.data[result.size++] = text->data[i];
    free(drop);
    return result;
}

static struct text blanked(const struct text *text, const struct names *read, name_test *test)
{
    struct text result = text_copy(text->data, text->size);
    for (size_t i = 0; i < read->count; i++)
        if (test(text, &read->list[i]))
            memset(result.data + read->list[i].at, ' ', read->list[i].size);
    return result;
}

/* Is RESULT read as the names of TEXT without those that TEST chooses? */
static bool others_kept(const struct text *text, const struct names *read, name_test *test,
                        const struct text *result)
{
    struct names now = names_read(result);
    size_t seen = 0;
    bool same = true;
    for (size_t i = 0; i < read->count && same; i++) {
        const struct name *old = &read->list[i];
        if (test(text, old))
            continue;
        const struct name *new = &now.list[seen++];
        same = seen <= now.count &&
               new->size == old->size &&memcmp(text->data + old->at, result->data + new->at, old->size) == 0;
    }
    same = same && seen == now.count;
    names_free(&now);
    return same;
}

struct text text_without(const struct text *text, name_test *test)
{
    struct names read = names_read(text);
    struct text result = cut(text, &read, test);
    if (!others_kept(text, &read, test, &result)) {
        text_free(&result);
        result = blanked(text, &read, test);
    }
    names_free(&read);
    return result;
}
