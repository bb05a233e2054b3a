#!/bin/sh
# Unmodified Linux programs as process 1: the guest tests (tests/guest/), each of which must first pass on this machine's
# own kernel, in every build and on every kind of machine; how programs end; and what is not a program.
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

# guest NAME: on the host first, then inside; every point is one here.
guest() {
    for libc in musl glibc pie; do
        program=$guests/$1.$libc
        ok "$1 ($libc) passes on this machine" "$program"
        archive "$tmp/archive" "$program"
        for flavour in "" -debug; do
            for machine in "direct 1" "direct 4" "bios 1" "bios 4"; do
                boot --firmware "${machine% *}" --smp "${machine#* }" --module "$tmp/archive" "$build/kernel$flavour.elf"
                name="$1 ($libc) on Corrode (${machine% *}, ${machine#* } processors${flavour:+, debug})"
                failed=$status
                printf '%s\n' "$out" | grep -q '^1\.\.[1-9]' || failed=1
                point "$name" "$failed"
                [ "$failed" -eq 0 ] || explain "wanted 0 and a plan" "$program"
            done
        done
    done
}

for name in start memory files misc fork; do
    guest $name
done

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
ends "what is no program" 126 '/init cannot be run: error 8' --firmware direct --module "$tmp/archive" "$kernel"
