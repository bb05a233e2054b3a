#!/bin/dash
# dash: jobs, traps, redirections, wait, times, ulimit.

# Jobs and signals.
sleep 0.1 &
wait $!
echo $?
trap 'echo int' INT
kill -INT $$
trap - INT
(kill -TERM $(dash -c 'echo $PPID'))
echo $?

# Parameters and substitution.
set -- a 'b c' d
for i; do
    echo "<$i>"
done
shift 2
echo "$# $1"
x=$(
    echo sub
    exit 6
)
echo "$x $?"

# Redirections, here-documents.
{
    echo out
    echo err >&2
} 2>&1 | sort
exec 3>file
echo three >&3
exec 3>&-
cat <file
cat <<'EOF' | wc -l
$no
`expansion`
EOF

# A limit of length; a named pipe; two that write late and early.
ulimit -f 1
(dd if=/dev/zero of=big bs=4k count=1) 2>/dev/null
echo $?
ulimit -f unlimited 2>/dev/null
mkfifo pipe
echo through >pipe &
read -r y <pipe
echo "$y"
wait
(
    sleep 0.3
    echo late
) &
(echo early)
wait

# Conditions, evaluation, builtins.
false || echo or
true && echo and
! true
echo $?
eval 'echo evaluated'
. /dev/stdin <<EOF
echo dotted
EOF
command -v cat
type echo
hash cat
times | wc -l
umask
umask -S
set -e
(
    false
    echo unreached
) || echo "errexit"
set +e
getopts ab: o -a -b x
echo "$o"
while getopts ab: o -a -b val; do
    echo "$o $OPTARG"
done
printf '%d %x %o %s\n' 10 255 8 "a b"
printf '%b' 'tab\there\n'
test -d / && test -c /dev/null && test ! -e nothing && echo tests

# Signals by number; a trap at the end; many forks.
kill -l 9
jobs
dash -c 'trap "echo on exit" EXIT; kill -HUP $$'
echo $?
i=0
while [ $i -lt 200 ]; do
    i=$((i + 1))
    (:)
done
echo $i forks
