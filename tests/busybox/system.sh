# The system as programs see it, as far as it is the same everywhere.
uname -s
uname -m
hostname test && hostname
cat /proc/self/comm
cat /proc/sys/kernel/ostype
[ -r /proc/version ] && [ -r /proc/meminfo ] && [ -r /proc/cpuinfo ] && [ -r /proc/uptime ] && [ -r /proc/stat ] && echo readable
[ "$(cat /proc/self/stat | cut -d' ' -f2)" = "(cat)" ] && echo "cat's own"
readlink /proc/self/exe
readlink /proc/self/cwd
ls /proc/self/fd | grep "^[0-3]$" | wc -l
tr '\0' ' ' </proc/self/cmdline; echo
grep -c '^Name:	grep$' /proc/self/status
[ -d /proc/1 ] && cat /proc/1/comm | wc -l
ps | grep -c '[ ]ps$'
ps -o pid,ppid,args | head -n 1
ps -o comm | grep -c '^ps$'
sleep 50 &
sleep 0.3
ps -o pid,args | grep -c '[s]leep 50'
pidof sleep >/dev/null && echo found
killall sleep
wait 2>/dev/null
free | head -n 1 | awk '{print $1, $2}'
uptime | grep -c 'load average'
df /tmp | head -n 1 | awk '{print $1}'
mount | grep -c ' on /proc type proc '
mkdir mnt
mount -t tmpfs -o size=1m none mnt && echo mounted
echo x >mnt/file
mount | grep -c ' on /tmp/play/mnt type tmpfs '
dd if=/dev/zero of=mnt/big bs=64k count=100 2>/dev/null || echo full
rm mnt/big
mount -o remount,ro mnt
touch mnt/other 2>&1 | sed 's/.*: //'
mount -o remount,rw mnt
(cd mnt && umount /tmp/play/mnt 2>/dev/null) || echo busy
umount mnt && ls mnt | wc -l
mkdir one two
echo bound >one/file
mount --bind one two && cat two/file && umount two && echo unbound
ls -l /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty | awk '{print $1, $3, $4, $5, $6, $NF}'
head -c 16 /dev/urandom | wc -c
tty || echo "status $?"
stty 2>&1 | sed 's/.*: //'
test -t 0 || echo "no terminal"
sync
nproc | grep -c '[1-9]'
sysctl -n kernel.ostype
cat /proc/filesystems | grep -c tmpfs
chroot / /bin/echo "in the root"
date +%Y | grep -c '^20'
sleep 0
usleep 1000
which sh ls
whoami
logname 2>&1 | wc -l
arch
mesg 2>&1 | head -n 1 | wc -l
mkdir -p chroot/bin
cp /bin/busybox chroot/bin/
chroot chroot /bin/busybox ls /
chroot chroot /bin/busybox pwd
pivot_root 2>&1 | head -n 1 | wc -l
lsof 2>/dev/null | grep -c busybox | sed 's/[1-9][0-9]*/some/'
ls /sys | grep -c kernel
