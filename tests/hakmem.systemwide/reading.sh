#!/bin/sh
# SPDX-License-Identifier: MIT
# reading.sh - the names that status says are those ld.so of this machine reads, for many random files.
set -u
. "$TOP/tests/hakmem.systemwide/common.sh"

# Random texts of names, separators and comments; seeded, so that each run has the same.
awk -v dir="$work" 'BEGIN {
    srand(20261121)
    split("/x/a.so|/x/bb.so|/x/$LIB/c.so|#|# |#/x/in.so|##| # note|:|::| |  |\t|\n|\n\n|\n#\n|\r|.|/x/a.so\n|/x/long-long-name.so", part, "|")
    for (n = 0; n < 480; n++) {
        text = ""
        for (i = int(rand() * 14); i >= 0; i--)
            text = text part[1 + int(rand() * 20)]
        # From 400 on: bytes beyond ASCII, files that end at a page or near it, and a NUL in some.
        if (n >= 400) {
            for (size = 4088 + int(rand() * 16); length(text) < size; text = text substr(pad, 1, size - length(text)))
                pad = rand() < 0.7 ? "/x/\351\377.so:\v" : part[1 + int(rand() * 20)]
            if (n % 4 == 0)
                printf "%s%c", substr(text, 1, n), 0 >(dir "/random." n)
        }
        printf "%s", text >(dir "/random." n)
        close(dir "/random." n)
    }
}'
n=0 total=0
while [ "$n" -lt 480 ]; do
    cp "random.$n" "$FILE"
    preload status
    LC_ALL=C sed -n 's/^entry: //p' tool.out >said
    # ld.so says each name that it cannot load.
    chroot "$root" /bin/true 2>&1 | LC_ALL=C sed -n "s/^ERROR: ld\.so: object '\(.*\)' from \/etc\/ld\.so\.preload cannot be preloaded.*/\1/p" >read
    if ! cmp -s said read; then
        echo "$n:" && od -c "random.$n" && echo said: && cat said && echo read: && cat read
    fi
    total=$((total + $(wc -l <read)))
    n=$((n + 1))
done >differences
judge "480 random files are read as ld.so reads them" "$(head -n 60 differences)"
judge "there were names" "$([ "$total" -gt 10000 ] || echo "$total")"
exit 0
