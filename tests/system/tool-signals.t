#!/bin/sh
# `corrode run PROGRAM`: signals that would end the tool go to the program, whose end is the tool's; and what happens if
# the program does not care.
. "$(dirname "$0")/lib.sh"

# begin NAME SCRIPT: a shell in a machine, which says "ready". This shell has its background ignore SIGINT and SIGQUIT.
begin() {
    env --default-signal=INT,QUIT,HUP,TERM "$build/corrode" run --timeout 120 sh -c "$2" </dev/null >"$tmp/$1" 2>"$tmp/$1.err" &
    tool=$!
    children="$children $tool"
    for try in $(seq 600); do
        grep -q ready "$tmp/$1" 2>/dev/null && return
        sleep 0.2
    done
}

# its_end NAME STATUS: with what the tool ends.
its_end() {
    wait "$tool"
    is "$1" $? "$2"
}

loop='echo ready; while :; do :; done'
for signal in TERM HUP INT QUIT; do
    begin "$signal" "trap 'echo got; exit 7' $signal; $loop"
    kill -s "$signal" "$tool"
    its_end "SIG$signal reaches the program, and its status the caller" 7
    is "after all it has to say" "$(cat "$tmp/$signal")" "ready
got"
done

begin simple "$loop"
kill "$tool"
its_end "one without a handler ends by it" 143

begin handler "trap 'echo reads its settings' HUP; trap 'exit 3' TERM; $loop"
kill -s HUP "$tool"
for try in $(seq 300); do
    grep -q settings "$tmp/handler" && break
    sleep 0.2
done
is "one may go on" "$(cat "$tmp/handler")" "ready
reads its settings"
sleep 6
kill "$tool"
its_end "and be ended later" 3

begin deaf "trap '' TERM; $loop"
kill "$tool"
its_end "one that does not end has ten seconds" 143

begin twice "trap '' HUP; $loop"
while kill -s HUP "$tool" 2>/dev/null; do
    sleep 1
done
its_end "or until the next signal" 129
