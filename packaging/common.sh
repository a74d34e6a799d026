# SPDX-License-Identifier: MIT
# shellcheck shell=bash disable=SC2154 # here, root: of the script that reads it
# common.sh - what check-deb and check-system share: lines PASS, FAIL and UNSUPPORTED, and apt's repository.

result() # result STATUS NAME [LOG]
{
    if (($1 == 0)); then
        echo "PASS: $2"
    else
        echo "FAIL: $2"
        [[ ! -f ${3-} ]] || tail -n 30 "$3" | sed 's/^/    /'
    fi
}

# The last line, and the status: what is skipped has said why.
verdict() # verdict RESULTS
{
    local passed failed skipped line
    passed=$(grep -c '^PASS: ' "$1")
    failed=$(grep -c '^FAIL: ' "$1")
    skipped=$(grep -c '^UNSUPPORTED: ' "$1")
    line="$passed passed, $failed failed"
    ((skipped == 0)) || line+=", $skipped skipped"
    echo "$line"
    ((failed == 0 && passed + skipped > 0))
}

# The packages of these directories, for apt in the system at $root.
make_repository() # make_repository DIRECTORY...
{
    local directory
    mkdir -p "$root/srv/hakmem" || return
    for directory; do
        cp "$directory"/*.deb "$root/srv/hakmem" || return
    done
    (cd "$root/srv/hakmem" && dpkg-scanpackages --multiversion . >Packages) &&
        chmod -R a+rX "$root/srv" &&
        echo 'deb [trusted=yes] file:/srv/hakmem ./' >"$root/etc/apt/sources.list.d/hakmem.list" &&
        "$here/chroot" run "$root" apt-get -q update
}
