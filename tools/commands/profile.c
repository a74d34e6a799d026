/* SPDX-License-Identifier: MIT */
/* commands/profile.c - hakmem profile: who allocates in a process, in a command that is run, or in a file. */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/child.h"
#include "commands/commands.h"
#include "commands/preload.h"
#include "common/say.h"
#include "profile/collect.h"
#include "profile/input.h"
#include "profile/output.h"
#include "profile/symbols.h"

/* Sampling that is watched ends by itself after an hour, where this command is killed. */
enum {
    SECONDS = 10,
    LIVE_SECONDS = 3600,
    SECONDS_MOST = 86400,
    TABLE_ROWS = 20,
    INTERVAL = 2,
    PROCESSES_MOST = 64
};

struct request {
    double seconds, rate, interval;
    bool have_seconds, live, difference;
    const char *input, *form;
    struct output output;
};

/* --- A running process ---------------------------------------------------------------------------*/

static int status_of(enum collected what, const struct collect *c)
{
    if (what != COLLECTED)
        error("%s", c->target.why);
    return what == COLLECTED ? EXIT_OK : what == COLLECT_LATER ? EXIT_LATER : EXIT_NO;
}

static int report(struct collect *c, const struct request *r)
{
    struct profile p;
    profile_init(&p);
    bool good = collect_read(c, &p);
    if (!good)
        error("%s", c->target.why);
    if (good) {
        symbols_find(&p, c->target.process.pid);
        good = output_write(&p, &r->output);
    }
    profile_free(&p);
    return good ? EXIT_OK : EXIT_NO;
}

/* A table each INTERVAL for SECONDS, of all since it began. */
static int watch(struct collect *c, const struct request *r, double seconds)
{
    bool terminal = isatty(1) && getenv("TERM") && strcmp(getenv("TERM"), "dumb") != 0;
    uint64_t end = now_ms() + (uint64_t)(seconds * 1000);
    while (!collect_interrupted() && now_ms() < end) {
        if (!collect_wait(c, r->interval))
            return status_of(COLLECT_FAILED, c);
        if (terminal)
            (void)!write(1, "\033[H\033[J", 6);
        int status = report(c, r);
        if (status != EXIT_OK)
            return status;
    }
    return EXIT_OK;
}

static int profile_process(int pid, const struct request *r)
{
    struct collect c = {0};
    double seconds = r->live && !r->have_seconds ? LIVE_SECONDS : r->seconds;
    collect_catch_signals();
    int status = status_of(collect_begin(&c, pid, (uint64_t)r->rate, seconds), &c);
    if (status == EXIT_OK && r->live) {
        status = watch(&c, r, seconds);
        collect_end(&c);
    } else if (status == EXIT_OK) {
        if (!collect_wait(&c, r->seconds)) {
            status = status_of(COLLECT_FAILED, &c);
        } else {
            collect_end(&c);
            status = report(&c, r);
        }
    }
    collect_free(&c);
    return status;
}

/* --- Files ---------------------------------------------------------------------------------------*/

static int profile_file(const char *file, const struct request *r)
{
    struct profile p;
    profile_init(&p);
    bool good = input_read(&p, file);
    if (good) {
        symbols_find(&p, 0);
        good = output_write(&p, &r->output);
    }
    profile_free(&p);
    return good ? EXIT_OK : EXIT_NO;
}

static int profile_difference(const char *from, const char *to, const struct request *r)
{
    struct profile p[3];
    for (int i = 0; i < 3; i++)
        profile_init(&p[i]);
    bool good = input_read(&p[0], from) && input_read(&p[1], to);
    if (good) {
        symbols_find(&p[0], 0);
        symbols_find(&p[1], 0);
        profile_subtract(&p[2], &p[1], &p[0]);
        p[2].title = need_format("%s less %s", to, from);
        good = output_write(&p[2], &r->output);
    }
    for (int i = 0; i < 3; i++)
        profile_free(&p[i]);
    return good ? EXIT_OK : EXIT_NO;
}

/* --- A command -----------------------------------------------------------------------------------*/

/* Remove DIRECTORY with the profiles of all processes that the command started. */
static void clear(const char *directory)
{
    DIR *dir = opendir(directory);
    for (struct dirent *d; dir && (d = readdir(dir)) != NULL;)
        if (d->d_name[0] != '.')
            (void)unlinkat(dirfd(dir), d->d_name, 0);
    if (dir)
        closedir(dir);
    (void)rmdir(directory);
}

/* Add the profiles that processes of the command left in DIRECTORY to P. Their number; -1 after an error. */
static int gather(const char *directory, struct profile *p)
{
    DIR *dir = opendir(directory);
    int count = 0, more = 0;
    for (struct dirent *d; dir && count >= 0 && (d = readdir(dir)) != NULL;) {
        if (d->d_name[0] == '.' || (count == PROCESSES_MOST && ++more))
            continue;
        char *file = need_format("%s/%s", directory, d->d_name);
        count = input_read(p, file) ? count + 1 : -1;
        free(file);
    }
    if (dir)
        closedir(dir);
    if (more)
        error("note: %d processes more, whose profiles were left out", more);
    return count;
}

/* What the processes of COMMAND left in DIRECTORY, to where it is wanted. */
static int convert(const char *directory, const char *command, const struct request *r)
{
    struct profile p;
    profile_init(&p);
    int count = gather(directory, &p), status = EXIT_NO;
    if (count == 0)
        error("%s left no profile: it was killed, ended by _exit(2), or allocated nothing", command);
    if (count > 1) {
        free(p.title);
        p.title = need_format("%d processes of %s", count, command);
    }
    if (count > 0) {
        symbols_find(&p, 0);
        status = output_write(&p, &r->output) ? EXIT_OK : EXIT_NO;
    }
    profile_free(&p);
    return status;
}

static char *scratch(void)
{
    const char *base = getenv("TMPDIR");
    char *directory = need_format("%s/hakmem.XXXXXX", base && *base ? base : "/tmp");
    if (mkdtemp(directory))
        return directory;
    error("cannot make %s: %s", directory, strerror(errno));
    free(directory);
    return NULL;
}

/* As the command ended; where that is with 0, 1 where the profile could not be had. */
static int profile_command(char **argv, const struct request *r)
{
    int status = preload_prepare(argv, library_path()), pid = 0;
    char *directory = status == EXIT_OK ? scratch() : NULL;
    if (!directory)
        return status == EXIT_OK ? EXIT_NO : status;
    char *file = need_format("%s/%%p", directory), *rate = need_format("%.0f", r->rate);
    (void)setenv("HAKMEM_PROFILE", file, 1);
    if (r->rate > 0)
        (void)setenv("HAKMEM_SAMPLE_BYTES", rate, 1);
    free(file);
    free(rate);
    int ended = child_wait(argv, &pid);
    status = ended < 0 ? EXIT_NO : convert(directory, argv[0], r);
    clear(directory);
    free(directory);
    return ended > 0 ? child_end_like(ended) : status;
}

/* --- Arguments -----------------------------------------------------------------------------------*/

/* True if O was understood. Else the error is said. */
static bool take_option(struct request *r, int o, const char *value)
{
    switch (o) {
    case 's':
        r->have_seconds = true;
        if (parse_number(value, 0, SECONDS_MOST, &r->seconds))
            return true;
        (void)usage_error("profile: --seconds wants 0 to %d, not '%s'", SECONDS_MOST, value);
        return false;
    case 'r':
        if (parse_number(value, 1, 1e12, &r->rate))
            return true;
        (void)usage_error("profile: --rate wants a number of bytes, not '%s'", value);
        return false;
    case 'i':
        if (parse_number(value, 0.1, SECONDS_MOST, &r->interval))
            return true;
        (void)usage_error("profile: --interval wants 0.1 to %d seconds, not '%s'", SECONDS_MOST, value);
        return false;
    case 't':
        if ((r->output.type = value_find(value)) < TYPES)
            return true;
        (void)usage_error("profile: --type wants alloc_objects, alloc_space, inuse_objects, inuse_space, "
                          "foreign_frees or lived, not '%s'",
                          value);
        return false;
    case 'f': r->form = value; return true;
    case 'o': r->output.file = value; return true;
    case 'n': r->input = value; return true;
    case 'd': r->difference = true; return true;
    case 'l': r->live = true; return true;
    default: (void)usage_error("profile: see hakmem help profile"); return false;
    }
}

static bool choose_form(struct request *r)
{
    enum form named = r->form ? form_named(r->form) : FORM_TEXT;
    if (named == FORMS) {
        (void)usage_error("profile: --format wants text, pprof, folded, html or json, not '%s'", r->form);
        return false;
    }
    enum form called = !r->form && r->output.file ? form_of_file(r->output.file) : named;
    r->output.form = called == FORMS ? FORM_TEXT : called;
    if (r->output.form == FORM_PPROF && !r->output.file && isatty(r->output.fd)) {
        (void)usage_error("profile: that is no text for a terminal: name a file by -o");
        return false;
    }
    return true;
}

static int dispatch(int argc, char **argv, bool command, struct request *r)
{
    int count = argc - optind;
    if (r->difference)
        return count == 2 && !command ? profile_difference(argv[optind], argv[optind + 1], r)
                                      : usage_error("profile: --diff wants two files");
    if (r->input)
        return count ? usage_error("profile: unexpected '%s'", argv[optind]) : profile_file(r->input, r);
    if (command && count)
        return profile_command(argv + optind, r);
    if (count != 1)
        return usage_error("profile: name one process by its ID, or a command behind --");
    int pid = parse_pid(argv[optind]);
    return pid < 0 ? EXIT_USAGE : profile_process(pid, r);
}

int command_profile(int argc, char **argv)
{
    static const struct option options[] = {
        {"seconds", required_argument, NULL, 's'},  {"rate", required_argument, NULL, 'r'},
        {"interval", required_argument, NULL, 'i'}, {"type", required_argument, NULL, 't'},
        {"format", required_argument, NULL, 'f'},   {"output", required_argument, NULL, 'o'},
        {"input", required_argument, NULL, 'n'},    {"diff", no_argument, NULL, 'd'},
        {"live", no_argument, NULL, 'l'},           {0}};
    struct request r = {.seconds = SECONDS,
                        .interval = INTERVAL,
                        .output = {.type = INUSE_SPACE, .rows = TABLE_ROWS, .fd = 1}};
    for (int o; (o = getopt_long(argc, argv, "o:", options, NULL)) != -1;)
        if (!take_option(&r, o, optarg))
            return EXIT_USAGE;
    bool command = strcmp(argv[optind - 1], "--") == 0;
    if (command)
        r.output.fd = 2; /* standard output is the command's */
    return choose_form(&r) ? dispatch(argc, argv, command, &r) : EXIT_USAGE;
}
