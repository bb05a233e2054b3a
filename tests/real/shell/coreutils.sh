#!/bin/bash
# Nearly every program of coreutils.

# The ends of a file, its lines, its sums.
seq 1 20 >n
tac n | head -n 3
tail -n 3 n
tail -c 5 n
head -c 4 n
nl n | tail -n 1
wc n
cksum n
md5sum n
sha1sum n
sha256sum n >sums
sha256sum -c sums
b2sum n | cut -c1-20
sum n
base64 n | head -n1
base32 <<<x
basenc --base16 <<<x
od -c n | head -n 2

# Sorting, choosing, joining, splitting, folding.
sort -rn n | uniq | head -n 2
shuf -i 1-5 --random-source=n | wc -l
cut -d1 -f2 n | paste -sd.
comm -12 <(sort n) <(seq 5 7)
join <(echo a 1) <(echo a 2)
split -l 5 n part
ls
csplit -s n 10
wc -l xx*
cat part* | cmp - n
fold -w 3 <<<abcdefgh
fmt -w 20 <<<'a b c d e f g h i j k l m n'
pr -t -2 n | head -n 2
expand <<<$'a\tb'
unexpand -a <<<'a       b'
tr a-z A-Z <<<abc
tsort <<<'a b'
ptx <<<'one two'
factor 123456789
numfmt --to=iec 123456
expr 3 \* 4

# Folders that are copied, also by links; links, and where they lead.
mkdir -p d/e/f
touch d/a d/e/b
cp -a d d2
cp -rl d d3
ls -R d d2
stat -c '%n %s %h %A %U:%G %F' d d/a d3/a n
ln n hard
ln -s n soft
stat -c '%N %h %F' soft hard
readlink soft
readlink -f soft
realpath --relative-to=d/e n
ls -l soft | cut -c1-10
mv n d/moved
ls -L soft
cat soft
mv d/moved n

# Ways to copy.
cp --sparse=always n sparse
cp --reflink=auto n ref
cp -p n kept
cp -u n kept
cp -b n kept
ls kept*
install -m 700 -D n x/y/z
stat -c %a x/y/z

# Files with holes.
truncate -s 1M big
stat -c '%s %b' big
dd if=/dev/zero of=big bs=1k count=4 seek=100 conv=notrunc 2>&1 | grep -v copied
du -k big
du --apparent-size -h big
cp --sparse=always big big2
cmp big big2
stat -c %b big2

# dd: of a device, in blocks, past the cache.
dd if=/dev/urandom bs=1 count=10 status=none | wc -c
dd if=n of=o ibs=3 obs=7 conv=ucase,sync status=none
wc -c o
dd if=n bs=4 skip=1 count=1 iflag=fullblock status=none
dd if=n of=dir oflag=direct,sync bs=512 conv=fsync status=none
echo "direct $?"

# Modes and owners.
chmod u+s,g-w,o=x n
stat -c '%a %A' n
chmod -R go-rwx d
stat -c %a d/e
chown 1000:1000 n
stat -c '%u %g' n
chgrp tty n
stat -c %G n
chown user n
chown --reference=d n
stat -c %U:%G n

# Times and dates.
touch -d '2001-02-03 04:05:06.789' n
stat -c '%y %Y' n
touch -r n d
stat -c %y d
touch -a -t 202001010000 n
stat -c %x n
touch -h -d @5 soft
stat -c %Y soft
date -u -d @86400
date -u -r n +%F
TZ=UTC-2 date -d @0

# Pipes and devices; files and folders for a while.
mkfifo p
stat -c %F p
mknod c c 1 3
stat -c '%F %t %T' c
echo x >c
mknod b b 7 0
ls -l b | cut -c1
rm p c b
mktemp -u | wc -c
t=$(mktemp)
[ -f "$t" ] && stat -c %a "$t"
rm "$t"
t=$(mktemp -d xxx.XXXX)
stat -c '%a %F' "$t"
rmdir "$t"
rmdir d
rmdir -p x/y/z
echo $?

# Removing and moving; what cannot be.
rm d
rm -r d2
rm nothere
rm -f nothere
unlink hard
shred -u ref
ls
mv -n n kept
mv -v sparse d/
mv -T d dd
ls dd
ln -sf a dd/l
ln -sr n dd/rel
readlink dd/rel
cp nothere x
cp d x
cat nothere dd
ls nothere

# Names of files, the environment, users, the system.
pwd
cd dd
pwd -P
cd ..
basename /a/b.c .c
dirname /a/b
pathchk -p 'a b'
echo $?
env -i A=1 env
env -u HOME printenv HOME
printenv PATH
id
id -un
id user
groups
logname
whoami
who
users
tty
uname -srm | cut -d' ' -f1,3
uname -n
hostid | wc -c
arch

# Programs that run others; what has an end and what says little.
nice nice
nice -n 5 nice
nohup echo hup
stdbuf -o0 echo buf
timeout 0.2 sleep 50
echo $?
{ timeout -k 0.2 2 sh -c 'trap "" TERM; sleep 50; sleep 50'; } 2>/dev/null
echo $?
sleep 0.01
true
false
echo $?
test 3 -gt 2
echo $?
printf '%5.2f|%-5s|%05d\n' 3.14159 ab 42
yes x | head -n 2
seq -s, 0 0.5 2
echo -e 'a\tb'

# File systems, another root, a terminal that is none.
sync
sync -f n
sync -d n
df --output=fstype,target /tmp | tail -n 1
df . | wc -l
df nothere
stat -f -c '%T %l' /tmp
chroot / /bin/echo chrooted
chroot --userspec=1000:1000 / id -u
stty -a
echo $?
nproc >/dev/null
tee a b <<<teed
cat a b
dircolors -b | head -c 9
echo

# Lists.
vdir a | cut -c1-10
dir
ls -la | head -n 4 | cut -c1-10
ls -1 --sort=size | tail -n 2
ls -i a | wc -w
ls -F
ls --color=always dd
ls -n a | cut -d' ' -f1-4
ls --full-time -d n | cut -d' ' -f6-8
link a la
ls -U | wc -l
pinky -l user | head -n1

# A full device; tail that follows; programs that are not there, or not for here; conditions.
cat /dev/full | head -c 2 | od -x
echo x >/dev/full
echo $?
tail -f --pid=$$ nothere
tail -n +19 n
(
    sleep 1.5
    echo more >>a
) &
timeout 4 tail -f a
echo $?
setuidgid 2>/dev/null
chcon x a 2>&1 | wc -l
runcon 2>&1 | wc -l
getlimits 2>/dev/null
test -w / -a -x /bin/ls
echo $?
[ -k /tmp ]
echo $?
[ a -ef la ]
echo $?
