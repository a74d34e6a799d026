/* SPDX-License-Identifier: MIT */
/* commands/run.c - hakmem run: a command with the library preloaded. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/child.h"
#include "commands/values.h"
#include "commands/preload.h"
#include "commands/commands.h"
#include "common/say.h"

/* A path that also holds where the command changes its directory. */
static bool set_stats_file(const char *file)
{
    char *directory = file[0] == '/' ? NULL : getcwd(NULL, 0);
    char *path = directory ? need_format("%s/%s", directory, file) : need_format("%s", file);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        error("cannot open %s: %s", path, strerror(errno));
    else
        close(fd);
    (void)setenv("HAKMEM_STATS_FILE", path, 1);
    free(directory);
    free(path);
    return fd >= 0;
}

int command_run(int argc, char **argv)
{
    static const struct option options[] = {{"stats", optional_argument, NULL, 's'},
                                            {"option", required_argument, NULL, 'o'},
                                            {"library", required_argument, NULL, 'l'},
                                            {0}};
    const char *stats = NULL, *library = library_path();
    bool summary = false;
    for (int o; (o = getopt_long(argc, argv, "+", options, NULL)) != -1;) {
        if (o == '?')
            return option_error("run", argv);
        if (o == 'o' && !values_set(optarg))
            return EXIT_USAGE;
        if (o == 'l')
            library = optarg;
        if (o == 's') {
            stats = optarg;
            summary = !optarg;
        }
    }
    if (optind == argc)
        return usage_error("run: which command?");
    int status = preload_prepare(argv + optind, library);
    if (status != EXIT_OK)
        return status;
    if (stats && !set_stats_file(stats))
        return EXIT_NO;
    return summary ? child_with_summary(argv + optind) : child_exec(argv + optind);
}
