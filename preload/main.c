/* SPDX-License-Identifier: MIT */
/* main.c - hakmem-preload: the command line. Linked statically: it works when no other program does. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "preload.h"

bool in_other_root;
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
    "  service NAME [--force]      the library for one service of systemd; with --force also\n"
    "                              where it would not work\n"
    "  service NAME --remove       not so any more\n"
    "\n"
    "Status: 0 done, 1 refused or failed and nothing changed, 2 bad arguments, 3 status: not\n"
    "enabled, 4 status: enabled but not as it should be, 5 failed and could not be undone.\n"
    "For a machine that does not start any more: init=/usr/sbin/hakmem-preload as a kernel\n"
    "parameter. See hakmem-preload(8).\n";

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

enum command { ENABLE, DISABLE, CONFIRM, STATUS, CHECK, VERIFY, RESUME, SERVICE, COMMANDS };

/* COMMANDS for a word that is none. */
static enum command command_of(const char *word)
{
    static const char *const words[COMMANDS] = {
        [ENABLE] = "enable", [DISABLE] = "disable", [CONFIRM] = "confirm", [STATUS] = "status",
        [CHECK] = "check",   [VERIFY] = "verify",   [RESUME] = "resume",   [SERVICE] = "service"};
    enum command command = ENABLE;
    while (command < COMMANDS && strcmp(words[command], word) != 0)
        command++;
    return command;
}

/* As the first process: words for init, which also takes some that begin with -, or for this tool? */
static bool is_ours(const char *word)
{
    return command_of(word) != COMMANDS || strncmp(word, "--root=", 7) == 0 || strcmp(word, "--quiet") == 0 ||
           strcmp(word, "--help") == 0 || strcmp(word, "--version") == 0;
}

struct arguments {
    enum command command;
    struct enable_options enable;
    bool remove, remember, force;
    const char *root, *name; /* of the service */
};

/* --help and --version end here. */
static bool parse(int argc, char **argv, struct arguments *out)
{
    static const struct option options[] = {
        {"confirm", required_argument, NULL, 'c'}, {"remove", no_argument, NULL, 'r'},
        {"force", no_argument, NULL, 'f'},         {"root", required_argument, NULL, 'R'},
        {"remember", no_argument, NULL, 'm'},      {"remembered", no_argument, NULL, 'M'},
        {"quiet", no_argument, NULL, 'q'},         {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},       {0}};
    for (int o; (o = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        char *end;
        switch (o) {
        case 'c':
            out->enable.minutes = strtod(optarg, &end);
            if (end == optarg || *end || !(out->enable.minutes > 0 && out->enable.minutes <= CONFIRM_MINUTES))
                return false;
            break;
        case 'r': out->remove = true; break;
        case 'f': out->force = true; break;
        case 'R': out->root = optarg; break;
        case 'm': out->remember = true; break;
        case 'M': out->enable.remembered = true; break;
        case 'q': quiet = true; break;
        case 'h': (void)fputs(usage_text, stdout); exit(EXIT_OK);
        case 'v': (void)puts("hakmem-preload " VERSION); exit(EXIT_OK);
        default: return false;
        }
    }
    if (optind == argc || argc - optind > 2)
        return false;
    out->command = command_of(argv[optind]);
    out->name = argv[optind + 1];
    return out->command != COMMANDS;
}

/* Each option goes with one command only. */
static bool fits(const struct arguments *a)
{
    bool enable = a->command == ENABLE, service = a->command == SERVICE;
    return (a->name != NULL) == service && (!a->remove || service) &&
           (!a->force || (service && !a->remove)) && (!a->remember || a->command == DISABLE) &&
           ((a->enable.minutes <= 0 && !a->enable.remembered) || enable);
}

static int run(const struct arguments *a)
{
    switch (a->command) {
    case ENABLE: return command_enable(&a->enable);
    case DISABLE: return command_disable(a->remember);
    case CONFIRM: return command_confirm();
    case STATUS: return command_status();
    case CHECK: return command_check();
    case VERIFY: return command_verify();
    case RESUME: return command_resume();
    case SERVICE:
    default: return command_service(a->name, a->remove, a->force);
    }
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
    if (geteuid() != 0 && (arguments.command != STATUS || arguments.root)) {
        fault("only root may do that");
        return EXIT_FAULT;
    }
    if (arguments.root && !enter_root(arguments.root))
        return EXIT_FAULT;
    block_signals();
    return run(&arguments);
}
