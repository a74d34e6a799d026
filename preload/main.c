/* SPDX-License-Identifier: MIT */
/* main.c - hakmem-preload: the command line. Statically linked, so that it works when no other program does.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "preload.h"

bool in_other_root, quiet;
int outer_root = -1;

static const char usage_text[] =
    "usage: hakmem-preload [--root=DIR] COMMAND\n"
    "\n"
    "  enable [--confirm MINUTES]  preload libhakmem into every program of this machine;\n"
    "                              with --confirm, undone unless confirmed in time\n"
    "  disable                     do so no longer\n"
    "  confirm                     keep what enable --confirm did\n"
    "  status                      is it enabled, and as it should be?\n"
    "  check                       would enable work? Changes nothing\n"
    "  verify                      if enabled, try it again, and disable it if that fails\n"
    "  resume                      at the start of the machine: wait on for confirm, or undo it\n"
    "  service NAME [--remove]     the library for one service of systemd\n"
    "\n"
    "Status: 0 done, 1 refused or failed and nothing changed, 2 bad arguments, 3 status: not\n"
    "enabled, 4 status: enabled but not as it should be, 5 failed and could not be undone.\n"
    "For a machine that does not start any more: init=/usr/sbin/hakmem-preload as a kernel\n"
    "parameter. See hakmem-preload(8).\n";

void fault(const char *format, ...)
{
    va_list list;
    char line[2048];
    va_start(list, format);
    (void)vsnprintf(line, sizeof line, format, list);
    va_end(list);
    (void)fflush(stdout);
    (void)fprintf(stderr, "hakmem-preload: %s\n", line);
}

void say(const char *format, ...)
{
    va_list list;
    if (quiet)
        return;
    va_start(list, format);
    (void)vprintf(format, list);
    va_end(list);
    (void)putchar('\n');
}

void *need_memory(size_t size)
{
    void *p = malloc(size ? size : 1);
    if (!p) {
        fault("out of memory");
        _exit(EXIT_FAULT);
    }
    return p;
}

static int usage_error(const char *text)
{
    fault("%s; see 'hakmem-preload --help'", text);
    return EXIT_USAGE;
}

static bool enter_root(const char *dir)
{
    outer_root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    in_other_root = true;
    if (outer_root >= 0 && chdir(dir) == 0 && chroot(".") == 0)
        return true;
    fault("--root=%s: %s", dir, strerror(errno));
    return false;
}

static const char *const commands[] = {"enable", "disable", "confirm", "status", "check",
                                       "verify", "resume",  "service", NULL};

static bool is_command(const char *word)
{
    for (size_t i = 0; commands[i]; i++)
        if (strcmp(commands[i], word) == 0)
            return true;
    return false;
}

/* As the first process: words for init, which also takes some that begin with -, or for this tool? */
static bool is_ours(const char *word)
{
    return is_command(word) || strncmp(word, "--root=", 7) == 0 || strcmp(word, "--quiet") == 0 ||
           strcmp(word, "--help") == 0 || strcmp(word, "--version") == 0;
}

struct arguments {
    struct enable_options enable;
    bool remove, remember;
    const char *root, *words[2];
};

/* --help and --version end here. */
static bool parse(int argc, char **argv, struct arguments *out)
{
    static const struct option options[] = {{"confirm", required_argument, NULL, 'c'},
                                            {"remove", no_argument, NULL, 'r'},
                                            {"root", required_argument, NULL, 'R'},
                                            {"remember", no_argument, NULL, 'm'},
                                            {"remembered", no_argument, NULL, 'M'},
                                            {"quiet", no_argument, NULL, 'q'},
                                            {"help", no_argument, NULL, 'h'},
                                            {"version", no_argument, NULL, 'v'},
                                            {0}};
    for (int o; (o = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        char *end;
        switch (o) {
        case 'c':
            out->enable.minutes = strtod(optarg, &end);
            if (end == optarg || *end || !(out->enable.minutes > 0 && out->enable.minutes <= CONFIRM_MINUTES))
                return false;
            break;
        case 'r': out->remove = true; break;
        case 'R': out->root = optarg; break;
        case 'm': out->remember = true; break;
        case 'M': out->enable.remembered = true; break;
        case 'q': quiet = true; break;
        case 'h': (void)fputs(usage_text, stdout); exit(EXIT_OK);
        case 'v': (void)puts("hakmem-preload " VERSION); exit(EXIT_OK);
        default: return false;
        }
    }
    for (int i = 0; optind < argc; i++) {
        if (i == 2)
            return false;
        out->words[i] = argv[optind++];
    }
    return out->words[0] && is_command(out->words[0]);
}

/* Each option goes with one command only. */
static bool fits(const struct arguments *a)
{
    const char *command = a->words[0];
    bool enable = strcmp(command, "enable") == 0, service = strcmp(command, "service") == 0;
    return (service ? a->words[1] != NULL : !a->words[1]) && (!a->remove || service) &&
           (!a->remember || strcmp(command, "disable") == 0) &&
           ((a->enable.minutes <= 0 && !a->enable.remembered) || enable);
}

static int run(const struct arguments *a)
{
    switch (a->words[0][0]) {
    case 'e': return command_enable(&a->enable);
    case 'd': return command_disable(a->remember);
    case 'v': return command_verify();
    case 'r': return command_resume();
    default: break;
    }
    if (strcmp(a->words[0], "confirm") == 0)
        return command_confirm();
    if (strcmp(a->words[0], "check") == 0)
        return command_check();
    if (strcmp(a->words[0], "status") == 0)
        return command_status();
    return command_service(a->words[1], a->remove);
}

/* Nothing is left half done for a key pressed or a line that broke; a trial lasts seconds. */
static void block_signals(void)
{
    static const int list[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGTSTP, SIGALRM};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        sigaddset(&set, list[i]);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGCHLD, SIG_DFL);
    (void)signal(SIGXFSZ, SIG_IGN);
}

int main(int argc, char **argv)
{
    struct arguments arguments = {0};
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null", O_RDWR);
    (void)umask(022);
    if (getpid() == 1 && (argc < 2 || !is_ours(argv[1])))
        return rescue(argv);
    if (!parse(argc, argv, &arguments) || !fits(&arguments))
        return usage_error("bad arguments");
    if (geteuid() != 0 && (strcmp(arguments.words[0], "status") != 0 || arguments.root)) {
        fault("only root may do that");
        return EXIT_FAULT;
    }
    if (arguments.root && !enter_root(arguments.root))
        return EXIT_FAULT;
    block_signals();
    return run(&arguments);
}
