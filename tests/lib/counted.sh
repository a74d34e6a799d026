# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# counted.sh - for scripts that are a whole check of their own: lines PASS:, FAIL: and UNSUPPORTED:, at the end
# "N passed, N failed". Read with ".".
passed=0 failed=0

result() # result STATUS WHAT
{
    if [ "$1" -eq 0 ]; then
        passed=$((passed + 1))
        echo "PASS: $2"
    else
        failed=$((failed + 1))
        echo "FAIL: $2"
    fi
}

unsupported() { echo "UNSUPPORTED: $*"; }

# The end of the script, too.
finish()
{
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
    exit
}
