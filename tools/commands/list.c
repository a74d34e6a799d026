/* SPDX-License-Identifier: MIT */
/* commands/list.c - hakmem options: the table of all options. */
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "commands/values.h"
#include "commands/commands.h"
#include "common/say.h"

int command_options(int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"program", required_argument, NULL, 'p'},
                                            {"conf", required_argument, NULL, 'c'},
                                            {0}};
    const char *conf = NULL, *program = NULL;
    bool json = false;
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (o == '?')
            return option_error("options", argv);
        json = json || o == 'j';
        if (o == 'p')
            program = optarg;
        if (o == 'c')
            conf = optarg;
    }
    if (optind < argc)
        return usage_error("options: unexpected '%s'", argv[optind]);
    if (conf && access(conf, R_OK) != 0) { /* the usual file need not be there, one that was asked for must */
        error("options: %s cannot be read: %s", conf, strerror(errno));
        return EXIT_NO;
    }
    values_print(conf, program, json);
    return EXIT_OK;
}
