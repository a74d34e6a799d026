/* SPDX-License-Identifier: MIT */
/* commands.c - enable, disable, status, check, verify. confirm.c says in which order they note what is
 * done. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "confirm.h"
#include "file.h"
#include "preload.h"

/* Names that TEST chooses among those ld.so reads. */
static size_t count_names(const struct text *text, name_test *test)
{
    struct names names = names_read(text);
    size_t count = 0;
    for (size_t i = 0; i < names.count; i++)
        count += test(text, &names.list[i]);
    names_free(&names);
    return count;
}

bool is_enabled(const struct text *text)
{
    return count_names(text, name_is_ours) != 0;
}

/* By exactly one entry, and that is the line of this tool. */
static bool is_enabled_well(const struct text *text)
{
    return count_names(text, name_is_ours) == 1 && count_names(text, name_is_line) == 1;
}

/* The text with our line once, at its end, whatever there was of us. */
static struct text text_enabled(const struct text *text)
{
    struct text without = text_without(text, name_is_ours), result = text_with_line(&without);
    text_free(&without);
    return result;
}

/* --- enable --------------------------------------------------------------------------------------*/

/* All that can be found out before NEXT, which holds RESULT, takes the place of the file. */
static bool try_first(struct successor *next, const struct preload *file, const struct text *result,
                      unsigned *count)
{
    return check_file(file) && check_library() && check_contents(result) &&
           successor_write(next, file, result, 0644) && successor_placeholder(next, file) &&
           canary(next->path, result, count);
}

static int put_back(struct successor *next, const struct preload *file)
{
    if (successor_undo(next, file)) {
        fault("%s is as it was before", PRELOAD_FILE);
        return EXIT_FAULT;
    }
    fault("%s could not be put back: %s; edit it by hand", PRELOAD_FILE, strerror(errno));
    return EXIT_STRANDED;
}

static void note_what_was(const struct preload *file)
{
    const struct text *text = &file->text;
    bool open = text->size && text->data[text->size - 1] != '\n';
    if (!is_enabled(text))
        (void)state_write(STATE_BEFORE, file->exists ? open ? "newline\n" : "" : "created\n");
}

static int install(struct successor *next, struct preload *file)
{
    note_what_was(file);
    if (!successor_install(next, file))
        return EXIT_FAULT;
    preload_label();
    if (!programs_start())
        return put_back(next, file);
    if (file->exists && (file->stat.st_mode & 0444) != 0444)
        say("note: %s was not readable by everybody; now all its entries hold for all users", PRELOAD_FILE);
    return EXIT_OK;
}

/* It is as it was before; what waited then to be confirmed still does. */
static void forget_notes(const struct preload *file, bool pending)
{
    if (!pending)
        (void)confirm_end();
    if (!is_enabled(&file->text))
        (void)state_remove(STATE_BEFORE);
}

static int enable_locked(struct preload *file, double minutes)
{
    struct successor next = {0};
    unsigned count = 0;
    if (is_enabled_well(&file->text) && (file->stat.st_mode & 0444) == 0444) {
        say("enabled already");
        return EXIT_OK;
    }
    /* A note that has outlived its line must not be taken for one on the new line. */
    if (!is_enabled(&file->text) && !confirm_end())
        return EXIT_FAULT;
    bool pending = confirm_pending();
    struct text result = text_enabled(&file->text);
    int status = EXIT_FAULT;
    if (try_first(&next, file, &result, &count) && (minutes <= 0 || confirm_start(minutes)))
        status = install(&next, file);
    if (status == EXIT_FAULT)
        forget_notes(file, pending);
    successor_drop(&next);
    text_free(&result);
    if (status == EXIT_OK)
        say("enabled: programs started from now on use libhakmem (%u programs tried)", count);
    else if (status == EXIT_FAULT)
        fault("not enabled");
    if (status == EXIT_OK && minutes > 0)
        say("undone in %g minutes unless 'hakmem-preload confirm' says, from a new login, that all is well",
            minutes);
    return status;
}

int command_enable(const struct enable_options *options)
{
    struct preload file;
    double minutes = options->minutes;
    if (options->remembered && access(STATE_REMEMBERED, F_OK) != 0)
        return EXIT_OK;
    if ((options->remembered && !confirm_remembered(&minutes)) || !preload_lock())
        return EXIT_FAULT;
    int status = preload_read(&file) ? enable_locked(&file, minutes) : EXIT_FAULT;
    if (status == EXIT_OK)
        (void)state_remove(STATE_REMEMBERED);
    preload_forget(&file);
    preload_unlock();
    return status;
}

/* --- disable -------------------------------------------------------------------------------------*/

/* A newline that enable added goes with the line. */
static void drop_newline(const struct preload *file, struct text *result)
{
    if (state_is(STATE_BEFORE, "newline\n") && result->size && result->data[result->size - 1] == '\n' &&
        file->text.size > result->size && memcmp(file->text.data, result->data, result->size) == 0)
        result->size--;
}

int disable_locked(struct preload *file)
{
    struct successor next = {0};
    struct text result = text_without(&file->text, name_is_ours);
    drop_newline(file, &result);
    bool done;
    if (result.size == 0 && state_is(STATE_BEFORE, "created\n"))
        done = preload_remove(file);
    else
        done = successor_write(&next, file, &result, file->stat.st_mode & 07777) &&
               successor_install(&next, file);
    if (done && next.path[0])
        preload_label();
    successor_drop(&next);
    text_free(&result);
    if (!done)
        return EXIT_FAULT;
    (void)state_remove(STATE_BEFORE);
    return EXIT_OK;
}

/* Seen without the lock, which is a file: where nothing is, nothing is left behind. */
static bool there_is_nothing(void)
{
    struct stat st;
    return lstat(PRELOAD_FILE, &st) != 0 && errno == ENOENT && !confirm_pending();
}

/* What waited to be confirmed is remembered as such. */
static void note_what_is(bool enabled, bool remember)
{
    if (enabled && remember && !confirm_pending())
        (void)state_write(STATE_REMEMBERED, "");
    else if (enabled && remember && rename(STATE_UNCONFIRMED, STATE_REMEMBERED) != 0)
        fault("cannot note it: %s: %s", STATE_REMEMBERED, strerror(errno));
    else if (!remember)
        (void)state_remove(STATE_REMEMBERED);
    (void)confirm_end();
}

int command_disable(bool remember)
{
    struct preload file;
    if (there_is_nothing()) {
        if (!remember)
            (void)state_remove(STATE_REMEMBERED);
        say("not enabled");
        return EXIT_OK;
    }
    if (!preload_lock())
        return EXIT_FAULT;
    int status = preload_read(&file) ? EXIT_OK : EXIT_FAULT;
    bool enabled = status == EXIT_OK && is_enabled(&file.text);
    if (enabled)
        status = disable_locked(&file);
    if (status == EXIT_OK) {
        note_what_is(enabled, remember);
        say(enabled ? "disabled: programs started from now on use their own allocator" : "not enabled");
    } else {
        fault("not disabled");
    }
    preload_forget(&file);
    preload_unlock();
    return status;
}

/* --- status --------------------------------------------------------------------------------------*/

static void say_entries(const struct text *text)
{
    struct names names = names_read(text);
    for (size_t i = 0; i < names.count; i++)
        say("entry: %.*s", (int)names.list[i].size, text->data + names.list[i].at);
    names_free(&names);
}

int command_status(void)
{
    struct preload file;
    int status = EXIT_OK;
    if (!preload_read(&file))
        return EXIT_BROKEN;
    if (!is_enabled(&file.text)) {
        say("disabled");
        status = EXIT_OFF;
    } else {
        say("enabled");
        if (!is_enabled_well(&file.text)) {
            fault("it is not listed once as %s: 'hakmem-preload enable' mends that", PRELOAD_LINE);
            status = EXIT_BROKEN;
        }
        if ((file.stat.st_mode & 0444) != 0444) {
            fault("%s is not readable by everybody: programs of others than root pass over it", PRELOAD_FILE);
            status = EXIT_BROKEN;
        }
        if (!check_file(&file) || !check_library() || !check_contents(&file.text))
            status = EXIT_BROKEN;
    }
    say_entries(&file.text);
    if (status != EXIT_OFF && !confirm_say())
        status = EXIT_BROKEN;
    preload_forget(&file);
    return status;
}

/* --- check, verify -------------------------------------------------------------------------------*/

int command_check(void)
{
    struct preload file;
    struct successor next = {0};
    unsigned count = 0;
    if (!preload_lock())
        return EXIT_FAULT;
    bool sound = preload_read(&file);
    if (sound) {
        struct text result = is_enabled_well(&file.text) ? text_copy(file.text.data, file.text.size)
                                                         : text_enabled(&file.text);
        sound = try_first(&next, &file, &result, &count);
        successor_drop(&next);
        text_free(&result);
    }
    preload_forget(&file);
    preload_unlock();
    if (sound)
        say("sound: %s, tried on %u programs", library_path(), count);
    return sound ? EXIT_OK : EXIT_FAULT;
}

static int unverified(void)
{
    fault("not tried again, and not disabled");
    return EXIT_STRANDED;
}

/* After the library or the C library was replaced. */
int command_verify(void)
{
    struct preload file;
    struct successor next = {0};
    unsigned count = 0;
    int status = EXIT_OK;
    if (there_is_nothing())
        return EXIT_OK;
    if (!preload_lock())
        return unverified();
    if (!preload_read(&file)) {
        status = unverified();
    } else if (is_enabled(&file.text)) {
        bool sound = try_first(&next, &file, &file.text, &count);
        successor_drop(&next);
        if (sound) {
            say("enabled, and sound: tried on %u programs", count);
        } else {
            bool done = disable_locked(&file) == EXIT_OK;
            if (done)
                (void)confirm_end();
            fault(done ? "disabled, because of that" : "and it could not be disabled");
            status = done ? EXIT_FAULT : EXIT_STRANDED;
        }
    }
    preload_forget(&file);
    preload_unlock();
    return status;
}
