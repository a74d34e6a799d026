# SPDX-License-Identifier: MIT
# git.sh - the life of a small repository; prints the same words every time (test).
set -eu
export GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.invalid
export GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@example.invalid
export GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000'

edit() {
    awk -v n="$1" 'BEGIN { for (i = 0; i < 400; i++) print (i * n) % 97 < 5 ? "changed in " n : "line " i }'
}

git init -q -b main repository
cd repository
git config pack.threads 2
git config gc.auto 0
for n in $(seq 1 40); do
    mkdir -p "dir$((n % 7))"
    edit "$n" >"dir$((n % 7))/file$((n % 13))"
    edit "$((n + 100))" >top
    git add -A
    git commit -q -m "commit $n"
done
git checkout -q -b side HEAD~5
edit 500 >aside
git add aside
git commit -q -m aside
git checkout -q main
git merge -q --no-edit side
git tag -a -m tagged v1
git log --stat --format='%H %an %s' | cksum
git diff HEAD~20 | cksum
git blame top | cksum
git grep -c changed | sort | cksum
git gc -q --aggressive --prune=now
git fsck --full --strict
git count-objects -v | grep -E '^(count|in-pack|packs|garbage):'
cd ..
git clone -q --no-local repository copy 2>&1
cd copy
git rev-parse HEAD 'HEAD^{tree}' v1
git archive --format=tar HEAD | cksum
git repack -q -a -d -f --threads=2
git fsck
