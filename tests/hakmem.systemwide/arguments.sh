#!/bin/sh
# SPDX-License-Identifier: MIT
# arguments.sh - the command line, who may use it, what kind of program it is.
set -u
. "$TOP/tests/hakmem.systemwide/common.sh"

for words in '' 'enabel' 'enable now' 'enable --confirm' 'enable --confirm soon' 'enable --confirm 0' 'enable --confirm -3' \
    'enable --confirm 10081' 'enable --confirm nan' 'disable --confirm 3' 'status --remove' 'service' 'service a b' \
    'check --remember' 'resume now' 'resume --confirm 5' 'enable --nonsense' 'enable --force' \
    'service a --force --remove'; do
    # shellcheck disable=SC2086 # words
    tells 2 "bad arguments" "hakmem-preload $words" $words
done
judge "--help" "$("$TOOL" --help | grep -q '^usage: ' || echo none)"
judge "--version" "$("$TOOL" --version | grep -q '^hakmem-preload [0-9]' || "$TOOL" --version)"
"$TOOL" --root=/nonexistent status >tool.out 2>&1
status=$?
judge "--root that is not there" "$([ "$status" -eq 1 ] || { echo "$status" && cat tool.out; })"
judge "--quiet" "$(preload --quiet enable; cat tool.out; preload --quiet status; cat tool.out; preload --quiet disable; cat tool.out)"
judge "each command of the help is in the page" "$("$TOOL" --help | sed -n 's/^  \([a-z]*\) .*/\1/p' | while read -r command; do
    grep -q "^\.SS $command" "$TOP/man/hakmem-preload.8.in" || echo "$command"
done)"

# Others than root.
mkdir -p "$root/usr/sbin" && cp "$TOOL" "$root/usr/sbin/hakmem-preload"
if command -v setpriv >/dev/null && setpriv --reuid=65534 --regid=65534 --clear-groups true 2>/dev/null; then
    for command in enable disable confirm check verify resume 'service a'; do
        # shellcheck disable=SC2086
        chroot --userspec=65534:65534 "$root" /usr/sbin/hakmem-preload $command >tool.out 2>&1
        status=$?
        judge "$command is root's" "$([ "$status" -eq 1 ] && grep -q 'only root' tool.out || { echo "$status" && cat tool.out; })"
    done
    chroot --userspec=65534:65534 "$root" /usr/sbin/hakmem-preload status >tool.out 2>&1
    status=$?
    judge "status is everybody's" "$([ "$status" -eq 3 ] || { echo "$status" && cat tool.out; })"
else
    echo "UNSUPPORTED: arguments: other users"
fi

# Without --root, in a tree whose mounts cannot be made private, LD_PRELOAD has to do.
chroot "$root" /usr/sbin/hakmem-preload check >tool.out 2>&1
status=$?
judge "within a chroot" "$([ "$status" -eq 0 ] && grep -q '^sound' tool.out || { echo "$status" && cat tool.out; }; ls "$FILE" 2>/dev/null)"
small_library crash.so "$FORWARD
__attribute__((constructor)) static void f(void) { *(volatile int *)8 = 1; }" -Wl,-soname,libhakmem.so.1 || exit 1
install_library crash.so
chroot "$root" /usr/sbin/hakmem-preload enable >tool.out 2>&1
status=$?
judge "within a chroot, a library that crashes" "$([ "$status" -eq 1 ] && grep -q 'signal 11' tool.out || { echo "$status" && cat tool.out; }; ls "$FILE" 2>/dev/null)"

# The program itself.
headers=$(readelf -hlW "$TOOL")
judge "static" "$(readelf -dW "$TOOL" | grep NEEDED; echo "$headers" | grep INTERP)"
judge "and loaded anywhere" "$(echo "$headers" | grep -q 'DYN' || echo "no PIE")"
judge "no executable stack" "$(echo "$headers" | grep GNU_STACK | grep -w RWE)"
exit 0
