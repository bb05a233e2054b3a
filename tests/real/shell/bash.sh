#!/bin/bash
# What bash asks of the kernel: pipes, process substitution, coprocesses, here-documents, jobs, traps,
# descriptors, limits.
set -o pipefail

# Pipelines and process substitution.
echo one two three | tr ' ' '\n' | sort -r | paste -sd,
false | true
echo "status $? pipes ${PIPESTATUS[*]}"
diff <(printf '1\n2\n') <(printf '1\n3\n')
tee >(wc -c >counted) <<<'hello' >/dev/null
wait $!
sleep 0.2
cat counted
cat <<EOF
here $((6 * 7)) $(echo nested $(echo twice))
EOF

# A coprocess.
coproc BACK {
    while read -r line; do
        echo "back: $line"
    done
}
echo first >&"${BACK[1]}"
read -r answer <&"${BACK[0]}"
echo "$answer"
echo second >&"${BACK[1]}"
read -r answer <&"${BACK[0]}"
echo "$answer"
pid=$BACK_PID
eval "exec ${BACK[1]}>&-"
wait $pid
echo "coprocess ended $?"

# Descriptors and files.
exec 5>five
echo to five >&5
exec 5>&-
cat five
exec {fd}<>both
echo data >&$fd
exec {fd}>&-
cat both
echo over >|five
set -C
echo no >five
echo "noclobber $?"
set +C

# Traps.
trap 'echo got USR1' USR1
kill -USR1 $$
trap - USR1
(
    trap 'echo bye $?' EXIT
    exit 3
)
echo "subshell $?"

# Jobs, and waiting for them.
sleep 5 &
kill %1
wait %1
echo "killed $?"
(
    sleep 0.1
    exit 7
) &
wait -n
echo "wait -n $?"
for i in 1 2 3 4 5 6 7 8; do
    (exit $i) &
    pids="$pids $!"
done
for p in $pids; do
    wait $p
    echo -n "$? "
done
echo
ulimit -n 64
ulimit -n
ulimit -Sc 0
ulimit -c

# Reading: for some time, some characters, all lines; arrays, dates, braces.
read -t 0.1 x < <(sleep 1)
echo "timed out $(($? > 128))"
read -r -n 3 x <<<abcdef
echo "$x"
mapfile -t lines < <(seq 5)
echo "${#lines[@]} ${lines[4]}"
declare -A map=([a]=1 [b]=2)
for key in a b; do
    echo "$key=${map[$key]}"
done
printf '%(%Y)T\n' 0
printf '%s\n' {a..e}{1..2} | wc -l

# What files are, and how long something takes.
[[ -e /dev/fd/0 && -p /dev/stdin ]] < <(:) && echo "a pipe"
[[ five -nt /etc/passwd ]] && echo newer
test -t 0 || echo "no terminal"
time_it() {
    local TIMEFORMAT=%R
    time sleep 0.01
}
time_it 2>&1 | grep -c '^0\.'

# Patterns of names, folders, modes.
shopt -s globstar extglob nullglob
mkdir -p a/b/c
touch a/x a/b/y a/b/c/z
echo **/*
eval 'echo !(five)'
echo no*such
cd a && cd b && pwd && cd - && cd ../..
pushd a/b >/dev/null
dirs
popd
umask 027
touch masked
stat -c %a masked
umask 022

# Scripts, with and without a first line and the permission; what is not there.
echo 'echo script says $1 $#; exit 4' >script
bash script x y
echo $?
echo 'exit 5' >noexec
./noexec
echo $?
chmod +x noexec
./noexec
echo $?
nosuchcommand
echo $?
/
echo $?
(exec -a other sh -c 'echo $0')
exec 2>&1

# Ends by signals; stopping and going on.
{ (
    ulimit -t 1
    while :; do
        :
    done
); } 2>/dev/null
echo "cpu limit $?"
{ bash -c 'kill -SEGV $$'; } 2>/dev/null
echo $?
bash -c 'kill -STOP $$' &
until [ "$(ps -o stat= -p $! | cut -c1)" = T ]; do
    sleep 0.1
done
sleep 0.2
jobs -l | sed 's/[0-9]\{2,\}/N/'
kill -CONT %%
wait
echo continued
set -m
sleep 0.2 &
fg
set +m

# Subshells, parents, a trap that a signal does not come for.
echo $BASH_SUBSHELL $(echo $BASH_SUBSHELL) $SHLVL
[ $PPID -ne 0 ] && [ $$ -eq "$(sh -c 'echo $PPID')" ] && echo parent
timeout 60 bash -c 'trap "" TERM; for ((i = 0; i < 1000; i++)); do :; done; echo looped'
x=$(printf 'a\0b' 2>/dev/null)
echo "${#x}"

# A reader that leaves early; the rest.
yes | head -n 100000 | wc -l
echo "${PIPESTATUS[*]}"
enable -f nothere x 2>&1 | grep -c nothere
printf 'a b\nc d\n' | while read -r one two; do
    echo "$two $one"
done
echo $RANDOM >/dev/null
echo ${EPOCHSECONDS:+time} ${BASH_VERSINFO[0]}
