# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# checks.sh - sourced by the tests: a line PASS, FAIL or UNSUPPORTED for each check, and the status.
#
# They run under autopkgtest, and under make check-deb in a chroot.
failures=0
scratch=${AUTOPKGTEST_TMP:-$(mktemp -d)}

# check NAME COMMAND...: its output is shown where it fails.
check()
{
    name=$1
    shift
    if "$@" >"$scratch/check.log" 2>&1; then
        echo "PASS: $name"
    else
        echo "FAIL: $name"
        tail -n 12 "$scratch/check.log" | sed 's/^/    /'
        failures=$((failures + 1))
    fi
}

unsupported() { echo "UNSUPPORTED: $*"; }

# Output of COMMAND matches the basic regular expression.
says() # says EXPRESSION COMMAND...
{
    expression=$1
    shift
    "$@" >"$scratch/says.log" 2>&1 </dev/null
    status=$?
    cat "$scratch/says.log"
    [ $status -eq 0 ] && grep -q -e "$expression" "$scratch/says.log"
}

not() { ! "$@"; }

# --- for tests of apt and dpkg ----------------------------------------------------------------------

apt() { apt-get -q -y "$@" </dev/null; }

# All there is, but for what apt and dpkg write about any package.
files()
{
    find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /run -o -path "$scratch" \
        -o -path /var/log -o -path /var/cache -o -path /var/lib/apt -o -path /srv \) -prune -o -print |
        grep -v -e '^/var/lib/dpkg/[^/]*$' -e '^/var/lib/dpkg/triggers' | sort
}

in_state() # in_state STATE PACKAGE...
{
    state=$1
    shift
    for package in "$@"; do
        found=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)
        echo "$package: ${found:-not-installed}"
        [ "${found:-not-installed}" = "$state" ] || return 1
    done
}

# Versions of libhakmem1 that apt can install: all, the newest first.
versions() { apt-cache madison libhakmem1 | awk '{ print $3 }'; }

verdict() { [ "$failures" -eq 0 ]; }
