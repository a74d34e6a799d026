#!/bin/sh
# SPDX-License-Identifier: MIT
# elf.sh - what the shared library exports, needs and asks of the loader. SO and TOP are given.
set -u

result() # result WHAT: after a command, its status decides
{
    if [ $? -eq 0 ]; then echo "PASS: $1"; else echo "FAIL: $1"; fi
}

same() # same WHAT WANTED FOUND
{
    if [ "$2" = "$3" ] && [ -n "$2" ]; then
        echo "PASS: $1"
    else
        echo "FAIL: $1"
        echo "wanted: $2"
        echo "found: $3"
    fi
}

if [ ! -f "$SO" ]; then
    echo "FAIL: $SO exists"
    exit 0
fi

family='aligned_alloc calloc cfree free free_aligned_sized free_sized mallinfo mallinfo2 malloc malloc_info
malloc_stats malloc_trim malloc_usable_size mallopt memalign posix_memalign pvalloc realloc reallocarray valloc'
operators=$(for kind in w a; do
    for tail in '' RKSt9nothrow_t St11align_val_t St11align_val_tRKSt9nothrow_t; do echo "_Zn${kind}m$tail"; done
done
for kind in l a; do
    for tail in '' m RKSt9nothrow_t St11align_val_t mSt11align_val_t St11align_val_tRKSt9nothrow_t; do
        echo "_Zd${kind}Pv$tail"
    done
done)

exported=$(nm -D --defined-only "$SO" | awk '$2 != "A" { print $3 }' | sort)
hak=$(sed -n 's/^HAK_EXPORT .*[ *]\(hak_[a-z_]*\)(.*/\1@@HAKMEM_1.0/p' "$TOP/include/hakmem.h")
opening='dlmopen dlopen'
second=$(for name in malloc free calloc realloc reallocarray memalign valloc pvalloc mallopt; do echo "__libc_$name"; done)
plain=$(printf '%s\n' $family $second $operators $opening | sort)
data='hak_failures\|hak_guards\|hak_layout'
same "malloc family under both names, operators and dlopen exported, without a version" \
    "$plain" "$(echo "$exported" | grep -v @ | sort)"
same "hak_ functions of the header exported as HAKMEM_1.0, and no other name" \
    "$(echo "$hak" | sort)" "$(echo "$exported" | grep @ | grep -v "^\($data\)@" | sort)"
same "and this data, for who looks from outside" "$(echo "$data" | sed 's/\\|/ /g')" \
    "$(nm -D --defined-only "$SO" | awk '$2 ~ /[BDR]/ { sub("@.*", "", $3); print $3 }' | sort | tr '\n' ' ' | sed 's/ $//')"

dynamic=$(readelf -dW "$SO")
same "needs the C library alone" "libc.so.6" \
    "$(echo "$dynamic" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | tr '\n' ' ' | sed 's/ $//')"
same "soname" "libhakmem.so.1" "$(echo "$dynamic" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')"
! echo "$dynamic" | grep -q TEXTREL
result "no text relocations"
! echo "$dynamic" | grep -Eq 'RPATH|RUNPATH|SYMBOLIC|INITFIRST'
result "no search path, not symbolic, not first"
echo "$dynamic" | grep -q 'FLAGS_1.*NOW'
result "bound at once"
echo "$dynamic" | grep -q 'FLAGS_1.*NODELETE'
result "never unloaded"

segments=$(readelf -lW "$SO")
echo "$segments" | awk '$1 == "GNU_STACK" { found = 1; if ($7 ~ /E/) bad = 1 } END { exit !found || bad }'
result "stack not executable"
echo "$segments" | grep -q GNU_RELRO
result "read-only after relocation"
! echo "$segments" | grep -E '^ *LOAD' | grep -q 'RWE'
result "no segment both writable and executable"
tls=$(echo "$segments" | awk '$1 == "TLS" { print $6 }')
echo "thread-local storage: ${tls:-none}"
[ $((${tls:-0})) -le 64 ]
result "at most 64 bytes of thread-local storage"

undefined=$(nm -D --undefined-only "$SO" | awk '{ print $2 }' | sed 's/@.*//')
bad=$(echo "$undefined" | grep -E '^(sched_yield|getcpu|sched_getcpu|prctl|sched_getaffinity|membarrier|fork|clone|dlopen|printf|snprintf|pthread_create)$')
[ -z "$bad" ] || echo "$bad"
[ -z "$bad" ]
result "asks the C library for nothing that sandboxes refuse"
exit 0
