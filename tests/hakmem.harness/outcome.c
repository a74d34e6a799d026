/* SPDX-License-Identifier: MIT */
/* Ends in the way its arguments say: for testing the test library. */
#include <signal.h>

#include "check.h"

static void say(const char *what)
{
    dprintf(1, "pointer 0x1234\n");
    if (strcmp(what, "double-free") == 0 || strcmp(what, "twice") == 0)
        dprintf(2, "hakmem: free(): double free 0x1234\n");
    if (strcmp(what, "twice") == 0 || strcmp(what, "other-pointer") == 0)
        dprintf(2, "hakmem: free(): double free 0x12345\n");
    if (strcmp(what, "other-text") == 0)
        dprintf(2, "hakmem: free(): invalid pointer 0x1234\n");
    if (strcmp(what, "chatter") == 0)
        dprintf(2, "hakmem: something\n");
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "hang") == 0)
        pause();
    if (argc > 2 && strcmp(argv[1], "exit") == 0)
        return atoi(argv[2]);
    if (argc > 2 && strcmp(argv[1], "signal") == 0)
        raise(atoi(argv[2]));
    if (argc > 2 && strcmp(argv[1], "say") == 0) {
        say(argv[2]);
        return 0;
    }
    if (argc > 3 && strcmp(argv[1], "die") == 0) {
        say(argv[3]);
        raise(atoi(argv[2]));
    }
    return 99;
}
