/* SPDX-License-Identifier: MIT */
/* settings/conf.c - reader and parser of hakmem.conf(5). */
#include "settings/conf.h"

#include <errno.h>
#include <string.h>

#include "base/bits.h"
#include "base/os.h"

#ifndef HAK_CONF_PATH
#define HAK_CONF_PATH "/etc/hakmem.conf"
#endif
const char conf_path[] = HAK_CONF_PATH;

/* Used by the one thread that starts the library. */
static char own_file[4096];

/* * is any text, slashes included, and ? any character. On a mismatch only the last * is tried again:
 * at most the product of the lengths. */
static bool glob(const char *pattern, const char *text)
{
    const char *star = NULL, *from = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = ++pattern;
            from = text;
        } else if (*pattern == '?' || *pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star;
            text = ++from;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

/* A pattern that begins with a slash is for the whole path, another for what follows the last slash. */
static bool pattern_matches(const char *pattern, const char *path)
{
    const char *slash = strrchr(path, '/');
    return glob(pattern, *pattern != '/' && slash ? slash + 1 : path);
}

/* The name of the start needs no system call; it may be relative, a link or a script: then its file
 * decides, which is asked for once in a process, and only where a section did not match by name. */
static bool for_program(struct conf *c, const char *pattern)
{
    const char *started = c->started ? c->started : os_started_as();
    if (started && pattern_matches(pattern, started))
        return true;
    if (!c->file)
        c->file = c->started ? "" : os_executable(own_file, sizeof own_file) > 0 ? own_file : "";
    return *c->file && pattern_matches(pattern, c->file);
}

static bool blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The text from AT to END without blanks at both ends, terminated. */
static char *trim(char *at, char *end)
{
    while (at < end && blank(*at))
        at++;
    while (end > at && blank(end[-1]))
        end--;
    *end = '\0';
    return at;
}

/* A line "[program:PATTERN]". False if it is not. */
static bool section(struct conf *c, char *line, size_t length)
{
    static const char prefix[] = "[program:";
    c->applies = false;
    if (line[length - 1] != ']' || strncmp(line, prefix, sizeof prefix - 1) != 0)
        return false;
    const char *pattern = trim(line + sizeof prefix - 1, line + length - 1);
    c->applies = *pattern && for_program(c, pattern);
    return *pattern != '\0';
}

static bool setting(struct conf *c, char *line, size_t length)
{
    char *equals = memchr(line, '=', length);
    if (!equals || equals == line)
        return false;
    c->key = trim(line, equals);
    c->value = trim(equals + 1, line + length);
    return true;
}

void conf_begin(struct conf *c, char *text, size_t size, const char *program, const char *executable)
{
    *c = (struct conf){
        .next = text, .end = text + size, .started = program, .file = executable, .applies = true};
}

enum conf_item conf_next(struct conf *c)
{
    while (c->next < c->end) {
        char *at = c->next, *end = memchr(at, '\n', (size_t)(c->end - at));
        if (!end)
            end = c->end;
        c->next = end + (end < c->end);
        c->line++;
        while (at < end && blank(*at))
            at++;
        if (at == end || *at == '#' || *at == ';' || (*at != '[' && !c->applies))
            continue; /* the lines of other programs are not even looked at */
        bool binary = memchr(at, '\0', (size_t)(end - at)) != NULL;
        c->key = trim(at, end);
        size_t length = strlen(c->key);
        if (*at == '[') {
            if (!binary && section(c, at, length))
                continue;
            c->applies = false;
            return CONF_MALFORMED;
        }
        return !binary && setting(c, at, length) ? CONF_SETTING : CONF_MALFORMED;
    }
    return CONF_END;
}

/* Why the file must not be used, or NULL: whoever may write it decides about every process. */
static const char *refusal(const struct os_file *f)
{
    if (!f->regular)
        return "it is not a regular file";
    if (f->owner != 0)
        return "it is not owned by root";
    if (f->mode & 022)
        return "it is writable by others than its owner";
    if (f->size > CONF_MAX)
        return "it is larger than 64 KiB";
    return NULL;
}

/* Symbolic links are followed: only root can put one in place, and what counts is the file it leads to. */
const char *conf_open(struct conf *c, const char *path, const char *program, const char *executable)
{
    struct os_file file;
    char *text = own_file;
    conf_begin(c, text, 0, program, executable);
    int fd = os_open_read(path);
    if (fd == -ENOENT || fd == -ENOTDIR)
        return NULL;
    if (fd < 0)
        return "it cannot be opened";
    const char *why = os_stat(fd, &file) == 0 ? refusal(&file) : "its owner cannot be read";
    /* Where there is no file, no memory for one counts against a limit. It stays: settings point into it. */
    if (!why && (text = os_map(CONF_MAX + 1, os_page_size(), NULL, true)) == NULL)
        why = "there is no memory to read it";
    long size = why ? 0 : os_read(fd, text, (size_t)file.size);
    os_close(fd);
    if (size < 0)
        return "it cannot be read";
    conf_begin(c, why ? own_file : text, (size_t)size, program, executable);
    return why;
}
