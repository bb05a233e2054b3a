#!/bin/bash
# procps: of ourselves, for other processes differ between machines.
ps() {
    command ps "$@" | tr -s ' '
    return "${PIPESTATUS[0]}"
}

sleep 300 &
a=$!
sleep 310 &
b=$!
sleep 1

# ps: of one, of several, of none.
ps -o comm=,args=,stat=,ppid= -p $a | sed "s/ $$/ PARENT/"
ps -o ni=,nlwp=,tty=,user=,uid=,gid=,psr= -p $a | sed 's/[0-9]* *$//'
ps -p $a,$b -o comm=
ps --ppid $$ -o comm= | grep -c sleep
ps -C sleep -o args= | sort
ps -o pid= -p 999999
echo $?

# pgrep and pidof: by name, parent, arguments, age, user, session, state.
pgrep -P $$ -x sleep | wc -l
pgrep -f 'sleep 310' | wc -l
pgrep -a -P $$ sleep | cut -d' ' -f2-
pidof sleep | wc -w
pidof nothing
echo $?
pgrep -n sleep | grep -c $b
pgrep -o sleep | grep -c $a
pgrep -u root sleep | wc -l
pgrep -s 0 sleep | wc -l
pgrep -r S sleep | wc -l
pgrep -c sleep

# pkill and kill: stopping, going on, ending.
pkill -STOP -f 'sleep 310'
sleep 0.5
ps -o stat= -p $b
pkill -CONT -f 'sleep 310'
sleep 0.5
ps -o stat= -p $b
pkill -P $$ -f 'sleep 300'
wait $a
echo $?
kill -0 $b && echo there
skill -h 2>&1 | wc -l >/dev/null
snice --version | cut -d' ' -f1
kill $b
wait $b
echo $?

# The whole system: as far as it looks alike anywhere.
free | awk 'NR == 1 || /Swap/ { $1 = $1; print NF }'
free -m -t | wc -l
uptime | grep -c 'load average: [0-9.]*, [0-9.]*, [0-9.]*$'
uptime -p | cut -d' ' -f1
uptime -s | wc -c
w -h | wc -l >/dev/null
vmstat | wc -l
vmstat 1 2 | tail -n 1 | wc -w
vmstat -s | wc -l >/dev/null
tload --version | wc -l

# top.
top -b -n 1 -p $$ | tail -n 1 | awk '{ print $2, $NF, NF }'
top -b -n 2 -d 0.2 | grep -c '^top -'
top -b -n1 | sed -n 7p | tr -s ' '

# Memory, folder, settings.
pmap $$ | tail -n 1 | awk '{ print $1 }'
pmap $$ | grep -c stack
pmap -x $$ | tail -n 1 | awk '{print $1, NF}'
pwdx $$ | sed 's/.*: //'
sysctl -n kernel.ostype
sysctl kernel.hostname
sysctl -n kernel.pid_max | wc -w
slabtop --version | wc -l
watch --version | cut -d' ' -f1

# Other names, and what /proc says of a process.
sh -c 'exec -a renamed sleep 50' 2>/dev/null
bash -c 'exec -a renamed sleep 50' &
sleep 1
ps -o args= -p $!
kill $!
wait $!
cat /proc/self/comm
cat /proc/self/environ | tr '\0' '\n' | grep ^TERM
readlink /proc/self/exe /proc/self/cwd /proc/self/root
cut -d' ' -f3-6 /proc/self/stat | wc -w
wc -w </proc/self/statm
grep -E '^(Name|State|Threads|Uid|Gid|Groups|NoNewPrivs):' /proc/self/status

# Children, ended ones too that nobody waits for.
(
    sleep 20 &
    exec sleep 21
) &
sleep 1
ps -o stat=,comm= --ppid $!
pkill -P $!
sleep 0.5
ps -o stat=,comm=,args= --ppid $!
kill $!
wait

# Headings, and columns that there are.
ps -eo pid,comm | awk '$1 == 1 { print "one" }'
ps axjf >/dev/null
ps -ef | head -n1
ps aux | head -n 1
ps -eLf | head -n 1
ps -e -o pid,lwp,pcpu,pmem,vsz,rss,tname,stat,start,time,cmd,wchan,etime,pri,nice,f,c,sgi_p,cls,rtprio | head -n1
ps T | wc -l
ps -t - | wc -l
