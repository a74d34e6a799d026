/* SPDX-License-Identifier: MIT */
/* profile/functions.c - a profile by functions. */
#include "profile/functions.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/say.h"

struct taking {
    struct functions *f;
    struct intern known; /* texts */
    uint32_t *last;      /* the stack + 1 that was counted last: one that calls itself counts once */
};

static struct function *function_of(struct taking *t, uint32_t name, uint32_t **last)
{
    uint32_t before = t->known.count, n = intern(&t->known, &name, sizeof name);
    if (n == before && (n & (n - 1)) == 0) {
        size_t room = n ? (size_t)n * 2 : 1;
        t->f->of = need_memory(t->f->of, room * sizeof *t->f->of);
        t->last = need_memory(t->last, room * sizeof *t->last);
    }
    if (n == before) {
        t->f->of[n] = (struct function){.name = name};
        t->last[n] = 0;
    }
    *last = &t->last[n];
    return &t->f->of[n];
}

static void take_stack(struct taking *t, struct profile *p, uint32_t stack, struct names *names)
{
    size_t n = profile_names(p, stack, names), user = first_user(p, names->of, n);
    const double *value = p->value[stack];
    uint32_t *last;
    for (size_t i = user; i < n; i++) {
        struct function *f = function_of(t, names->of[i], &last);
        for (int k = 0; k < TYPES; k++) {
            f->flat[k] += i == user ? value[k] : 0;
            f->total[k] += *last != stack + 1 ? value[k] : 0;
        }
        *last = stack + 1;
    }
}

void functions_take(struct functions *f, struct profile *p)
{
    struct taking t = {.f = f};
    struct names names = {0};
    *f = (struct functions){0};
    for (uint32_t s = 0; s < p->stacks.count; s++)
        take_stack(&t, p, s, &names);
    f->count = t.known.count;
    intern_free(&t.known);
    free(t.last);
    free(names.of);
}

static enum value sorting;
static int by_value(const void *a, const void *b)
{
    const struct function *x = a, *y = b;
    double flat = fabs(y->flat[sorting]) - fabs(x->flat[sorting]);
    double total = fabs(y->total[sorting]) - fabs(x->total[sorting]);
    if (flat != 0 || total != 0)
        return (flat != 0 ? flat : total) > 0 ? 1 : -1;
    return x->name < y->name ? -1 : 1;
}

void functions_sort(struct functions *f, enum value by)
{
    sorting = by;
    if (f->count)
        qsort(f->of, f->count, sizeof *f->of, by_value);
}

void functions_free(struct functions *f)
{
    free(f->of);
    *f = (struct functions){0};
}
