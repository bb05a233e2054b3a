# Namespaces of names, mounts and processes; and /dev made anew from what /sys tells.
begin=$(hostname)
unshare -u sh -c 'hostname apart; hostname'
test "$(hostname)" = "$begin" && echo "the name is as before"
mkdir space
unshare -m sh -c 'mount -t tmpfs none space && touch space/inner && ls space'
ls space
unshare -p -f --mount-proc ps -o pid,ppid,comm
unshare -p -f sh -c 'echo $$; sh -c "echo \$PPID"; kill -KILL 1; echo "still there"'
unshare -p -f --mount-proc sh -c 'sleep 1000 & ls -d /proc/[0-9]* | head -n 2'
unshare -p -f sh -c 'exit 7'
echo "$?"
unshare -m sh -c 'mount -t tmpfs none /dev && mdev -s && cd /dev &&
    for name in null zero full tty; do stat -c "%n %F %t:%T" $name; done; echo x >null; head -c 3 zero | wc -c'
