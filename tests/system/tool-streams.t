#!/bin/sh
# `corrode run PROGRAM`: standard input, output and errors, byte by byte, and the terminal, in all mixtures.
. "$(dirname "$0")/lib.sh"

drive=$build/tests/drive/drive
seconds=60
program() {
    timeout $((seconds + 30)) corrode run --timeout $seconds "$@"
}

# Bytes.
head -c 10485760 /dev/urandom >"$tmp/random"
for options in '--smp 1' '--smp 4' '--firmware bios' '--firmware uefi'; do
    # shellcheck disable=SC2086 # words
    program $options cat <"$tmp/random" >"$tmp/copy" 2>"$tmp/errors"
    is "10 MiB there and back ($options): status" $? 0
    ok "10 MiB there and back ($options)" cmp "$tmp/random" "$tmp/copy"
    ok "and no word ($options)" test ! -s "$tmp/errors"
done
program cat <"$tmp/random" | program cat | cmp - "$tmp/random"
is "through pipes, and two machines" $? 0
: >"$tmp/debug"
program --kernel "$build/kernel-debug.elf" --smp 4 cat <"$tmp/random" 2>"$tmp/errors" | cmp - "$tmp/random"
is "with a kernel that checks" $? 0
is "an empty input ends at once" "$(program wc -c </dev/null)" 0
is "so does one that is closed" "$(program wc -c <&-)" 0
is "what comes slowly" "$({ printf a; sleep 1; printf b; } | program cat)" ab
is "input that nobody wants" "$(program echo done <"$tmp/random")" "done"
is "reading line by line" "$(printf 'one\ntwo\n' | program sh -c 'read x; read y; echo "$y $x"')" "two one"

# Output and errors are two things, or one.
program sh -c 'echo out; echo errors >&2' >"$tmp/out" 2>"$tmp/errors"
is "output" "$(cat "$tmp/out")" out
is "errors" "$(cat "$tmp/errors")" errors
program sh -c 'for i in 1 2 3 4 5 6 7 8 9; do echo out $i; echo errors $i >&2; done' >"$tmp/both" 2>&1
for i in 1 2 3 4 5 6 7 8 9; do
    printf 'out %d\nerrors %d\n' $i $i
done >"$tmp/wanted"
ok "in one file they are in order" cmp "$tmp/both" "$tmp/wanted"
is "the program can open them again" "$(program sh -c 'echo x >/dev/stdout; echo y >/dev/stderr' 2>&1)" "x
y"

# Nobody reads.
status_of() {
    program "$@" 2>"$tmp/errors"
    echo $? >"$tmp/status"
}
status_of yes | head -n 1 >"$tmp/out"
is "a reader that goes ends the program" "$(cat "$tmp/out" "$tmp/status")" "y
141"
status_of sh -c 'trap "" PIPE; while echo y; do :; done; exit 5' | head -n 1 >"$tmp/out"
is "or tells it so" "$(cat "$tmp/status")" 5
if [ -c /dev/full ]; then
    refuses "output that cannot be written" 125 'standard output: cannot write' \
        sh -c 'exec corrode run --timeout 60 echo x >/dev/full'
fi

# Terminals. $tmp/drive is what a person does.
# driven NAME COMMAND...
driven() {
    driven_name=$1
    shift
    drive_it "$driven_name" --rows 30 --columns 97 "$tmp/drive" "$@"
}
TERM=xterm
export TERM
cat >"$tmp/drive" <<'END'
point there is a prompt
expect #
point its size is ours
type stty size
expect 30 97
point so is its kind
type echo $TERM; tty
expect xterm
expect /dev/hvc0
point it is resized
resize 41 111
wait 1
type stty size
expect 41 111
point ^C interrupts what runs, and nothing else
type cat
send here\r
expect here
expect here
send ^C
expect #
type echo status $?
expect status 130
point ^Z stops it
type cat
send here\r
expect here
expect here
send ^Z
expect topped
type kill %1; wait; echo gone
expect gone
point Ctrl-A is the program's when it comes twice
type cat -v
send here\r
expect here
expect here
send ^A^A\r
expect ^A
send ^C
point the end has its status
type exit 7
end 7
END
driven "a shell" corrode run --timeout 90 --add /bin/stty --add /usr/bin/tty --add /bin/cat bash --norc
cat >"$tmp/drive" <<'END'
point ^C ends the program
expect ready
send ^C
end 130
END
driven "not a shell" corrode run --timeout 60 --add /bin/sleep sh -c 'echo ready; exec sleep 100'
cat >"$tmp/drive" <<'END'
point Ctrl-A X ends the machine
expect ready
send ^Ax
end 137
END
driven "not a shell" corrode run --timeout 60 --add /bin/sleep sh -c 'echo ready; exec sleep 100'
cat >"$tmp/drive" <<'END'
point a program whose output goes elsewhere still reads what is typed, by lines
wait 4
send abd\x7fc\r
wait 1
send ^D
expect got 4
end 0
END
driven "output to a pipe" sh -c 'corrode run --timeout 60 cat | { read x; echo got $(printf "%s\n" "$x" | wc -c); }'
cat >"$tmp/drive" <<'END'
point and is interrupted
wait 4
send ^C
expect status 130
end 0
END
driven "output to a file" sh -c 'trap : INT; corrode run --timeout 60 cat >/dev/null; echo status $?'
cat >"$tmp/drive" <<'END'
point output is a terminal, input is not
expect 30 97
expect not a tty
end 0
END
driven "input from a file" sh -c 'corrode run --timeout 60 --add /bin/stty --add /usr/bin/tty sh -c "stty size </dev/tty; tty" </dev/null; exit 0'
