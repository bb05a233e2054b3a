#!/bin/bash
# git: init, commit, log, branches, merges, rebases, stash, clone (by links, by file://), push, fetch, packs,
# worktrees, bisect.

# Who commits, and when: always the same, so that the names of commits are the same.
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@b GIT_AUTHOR_DATE='1000000000 +0000'
export GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@b GIT_COMMITTER_DATE='1000000000 +0000'
export GIT_PAGER=cat HOME=$PWD
git config --global init.defaultBranch main
git config --global protocol.file.allow always

# Two commits: a folder, a link, a script, a file that is moved.
git init -q r
cd r || exit
seq 50 >n
mkdir d
echo x >d/f
ln -s n l
printf '#!/bin/sh\n' >s
chmod +x s
git add .
git commit -qm first
git log --stat
git ls-tree -r HEAD
git status --short
echo more >>n
git mv d/f d/g
git status --short
git diff
git commit -qam second
git log --oneline
git show --stat HEAD~

# A branch that merges, and one that does not.
git checkout -q -b side HEAD~
echo side >side
git add side
git commit -qm side
git checkout -q main
git merge -q side -m merged
git log --graph --oneline
git checkout -q -b conflict HEAD~
sed -i 's/^25$/ours/' n
git commit -qam ours
git checkout -q main
sed -i 's/^25$/theirs/' n
git commit -qam theirs
git merge conflict
git diff
git checkout -q --theirs n
git commit -qam resolved
git rev-parse HEAD
git fsck

# Commits that move, changes laid aside, tags, who wrote a line, going back.
git rebase -q side conflict 2>&1 | head -n 3
git log --oneline -n 2
git checkout -q main
echo wip >>n
git stash -q
git stash list
git stash pop -q
git checkout -q n
git tag -a v1 -m tagged
git describe
git blame -s n | sed -n 25p
git grep -n ours
git cherry-pick conflict >/dev/null 2>&1
echo $?
git cherry-pick --abort
git revert --no-edit HEAD -m 1 >/dev/null 2>&1
echo $?
git reset -q --hard HEAD~
git reflog | wc -l

# Clones: by links, without files, through a pipe, the last commit alone.
cd ..
git clone -q r c1
git clone -q --bare r b.git
git clone -q "file://$PWD/b.git" c2
git clone -q --depth 1 "file://$PWD/b.git" c3
for c in c1 c2 c3; do
    git -C $c log --oneline | wc -l
    git -C $c rev-parse HEAD
done

# Pushed by one clone, fetched and pulled by another.
cd c2 || exit
echo pushed >p
git add p
git commit -qm pushed
git push -q origin main
cd ../c1 && git fetch -q ../b.git main && git log --oneline -n 1 FETCH_HEAD
git remote -v | cut -f1
git pull -q ../b.git main
git log --oneline -n 1
cat p

# Packs, archives, bundles, another work tree, looking for a commit.
cd ../r && git gc -q && git count-objects -v | grep -E '^(count|packs)'
git repack -adq
git verify-pack -v .git/objects/pack/*.idx | tail -n 1 | wc -w
git fsck --full
git archive HEAD | tar t | head -n 3
git bundle create -q ../x.bundle main
git bundle verify -q ../x.bundle
git worktree add -q ../wt side
git -C ../wt status -sb
git worktree list | wc -l
git bisect start HEAD HEAD~2 >/dev/null
git bisect run sh -c 'test ! -e side' 2>&1 | grep -c bisect
git bisect reset -q

# What it tells of commits, files and settings.
git format-patch -1 --stdout | tail -n 3 | head -n1
git shortlog -s HEAD
git config -l --local | head -n 3
git hash-object n
git cat-file -p HEAD | head -n 1
git ls-files -s | wc -l
git diff --stat HEAD~ | tail -n 1

# A hook that refuses, an index that is locked, many files.
printf '#!/bin/sh\necho hooked\nexit 1\n' >.git/hooks/pre-commit
chmod +x .git/hooks/pre-commit
git commit -q --allow-empty -m hook
echo $?
touch .git/index.lock
git add n
rm .git/index.lock
git clean -ndx
for i in $(seq 200); do
    echo "$i" >"f$i"
done
rm .git/hooks/pre-commit
git add .
git commit -qm many
git status --short
git log --format='%h %an %s' -n 3

# A submodule, threads, errors, an editor.
git submodule add -q "file://$PWD/../b.git" sub
git submodule status | wc -l
git -c core.fsmonitor=false -c index.threads=2 status --short
git nothing
echo $?
git clone -q nothere x
echo $?
GIT_EDITOR='echo edited >' git commit -qa
git log --format=%s -n 1
