/* SPDX-License-Identifier: MIT */
/* commands/children.c - what a command will start, as far as its arguments tell, and whether the library
 * gets there.
 *
 * The text of a shell is not run here, only searched for words where commands stand. What a variable, a
 * function or an alias makes of them is not known: nothing is said of those. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/proc.h"
#include "commands/suitable.h"
#include "common/say.h"

enum { WORD_SIZE = 256, WARNED_MOST = 16, SCRIPT_MOST = 256 << 10 };

static char warned[WARNED_MOST][PATH_MAX];
static unsigned warnings;

static void warn_once(const char *file, const char *by, const char *why)
{
    for (unsigned i = 0; i < warnings; i++)
        if (strcmp(warned[i], file) == 0)
            return;
    if (warnings == WARNED_MOST)
        return;
    (void)snprintf(warned[warnings++], PATH_MAX, "%s", file);
    error("warning: %s, which %s names, %s", file, by, why);
}

static bool is_one_of(const char *file, const char *const *names)
{
    const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
    for (; *names; names++)
        if (strcmp(base, *names) == 0)
            return true;
    return false;
}

static const char *const shells[] = {"sh", "dash", "bash", "ksh", "zsh", "ash", "mksh", "rbash", NULL};
/* What runs the command that follows its options. */
static const char *const wrappers[] = {"env",     "nice",  "nohup",   "timeout", "setsid", "stdbuf",
                                       "ionice",  "chrt",  "taskset", "time",    "xargs",  "exec",
                                       "command", "flock", "setpriv", "strace",  "ltrace", "prlimit",
                                       "unshare", "sudo",  "doas",    NULL};
/* And clears the environment before. */
static const char *const clearers[] = {"sudo", "doas", "pkexec", "systemd-run", NULL};

/* --- One command ---------------------------------------------------------------------------------*/

/* A word that stands where a command may: is it one, and what is wrong with it? True if it is followed by
 * another. */
static bool look_at(const char *word, const char *by)
{
    struct suitability s;
    char *file = find_command(word);
    if (!file)
        return is_one_of(word, wrappers);
    suitability_of(file, &s);
    free(file);
    const char *why = s.unfit ? s.unfit : s.ignored;
    if (why)
        warn_once(s.file, by, why);
    if (is_one_of(word, clearers))
        warn_once(s.file, by, "clears the environment: what it starts is without the library");
    return is_one_of(word, wrappers);
}

static bool is_assignment(const char *word)
{
    size_t n = strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
    return n && word[n] == '=' && !isdigit((unsigned char)word[0]);
}

/* --- The text of a shell -------------------------------------------------------------------------*/

struct scan {
    const char *at, *by;
    char heredoc[WORD_SIZE]; /* ends at a line that is this; "" if there is none to skip */
    bool command;            /* the next word stands where a command does */
    bool wrapped;            /* behind a wrapper: options and their values may come before */
};

static void skip_line(struct scan *s)
{
    s->at = strchrnul(s->at, '\n');
}

/* Behind the newline that *AT stands on: past the text of a here-document. */
static void skip_heredoc(struct scan *s)
{
    size_t n = strlen(s->heredoc);
    while (n && *s->at) {
        const char *line = s->at + strspn(s->at, "\t"), *end = strchrnul(line, '\n');
        s->at = *end ? end + 1 : end;
        if ((size_t)(end - line) == n && memcmp(line, s->heredoc, n) == 0)
            n = 0;
    }
    s->heredoc[0] = '\0';
}

/* The word at *AT, without quotes. False if it is not known what it becomes. */
static bool read_word(struct scan *s, char word[WORD_SIZE])
{
    size_t n = 0;
    bool plain = true;
    for (char quote = '\0'; *s->at && (quote || !strchr(" \t\n;&|()<>", *s->at)); s->at++) {
        char c = *s->at;
        if (quote ? c == quote : c == '\'' || c == '"') {
            quote = quote ? '\0' : c;
            continue;
        }
        if (c == '\\' && quote != '\'' && s->at[1])
            c = *++s->at;
        plain = plain && !(strchr("$`", c) && quote != '\'') && !(strchr("*?[~", c) && !quote);
        if (n < WORD_SIZE - 1)
            word[n++] = c;
    }
    word[n] = '\0';
    return plain && n && n < WORD_SIZE - 1;
}

static void redirection(struct scan *s)
{
    char word[WORD_SIZE];
    bool here = s->at[0] == '<' && s->at[1] == '<' && s->at[2] != '<';
    s->at += strspn(s->at, "<>&|-");
    s->at += strspn(s->at, " \t");
    if (read_word(s, word) && here)
        (void)snprintf(s->heredoc, sizeof s->heredoc, "%s", word);
}

static void take_word(struct scan *s)
{
    static const char *const reserved[] = {"if",    "then",  "else", "elif", "do",
                                           "while", "until", "!",    "{",    NULL};
    char word[WORD_SIZE];
    bool plain = read_word(s, word), wrapped = s->wrapped;
    if (!s->command)
        return;
    s->command = false;
    if (!plain || *s->at == '(' || *s->at == ')') /* a function, or a pattern of case */
        return;
    if (is_one_of(word, reserved) || is_assignment(word)) {
        s->command = true;
    } else if (wrapped && (word[0] == '-' || isdigit((unsigned char)word[0]))) {
        s->command = true;
    } else {
        s->wrapped = look_at(word, s->by);
        s->command = s->wrapped;
    }
}

static void scan_shell(const char *text, const char *by)
{
    struct scan s = {.at = text, .by = by, .command = true};
    while (*s.at) {
        char c = *s.at;
        if (c == ' ' || c == '\t') {
            s.at++;
        } else if (c == '\\' && s.at[1] == '\n') {
            s.at += 2;
        } else if (c == '#') {
            skip_line(&s);
        } else if (c == '<' || c == '>') {
            redirection(&s);
        } else if (strchr("\n;&|()", c)) {
            s.at++;
            s.command = true;
            s.wrapped = false;
            if (c == '\n')
                skip_heredoc(&s);
        } else {
            take_word(&s);
        }
    }
}

static void scan_script(const char *path)
{
    size_t size;
    char *text = proc_text(path, &size);
    if (text && size < SCRIPT_MOST && !memchr(text, '\0', size))
        scan_shell(text, path);
    free(text);
}

/* --- The arguments -------------------------------------------------------------------------------*/

/* What a shell is told to run: the text behind -c, or a script. */
static void shell_children(const char *shell, char *const *argv)
{
    bool text = false;
    for (argv++; *argv && ((*argv)[0] == '-' || (*argv)[0] == '+') && (*argv)[1]; argv++)
        if (strcmp(*argv, "--") == 0)
            break;
        else if ((*argv)[0] == '-' && (*argv)[1] != '-' && strchr(*argv, 'c'))
            text = true;
        else if (strcmp(*argv, "-o") == 0 && argv[1])
            argv++;
    if (*argv && strcmp(*argv, "--") == 0)
        argv++;
    if (*argv && text)
        scan_shell(*argv, shell);
    else if (*argv)
        scan_script(*argv);
}

/* env without the variable. */
static bool takes_preload_away(const char *word, const char *next)
{
    return strcmp(word, "-i") == 0 || strcmp(word, "-") == 0 || strcmp(word, "--ignore-environment") == 0 ||
           strcmp(word, "-uLD_PRELOAD") == 0 || strcmp(word, "--unset=LD_PRELOAD") == 0 ||
           (strcmp(word, "-u") == 0 && next && strcmp(next, "LD_PRELOAD") == 0);
}

static void wrapper_children(const char *wrapper, char *const *argv)
{
    static const char *const env[] = {"env", NULL};
    bool away = false;
    for (argv++; *argv; argv++) {
        away = away || (is_one_of(wrapper, env) && takes_preload_away(*argv, argv[1]));
        if ((*argv)[0] == '-' || is_assignment(*argv))
            continue;
        char *file = find_command(*argv);
        if (!file)
            continue; /* the value of an option */
        if (away)
            warn_once(wrapper, "the command", "takes LD_PRELOAD away: what it starts is without the library");
        else {
            (void)look_at(*argv, wrapper);
            warn_of_children(file, argv);
        }
        free(file);
        return;
    }
}

void warn_of_children(const char *file, char *const *argv)
{
    struct suitability s;
    suitability_of(file, &s);
    if (s.script && is_one_of(s.file, shells))
        scan_script(file);
    else if (!s.script && is_one_of(file, shells))
        shell_children(file, argv);
    else if (is_one_of(file, clearers))
        warn_once(file, "the command", "clears the environment: what it starts is without the library");
    else if (is_one_of(file, wrappers))
        wrapper_children(file, argv);
}
