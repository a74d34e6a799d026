/* SPDX-License-Identifier: MIT */
/* commands/check-machine.c - hakmem check without a process: library, preloading, configuration, a trial. */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "commands/check.h"
#include "settings/conf.h"
#include "target/elf.h"
#include "settings/options.h"
#include "common/proc.h"
#include "commands/commands.h"
#include "common/say.h"

/* --- The library ---------------------------------------------------------------------------------*/

static bool check_library(const char *library)
{
    struct elf_file elf;
    struct stat st;
    if (!elf_inspect(library, &elf)) {
        finding(LEVEL_PROBLEM, "library", "the library %s cannot be read: %s", library, strerror(errno));
        return false;
    }
    if (!elf.is_elf || !elf.is_ours) {
        finding(LEVEL_PROBLEM, "library", "%s is no 64-bit library for this machine", library);
        return false;
    }
    if (strcmp(elf.soname, "libhakmem.so.1") != 0)
        finding(LEVEL_PROBLEM, "library", "%s is no libhakmem.so.1: its name is '%s'", library, elf.soname);
    else
        finding(LEVEL_GOOD, "library", "the library is %s", library);
    if (strcmp(elf.needed, "libc.so.6 ") != 0)
        finding(LEVEL_PROBLEM, "needed", "it needs '%s' instead of libc.so.6 alone", elf.needed);
    else
        finding(LEVEL_GOOD, "needed", "it needs nothing but libc.so.6");
    if (stat(library, &st) == 0 && (st.st_mode & 022))
        finding(LEVEL_PROBLEM, "library", "%s is writable by others than its owner", library);
    return true;
}

/* --- Preloading ----------------------------------------------------------------------------------*/

/* One word of a list of preloaded objects. */
static void check_entry(const char *where, const char *word, bool *ours)
{
    struct elf_file elf = {0};
    bool named = strstr(word, "libhakmem.so") != NULL;
    *ours = *ours || named;
    if (strchr(word, '/') && !elf_inspect(word, &elf))
        finding(LEVEL_PROBLEM, "preload", "%s names %s, which cannot be read: %s", where, word,
                strerror(errno));
    else if (strchr(word, '/') && named && !elf.is_ours)
        finding(LEVEL_PROBLEM, "preload", "%s names %s, which is no 64-bit library for this machine", where,
                word);
    else if (named)
        finding(LEVEL_GOOD, "preload", "%s names %s", where, word);
    else
        finding(LEVEL_NOTE, "preload", "%s names %s%s", where, word,
                *ours ? " behind libhakmem" : " in front of libhakmem: if it has a malloc, that is used");
}

static bool check_list(const char *where, const char *list)
{
    bool ours = false;
    char *copy = need_format("%s", list ? list : ""), *rest = copy;
    for (char *p = copy; (p = strchr(p, '#')) != NULL;) /* comments, as the loader knows them */
        while (*p && *p != '\n')
            *p++ = ' ';
    for (char *word; (word = strsep(&rest, ": \t\n")) != NULL;)
        if (*word)
            check_entry(where, word, &ours);
    free(copy);
    return ours;
}

/* --- The configuration ---------------------------------------------------------------------------*/

/* Line LINE of PATH, as the library's parser gave it. False if it is sound. */
static bool report_line(const char *path, const struct conf *c, enum conf_item item)
{
    enum option o = item == CONF_SETTING ? option_by_key(c->key) : OPT_COUNT;
    const struct option_row *row = o < OPT_COUNT ? &option_rows[o] : NULL;
    uint64_t number;
    if (item == CONF_MALFORMED)
        finding(LEVEL_PROBLEM, "conf", "%s:%u: '%s' is neither a setting nor a section", path, c->line,
                c->key);
    else if (!row)
        finding(LEVEL_PROBLEM, "conf", "%s:%u: there is no option '%s'", path, c->line, c->key);
    else if (row->type == OPTION_PATH ? strlen(c->value) > row->max : !option_parse(o, c->value, &number))
        finding(LEVEL_PROBLEM, "conf", "%s:%u: bad value '%s' for %s", path, c->line, c->value, c->key);
    else
        return false;
    return true;
}

/* Report the lines that PROGRAM gets, each once. */
static unsigned report_lines(const char *path, const char *program, bool seen[CONF_MAX + 1])
{
    struct conf conf;
    unsigned found = 0;
    if (conf_open(&conf, path, program, ""))
        return 0;
    for (enum conf_item item; (item = conf_next(&conf)) != CONF_END;) {
        if (!seen[conf.line])
            found += report_line(path, &conf, item);
        seen[conf.line] = true;
    }
    return found;
}

/* Every section is looked at as a program of that name: a pattern matches itself. */
static unsigned report_sections(const char *path)
{
    static bool seen[CONF_MAX + 1];
    char *text = proc_text(path, NULL), *rest = text;
    unsigned found = report_lines(path, "/", seen);
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        char *name = strstr(line, "[program:"), *end = strrchr(line, ']');
        if (!name || !end || end < name + 9)
            continue;
        for (*end = '\0', name += 9; *name == ' ' || *name == '\t';)
            name++;
        found += report_lines(path, name, seen);
    }
    free(text);
    return found;
}

static void check_conf(const char *path)
{
    struct conf conf;
    if (access(path, F_OK) != 0) {
        finding(LEVEL_NOTE, "conf", "there is no %s: options have their defaults", path);
        return;
    }
    const char *why = conf_open(&conf, path, "/", "");
    if (why) {
        finding(LEVEL_PROBLEM, "conf", "%s is ignored: %s", path, why);
        return;
    }
    if (!report_sections(path))
        finding(LEVEL_GOOD, "conf", "%s is sound", path);
}

/* --- The trial -----------------------------------------------------------------------------------*/

/* Does the C library, opened with RTLD_DEEPBIND, have the malloc of OBJECT? */
static int deepbind_has(const char *object)
{
    Dl_info info = {0};
    void *libc = dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD | RTLD_DEEPBIND);
    void *symbol = libc ? dlsym(libc, "malloc") : NULL;
    return symbol && dladdr(symbol, &info) && info.dli_fname && strcmp(info.dli_fname, object) == 0;
}

/* The process that check starts: says which object its malloc is in, whether a block is the library's, and
 * whether a library opened with RTLD_DEEPBIND would get the same malloc. */
int command_trial(int argc, char **argv)
{
    Dl_info info = {0};
    (void)argc;
    (void)argv;
    void *symbol = dlsym(RTLD_DEFAULT, "malloc");
    int (*owns)(const void *) = NULL;
    void *found = dlsym(RTLD_DEFAULT, "hak_owns"), *block = malloc(1000);
    memcpy(&owns, &found, sizeof owns);
    if (symbol && dladdr(symbol, &info) && info.dli_fname)
        printf("%s\n%d %d\n", info.dli_fname, owns ? owns(block) : -1, deepbind_has(info.dli_fname));
    free(block);
    return info.dli_fname ? EXIT_OK : EXIT_NO;
}

struct trial {
    bool ran;
    char object[4096];
    int owns;     /* 1: the library's block, 0: not, -1: no library */
    int deepbind; /* 1: libraries opened with RTLD_DEEPBIND have the same malloc */
};

static struct trial try_it(const char *preload)
{
    struct trial trial = {.owns = -1};
    int ends[2], status = -1;
    char text[4200];
    size_t have = 0;
    if (pipe(ends) != 0)
        return trial;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        if (preload && *preload)
            (void)setenv("LD_PRELOAD", preload, 1);
        execl(own_path(), "hakmem", "--trial", (char *)NULL);
        _exit(EXIT_NOT_FOUND);
    }
    close(ends[1]);
    for (ssize_t n; have < sizeof text - 1 && (n = read(ends[0], text + have, sizeof text - 1 - have)) > 0;)
        have += (size_t)n;
    text[have] = '\0';
    close(ends[0]);
    if (pid > 0)
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            continue;
    trial.ran = WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
                sscanf(text, "%4095[^\n] %d %d", trial.object, &trial.owns, &trial.deepbind) == 3;
    return trial;
}

static void check_trial(const char *library)
{
    const char *old = getenv("LD_PRELOAD");
    char *preload = need_format("%s%s%s", library, old && *old ? ":" : "", old ? old : "");
    struct trial with = try_it(preload), as_is = try_it(NULL);
    bool passive = with.ran && strstr(with.object, "libhakmem.so") && with.owns == 0;
    if (!with.ran)
        finding(LEVEL_PROBLEM, "trial", "a trial process with LD_PRELOAD=%s does not run", library);
    else if (!strstr(with.object, "libhakmem.so"))
        finding(LEVEL_PROBLEM, "trial", "a trial process with LD_PRELOAD=%s gets malloc from %s", library,
                with.object);
    else if (passive)
        finding(LEVEL_PROBLEM, "trial",
                "a trial process is in passive mode: an option turns the library off");
    else
        finding(LEVEL_GOOD, "trial", "a trial process with it preloaded gets malloc from it");
    if (with.ran && with.owns == 1)
        finding(with.deepbind ? LEVEL_GOOD : LEVEL_NOTE, "deepbind",
                with.deepbind ? "libraries opened with RTLD_DEEPBIND get malloc from it, too"
                              : "libraries opened with RTLD_DEEPBIND get malloc from the C library: "
                                "HAKMEM_DEEPBIND_FIX is 0, or the system refuses to change its symbols");
    if (as_is.ran && strstr(as_is.object, "libhakmem.so"))
        finding(LEVEL_GOOD, "here", "programs started here use it already");
    else if (as_is.ran)
        finding(LEVEL_PROBLEM, "here", "programs started here do not use it: malloc is that of %s",
                as_is.object);
    free(preload);
}

void check_machine(const char *library, const char *conf)
{
    char *real = absolute_path(library), *list = proc_text("/etc/ld.so.preload", NULL);
    const char *variable = getenv("LD_PRELOAD");
    bool good = check_library(real);
    bool listed = check_list("/etc/ld.so.preload", list), named = check_list("LD_PRELOAD", variable);
    if (!listed && !named)
        finding(LEVEL_NOTE, "preload", "neither LD_PRELOAD nor /etc/ld.so.preload names it: use hakmem run");
    check_conf(conf ? conf : conf_path);
    if (good)
        check_trial(real);
    free(real);
    free(list);
}
