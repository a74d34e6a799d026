/* SPDX-License-Identifier: MIT */
/* damage LIBRARY LIBC: what hakmem-preload reads of libraries, for damaged ones. Built with sanitizers, which
 * end it where anything outside of the file is read; an alarm ends it where the reading does not. */
#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image.h"
#include "preload.h"

enum { REGION_LIMIT = 512, SECONDS = 100, RANDOM_CASES = 4000 };

static struct text library, libc;
static unsigned long cases, sound, refused;

void *need_memory(size_t size)
{
    void *p = malloc(size ? size : 1);
    return p ? p : (abort(), NULL);
}

static struct text load(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &st) != 0)
        exit(2);
    struct text text = {need_memory((size_t)st.st_size), (size_t)st.st_size};
    if (read(fd, text.data, text.size) != st.st_size)
        exit(2);
    close(fd);
    return text;
}

static size_t look(const char *text)
{
    return text ? strlen(text) : 0;
}

/* Everything that check.c asks, of a copy that ends where the file does. */
static bool judge(const char *data, size_t size, bool as_libc)
{
    struct text copy = {need_memory(size), size};
    memcpy(copy.data, data, size);
    size_t sum = look(elf_interpreter(&copy));
    const char *why = as_libc ? elf_missing_version(&library, &copy) : elf_not_loadable(&copy);
    sum += look(why);
    if (!as_libc && !why)
        sum += look(elf_soname(&copy)) + look(elf_other_needed(&copy)) + elf_defines(&copy, "malloc") +
               look(elf_missing_version(&copy, &libc));
    cases++;
    *(why ? &refused : &sound) += 1;
    if (why && !*why)
        exit(3);
    free(copy.data);
    return !why && sum + 1 > 0;
}

/* --- One place after the other -------------------------------------------------------------------*/

static void spoil_region(struct text *text, size_t at, size_t size, bool as_libc)
{
    static const unsigned char bytes[] = {0, 1, 2, 4, 0x7f, 0x80, 0xff};
    static const uint64_t words[] = {0,         UINT64_MAX, UINT64_MAX - 7, 1ULL << 63,
                                     INT64_MAX, 1ULL << 32, UINT32_MAX,     UINT32_MAX - 15};
    for (size_t i = at; i < at + size && i < text->size; i++) {
        char before = text->data[i];
        for (size_t j = 0; j < sizeof bytes; j++) {
            text->data[i] = (char)bytes[j];
            (void)judge(text->data, text->size, as_libc);
        }
        text->data[i] = before;
    }
    for (size_t i = at; i < at + size && i + 8 <= text->size; i += 4) {
        char before[8];
        memcpy(before, text->data + i, 8);
        for (size_t j = 0; j < sizeof words / sizeof *words; j++) {
            memcpy(text->data + i, &words[j], 8);
            (void)judge(text->data, text->size, as_libc);
        }
        memcpy(text->data + i, before, 8);
    }
}

static void spoil_some(const struct text *text, const size_t *places, size_t count)
{
    static uint64_t state = 88172645463325252ULL;
    char *data = need_memory(text->size);
    for (int i = 0; i < RANDOM_CASES; i++) {
        memcpy(data, text->data, text->size);
        for (int j = 0; j < 4; j++) {
            state ^= state << 13, state ^= state >> 7, state ^= state << 17;
            size_t at = places[(state >> 20) % count] + (state >> 50);
            uint64_t word = state & 1 ? text->size - (state >> 8) % 100 : (state >> 8) % (1 << 20);
            if (at + 8 <= text->size)
                memcpy(data + at, &word, state & 2 ? 8 : 1);
        }
        (void)judge(data, text->size, false);
    }
    free(data);
}

/* --- Large counts ----------------------------------------------------------------------------------*/

/* A dynamic section without an end, and symbols up to the end of the file. */
static void swell(void)
{
    enum { MORE = 8 << 20 };
    Elf64_Ehdr *h = (void *)library.data;
    size_t start = (library.size + 15) & ~(size_t)15, size = start + MORE;
    char *data = calloc(1, size);
    if (!data)
        exit(2);
    memcpy(data, library.data, library.size);
    Elf64_Phdr *p = (void *)(data + h->e_phoff);
    Elf64_Dyn *entry = (void *)(data + start);
    size_t count = MORE / sizeof *entry, i = 0, base = 1ULL << 40;
    for (int k = 0; k < h->e_phnum; k++) {
        if (p[k].p_type == PT_GNU_STACK) /* the one that can be spared maps the new end */
            p[k] = (Elf64_Phdr){
                .p_type = PT_LOAD, .p_flags = PF_R, .p_offset = start, .p_vaddr = base, .p_filesz = MORE};
        if (p[k].p_type != PT_DYNAMIC)
            continue;
        for (Elf64_Dyn *d = (void *)(library.data + p[k].p_offset); d->d_tag != DT_NULL; d++)
            if (d->d_tag != DT_GNU_HASH && d->d_tag != DT_SYMTAB && d->d_tag != DT_VERSYM)
                entry[i++] = *d;
        p[k].p_offset = start;
        p[k].p_filesz = MORE;
    }
    entry[i++] = (Elf64_Dyn){DT_HASH, {base + MORE / 2}};
    entry[i++] = (Elf64_Dyn){DT_SYMTAB, {base}};
    /* Read as symbols: functions, all of one name; as a hash table: of many symbols. */
    while (i < count)
        entry[i++] = (Elf64_Dyn){0x10001200000001, {0x10001200000001}};
    (void)judge(data, size, false);
    free(data);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    (void)alarm(SECONDS);
    library = load(argv[1]);
    libc = load(argv[2]);
    if (!judge(library.data, library.size, false) || !judge(libc.data, libc.size, true))
        return 4; /* whole, they are sound */
    const Elf64_Ehdr *h = (void *)library.data;
    const Elf64_Shdr *s = (void *)(library.data + h->e_shoff);
    size_t places[64] = {0, h->e_phoff}, count = 2;
    spoil_region(&library, 0, sizeof *h, false);
    spoil_region(&library, h->e_phoff, h->e_phnum * sizeof(Elf64_Phdr), false);
    for (int i = 0; i < h->e_shnum && count < 64; i++) {
        if (!(s[i].sh_flags & SHF_ALLOC) || s[i].sh_type == SHT_PROGBITS || s[i].sh_type == SHT_NOBITS)
            continue;
        places[count++] = s[i].sh_offset;
        for (size_t end = s[i].sh_offset; end <= s[i].sh_offset + s[i].sh_size;
             end += s[i].sh_size ? s[i].sh_size : 1)
            for (size_t k = end ? end - 1 : 0; k <= end + 1; k++)
                if (judge(library.data, k, false))
                    return 5; /* truncated, and nothing said */
        spoil_region(&library, s[i].sh_offset, s[i].sh_size < REGION_LIMIT ? s[i].sh_size : REGION_LIMIT,
                     false);
    }
    spoil_some(&library, places, count);
    swell();
    printf("%lu cases, %lu sound, %lu refused\n", cases, sound, refused);
    return cases > 10000 && refused > 1000 ? 0 : 6;
}
