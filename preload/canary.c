/* SPDX-License-Identifier: MIT */
/* canary.c - run a battery of programs that have the candidate in place of /etc/ld.so.preload, and nobody
 * else. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "namespace.h"
#include "preload.h"
#include "run.h"
#include "together.h"

enum { NOBODY = 65534, NARROW_SPACE = 64 << 20 };

/* Each as it stands; those that a machine does not have are passed over. A program that complains without the
   candidate too is no fault of the candidate. */
static const struct program battery[] = {
    {.argv = ARGV("true")},
    {.argv = ARGV("sh", "-c", ":")},
    {.argv = ARGV("sh", "-c", "x=$(echo a) && test \"$x\" = a")},
    {.argv = ARGV("ls", "/")},
    {.argv = ARGV(CANARY_HELPER, "loaded")},
    {.argv = ARGV(CANARY_HELPER, "threads")},
    {.argv = ARGV(CANARY_HELPER, "sandbox")},
    {.argv = ARGV(CANARY_HELPER, "threads"), .address_space = NARROW_SPACE},
    {.argv = ARGV("true"), .uid = NOBODY},
    {.argv = ARGV("sh", "-c", "x=$(echo a)"), .address_space = NARROW_SPACE},
    {.argv = ARGV("bash", "-c", "a=(1 2 3); for i in \"${a[@]}\"; do : \"$(echo $i)\"; done")},
    {.argv = ARGV("getent", "passwd", "root")},
    {.argv = ARGV("getent", "group", "root")},
    {.argv = ARGV("id", "-a")},
    {.argv = ARGV("env")},
    {.argv = ARGV("ps", "-e")},
    {.argv = ARGV("mount", "--version")},
    {.argv = ARGV("su", "--version"), .uid = NOBODY}, /* set-user-ID */
    {.argv = ARGV("passwd", "-S"), .uid = NOBODY},
    {.argv = ARGV("sudo", "-V"), .uid = NOBODY},
    {.argv = ARGV("sshd", "-t")},
    {.argv = ARGV("ssh", "-V")},
    {.argv = ARGV("dpkg", "--version")},
    {.argv = ARGV("dpkg-query", "-W", "base-files")},
    {.argv = ARGV("apt-get", "--version")},
    {.argv = ARGV("rpm", "--version")},
    {.argv = ARGV("dnf", "--version")},
    {.argv = ARGV("systemctl", "--version")},
    {.argv = ARGV("systemd-analyze", "--version")},
    {.argv = ARGV("ldconfig", "-p")},
    {.argv = ARGV("perl", "-e", "my @a = map { \"x\" x $_ } 1 .. 2000; exit(@a != 2000)")},
    {.argv = ARGV("python3", "-c", "import json, threading; json.loads(json.dumps(list(range(9999))))")},
    {.argv = ARGV("tar", "--version")},
    {.argv = ARGV("gzip", "--version")},
    {.argv = ARGV("sed", "s/a/b/")},
    {.argv = ARGV("grep", "--version")},
    {.argv = ARGV("login", "--help")},
    {.argv = ARGV("agetty", "--version")},
    {.argv = ARGV("modprobe", "--version")},
    {.argv = ARGV("ip", "-V")},
};

/* --- The battery ---------------------------------------------------------------------------------*/

/* These need nothing but libc, and say when the library is missing. */
static bool must_be_clean(const struct program *program)
{
    return strcmp(program->argv[0], "true") == 0 || strcmp(program->argv[0], CANARY_HELPER) == 0;
}

bool fails(const struct program *program, struct outcome *outcome)
{
    return run_program(program, outcome) && !outcome_clean(outcome);
}

/* Without the library: the file is empty then. */
static bool run_without(const struct program *program, const char *candidate, const char *preload,
                        struct outcome *outcome)
{
    struct program plain = *program;
    plain.preload = preload;
    if (candidate && !namespace_bind("/dev/null"))
        return false;
    bool ran = run_program(&plain, outcome);
    return (!candidate || namespace_bind(candidate)) && ran;
}

/* OUTCOME is as bad without the library: the machine is like that. */
bool same_without(const struct program *program, const char *candidate, const char *preload,
                  const struct outcome *outcome)
{
    struct outcome before;
    return run_without(program, candidate, preload, &before) && outcome_same(&before, outcome);
}

/* CANDIDATE is NULL where LD_PRELOAD has to do. Returns the number of programs that ran, or -1. */
static int run_battery(const char *candidate, const struct text *contents)
{
    int count = 0;
    for (size_t i = 0; i < sizeof battery / sizeof *battery; i++) {
        struct outcome outcome;
        struct program program = battery[i];
        program.preload = candidate ? NULL : PRELOAD_LINE;
        if (!run_program(&program, &outcome))
            continue;
        count++;
        if (outcome_clean(&outcome) ||
            (!must_be_clean(&program) && same_without(&program, candidate, NULL, &outcome)))
            continue;
        fault("trial run: %s%s%s %s", program.argv[0], program.argv[1] ? " " : "",
              program.argv[1] ? program.argv[1] : "", outcome_words(&outcome));
        if (candidate && namespace_bind("/dev/null"))
            blame_entries(&battery[i], contents);
        return -1;
    }
    return count;
}

static int trial(const char *candidate, const struct text *contents)
{
    bool inside = namespace_enter();
    const char *where = inside && namespace_bind(candidate) ? candidate : NULL;
    if (!where) {
        say("no mount namespace (%s): trying LD_PRELOAD instead of the file", namespace_why(errno));
        (void)fflush(stdout);
    }
    int count = run_battery(where, contents);
    return count > 0 && !try_tools(where) ? -1 : count;
}

bool canary(const char *candidate, const struct text *contents, unsigned *count)
{
    int channel[2], result = -1, status;
    if (pipe2(channel, O_CLOEXEC) != 0) {
        fault("pipe: %s", strerror(errno));
        return false;
    }
    (void)fflush(NULL);
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        die_with(parent); /* it holds the lock, too */
        result = trial(candidate, contents);
        _exit(write(channel[1], &result, sizeof result) != sizeof result);
    }
    (void)close(channel[1]);
    bool told = pid > 0 && read(channel[0], &result, sizeof result) == sizeof result;
    (void)close(channel[0]);
    if (pid > 0)
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            ;
    if (!told)
        fault("the trial run broke off");
    *count = result > 0 ? (unsigned)result : 0;
    if (told && result == 0)
        fault("there is no program to try the library on");
    return told && result > 0;
}

bool programs_start(void)
{
    const struct program needed[] = {{.argv = ARGV("true")}, {.argv = ARGV("sh", "-c", ":")}};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        struct outcome outcome;
        if (!run_program(&needed[i], &outcome) || outcome_clean(&outcome))
            continue;
        fault("%s with the new %s: %s", needed[i].argv[0], PRELOAD_FILE, outcome_words(&outcome));
        return false;
    }
    return true;
}
