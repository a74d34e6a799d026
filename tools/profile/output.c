/* SPDX-License-Identifier: MIT */
/* profile/output.c - a profile to where it is wanted, complete or not at all. */
#include "profile/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/file.h"
#include "common/say.h"

static const struct {
    const char *name, *ending;
} forms[FORMS] = {
    {"text", ".txt"}, {"pprof", ".pb.gz"}, {"folded", ".folded"}, {"html", ".html"}, {"json", ".json"}};

enum form form_named(const char *name)
{
    int i = 0;
    while (i < FORMS && strcmp(forms[i].name, name) != 0)
        i++;
    return (enum form)i;
}

enum form form_of_file(const char *file)
{
    size_t n = strlen(file);
    for (int i = 0; i < FORMS; i++) {
        size_t m = strlen(forms[i].ending);
        if (n > m && strcmp(file + n - m, forms[i].ending) == 0)
            return (enum form)i;
    }
    return FORMS;
}

/* --- To a file or a descriptor -------------------------------------------------------------------*/

/* What is no regular file, such as /dev/stdout, cannot be replaced. */
static bool is_device(const char *file)
{
    struct stat st;
    return stat(file, &st) == 0 && !S_ISREG(st.st_mode);
}

static bool put_device(const char *file, const char *bytes, size_t size)
{
    int fd = open(file, O_WRONLY | O_CLOEXEC);
    bool good = fd >= 0 && file_put(fd, bytes, size);
    int code = errno;
    if (fd >= 0)
        close(fd);
    errno = code;
    return good;
}

static bool put_file(const char *file, const char *bytes, size_t size)
{
    mode_t mask = umask(0);
    (void)umask(mask);
    return file_replace(file, bytes, size, 0666 & ~mask);
}

static void form(struct profile *p, const struct output *o, FILE *out)
{
    switch (o->form) {
    case FORM_PPROF: write_pprof(p, out); break;
    case FORM_FOLDED: write_folded(p, o->type, out); break;
    case FORM_HTML: write_html(p, o->type, out); break;
    case FORM_JSON: write_json(p, o->type, out); break;
    default: write_table(p, o->type, o->rows, out); break;
    }
}

bool output_write(struct profile *p, const struct output *o)
{
    char *bytes = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&bytes, &size);
    if (!memory) {
        error("out of memory");
        return false;
    }
    form(p, o, memory);
    bool good = !ferror(memory) & (fclose(memory) == 0);
    if (!good)
        errno = ENOMEM;
    if (good && !o->file)
        good = file_put(o->fd, bytes, size);
    else if (good)
        good = is_device(o->file) ? put_device(o->file, bytes, size) : put_file(o->file, bytes, size);
    if (!good)
        error("cannot write%s%s: %s", o->file ? " " : "", o->file ? o->file : "", strerror(errno));
    free(bytes);
    return good;
}
