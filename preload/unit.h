/* SPDX-License-Identifier: MIT */
/* unit.h - the settings of a service of systemd, read from its files: it works where no systemd runs. */
#ifndef HAK_PRELOAD_UNIT_H
#define HAK_PRELOAD_UNIT_H

#include <stdbool.h>
#include <stddef.h>

#define UNITS "/etc/systemd/system"

struct setting {
    char *key, *value, *file;
    size_t line;
};

enum unit_state { UNIT_FOUND, UNIT_INIT_SCRIPT, UNIT_MASKED, UNIT_MISSING };

struct unit {
    enum unit_state state;
    struct setting *list; /* of [Service], in the order that counts; an empty one took away what it should */
    size_t count;
};

/* NAME ends with .service. The drop-in file EXCEPT is passed over. */
void unit_read(struct unit *unit, const char *name, const char *except);
void unit_free(struct unit *unit);

/* The last setting of KEY, or NULL. */
const struct setting *unit_last(const struct unit *unit, const char *key);
/* Is KEY set to yes? */
bool unit_yes(const struct unit *unit, const char *key);

/* The next word of *TEXT as systemd separates them, quotes taken away; false at the end. */
bool unit_word(const char **text, char *word, size_t size);

#endif
