/* SPDX-License-Identifier: MIT */
/* profile/folded.c - folded stacks: a line for each, the outermost function first, and a number. What flame graphs
 * are drawn from. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "profile/output.h"

/* A semicolon ends a frame, and a line break the line. */
static void put_frame(const char *name, FILE *out)
{
    for (; *name; name++)
        fputc(*name == ';' ? ':' : (unsigned char)*name < 0x20 ? '?' : *name, out);
}

void write_folded(struct profile *p, enum value type, FILE *out)
{
    struct names names = {0};
    for (uint32_t s = 0; s < p->stacks.count; s++) {
        double value = p->value[s][type];
        if (fabs(value) < 0.5)
            continue;
        for (size_t i = profile_names(p, s, &names); i-- > 0;) {
            put_frame(text_of(p, names.of[i]), out);
            fputc(i ? ';' : ' ', out);
        }
        fprintf(out, "%.0f\n", value);
    }
    free(names.of);
}
