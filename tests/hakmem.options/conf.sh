#!/bin/sh
# SPDX-License-Identifier: MIT
# conf.sh - /etc/hakmem.conf as processes find it, in a mount namespace with an /etc of its own.
# shellcheck disable=SC2086
set -u
work=$SCRATCH/conf.d etc=/etc/hakmem.conf

if [ "${1-}" != inside ]; then
    reason=
    grep -q "^HAK_CONF_PATH = $etc\$" "$BUILD/lib/Makefile" || reason="another file was configured"
    [ "$(id -u)" = 0 ] || reason="only root can write it"
    [ -n "$reason" ] || unshare -m true 2>/dev/null || reason="unshare -m is refused"
    if [ -n "$reason" ]; then
        echo "UNSUPPORTED: $etc: $reason"
        exit 0
    fi
    rm -rf "$work"
    mkdir -p "$work/etc" "$work/bin"
    unshare -m sh "$0" inside
    rm -rf "$work"
    exit 0
fi

own_etc() # what the loader and the tools need of it
{
    mount -t tmpfs none "$work/etc" || return 1
    for name in ld.so.cache passwd group alternatives; do
        [ ! -e /etc/$name ] || cp -a /etc/$name "$work/etc" || return 1
    done
    mount --bind "$work/etc" /etc && [ ! -e $etc ]
}
if ! words=$(own_etc 2>&1); then
    echo "UNSUPPORTED: $etc: no /etc of our own: $words"
    exit 0
fi

compile() # compile OUTPUT FLAG...
{
    output=$1
    shift
    $CC -O1 -fno-builtin -D_GNU_SOURCE -I"$TOP/tests/lib" -I"$TOP/include" -I"$TOP/lib" -I"$BUILD/lib" \
        "$TOP/tests/hakmem.options/table/shows.c" -o "$work/bin/$output" "$@" -pthread || echo "FAIL: compiling $output"
}
compile shows -DHAK_NAMES "$LIBS/libhakcore.a"
compile plain
ln -s shows "$work/bin/linked"
cp "$work/bin/shows" "$work/bin/other"
cp "$work/bin/shows" "$work/bin/secure"
chgrp 1 "$work/bin/secure" && chmod 2755 "$work/bin/secure"
printf '#!%s/bin/shows\n' "$work" >"$work/bin/script"
chmod +x "$work/bin/script"
cd "$work/bin" || exit 1

conf() # conf LINE...
{
    rm -f $etc
    printf '%s\n' "$@" >$etc
}

. "$TOP/tests/lib/said.sh"

said "no file" "serving 65536 262144" ./shows cache_bytes retain_bytes
conf 'cache_bytes = 128k' '[program:shows]' 'retain_bytes = 1' 'stats_file = /dev/null'
said "a file and a section" "serving 131072 1 /dev/null" ./shows cache_bytes retain_bytes stats_file
said "not the section of another program" "serving 131072 262144" ./other cache_bytes retain_bytes
said "the environment after the file" "serving 2 3" \
    env HAKMEM_CACHE_BYTES=2 HAKMEM_RETAIN_BYTES=3 ./shows cache_bytes retain_bytes

conf 'limit_bytes = 120%'
said "a share out of range" "hakmem: $etc:1: limit_bytes: bad value '120%' (0..281474976710656 or 1%..100%), using 0
serving 0" ./shows limit_bytes

for pattern in shows 'sh?ws' "$work/bin/shows" "$work/b*/shows" '/*/shows'; do
    conf "[program:$pattern]" 'purge_delay = 7'
    for how in ./shows "$work/bin/shows" ../bin/linked ./script; do
        said "[program:${pattern#"$work"}] and ${how#"$work"}" "serving 7" $how purge_delay
    done
    said "[program:${pattern#"$work"}] and ./other" "serving 500" ./other purge_delay
done
conf '[program:script]' 'purge_delay = 7' '[program:linked]' 'purge_delay = 8'
said "a script has a name of its own" "serving 7" ./script purge_delay
said "a link has a name of its own" "serving 8" ./linked purge_delay
said "its interpreter has not" "serving 500" ./shows purge_delay

conf '[program:plain]' 'enabled = no' '[program:shows]' 'enabled=off'
said "enabled = off in a section" "passive 0" ./shows enabled
said "enabled = no in a section, preloaded" "passive" env LD_PRELOAD="$SO" ./plain
said "enabled for others" "serving 1" ./other enabled
said "enabled by the environment" "serving 1" env HAKMEM_ENABLED=1 ./shows enabled
conf 'enabled = no' '[program:other]' 'enabled = yes'
said "enabled = no for all" "passive" env LD_PRELOAD="$SO" ./plain
said "but one" "serving 1" ./other enabled
said "HAKMEM_ENABLED=1 against the file" "serving" env HAKMEM_ENABLED=1 LD_PRELOAD="$SO" ./plain

if [ "$(./secure)" = "passive secure" ]; then
    conf 'cache_bytes = 1k'
    said "secure execution: the file, not the environment" "serving secure 1024 262144" \
        env HAKMEM_CACHE_BYTES=2 HAKMEM_RETAIN_BYTES=junk HAKMEM_TYPO=1 ./secure cache_bytes retain_bytes
    conf '[program:secure]' 'enabled = no'
    said "secure execution: a section" "passive secure" ./secure
else
    echo "UNSUPPORTED: secure execution: mounted nosuid, or no_new_privs"
fi

conf 'cache_bytes = 1k' 'junk' 'retain_byte=1' 'retain_bytes=x' 'purge_delay=1'
said "one warning" "hakmem: $etc:2: junk: neither a setting nor a section
serving 1024 1" ./shows cache_bytes purge_delay
conf 'retain_bytes=x'
said "a bad value" "hakmem: $etc:1: retain_bytes: bad value 'x' (0..1099511627776), using 262144
serving" env LD_PRELOAD="$SO" ./plain
conf 'enabled = no'
chmod 664 $etc
said "a file that a group may write" "hakmem: $etc ignored: it is writable by others than its owner
serving" env LD_PRELOAD="$SO" ./plain
chmod 644 $etc && chown 1 $etc
said "somebody else's file" "hakmem: $etc ignored: it is not owned by root
serving" env LD_PRELOAD="$SO" ./plain

if strace -o "$work/trace" true 2>/dev/null; then
    # What hakmem.conf(5) says it costs: the calls of each run from the first that names the file.
    calls() # calls LINE...
    {
        conf "$@"
        [ $# -gt 0 ] || rm -f $etc
        strace -o "$work/trace" ./shows >/dev/null 2>&1
        awk '/hakmem\.conf/ { on = 1 } /^(getpid|write)/ || /^mmap/ && last !~ /fstat/ { on = 0 } { last = $0 } on { sub(/\(.*/, ""); print }' "$work/trace" |
            tr '\n' ' ' | sed 's/newfstatat/fstat/'
    }
    said "calls without a file" "openat " calls
    said "calls with a file" "openat fstat mmap read close " calls '# nothing'
    said "calls with sections" "openat fstat mmap read close readlinkat " calls '[program:a]' '[program:b]'
    said "calls with a section that matches" "openat fstat mmap read close mprotect mprotect " calls '[program:shows]' ace=0
else
    echo "UNSUPPORTED: system calls: strace is missing, or may not trace here"
fi
exit 0
