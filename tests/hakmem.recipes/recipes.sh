#!/bin/sh
# SPDX-License-Identifier: MIT
# recipes.sh - each recipe of HACKING.md, "Adding things", is followed in one copy of the sources, which is built: what
# was added must show wherever the recipe says, and pass the tests that hold tables and pages together.
#
# A recipe is a file NAME.recipe, read with ".": follow, run in the copy, changes the sources as HACKING.md says; look,
# run in its build directory, judges what came of it. Its other files begin with NAME.
set -u
. "$TOP/tests/lib/judge.sh"
here=$TOP/tests/hakmem.recipes
copy=$SCRATCH/recipes.dir
trap 'cd / && rm -rf "$copy"' EXIT
trap 'exit 1' HUP INT TERM

# Put standard input in front of the one line of FILE that matches PATTERN, or behind it.
put() # put FILE before|behind PATTERN
{
    if [ "$(grep -c -e "$3" "$1")" -ne 1 ]; then
        echo "FAIL: $1 has one line '$3'"
        return
    fi
    cat >"$copy/put.txt"
    awk -v place="$2" -v line="$(grep -n -e "$3" "$1" | cut -d: -f1)" -v text="$copy/put.txt" '
        function add(  row) { while ((getline row <text) > 0) print row }
        NR == line && place == "before" { add() }
        { print }
        NR == line && place == "behind" { add() }' "$1" >"$copy/put.new"
    mv -f "$copy/put.new" "$1"
}

# C program FILE, with the library of the copy preloaded and NAME=VALUE... in its environment.
run_test() # run_test FILE NAME=VALUE...
{
    file=$1
    shift
    $CC -O1 -fno-builtin -I"$copy/tests/lib" -I"$copy/include" -x c -o program "$file" 2>&1 &&
        env LD_PRELOAD="$copy/build/lib/.libs/libhakmem.so.1" "$@" ./program 2>&1 || echo "status $?"
}

rm -rf "$copy"
mkdir -p "$copy/build" && cd "$TOP" || exit 1
set -- --exclude="./${BUILD#"$TOP"/}"
for built in */config.status; do set -- "$@" --exclude="./${built%/*}"; done
tar -cf - "$@" --exclude=./.git --exclude=./packages --exclude='./libhakmem-*' --exclude='*.o' \
    --exclude='*.lo' --exclude='*.la' --exclude='*.a' --exclude=.libs --exclude=.deps --exclude=./tests/run \
    --exclude='./man/*.[1-9]' . | tar -xf - -C "$copy"
cd "$copy" || exit 1
chmod -R u+w .
rm -f config.status lib/config.h lib/stamp-h1 tools/completion.bash
for recipe in "$here"/*.recipe; do
    . "$recipe"
    judge "HACKING.md has the recipe of $(basename "$recipe" .recipe)" "$(grep -qF -e "- * $title:" HACKING.md || echo "no '$title'")"
    follow
done

cd build || exit 1
unset LIBS # configure means libraries by it
for step in '../configure -q --enable-debug --disable-static CFLAGS=-O1' 'make -s -C include' 'make -s -j2 -C lib' \
    'make -s -j2 -C tools' 'make -s -C man'; do
    if ! CC="$CC" $step >log 2>&1; then
        echo "FAIL: $step"
        tail -n 20 log
        exit 0
    fi
done
echo "PASS: the copy builds"
for recipe in "$here"/*.recipe; do
    . "$recipe"
    look
done
for script in doc/variables doc/completion layer/floors; do
    judge "the copy passes $script.sh" "$(TOP=$copy BUILD=$copy/build LIBS=$copy/build/lib/.libs \
        SO=$copy/build/lib/.libs/libhakmem.so.1 SCRATCH=$copy sh "$copy/tests/hakmem.$script.sh" >log 2>&1 ||
        echo "status $?"; grep -A5 '^FAIL' log; grep -q '^PASS' log || cat log)"
done
exit 0
