#!/bin/sh
# SPDX-License-Identifier: MIT
# later.sh - what goes wrong after the trial: the file is put back, verify disables, disable works under anything.
set -u
. "$TOP/tests/hakmem.systemwide/common.sh"

small_library "$root/opt/a.so" 'int a;' || exit 1
echo /opt/a.so >"$FILE"
cp "$FILE" before

# In the trial the file is a mount point; this library only breaks where it is not.
bad_later='#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
__attribute__((constructor)) static void f(void)
{
    struct statx s;
    if (statx(AT_FDCWD, "/etc/ld.so.preload", 0, 0, &s) == 0 && !(s.stx_attributes & STATX_ATTR_MOUNT_ROOT) && s.stx_mask)
        *(volatile int *)8 = 1;
}'
small_library bad.so "$FORWARD
$bad_later" -D_GNU_SOURCE -Wl,-soname,libhakmem.so.1 || exit 1
install_library bad.so
tells 1 'as it was before' "a fault that shows after the write" enable
judge "the file is put back" "$(differ "$FILE" before; strays ''; programs_ail)"
tells 3 '^disabled' "status" status
tells 1 'as it was before' "the same with --confirm" enable --confirm 5
judge "nobody waits, and nothing is noted" "$(wait_until 20 no_watcher || watchers; find "$root/var" -type f)"
rm "$FILE"
tells 1 'as it was before' "the same where there was no file" enable
judge "there is none again" "$(ls "$FILE" 2>/dev/null; strays '')"

# Enabled, and then the library is replaced by a bad one, or goes.
cp before "$FILE"
install_library "$SO"
small_library crash.so "$FORWARD
__attribute__((constructor)) static void f(void) { *(volatile int *)8 = 1; }" -Wl,-soname,libhakmem.so.1 || exit 1
bad_now() # bad_now WHAT COMMAND...: after enable, COMMAND; then what the tool does
{
    what=$1
    shift
    install_library "$SO"
    preload enable || cat tool.out
    "$@"
    judge "$what: programs suffer" "$([ -n "$(programs_ail)" ] || echo "they do not")"
}
head -c 40000 "$SO" >part
bad_now "library crashes" install_library crash.so
tells 0 '^disabled' "library crashes: disable works" disable
judge "library crashes: as before" "$(differ "$FILE" before; programs_ail)"
bad_now "library truncated" install_library part
tells 4 'truncated' "library truncated: status" status
tells 0 '^disabled' "library truncated: disable works" disable
judge "library truncated: as before" "$(differ "$FILE" before; programs_ail)"
bad_now "library gone" rm "$LIBRARY"
tells 4 'No such file' "library gone: status" status
tells 1 'disabled, because of that' "library gone: verify disables" verify
judge "library gone: as before" "$(differ "$FILE" before; programs_ail)"
bad_now "library crashes again" install_library crash.so
tells 1 'disabled, because of that' "library crashes: verify disables" verify
judge "library crashes: as before verify" "$(differ "$FILE" before; programs_ail)"

# Verify where all is well, and where there is nothing to verify.
install_library "$SO"
judge "verify, disabled: silent" "$(preload verify || echo "status $status"; cat tool.out)"
preload enable
tells 0 'enabled, and sound' "verify, enabled" verify
judge "verify changes nothing" "$(grep -qxF "$LINE" "$FILE" || cat "$FILE"; strays ''; programs_ail)"

# As the scripts of packages use it: removal notes what was, a removal that fails brings it back.
tells 0 '^disabled' "disable --remember" disable --remember
tells 0 '^enabled:' "enable --remembered" enable --remembered
tells 0 '^disabled' "disable" disable
judge "enable --remembered without memory" "$(preload enable --remembered || echo "status $status"; cat tool.out)"
tells 3 '^disabled' "does nothing" status
judge "nothing is noted any more" "$(find "$root/var" -type f)"
judge "as before all of it" "$(differ "$FILE" before)"
exit 0
