/* SPDX-License-Identifier: MIT */
/* mixfile.c - reads a histogram of sizes and lifetimes, without malloc. */
#define _GNU_SOURCE
#include "mixfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { TEXT = 1 << 20 };

static const char *name_of_file;

static _Noreturn void refuse(unsigned line, const char *what)
{
    if (line)
        dprintf(2, "%s: %s, line %u: %s\n", program_invocation_short_name, name_of_file, line, what);
    else
        dprintf(2, "%s: %s: %s\n", program_invocation_short_name, name_of_file, what);
    exit(2);
}

static char *read_text(void)
{
    char *text = bench_pages(TEXT);
    int file = open(name_of_file, O_RDONLY | O_CLOEXEC);
    ssize_t length = 0, more = -1;

    if (file < 0)
        refuse(0, strerror(errno));
    for (; (more = read(file, text + length, (size_t)(TEXT - 1 - length))) > 0; length += more)
        continue;
    if (more < 0)
        refuse(0, strerror(errno));
    if (length == TEXT - 1)
        refuse(0, "more than a megabyte cannot be a histogram");
    close(file);
    return text;
}

static int next_number(char **text, uint64_t *number)
{
    char *end;

    while (**text == ' ')
        (*text)++;
    if (**text < '0' || **text > '9')
        return 0;
    errno = 0;
    *number = strtoull(*text, &end, 10);
    *text = end;
    return !errno;
}

static void add_cell(struct mix *mix, uint64_t size, uint8_t age, uint64_t weight, unsigned line)
{
    if (!weight)
        return;
    if (mix->cell_count == MIX_CELLS)
        refuse(line, "too many sizes");
    mix->cells[mix->cell_count] = (struct mix_cell){(uint32_t)(size ? size : 1), 0, 0, age};
    mix->weights[mix->cell_count++] = weight;
    mix->count += weight;
}

/* SIZE COUNT NEVER FREED...: the last ones must add up to COUNT. */
static void read_line(struct mix *mix, char *text, unsigned line)
{
    uint64_t size, count, weight, sum;

    if (!next_number(&text, &size) || !next_number(&text, &count) || !next_number(&text, &weight))
        refuse(line, "expected SIZE COUNT NEVER FREED...");
    if (size > UINT32_MAX || count > UINT32_MAX || weight > count)
        refuse(line, "a number is too large");
    add_cell(mix, size, MIX_NEVER, weight, line);
    sum = weight;
    for (unsigned age = 0; next_number(&text, &weight); age++) {
        if (age == MIX_AGES || weight > count - sum)
            refuse(line, "more were freed than allocated");
        add_cell(mix, size, (uint8_t)age, weight, line);
        sum += weight;
    }
    if (*text || sum != count)
        refuse(line, "the numbers do not add up");
}

/* Each cell gets the same share of all draws: a frequent one gives what it has too much to rare ones. */
static void share_out(struct mix *mix)
{
    uint32_t n = mix->cell_count, rare = 0, frequent = n;
    uint16_t *list = bench_array(n, sizeof *list); /* rare ones from the front, frequent ones from the back */

    for (uint32_t i = 0; i < n; i++) {
        mix->weights[i] *= n; /* and a share is the sum of all: nothing is rounded */
        mix->cells[i].alias = (uint16_t)i;
        list[mix->weights[i] < mix->count ? rare++ : --frequent] = (uint16_t)i;
    }
    while (rare > 0 && frequent < n) {
        uint16_t few = list[--rare], many = list[frequent];

        mix->cells[few].alias = many;
        mix->cells[few].chance = (uint32_t)((double)mix->weights[few] / (double)mix->count * 0x1p32);
        mix->weights[many] -= mix->count - mix->weights[few];
        if (mix->weights[many] < mix->count) {
            frequent++;
            list[rare++] = many;
        }
    }
}

void mix_read(struct mix *mix, const char *name)
{
    char *line, *rest;
    unsigned number = 0;

    name_of_file = name;
    mix->cells = bench_array(MIX_CELLS, sizeof *mix->cells);
    mix->weights = bench_array(MIX_CELLS, sizeof *mix->weights);
    rest = read_text();
    while ((line = strsep(&rest, "\n"))) {
        number++;
        if (number == 1 && strcmp(line, "# mix 1") != 0)
            refuse(1, "expected \"# mix 1\": not a histogram that record.so has written");
        if (*line && *line != '#')
            read_line(mix, line, number);
    }
    if (!mix->count || mix->count > MIX_COUNT)
        refuse(0, "no blocks in it, or too many");
    share_out(mix);
}
