/* SPDX-License-Identifier: MIT */
/* profile/intern.c - numbers for byte strings. */
#include "profile/intern.h"

#include <stdlib.h>
#include <string.h>

#include "common/say.h"

/* FNV-1a. */
static uint64_t hash_of(const unsigned char *key, size_t size)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++)
        h = (h ^ key[i]) * UINT64_C(0x100000001b3);
    return h ^ h >> 29;
}

static void place(struct intern *t, uint32_t number)
{
    uint32_t at = (uint32_t)t->of[number].hash & (t->slots - 1);
    while (t->slot[at])
        at = (at + 1) & (t->slots - 1);
    t->slot[at] = number + 1;
}

static void grow(struct intern *t)
{
    t->slots = t->slots ? t->slots * 2 : 64;
    t->slot = need_memory(t->slot, t->slots * sizeof *t->slot);
    t->of = need_memory(t->of, t->slots / 2 * sizeof *t->of);
    memset(t->slot, 0, t->slots * sizeof *t->slot);
    for (uint32_t i = 0; i < t->count; i++)
        place(t, i);
}

static uint32_t find(const struct intern *t, const void *key, size_t size, uint64_t hash)
{
    uint32_t at = (uint32_t)hash & (t->slots - 1);
    for (; t->slots && t->slot[at]; at = (at + 1) & (t->slots - 1)) {
        const struct interned *i = &t->of[t->slot[at] - 1];
        if (i->hash == hash && i->size == size && memcmp(i->bytes, key, size) == 0)
            return t->slot[at] - 1;
    }
    return UINT32_MAX;
}

uint32_t intern(struct intern *t, const void *key, size_t size)
{
    uint64_t hash = hash_of(key, size);
    uint32_t number = find(t, key, size, hash);
    if (number != UINT32_MAX)
        return number;
    if (t->count >= t->slots / 2)
        grow(t);
    struct interned *i = &t->of[t->count];
    *i = (struct interned){need_memory(NULL, size + 1), size, hash};
    memcpy(i->bytes, key, size);
    i->bytes[size] = '\0';
    place(t, t->count);
    return t->count++;
}

uint32_t intern_text(struct intern *t, const char *text)
{
    return intern(t, text, strlen(text));
}

void intern_free(struct intern *t)
{
    for (uint32_t i = 0; i < t->count; i++)
        free(t->of[i].bytes);
    free(t->of);
    free(t->slot);
    *t = (struct intern){0};
}
