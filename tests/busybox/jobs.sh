# Processes: background, wait, signals, traps.
sleep 0.1 &
first=$!
wait $first
echo "ended $?"
(exit 5) &
wait $!
echo "ended $?"
sleep 100 &
kill $!
wait $! 2>/dev/null
echo "killed $?"
sleep 100 &
kill -9 $!
wait $! 2>/dev/null
echo "killed $?"
sh -c 'kill -HUP $$' 2>/dev/null
echo "hung up $?"
sh -c 'kill -SEGV $$' 2>/dev/null | cat
kill -0 $$ && echo "we are there"
kill -0 99999 2>/dev/null || echo "that one is not"
kill -l 15
kill -l TERM 2>/dev/null
trap 'echo caught USR1' USR1
kill -USR1 $$
echo after
(sleep 0.1; kill -USR1 $$) &
wait
echo "wait ended"
trap '' USR2
kill -USR2 $$
echo "ignored USR2"
sh -c 'kill -USR2 $$; echo child ignores it, too'
trap - USR2
(trap 'echo leaving' EXIT; echo inside)
(trap 'echo leaving; exit 3' TERM; kill -TERM $(sh -c 'echo $PPID'); echo "not reached")
echo "status $?"
trap 'echo alarm' ALRM
trap
trap - ALRM USR1
(sleep 0.3; echo slow) &
(sleep 0.1; echo quick) &
wait
echo both
for i in 1 2 3 4 5 6 7 8; do (exit $i) & done
wait
echo "all done"
timeout 1 sleep 10
echo "timeout $?"
timeout 5 sh -c 'exit 9'
echo "timeout $?"
timeout -s KILL 1 sh -c 'trap "" TERM; sleep 5'
echo "timeout $?"
nohup true 2>/dev/null
sh -c 'ulimit -n 50; ulimit -n'
sh -c 'ulimit -f 1; dd if=/dev/zero of=big bs=1k count=10 2>/dev/null' 2>/dev/null
echo "file size limit $?"
sh -c 'ulimit -t 1; while :; do :; done' 2>/dev/null
echo "processor time limit $?"
pid=$(sh -c 'echo $$')
[ "$pid" -gt 1 ] && echo "a number"
sh -c 'sleep 100 & echo started; kill $!; wait'
yes | head -n 1
(yes; echo "status $?" >&2) 2>&1 | head -n 1 >/dev/null
cat /dev/zero | head -c 100000 | wc -c
sh -c 'exec sh -c "echo \$0" renamed'
env -i A=1 B=2 env | sort
A=temporary sh -c 'echo $A'
echo "[$A]"
export B=kept
sh -c 'echo $B'
setsid sh -c 'echo in a session of its own'
time -p true 2>&1 | cut -d' ' -f1
seq 1 30 | while read n; do (echo $n) & done | sort -n | tail -n 1
i=0
while [ $i -lt 100 ]; do
    /bin/true
    i=$((i + 1))
done
echo "$i processes"
i=0
while [ $i -lt 100 ]; do
    x=$(echo $i)
    i=$((i + 1))
done
echo "$x"
