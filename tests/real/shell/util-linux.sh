#!/bin/bash
# util-linux, as far as it needs neither disks nor a network.
cat /proc/self/cmdline | tr '\0' ' '
echo

# A file system in memory: how long it may get, to read only, a part of it elsewhere.
mountpoint /proc
mountpoint /etc
mkdir m
mount -t tmpfs -o size=1m,mode=700 none m
mountpoint m
findmnt -n -o FSTYPE,TARGET m
stat -c %a m
dd if=/dev/zero of=m/f bs=64k status=none
stat -c %s m/f
df --output=size m
mount -o remount,ro m
touch m/x
mount -o remount,rw m
rm m/f
mkdir m/s
mount --bind m/s m
ls m
umount m
umount m
umount m
mkdir n
mount --bind /etc n
head -n1 n/passwd
umount -l n
ls n
grep -c tmpfs /proc/filesystems

# Locks: taken, busy, shared, waited for.
flock lock echo locked
(
    flock -n 9 || exit 1
    flock -n lock echo twice
    echo "busy $?"
) 9>lock
flock -s lock flock -s lock echo shared
flock -w 0.2 -x lock true
echo $?
(
    flock 9
    : >taken
    sleep 0.5
) 9>lock &
until [ -e taken ]; do sleep 0.01; done
flock -w 50 lock echo "waited"
flock -E 9 -n lock true
echo $?
wait

# Sessions, users, privileges.
setsid -w sh -c 'ps -o pid= -p $$ >/dev/null; test $(ps -o sid= -p $$) -eq $$ && echo leader'
setpriv --reuid 1000 --regid 1000 --clear-groups id
setpriv --no-new-privs --dump | grep -i 'no_new'
setpriv --bounding-set -all --inh-caps -all true
echo $?

# Limits, and when a process gets to run.
prlimit --nofile=100:200 sh -c 'ulimit -n; ulimit -Hn'
prlimit -n -o SOFT,HARD --noheadings -p $$ | wc -w
chrt -p $$ | sed 's/[0-9]\{2,\}/N/'
taskset -pc $$ >/dev/null
echo $?
taskset 1 nproc
ionice -p $$
ionice -c2 -n3 ionice
renice -n 3 -p $$ | sed 's/[0-9]\{2,\}/N/'
nice

# Text.
getopt -o ab: --long long: -- -a -b x --long=y rest
rev <<<abc
column -t <<<'a bb ccc'
hexdump -C <<<hello
look ab /dev/null
echo $?
col <<<x
colrm 2 3 <<<abcdef
ul <<<x
namei -m /tmp | tail -n 1
whereis -b ls
uuidgen -t | wc -c
mcookie | wc -c
kill -l 15
kill -L | wc -l

# A terminal of its own for a program.
script -qec 'tty | sed s/[0-9]*$//; stty -a | head -n1; test -t 0 && echo terminal' /dev/null
script -qec 'exit 7' log
echo $?
(sleep 2 && echo input) | script -qc 'echo typed; cat' /dev/null
wc -l <log
(sleep 2 && echo 'sleep 50; echo slow') | timeout 5 script -qc 'sh' /dev/null | tr -d '\r' | head -n1
scriptreplay --help | wc -l

# What there is of the machine; space for files, and holes in them.
unshare --help | wc -l
lscpu | grep -E '^(Architecture|Byte)' | tr -s ' '
lsmem 2>&1 | wc -l >/dev/null
ipcs | grep -c key
dmesg | wc -l >/dev/null
logger -s hi 2>&1 | sed 's/.*: //'
fallocate -l 100K f
stat -c '%s %b' f
fallocate -p -o 4096 -l 8192 f
stat -c '%s %b' f
fallocate -z -o 0 -l 10 f
fallocate -c -o 0 -l 4096 f 2>&1

# The others, some of which only have to start.
lsns -t pid -o NS 2>&1 | wc -l >/dev/null
nsenter --help | wc -l
lslocks | wc -l >/dev/null
wdctl 2>&1 | wc -l >/dev/null
swapon -s
losetup 2>&1 | wc -l
rename a b nothing
echo $?
ls
mesg
write 2>&1 | head -n1
last -n1 2>&1 | wc -l >/dev/null
utmpdump /dev/null
agetty --version | wc -l
hwclock --version | wc -l
lsblk >/dev/null 2>&1
more f <<<x | wc -c
lsfd 2>/dev/null | wc -l >/dev/null
choom -n 100 -- sh -c 'cat /proc/self/oom_score_adj'
addpart 2>&1 | wc -l
partx --version | wc -l
