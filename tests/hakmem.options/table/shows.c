/* SPDX-License-Identifier: MIT */
/* Says who serves the process, whether it runs in secure execution, and the values of the keys KEY... */
#include <sys/auxv.h>

#include "check.h"
#include "settings/options.h"

int main(int argc, char **argv)
{
    void *p = malloc(100);
    dprintf(1, "%s%s", heap_owns(p) ? "serving" : "passive", getauxval(AT_SECURE) ? " secure" : "");
    free(p);
#ifdef HAK_NAMES
    for (int i = 1; i < argc; i++) {
        enum option o = option_by_key(argv[i]);
        if (o < OPT_COUNT && option_rows[o].type == OPTION_PATH && option_path(o))
            dprintf(1, " %s", option_path(o));
        else if (o < OPT_COUNT)
            dprintf(1, " %llu", (unsigned long long)option(o));
    }
#else
    (void)argc;
    (void)argv;
#endif
    dprintf(1, "\n");
    return 0;
}
