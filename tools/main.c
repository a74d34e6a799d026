/* SPDX-License-Identifier: MIT */
/* main.c - the hakmem command: which of its commands is meant, and help. */
#include "commands/commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/say.h"
#include "config.h"

struct command {
    const char *name, *arguments, *line, *help;
    int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
    {"run", "[OPTION...] COMMAND [ARGUMENT...]", "run a command with libhakmem preloaded",
     "  --stats[=FILE]       say at the end what the allocator did: readable, on\n"
     "                       standard error, or a block for each process into FILE\n"
     "  --option NAME=VALUE  set an option (hakmem options lists them), for instance\n"
     "                       --option purge_delay=100\n"
     "  --library FILE       preload this library instead of the installed one\n"
     "\n"
     "Ends with the status of COMMAND; 126 if it cannot be run with the library, 127\n"
     "if it is not found.\n",
     command_run},
    {"options", "[--json] [--program NAME|PATH] [--conf FILE]",
     "list all options: value in force, default, range, source",
     "  --json               for machines\n"
     "  --program NAME|PATH  the values that this program gets from hakmem.conf\n"
     "  --conf FILE          read this file instead of the usual hakmem.conf\n",
     command_options},
    {"check", "[--json] [--library FILE] [--conf FILE] [PID]",
     "find out whether the library works, and in which process",
     "Without PID: is the library installed, is the configuration sound, and does a\n"
     "program really use it? With PID: is it loaded there, who serves malloc, and why?\n"
     "Ends with 0 if it works and 1 if not.\n"
     "\n"
     "  --json               for machines\n"
     "  --library FILE       check this library instead of the installed one\n"
     "  --conf FILE          check this file instead of the usual hakmem.conf\n",
     command_check},
    {"stat", "[--json] [--classes] PID", "print the counters of a running process",
     "  --json               for machines\n"
     "  --classes            with a line for each size class in use\n"
     "\n"
     "Reads the memory of the process, which notices nothing. That needs the same user\n"
     "and the kernel's consent (ptrace scope), or root.\n",
     command_stat},
    {"explain", "[--json | --who] PID", "account for the resident memory of a running process",
     "  --json               for machines\n"
     "  --who                blocks in use by function, where allocations are sampled\n"
     "\n"
     "Reads the memory of the process, which notices nothing. That needs the same user\n"
     "and the kernel's consent (ptrace scope), or root.\n",
     command_explain},
    {"top", "[--interval SECONDS] [--count N] [PID...]", "watch the processes that use the library",
     "  --interval SECONDS   time between two looks (2)\n"
     "  --count N            end after so many; 0 goes on until interrupted (0)\n"
     "\n"
     "Without PID: every process that has libhakmem.so loaded and may be read.\n",
     command_top},
    {"purge", "[--json] [--wait SECONDS] PID", "let a running process give back what is free",
     "  --json               for machines\n"
     "  --wait SECONDS       how long to wait for the answer (2)\n"
     "\n"
     "Asks the process for what hak_purge(3) does, and says what came back. The next\n"
     "slow path of its malloc does it, or the helper thread. That needs the same user\n"
     "and the kernel's consent (ptrace scope), or root. Ends with 3 if it is not done\n"
     "yet: the process sleeps, and will do it when it wakes.\n",
     command_purge},
    {"profile", "[OPTION...] PID | -- COMMAND [ARGUMENT...]",
     "who allocates, and who holds memory, by function",
     "  --seconds N          how long to look at the process (10)\n"
     "  --rate BYTES         a sample in so many bytes (HAKMEM_SAMPLE_BYTES)\n"
     "  --output, -o FILE    write FILE instead of standard output\n"
     "  --format WHAT        text, pprof, folded, html or json; without it the end of\n"
     "                       FILE tells: .txt, .pb.gz, .folded, .html, .json\n"
     "  --type TYPE          what folded stacks count, and which table is first:\n"
     "                       inuse_space, inuse_objects, alloc_space, alloc_objects,\n"
     "                       foreign_frees, lived\n"
     "  --live               a table each few seconds, until interrupted\n"
     "  --interval SECONDS   between two tables (2)\n"
     "  --input FILE         convert a profile that was written before\n"
     "  --diff A B           what became more or less from file A to file B\n"
     "\n"
     "Switches sampling on in the process, and off again. That needs the same user and\n"
     "the kernel's consent (ptrace scope), or root. Ends with 3 if the process sleeps,\n"
     "so that nothing began. The profile of COMMAND goes to standard error; it ends\n"
     "with the status of COMMAND.\n"
#ifndef HAVE_LIBDW
     "\n"
     "This command was built without elfutils' libdw: functions have no names.\n"
#endif
     ,
     command_profile},
    {"leaks", "[--seconds N] [--rate BYTES] [--scan [--stop]] PID", "stacks whose memory only grows",
     "  --seconds N          how long to look (60)\n"
     "  --rate BYTES         a sample in so many bytes (65536)\n"
     "  --scan               also sampled blocks that nothing in the process points to\n"
     "  --stop               stop the process while its memory is looked through\n"
     "\n"
     "Samples as hakmem profile does, and looks 40 times at what is in use. Names the\n"
     "stacks that grew all through the second half, by a test of chance, and of whose\n"
     "blocks of the first half many are still there. The longer, the surer.\n",
     command_leaks},
    {"metrics", "[--by WHAT] [--output FILE | --listen [ADDRESS:]PORT]",
     "figures of all processes, for Prometheus",
     "  --by pid             a line for each process (the usual way)\n"
     "  --by unit            sums over each unit of systemd\n"
     "  --by program         sums over each name of a program\n"
     "  --output FILE        replace FILE at one stroke, for node_exporter\n"
     "  --listen [ADDRESS:]PORT  serve /metrics by HTTP, on 127.0.0.1 or ::1 only\n"
     "\n"
     "Every process that has libhakmem.so loaded and may be read. The text is\n"
     "OpenMetrics, and can be read as the older text of Prometheus, too.\n",
     command_metrics},
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_help(FILE *out)
{
    fputs("usage: hakmem COMMAND [ARGUMENT...]\n\n", out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-9s %s\n", commands[i].name, commands[i].line);
    fputs("\n  hakmem help COMMAND    what its arguments mean\n"
          "  hakmem --version       the version of this command\n"
          "\nExit status: 0 done, 1 failed or the answer is no, 2 wrong arguments.\n",
          out);
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static int help(const char *name)
{
    const struct command *c = name ? find(name) : NULL;
    if (!name) {
        print_help(stdout);
        return EXIT_OK;
    }
    if (!c)
        return usage_error("no command '%s'", name);
    printf("usage: hakmem %s %s\n\n%c%s.\n\n%s", c->name, c->arguments, c->line[0] - 'a' + 'A', c->line + 1,
           c->help);
    return EXIT_OK;
}

/* What was printed must have arrived. */
static int finish(int status)
{
    if ((fflush(stdout) != 0 || ferror(stdout)) && status == EXIT_OK) {
        error("cannot write: %s", strerror(errno));
        return EXIT_NO;
    }
    return status;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : NULL;
    opterr = 0; /* option_error says it */
    if (!name) {
        print_help(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        puts("hakmem " PACKAGE_VERSION);
        return finish(EXIT_OK);
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0)
        return finish(help(argc > 2 ? argv[2] : NULL));
    if (strcmp(name, "--trial") == 0)
        return finish(command_trial(argc - 1, argv + 1));
    const struct command *c = find(name);
    if (!c)
        return usage_error("no command '%s'", name);
    if (argc == 3 && (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0))
        return finish(help(name));
    return finish(c->run(argc - 1, argv + 1));
}
