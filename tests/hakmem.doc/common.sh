# SPDX-License-Identifier: MIT
# common.sh - what the scripts of this family share. Read with "."; TOP BUILD LIBS SO CC SCRATCH are set as the test
# library sets them.
# shellcheck shell=sh disable=SC2034,SC2154

. "$TOP/tests/lib/judge.sh"

# Where the pages were built: in a tarball, beside their sources.
dir=$BUILD/man
[ -f "$dir/hakmem.7" ] || dir=$TOP/man

# The directory $work, for a script that runs programs with the library; the script ends where there is none.
begin_work() # begin_work NAME
{
    if [ ! -f "$SO" ]; then
        echo "UNSUPPORTED: there is no libhakmem.so in this build (a sanitizer build?)"
        exit 0
    fi
    work=$SCRATCH/$1.d
    rm -rf "$work"
    mkdir -p "$work" && cd "$work" || exit 1
}

# From roff to what is typed.
as_typed() { sed "s/\\\\-/-/g; s/\\\\(aq/'/g; s/\\\\e/\\\\/g" "$@"; }
