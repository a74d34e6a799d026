#!/bin/sh
# SPDX-License-Identifier: MIT
# calls.sh - only os.c, and task.c for the helper, makes system calls, by an instruction, and nothing in the core names malloc: seen in
# the objects.
set -u

. "$TOP/tests/lib/judge.sh"

core=$LIBS/libhakcore.a all=$LIBS/libhakmem.a
for archive in "$core" "$all"; do
    if [ ! -f "$archive" ]; then
        echo "FAIL: $archive exists"
        exit 0
    fi
done

undefined() # undefined ARCHIVE: lines "MEMBER NAME"
{
    nm -A --undefined-only "$1" | sed 's/^.*\.a:\([^:]*\): *[UwV] /\1 /; s/@.*//'
}

calls='mmap mmap64 munmap mremap mprotect madvise brk sbrk syscall write read open open64 openat close pipe
fcntl ioctl lseek getpid gettid clock_gettime gettimeofday time futex usleep nanosleep sched_yield prctl sysconf
getauxval secure_getenv getenv sysinfo stat fstat mlock munlock kill raise tgkill abort exit _exit fork clone'
pattern=$(echo $calls | tr ' ' '|')
found=$(undefined "$all" | grep -E "^[^ ]* ($pattern)$")
judge "no function of the C library is called for one, but to abort" \
    "$(echo "$found" | grep -v '^\([^ ]*-\)\{0,1\}\(os\.o abort\|auxv\.o getauxval\)$')"

# The instruction itself, in the machines' words; "objdump -d" names the member before its code.
instructions() # instructions ARCHIVE: lines "MEMBER COUNT"
{
    objdump -d "$1" | awk '/^[^ ].*: *file format/ { member = $1; sub(/:$/, "", member) }
        NF > 1 && ($NF == "syscall" || $(NF - 1) == "svc") { n[member]++ }
        END { for (m in n) print m, n[m] }'
}
case $(uname -m) in
x86_64 | aarch64)
    made=$(instructions "$all")
    judge "os.c makes system calls" "$(echo "$made" | grep -qE '^([^ ]*-)?os\.o ' || echo "none seen")"
    judge "nothing but task.c and segv.c does, too" "$(echo "$made" | grep -vE '^([^ ]*-)?(os|task|segv)\.o ')" ;;
*) echo "UNSUPPORTED: the instruction of a system call is not known for this machine" ;;
esac

family='malloc|free|calloc|realloc|memalign|posix_memalign|aligned_alloc|strdup|asprintf|vasprintf'
judge "the core does not call malloc" "$(undefined "$core" | grep -E "^[^ ]* ($family)$")"
judge "the core defines no name of the C library" "$(nm -A --defined-only --extern-only "$core" |
    awk '{ print $NF }' | grep -E "^($family|mall.*|_Z.*)$")"
judge "no formatted output in the core" "$(undefined "$core" |
    grep -E ' (printf|fprintf|snprintf|sprintf|puts|fputs|perror|dlsym|dlopen)$' | grep -v 'libc\.o dlsym$')"
judge "only os.c, task.c and segv.c include syscall.h" "$(grep -ln '"base/syscall\.h"' "$TOP"/lib/*/*.[ch] | grep -v -e '/os\.c$' -e '/task\.c$' -e '/segv\.c$')"
exit 0
