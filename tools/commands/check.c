/* SPDX-License-Identifier: MIT */
/* commands/check.c - hakmem check: what was found, one line each. */
#include "commands/check.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "commands/commands.h"
#include "common/say.h"

static const char *const usage_names[] = {"ok", "note", "problem"};

struct found {
    enum level level;
    const char *about;
    char *text;
};
static struct found *findings;
static unsigned count;

void finding(enum level level, const char *about, const char *format, ...)
{
    char *text = NULL;
    va_list list;
    va_start(list, format);
    int n = vasprintf(&text, format, list);
    va_end(list);
    findings = need_memory(findings, (count + 1) * sizeof findings[0]);
    findings[count++] = (struct found){level, about, n < 0 ? NULL : text};
}

static bool works(void)
{
    for (unsigned i = 0; i < count; i++)
        if (findings[i].level == LEVEL_PROBLEM)
            return false;
    return true;
}

static void print_json(void)
{
    json_open(&json_out, NULL, '{');
    json_bool(&json_out, "works", works());
    json_open(&json_out, "findings", '[');
    for (unsigned i = 0; i < count; i++) {
        json_open(&json_out, NULL, '{');
        json_text(&json_out, "level", usage_names[findings[i].level]);
        json_text(&json_out, "about", findings[i].about);
        json_text(&json_out, "text", findings[i].text);
        json_close(&json_out);
    }
    json_close(&json_out);
    json_close(&json_out);
}

int command_check(int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"library", required_argument, NULL, 'l'},
                                            {"conf", required_argument, NULL, 'c'},
                                            {0}};
    const char *library = library_path(), *conf = NULL;
    bool json = false;
    for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (o == '?')
            return option_error("check", argv);
        json = json || o == 'j';
        if (o == 'l')
            library = optarg;
        if (o == 'c')
            conf = optarg;
    }
    if (argc - optind > 1)
        return usage_error("check: name one process, or none");
    int pid = argc > optind ? parse_pid(argv[optind]) : 0;
    if (pid < 0)
        return EXIT_USAGE;
    if (!pid)
        check_machine(library, conf);
    else if (!check_process(pid))
        return EXIT_NO;
    if (json)
        print_json();
    for (unsigned i = 0; i < count && !json; i++)
        printf("%-8s %s\n", usage_names[findings[i].level], findings[i].text ? findings[i].text : "");
    return works() ? EXIT_OK : EXIT_NO;
}
