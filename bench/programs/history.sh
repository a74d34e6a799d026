# SPDX-License-Identifier: MIT
# history.sh - what git does all day, on a repository that is only read.
#
# history.sh REPOSITORY SCRATCH [COMMITS]: the first steps look at the last COMMITS only (all of them).
set -eu
repository=$1 scratch=$2
shift 2
last=
for last; do :; done

# No file of the user or the machine is read, and nothing is asked or sent.
HOME=$scratch GIT_CONFIG_NOSYSTEM=1 GIT_DIR=$repository GIT_PAGER=cat GIT_TERMINAL_PROMPT=0
export HOME GIT_CONFIG_NOSYSTEM GIT_DIR GIT_PAGER GIT_TERMINAL_PROMPT
unset GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_CONFIG_GLOBAL GIT_CONFIG_COUNT

range=main${last:+~$last..main}
git log --numstat -M --format='%h %an %s' "$range" | cksum
git log -p --topo-order "$range" | cksum
first=$(git ls-tree -r --name-only main | head -n 1)
git blame ${last:+"$range"} -- "$first" 2>/dev/null || git blame main -- "$first"
git grep -n -c 'kernel.*engine' main
git fsck --full --strict --no-progress

# What repack and fetch do, without writing to the repository. Two threads cut deltas where they meet: only
# the number of objects is the same each time.
git rev-list --objects "$range" >"$scratch/objects"
git pack-objects --quiet --threads=2 --no-reuse-delta --no-reuse-object --stdout \
    <"$scratch/objects" >"$scratch/all.pack"
git index-pack --strict --threads=2 -o "$scratch/all.idx" "$scratch/all.pack" >/dev/null
git show-index <"$scratch/all.idx" | wc -l
rm -f "$scratch/all.pack" "$scratch/all.idx" "$scratch/all.rev"
