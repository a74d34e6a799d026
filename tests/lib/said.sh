# SPDX-License-Identifier: MIT
# said.sh - what a command says, both outputs, is what is wanted.

said() # said WHAT WANTED COMMAND...
{
    what=$1 wanted=$2
    shift 2
    found=$("$@" 2>&1)
    if [ "$found" = "$wanted" ]; then
        echo "PASS: $what"
    else
        printf 'FAIL: %s: %s\n' "$what" "$(echo "$found" | tr '\n' '|'), wanted $(echo "$wanted" | tr '\n' '|')"
    fi
}
