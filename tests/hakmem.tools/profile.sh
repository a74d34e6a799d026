#!/bin/sh
# SPDX-License-Identifier: MIT
# profile.sh - hakmem profile of commands and files: known answers come out, in every form, and bad files are refused.
set -u
. "$TOP/tests/hakmem.tools/common.sh"
need_python

flags="-g -O1 -fno-builtin -pthread -D_GNU_SOURCE -I$TOP/lib -I$TOP/tests/lib -I$TOP/include"
# shellcheck disable=SC2086
$CC $flags -o profiled "$HERE/profiled.c" -ldl || exit 1
names=$("$HAK" help profile | grep -q 'built without elfutils' && echo no || echo yes)
is() { judge "$1" "$($python "$HERE/profile.py" "$2" "$3" "$4" "$5" "$6" 2>&1)"; }

# The sums are 9,000,000 and 3,000,000 bytes in 30,000 blocks each: 2,197 and 732 samples, so a tenth and a sixth are
# five standard deviations.
"$HAK" profile --rate 4096 -o sums.json -- ./profiled sums >out 2>err
judge "a command: its status" "$([ $? = 7 ] || cat err)"
judge "nothing else is said" "$(cat out err)"
if [ $names = no ]; then
    echo "UNSUPPORTED: names of functions (libdw)"
    exit 0
fi
is "three and one" sums.json "three alloc_space 8e6 10e6" "one alloc_space 2.5e6 3.5e6" \
    "three alloc_objects 26000 34000" "one alloc_objects 25000 35000"
is "all of it was freed" sums.json "three inuse_space 0 0" "one inuse_objects 0 0" "three foreign_frees 0 0" "main alloc_space 10e6 14e6"
"$HAK" profile --rate 4096 -- ./profiled sums >out 2>err
judge "a table on standard error" "$([ $? = 7 ] && [ ! -s out ] && grep -qE '^ +[0-9.]+M +7[0-9.]+% +[0-9]+ .* three$' err || cat out err)"
judge "shares of three and one" "$(grep -qE '^ +[0-9.]+M +2[0-9.]+% +[0-9]+ .* one$' err || cat err)"
"$HAK" profile --rate 4096 -o lives.txt -- ./profiled lives >out 2>err
judge "how long blocks live" "$(grep -A1 '100% freed: half of those within 1 ms, nine tenths within 1 ms' lives.txt | grep -q 'shortly < lives < main' || cat lives.txt err)"
judge "longer ones" "$(grep -A1 -E 'half of those within 256 ms, nine tenths within (256 ms|1 s), the mean 1[0-9][0-9] ms' lives.txt | grep -q 'later < lives < main' || cat lives.txt err)"
"$HAK" profile --rate 1024 -o hands.json -- ./profiled hands >out 2>err
is "blocks freed by another thread" hands.json "gives foreign_frees 8e3 12e3" "three foreign_frees 0 0" "gives alloc_objects 8e3 12e3" "gives inuse_objects 0 0"
expect 127 'no such command' "no such command" "$HAK" profile -- ./nosuch
expect 137 'left no profile' "a command that is killed" "$HAK" profile -- sh -c 'kill -9 $$'
expect 0 ' three$' "a command that starts others" "$HAK" profile --rate 100 -- sh -c './profiled sums; true'
judge "no file is left" "$(ls -d "${TMPDIR:-/tmp}"/hakmem.?????? 2>/dev/null | while read -r dir; do ls "$dir"/[0-9]* 2>/dev/null; done)"

# C++: names as they are written, and who asks is no part of its library. Every vector of 100 takes 1,020 bytes in 8
# steps, 100 characters 101 bytes.
cat >plus.cc <<'EOF'
#include <string>
#include <vector>
__attribute__((noinline)) void fill(std::vector<int> &v) { for (int i = 0; i < 100; i++) v.push_back(i); }
template <typename T> __attribute__((noinline)) std::vector<T> made(T t) { return std::vector<T>(1, t); }
int main() { for (int i = 0; i < 20000; i++) { std::vector<int> v; fill(v); made(std::string(100, 'x')); } return 0; }
EOF
if ${CXX:-g++} -g -O1 -o plus plus.cc 2>log; then
    "$HAK" profile --rate 4096 --type alloc_space -o plus.txt -- ./plus 2>said
    if grep -q '_Z[A-Za-z0-9]*' plus.txt; then
        echo "UNSUPPORTED: names of C++ (libstdc++.so.6)"
    else
        judge "C++: who asks" "$(sed -n '/^allocated/,/^$/p' plus.txt | grep -qE '^ +[12][0-9.]+M .*  fill\(std::vector<int, .*>&\)$' || cat said plus.txt)"
        judge "C++: a template that returns a type of the library" "$(sed -n '/^allocated/,/^$/p' plus.txt | grep -qE '^ +[1-9][0-9.]+M +[1-9].* made<std::' || cat said plus.txt)"
    fi
else
    echo "UNSUPPORTED: C++"
fi

# A profile by hand, of a program that inlines, and with a name that is not harmless: 3000 blocks of 100 bytes, of which
# 1000 are in use, and 1000 of 300 bytes, all in use.
cat >two.c <<'EOF'
#include <stdlib.h>
void *volatile keep;
__attribute__((noinline)) void unsafe__name(void) { keep = malloc(100); }
static inline __attribute__((always_inline)) void wrap(void) { keep = malloc(300); }
__attribute__((noinline)) void large(void) { wrap(); __asm__(""); }
int main(void) { for (;;) { unsafe__name(); large(); } }
EOF
$CC -g -O1 -fno-builtin -no-pie -o two two.c && LC_ALL=C sed -i 's,unsafe__name,</script>\&;",g' two && chmod +x two || exit 1
$python - >two.heap <<'EOF'
import os
import re
import subprocess

calls, at, taken = {}, None, False
for line in subprocess.run(["objdump", "-d", "two"], capture_output=True, text=True).stdout.splitlines():
    if m := re.match(r"[0-9a-f]+ <(.*)>:$", line):
        at = m.group(1)
    elif m := re.match(r" *([0-9a-f]+):", line):
        if taken:
            calls.setdefault(at, []).append(int(m.group(1), 16))
        taken = "call" in line
small, large, main = calls['</script>&;"'][0], calls["large"][0], calls["main"]
print("heap profile: 2000: 400000 [4000: 600000] @ heapprofile")
print("# libhakmem mean=524288 ms=2000 samples=4 dropped=0 cut=1 pid=4242")
print(f"1000: 100000 [3000: 300000] @ {small:#x} {main[0]:#x}")
print("# samples=3000 weighed=524288000 frees=2000 foreign=500 lived_ms=40000 lifetimes=1500,0,0,500,0,0,0,0,0,0,0,0,0,0,0,0 complete=1")
print(f"1000: 300000 [1000: 300000] @ {large:#x} {main[1]:#x}")
print("# samples=1000 weighed=524288000 frees=0 foreign=0 lived_ms=0 lifetimes=0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0 complete=0")
print("\nMAPPED_LIBRARIES:")
for line in subprocess.run(["readelf", "-lW", "two"], capture_output=True, text=True).stdout.splitlines():
    if m := re.match(r" +LOAD +(0x\w+) (0x\w+) 0x\w+ (0x\w+) 0x\w+ (R)(W?) ?(E?)", line):
        offset, address, size = (int(x, 16) for x in m.groups()[:3])
        start, end = address & -4096, (address + size + 4095) & -4096
        flags = "r" + ("w" if m.group(5) else "-") + ("x" if m.group(6) else "-")
        print(f"{start:x}-{end:x} {flags}p {offset & -4096:08x} fd:00 1234    {os.getcwd()}/two")
EOF
"$HAK" profile --input two.heap --format folded | sort >folded
printf '%s\n' 'main;</script>&:" 100000' 'main;large;wrap 300000' | sort >wanted
judge "folded stacks, with inlined functions" "$(diff wanted folded)"
judge "of another type" "$("$HAK" profile --input two.heap --format folded --type alloc_objects | sort | tr '\n' ' ' |
    grep -vxF 'main;</script>&:" 3000 main;large;wrap 1000 ')"
"$HAK" profile --input two.heap >out
for line in '^process 4242, 2.0 seconds, a sample in 512.0K$' '^4 samples, 0 dropped; 75.0% of the blocks have a complete stack$' \
    '^585.9K in 4000 blocks allocated, 390.6K in 2000 of them in use, 25.0% of those freed by another thread$' \
    '^ +293.0K +75.0% +1000 +293.0K +75.0%  wrap$' '^ +97.7K +25.0% +1000 +97.7K +25.0%  </script>&;"$' '^ +0 +0.0% +0 +390.6K 100.0%  main$' \
    '67% freed: half of those within 1 ms, nine tenths within 64 ms, the mean 20 ms; 25% by another thread$'; do
    judge "the table shows $line" "$(grep -qE -e "$line" out || cat out)"
done
"$HAK" profile --input two.heap -o two.pb.gz && "$HAK" profile --input two.pb.gz >again
judge "profile.proto and back" "$(diff out again)"
judge "a file that is there is replaced" "$("$HAK" profile --input two.heap -o again && diff out again)"
if command -v go >/dev/null && go tool pprof -h 2>&1 | grep -q top; then
    for type in inuse_space:292.97kB:wrap inuse_objects:1000:wrap alloc_space:292.97kB:wrap alloc_objects:3000:'&;' \
        foreign_frees:500:'&;' lived:40s:'&;'; do
        IFS=: read -r name value function <<EOF
$type
EOF
        go tool pprof -top -sample_index="$name" two.pb.gz >top 2>&1
        judge "pprof: $name" "$(grep -qE "^ *$value .* .*$function" top || cat top)"
    done
    go tool pprof -raw two.pb.gz >raw 2>&1
    judge "pprof: lines and what was inlined" "$(grep -A1 -E 'M=1 wrap .*/two.c:4' raw | grep -qE '^ +large .*/two.c:5' || cat raw)"
    judge "pprof: the build" "$(id=$(readelf -n two | sed -n 's/.*Build ID: //p') && grep -qE "two $id \[FN\]" raw || cat raw)"
        go tool pprof -top -sample_index=alloc_objects two.heap >top 2>&1
    judge "pprof: the text is read, too" "$(grep -q '4000, 100% of 4000 total' top || cat top)"
else
    echo "UNSUPPORTED: go tool pprof"
fi
"$HAK" profile --input two.heap -o two.html
judge "the page needs nothing else" "$(grep -iE 'https?:|<link|src=|@import|url\(' two.html)"
judge "and ends its script once" "$([ "$(grep -c '</script>' two.html)" = 1 ] && grep -qF '\u003c/script\u003e\u0026;\u0022' two.html || grep '</script>' two.html)"
if command -v chromium >/dev/null; then
    timeout 60 chromium --headless --no-sandbox --disable-gpu --dump-dom "file://$PWD/two.html" >dom 2>log
    judge "a browser draws it" "$(for word in '>main<' '>wrap<' '>large<' '390.6K bytes'; do
        tr -d '\n' <dom | grep -qF "$word" || echo "$word"
    done)"
else
    echo "UNSUPPORTED: a browser"
fi
"$HAK" profile --input two.heap -o two.json
is "JSON" two.json "main inuse_space 400000 400000" "large alloc_objects 1000 1000" "all lived 40000 40000" "all foreign_frees 500 500"

# Differences.
sed 's/^1000: 300000 \[1000: 300000\]/500: 150000 [1500: 450000]/' two.heap >more.heap
"$HAK" profile --diff two.heap more.heap --format folded >folded
judge "--diff: what became less" "$(echo 'main;large;wrap -150000' | diff - folded)"
judge "--diff: nothing" "$("$HAK" profile --diff two.pb.gz two.heap --format folded)"
expect 0 '^ +-146.5K' "--diff: a table" "$HAK" profile --diff two.heap more.heap
"$HAK" profile --diff two.heap more.heap -o diff.pb.gz && expect 0 '^main;large;wrap -150000$' "--diff: profile.proto" "$HAK" profile --input diff.pb.gz --format folded

# Bad files.
expect 1 '^hakmem: cannot read nosuch: No such file' "no such file" "$HAK" profile --input nosuch
: >empty
expect 1 '^hakmem: empty: it is no heap profile' "an empty file" "$HAK" profile --input empty
expect 1 '^hakmem: two: it is no heap profile' "a program" "$HAK" profile --input two
head -c 300 two.pb.gz >cut.pb.gz
expect 1 '^hakmem: cut.pb.gz: it is damaged' "profile.proto that is cut off" "$HAK" profile --input cut.pb.gz
head -n 3 two.heap >cut.heap
expect 1 '^hakmem: cut.heap: it is cut off' "text that is cut off" "$HAK" profile --input cut.heap
gzip -dc two.pb.gz >two.pb
expect 0 'wrap' "profile.proto without gzip" "$HAK" profile --input two.pb
judge "damage in each byte: an answer or a line" "$($python - "$HAK" <<'EOF'
import random
import subprocess
import sys

whole = {name: open(name, "rb").read() for name in ("two.pb", "two.heap")}
random.seed(1)
for name, data in whole.items():
    for i in range(300):
        bad = bytearray(data)
        if i % 3 == 0:
            del bad[random.randrange(len(bad)) :]
        for _ in range(0 if i % 3 == 0 else random.choice((1, 1, 20))):
            bad[random.randrange(len(bad))] = random.choice((0, 1, 0x7F, 0x80, 0xFF, random.randrange(256)))
        open("bad", "wb").write(bad)
        run = subprocess.run([sys.argv[1], "profile", "--input", "bad", "--format", "folded"], capture_output=True, timeout=20)
        if run.returncode not in (0, 1) or (run.returncode == 1) != run.stderr.startswith(b"hakmem: bad: "):
            print(name, i, run.returncode, run.stderr[:200])
            break
EOF
)"

# Where nothing can be written.
expect 1 '^hakmem: cannot write /dev/full: No space left' "a full device" "$HAK" profile --input two.heap -o /dev/full
expect 1 '^hakmem: cannot write nosuch/x.html: No such file' "no such directory" "$HAK" profile --input two.heap -o nosuch/x.html
mkdir full && echo old >full/two.html
expect 1 '^hakmem: cannot write full/two.html: File too large' "a full disk" sh -c "trap '' XFSZ; ulimit -f 1; exec \"$HAK\" profile --input two.heap -o full/two.html"
judge "what was there stays, and nothing beside it" "$([ "$(cat full/*)" = old ] && [ "$(ls full)" = two.html ] || ls -l full)"

# Arguments.
expect 2 'name one process by its ID, or a command' "no process" "$HAK" profile
expect 2 'text, pprof, folded, html or json' "a bad form" "$HAK" profile --format x 1
expect 2 'inuse_space' "a bad type" "$HAK" profile --type x 1
expect 2 '0 to 86400' "a bad time" "$HAK" profile --seconds -1 1
expect 2 'a number of bytes' "a bad rate" "$HAK" profile --rate 0 1
expect 2 'wants two files' "one file to compare" "$HAK" profile --diff two.heap
exit 0
