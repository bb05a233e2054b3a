#!/bin/sh
# Unmodified Linux programs: the guest tests (tests/guest/), each of which must first pass on this machine's own kernel, in
# every build and on several kinds of machine; how programs end as process 1; and what is not a program.
#
#     GUESTS='fork files' MACHINES='direct,4,all,-debug bios,1,musl' tests/system/guest.t      some programs, on some machines
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh

guests=$build/tests/guest

# archive FILE PROGRAM [NAME]: an initramfs with PROGRAM as NAME (init).
archive() {
    rm -rf "$tmp/root"
    mkdir -p "$tmp/root"
    cp "$2" "$tmp/root/${3:-init}"
    (cd "$tmp/root" && find . | cpio -o -H newc 2>/dev/null) >"$1"
}

# The marks in a program's first comment (tests/guest/guest.h).
mark() {
    sed -n 's/^ \* guest: \(.*\)/ \1 /p; /^ \*\//q' "tests/guest/$1.c"
}

# programs FOLDER: the list for tests/guest/run, of all programs or those that GUESTS names, in FOLDER.
programs() {
    for source in tests/guest/*.c; do
        name=${source##*/}
        name=${name%.c}
        marks=$(mark "$name")
        case " ${GUESTS:-$name} ,$marks" in
        *' apart '*) continue ;;
        *" $name "*,*) ;;
        *) continue ;;
        esac
        seconds=$(printf '%s' "$marks" | sed -n 's/.* seconds=\([0-9]*\) .*/\1/p')
        arguments=$(printf '%s' "$marks" | sed -n 's/.* arguments=\([^ ]*\) .*/\1/p' | tr , ' ')
        for kind in musl glibc pie; do
            case $kind,$marks in
            pie,*' pie '* | musl,* | glibc,*) echo "$name.$kind ${seconds:-60} $1/$name.$kind $arguments" ;;
            esac
        done
    done
}

# On this machine, whose kernel says what is right. What needs root is left out where there is none.
native() {
    programs "$guests" >"$tmp/list"
    if [ "$(id -u)" -ne 0 ]; then
        while read -r name rest; do
            case $(mark "${name%.*}") in
            *' root '*) skip "$name passes on this machine" "it must be root" ;;
            *) echo "$name $rest" >&3 ;;
            esac
        done <"$tmp/list" 3>"$tmp/list.user"
        mv "$tmp/list.user" "$tmp/list"
    fi
    (trap - EXIT INT TERM HUP; native_run) &
    native=$!
    children="$children $native"
}

# Programs that fail on Linux itself, which is right by definition, have met a race of their own (Linux brings what is typed
# on a terminal to its reader a moment later), so they get two more chances.
native_run() {
    "$guests/run/run" "$tmp/list" >"$tmp/native" 2>&1 </dev/null
    for chance in 2 3; do
        awk -v what=native -f tests/system/guest.awk "$tmp/native" >"$tmp/chances"
        sed -n 's/^not ok \([^ ]*\) passes .*/\1/p' "$tmp/chances" >"$tmp/failing"
        [ -s "$tmp/failing" ] || return
        grep -v '^ok' "$tmp/chances" | sed "s/^/# before chance $chance: /" >&2
        awk 'NR == FNR { failing[$1]; next } $1 in failing' "$tmp/failing" "$tmp/list" >"$tmp/list.again"
        awk 'NR == FNR { failing[$1]; next } /^# begin / { left_out = $4 in failing } !left_out' "$tmp/failing" "$tmp/native" |
            grep -v '^# end of list' >"$tmp/native.kept"
        "$guests/run/run" "$tmp/list.again" >"$tmp/native.again" 2>&1 </dev/null
        cat "$tmp/native.kept" "$tmp/native.again" >"$tmp/native"
    done
}

# follow FILE ARGUMENTS...: a boot, whose output goes to FILE, which is ended when it has nothing to say for too long.
silence=100
follow() {
    file=$1
    shift
    timeout 1800 corrode run "$@" >"$file" 2>"$file.err" </dev/null &
    machine=$!
    since=0
    size=0
    while kill -0 $machine 2>/dev/null && [ $since -lt $silence ]; do
        sleep 1
        since=$((since + 1))
        new=$(wc -c <"$file")
        [ "$new" -eq "$size" ] || since=0
        size=$new
    done
    ending=
    [ $since -lt $silence ] || ending="it said nothing for $silence seconds"
    kill $machine 2>/dev/null
    wait $machine
    printf '%s\n' "${ending:-the machine ended with $?: $(tail -n 1 "$file.err")}" >"$file.ending"
}

# What the kernel says on the console may cut a line in two, so it says no more than it must.
#
# inside NUMBER FLAVOUR FIRMWARE PROCESSORS LIST: boots until every program of /tests/LIST has run. What the machines said
# goes to $tmp/NUMBER.1 and so on. Other such boots run beside.
inside() {
    from=0
    programs=$(wc -l <"$tmp/root/tests/$5")
    for boot in 1 2 3 4 5 6 7 8; do
        out=$tmp/$1.$boot
        follow "$out.raw" --firmware "$3" --smp "$4" --module "$tmp/archive" "$build/kernel$2.elf" loglevel=error -- "/tests/$5" "$from"
        plain <"$out.raw" >"$out"
        mv "$out.raw.ending" "$out.ending"
        if grep -q '^# end of list' "$out"; then
            return
        fi
        from=$(sed -n 's/^# begin \([0-9]*\) .*/\1/p' "$out" | tail -n 1)
        from=$((${from:-$programs} + 1))
        [ $from -lt "$programs" ] || return
    done
}

# judge_boots NUMBER: compares them with what was said on this machine.
judge_boots() {
    for boot in 1 2 3 4 5 6 7 8; do
        out=$tmp/$1.$boot
        [ -f "$out" ] || return
        awk -v what=inside -v ending="$(cat "$out.ending")" -f tests/system/guest.awk "$tmp/native" "$out" >"$tmp/results"
        tell "$(cat "$tmp/$1.where")" "$tmp/results"
        last=$(sed -n 's/^# begin \([0-9]*\) .*/\1/p' "$out" | tail -n 1)
        grep -q '^# end of list' "$out" || sed -n "/^# begin ${last:-x} /,\$p" "$out" | tail -n 25 | sed 's/^#* */# /'
    done
    point "no more boots, after so many that did not come to their end$(cat "$tmp/$1.where")" 1
}

# One archive for all: tests/guest/run is process 1.
pack() {
    rm -rf "$tmp/root"
    mkdir -p "$tmp/root/tests" "$tmp/root/tmp"
    cp "$guests/run/run" "$tmp/root/init"
    programs /tests >"$tmp/root/tests/all"
    grep -v '\.glibc ' "$tmp/root/tests/all" >"$tmp/root/tests/musl"
    grep -v '\.musl ' "$tmp/root/tests/all" >"$tmp/root/tests/glibc"
    while read -r name _; do
        strip -o "$tmp/root/tests/$name" "$guests/$name"
    done <"$tmp/root/tests/all"
    (cd "$tmp/root" && find . | sort | cpio -o -H newc 2>/dev/null) >"$tmp/archive"
}

# Every program in both builds of the kernel, on one processor and on four, and through firmware; with both C libraries on
# some machines, with one on the others.
native
pack
all='direct,4,all direct,1,all,-debug direct,1,musl direct,4,glibc,-debug bios,1,glibc bios,4,musl,-debug'
# Three boots at a time: they sleep as much as they work.
number=0
running=
for machine in ${MACHINES:-$all}; do
    number=$((number + 1))
    IFS=, read -r firmware processors list flavour <<END
$machine
END
    (trap - EXIT INT TERM HUP; inside $number "$flavour" "$firmware" "$processors" "$list") &
    children="$children $!"
    running="$running $!"
    printf '%s\n' " ($firmware, $processors processors${flavour:+, debug})" >"$tmp/$number.where"
    # shellcheck disable=SC2086 # words
    set -- $running
    if [ $# -eq 3 ]; then
        wait "$1"
        running="$2 $3"
    fi
done
# shellcheck disable=SC2086 # words
wait $running "$native"
awk -v what=native -f tests/system/guest.awk "$tmp/native" >"$tmp/results"
tell "" "$tmp/results"
for at in $(seq $number); do
    judge_boots "$at"
done
[ -z "${GUESTS-}" ] || exit 0

# ends_with STATUS WORDS...: the program `end` with these arguments, on the host and inside.
kernel=$build/kernel-debug.elf
ends_with() {
    wanted=$1
    shift
    run "$guests/end.musl" "$@"
    is "$* ends with $wanted on this machine" "$status" "$wanted"
    for libc in musl glibc; do
        archive "$tmp/archive" "$guests/end.$libc"
        boot --firmware direct --smp 2 --module "$tmp/archive" "$kernel" -- "$@"
        machine=1
        [ "$wanted" -ne 0 ] || machine=0
        is "$* ($libc) ends the machine with $machine" "$status" $machine
        like "and has begun" "$out" "^about to end: $1\$"
        unlike "and ends there" "$out" '^still here'
        [ "$wanted" -eq 0 ] || like "with status $wanted" "$out" "process 1 has ended with status $wanted\$"
    done
}
ends_with 0 exit 0
ends_with 1 exit 1
ends_with 255 exit 255
ends_with 0 exit 256
for how in null kernel code data hlt noncanonical stack; do
    ends_with 139 $how
done
ends_with 136 divide
ends_with 132 ud2
for how in int3 trap trap-syscall; do
    ends_with 133 $how
done

# Signals to process 1 are another matter, and their frames with more vector registers than QEMU's usual processor has.
for libc in musl glibc; do
    ok "signal_init ($libc) passes on this machine" "$guests/signal_init.$libc"
    archive "$tmp/archive" "$guests/signal_init.$libc"
    boot --firmware direct --smp 2 --module "$tmp/archive" "$kernel"
    is "signal_init ($libc) passes as process 1" "$status" 0
    [ "$status" -eq 0 ] || diag "$out"
    like "all of it" "$out" '^1\.\.14'
done
archive "$tmp/archive" "$guests/signal_frame.glibc"
for words in fpu=xsave fpu=xsaveopt fpu=fxsave noavx; do
    boot --firmware direct --smp 2 --qemu-arg=-cpu --qemu-arg=max --module "$tmp/archive" "$kernel" loglevel=warning $words
    is "signal_frame passes with $words" "$status" 0
    like "all of it" "$out" '^1\.\.53'
done

# Which program is process 1, and with which arguments.
archive "$tmp/archive" "$guests/end.musl" other
ends "init= names another" 0 '^about to end: exit' --firmware direct --module "$tmp/archive" "$kernel" init=/other
ends "init= names nothing" 126 'init=/nothing cannot be run: error 2' --firmware direct --module "$tmp/archive" "$kernel" \
    init=/nothing
ends "there is no program" 126 'there is no program to run' --firmware direct --module "$tmp/archive" "$kernel"
archive "$tmp/archive" "$guests/end.musl"
ends "trace=syscall tells what it asks for" 0 'trace: init \(1\) writev\(1, 0x[0-9a-f]+, 2\) = 19' --firmware direct --module \
    "$tmp/archive" "$kernel" trace=syscall
printf '#!/bin/sh\n' >"$tmp/script"
chmod +x "$tmp/script"
archive "$tmp/archive" "$tmp/script"
ends "a script without its interpreter" 126 '/init cannot be run: the interpreter that it names is not there' \
    --firmware direct --module "$tmp/archive" "$kernel"
printf 'neither\n' >"$tmp/script"
archive "$tmp/archive" "$tmp/script"
ends "what is no program" 126 '/init cannot be run: error 8' --firmware direct --module "$tmp/archive" "$kernel"
