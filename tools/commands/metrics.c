/* SPDX-License-Identifier: MIT */
/* commands/metrics.c - hakmem metrics: figures of all processes, for Prometheus. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "commands/commands.h"
#include "commands/fleet.h"
#include "commands/serve.h"
#include "common/file.h"
#include "common/say.h"

/* What is there and is no file (a device, a pipe) would be replaced by one. A link is not followed: the timer
 * writes with many rights where others may make links. */
static bool may_replace(const char *file)
{
    struct stat st;
    if (lstat(file, &st) != 0 || S_ISREG(st.st_mode))
        return true;
    if (S_ISLNK(st.st_mode))
        error("metrics: %s is a symbolic link, which is not followed: name the file itself", file);
    else
        error("metrics: %s is not a regular file", file);
    return false;
}

/* The name of what is not complete does not end as those that node_exporter reads. */
static int write_file(const char *file, const char *text, size_t length)
{
    if (!may_replace(file))
        return EXIT_NO;
    if (file_replace(file, text, length, 0644))
        return EXIT_OK;
    error("metrics: cannot write %s: %s", file, strerror(errno));
    return EXIT_NO;
}

static int write_once(enum fleet_by by, const char *file)
{
    size_t length;
    char *text = fleet_text(by, &length);
    int status = EXIT_OK;
    if (file)
        status = write_file(file, text, length);
    else
        (void)fwrite(text, 1, length, stdout); /* main looks whether it arrived */
    free(text);
    return status;
}

static bool parse_by(const char *text, enum fleet_by *by)
{
    static const char *const words[] = {[BY_PID] = "pid", [BY_UNIT] = "unit", [BY_PROGRAM] = "program"};
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(text, words[i]) == 0) {
            *by = (enum fleet_by)i;
            return true;
        }
    return false;
}

int command_metrics(int argc, char **argv)
{
    static const struct option options[] = {{"by", required_argument, NULL, 'b'},
                                            {"output", required_argument, NULL, 'o'},
                                            {"listen", required_argument, NULL, 'l'},
                                            {0}};
    enum fleet_by by = BY_PID;
    const char *file = NULL, *address = NULL;
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (o == '?')
            return option_error("metrics", argv);
        if (o == 'b' && !parse_by(optarg, &by))
            return usage_error("metrics: --by wants pid, unit or program, not '%s'", optarg);
        if (o == 'o')
            file = optarg;
        if (o == 'l')
            address = optarg;
    }
    if (optind < argc)
        return usage_error("metrics: unexpected '%s'", argv[optind]);
    if (file && !*file)
        return usage_error("metrics: --output wants the name of a file, not ''");
    if (file && address)
        return usage_error("metrics: --output or --listen, not both");
    return address ? serve(by, address) : write_once(by, file);
}
