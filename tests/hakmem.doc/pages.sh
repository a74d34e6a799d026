#!/bin/sh
# SPDX-License-Identifier: MIT
# pages.sh - the manual pages: complete, quoted right, and without complaint from the tools.
set -u
cd "$TOP" || exit 1
. "$TOP/tests/hakmem.doc/common.sh"

pages=$(ls "$dir"/*.[13578] 2>/dev/null)
judge "pages are built" "$([ "$(echo "$pages" | wc -l)" -ge 12 ] || echo "$dir: $pages")"
[ -f "$dir/hakmem.7" ] && [ -f "$dir/hakmem.3" ] || exit 0

# Text as a reader sees it, in one line.
plain() { sed 's/\\f[A-Z]//g; s/\\-/-/g; s/\\(aq/'"'"'/g' "$1" | tr '\n' ' '; }
seven=$(plain "$dir/hakmem.7") three=$(plain "$dir/hakmem.3")

# Every fault of report.h, and the other lines the library writes.
sed -n 's/^ *X([A-Z_]*, "\(.*\)").*/\1/p' lib/events/fault.h >"$SCRATCH/faults"
judge "faults are found" "$([ "$(wc -l <"$SCRATCH/faults")" -ge 4 ] || echo few)"
while read -r fault; do
    judge "hakmem(7) quotes '$fault'" "$(printf '%s\n' "$seven" | grep -qF "(): $fault" || echo missing)"
done <"$SCRATCH/faults"
rm -f "$SCRATCH/faults"
for words in 'bad value' 'failed allocation:' 'pool stages:' 'hakmem: lock' 'hakmem: size' 'lines left out' 'using standard error' Threshold Exhaustion MapFail; do
    judge "hakmem(7) quotes '$words'" "$(printf '%s\n' "$seven" | grep -qF "$words" || echo missing)"
    judge "lib/ writes '$words'" "$(grep -qF "$words" lib/*/*.c lib/*/*.h || echo missing)"
done

# What is used instead of a bad value is written: a number or a path, not the word.
judge "lib/ writes what it uses" "$(grep -qF '"), using "' lib/settings/options.c && grep -qF '" bytes), using "' lib/settings/options.c || echo missing)"
judge "no page says that it writes 'default'" "$(for page in $pages; do
    plain "$page" | grep -oE 'bad value [^)]*\), using "? ?default' | sed "s|^|$page: |"
done)"
judge "pages that quote the message are found" "$([ "$(for page in $pages; do
    plain "$page" | grep -oE 'bad value [^)]*\), using "? ?(number|path)'
done | wc -l)" -ge 20 ] || echo few)"

# The range of what may be a share, wherever the message is quoted.
for page in hakmem.7 hakmem-env.7 hakmem.conf.5 HAKMEM_LIMIT_BYTES.7; do
    judge "$page tells of shares in the message" "$(plain "$dir/$page" | grep -qF 'or 1%..100%' || echo missing)"
done
judge "lib/ writes so" "$(grep -qF 'or 1%..100%' lib/settings/options.c || echo missing)"

# Every channel of the traces.
sed -n 's/^ *X([A-Z]*, "\([^"]*\)", OPT_.*/\1/p' lib/events/trace.h >"$SCRATCH/channels"
judge "channels are found" "$([ "$(wc -l <"$SCRATCH/channels")" -ge 6 ] || echo few)"
while read -r channel; do
    judge "hakmem(7) quotes 'hakmem: $channel'" "$(printf '%s\n' "$seven" | grep -qF "hakmem: $channel " || echo missing)"
done <"$SCRATCH/channels"
rm -f "$SCRATCH/channels"

for function in $(sed -n 's/^HAK_EXPORT .*[ *]\(hak_[a-z_]*\)(.*/\1/p' include/hakmem.h); do
    judge "hakmem(3) describes $function" "$(printf '%s\n' "$three" | grep -qF "$function" || echo missing)"
done
judge "nothing is left to substitute" "$(grep -nE '@[A-Z_]+@' $pages)"
version=$(sed -n 's/#define PACKAGE_VERSION "\(.*\)"/\1/p' "$BUILD/lib/config.h")
judge "pages carry the version" "$(for page in $pages; do
    grep -q '^\.so ' $page || grep -q "^\.TH .*libhakmem $version" $page || echo $page
done)"

if command -v mandoc >/dev/null; then
    for page in $pages; do
        ! grep -q '^\.so ' $page || continue
        words=$(cd "$dir/.." && mandoc -T lint -W warning "$page" 2>&1 | grep -v 'referenced manual not found\|bad date\|\.so')
        judge "mandoc -T lint $(basename $page)" "$words"
    done
else
    echo "UNSUPPORTED: mandoc is missing"
fi
if command -v lexgrog >/dev/null; then
    judge "lexgrog reads every page" "$(for page in $pages; do
        grep -q '^\.so ' $page || lexgrog $page >/dev/null 2>&1 || echo $page
    done)"
else
    echo "UNSUPPORTED: lexgrog is missing"
fi
exit 0
