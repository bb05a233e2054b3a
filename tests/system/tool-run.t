#!/bin/sh
# `corrode run`: what it starts, and what it says about the end. Most machines here are a boot sector of a few bytes, so
# that this tests the tool and nothing else; the kernels come last.
. "$(dirname "$0")/lib.sh"

# sector NAME CODE: $tmp/NAME, a disk whose boot sector is CODE, written for printf.
sector() {
    # shellcheck disable=SC2059 # the code is a format
    printf "$2" >"$tmp/$1"
    truncate -s 510 "$tmp/$1"
    printf '\125\252' >>"$tmp/$1"
    truncate -s 1M "$tmp/$1"
}
hi='\272\370\003\260h\356\260i\356\260\012\356'    # writes "hi" and a line end to the serial port
stop='\364\353\375'                                # hlt, for ever
sector success "$hi"'\260\020\346\364'"$stop"      # mov al, 10h; out f4h, al
sector failure "$hi"'\260\021\346\364'"$stop"
sector panic '\260\022\346\364'"$stop"
sector loader '\260\023\346\364'"$stop"
sector other '\260\167\346\364'"$stop"
sector reset '\260\376\346\144'"$stop"             # mov al, feh; out 64h, al: the keyboard controller's reset line
sector triple '\017\001\036\000\175\314'           # lidt of zeros; int3
sector off '\272\004\006\270\000\040\357'"$stop"   # mov dx, 604h; mov ax, 2000h; out dx, ax: ACPI power-off
sector hang "$hi$stop"
sector echo '\272\375\003\354\250\001\164\373\272\370\003\354\356\260\020\346\364'"$stop" # one byte back, then success

boot() {
    run timeout 100 corrode run --accel tcg --timeout 60 "$@"
}

# Exit statuses, and the sentence that goes with each.
boot "$tmp/success"
is "success: 0" "$status" 0
like "the serial line is standard output" "$out" hi
is "success: no word" "$err" ""
boot "$tmp/off"
is "power-off: 0" "$status $err" "0 "
boot "$tmp/failure"
is "failure: 1" "$status" 1
like "failure: a sentence" "$err" '^corrode: the kernel reported failure$'
boot "$tmp/other"
is "a number that only the kernel knows: 1" "$status" 1
boot "$tmp/panic"
is "panic: 126" "$status" 126
like "panic: a sentence" "$err" '^corrode: the kernel crashed: it reported a panic$'
boot "$tmp/reset"
is "reset: 126" "$status" 126
like "reset: a sentence" "$err" '^corrode: the machine crashed: it reset itself'
boot "$tmp/triple"
is "triple fault: 126" "$status" 126
boot "$tmp/loader"
is "loader: 125" "$status" 125
like "loader: a sentence" "$err" '^corrode: the boot loader could not start the kernel'
boot --timeout 5 "$tmp/hang"
is "time-out: 124" "$status" 124
like "time-out: a sentence" "$err" '^corrode: time is up'
like "time-out: the output so far" "$out" hi
boot --qemu-arg -nonsense "$tmp/success"
is "QEMU fails: 125" "$status" 125
like "QEMU fails: a sentence" "$err" '^corrode: QEMU failed'

# What there is to boot.
for disk in virtio ide ahci nvme usb; do
    for machine in pc q35; do
        boot --machine $machine --disk $disk "$tmp/success"
        is "boots from $disk on $machine" "$status" 0
    done
done
boot --machine q35 --disk ide --verbose "$tmp/success"
like "IDE is IDE on q35 too" "$err" 'ide-hd,bus=pata.0'
for format in qcow2 vmdk vdi vhdx; do
    qemu-img convert -f raw -O $format "$tmp/success" "$tmp/disk.$format"
    boot "$tmp/disk.$format"
    is "boots $format" "$status" 0
done
cp "$tmp/success" "$tmp/a, b:c"
boot "$tmp/a, b:c"
is "boots a file with commas in its name" "$status" 0
chmod 444 "$tmp/a, b:c"
boot "$tmp/a, b:c"
is "boots a file that is read-only" "$status" 0
refuses "a missing file" 125 'missing: cannot open: No such file' corrode run "$tmp/missing"
refuses "a directory without programs" 125 'has none of /init' corrode run "$tmp"
: >"$tmp/empty"
refuses "an empty file" 125 'is empty' corrode run "$tmp/empty"
echo hello >"$tmp/text"
refuses "a text" 125 'neither a program .*, a directory, an archive, a disk image nor a kernel' corrode run "$tmp/text"
refuses "arguments for an image" 2 'an image has its command line inside' corrode run "$tmp/success" verbose
refuses "modules for an image" 2 'an image has its modules' corrode run --module "$tmp/text" "$tmp/success"

mkdir "$tmp/a,b:c"
run sh -c "cd '$tmp' && TMPDIR=a,b:c exec timeout 90 corrode run --firmware uefi --timeout 60 '$hello'"
is "temporary files may be in a directory with commas and colons" "$status" 0
refuses "too little memory for the image on no firmware" 125 'give more with --memory' \
    corrode run --firmware none --memory 5100K "$hello"

# Options.
boot --verbose --memory 64M --smp 2 --machine q35 --qemu-arg -name --qemu-arg "it's a name" "$tmp/success"
like "--memory and --smp arrive" "$err" '-m 64M -smp 2 '
like "--verbose quotes the command for a shell" "$err" "-name 'it'\\\\''s a name'"
command=$(printf '%s\n' "$err" | sed -n 's/^corrode: \(qemu-system.*\)/\1/p')
run timeout 60 sh -c "$command"
is "the command that it shows works by hand" "$status" 33
boot --memory 64 --verbose "$tmp/success"
like "--memory counts in MiB" "$err" '-m 64M '
boot --memory 8000K --verbose "$tmp/success"
like "or in KiB, where a suffix says so" "$err" '-m 8000K '
like "--accel tcg is used" "$err" '-accel tcg'
run timeout 60 corrode run --verbose --timeout 30 "$tmp/success"
is "without --accel it finds one that works" "$status" 0
like "and says which" "$err" 'using (KVM|TCG)'
run timeout 60 corrode run --accel kvm --timeout 30 "$tmp/success"
like "--accel kvm works, or says that it does not" "$status $err" '^(0 |125 corrode: KVM does not work here)'
if [ -w /dev/kvm ]; then
    # QEMUs that play a host where KVM works, and one where it hangs.
    mkdir "$tmp/kvm" "$tmp/hung"
    printf '#!/bin/sh\ncase "$*" in *probe.rom*) exit 85 ;; esac\nexit 33\n' >"$tmp/kvm/qemu-system-x86_64"
    printf '#!/bin/sh\ncase "$*" in *probe.rom*) exec sleep 100 ;; esac\nexit 33\n' >"$tmp/hung/qemu-system-x86_64"
    chmod +x "$tmp"/*/qemu-system-x86_64
    run env PATH="$tmp/kvm:$PATH" corrode run --verbose "$tmp/success"
    like "KVM is used where the test guest arrives" "$err" '-accel kvm -cpu host'
    run env PATH="$tmp/hung:$PATH" corrode run --verbose "$tmp/success"
    like "and TCG where it hangs" "$err" '-accel tcg'
else
    skip "the choice of an accelerator" "no /dev/kvm"
fi
refuses "an unknown firmware" 2 'choose one of bios' corrode run --firmware efi "$tmp/success"
refuses "no processors" 2 'from 1 to 255' corrode run --smp 0 "$tmp/success"
refuses "--disk without firmware" 2 'no meaning' corrode run --firmware none --disk ide "$tmp/success"
refuses "an image, directly" 2 'starts a kernel, and this is an image' corrode run --firmware direct "$tmp/success"
refuses "a kernel that cannot be started directly" 125 'has no PVH entry' corrode run --firmware direct "$hello"
refuses "two modules without a loader" 2 'no boot loader to read' \
    corrode run --firmware direct --module "$tmp/text" --module "$tmp/text" "$build/kernel.elf"
refuses "a configuration without a loader" 2 'no boot loader to read' \
    corrode run --firmware direct --config "$tmp/text" "$build/kernel.elf"
refuses "a microvm with a PC's firmware" 2 'no PC.s firmware' corrode run --machine microvm "$tmp/success"
refuses "nothing to boot" 2 'boot what' corrode run
refuses "an unknown option" 2 'did you mean --firmware' corrode run --firmwear bios "$tmp/success"
mkdir "$tmp/path"
refuses "no QEMU, naming its package" 125 'qemu-system-x86_64: is not installed; install the package qemu-system-x86' \
    env PATH="$tmp/path" "$build/corrode" run --accel tcg "$tmp/success"
port=$((20000 + $$ % 10000)) # most likely no one else's
boot --gdb=$port --timeout 2 "$tmp/success"
is "--gdb holds the machine" "$status" 124
like "and says how to attach" "$err" "target remote localhost:$port"
boot --gdb --timeout 1 "$tmp/success" # where someone else has that port, QEMU fails
like "without a port it is 1234" "$err" 'target remote localhost:1234'
refuses "a port that is none" 2 'from 1 to 65535' corrode run --gdb=70000 "$tmp/success"
boot --display --timeout 3 "$tmp/success"
is "--display stays" "$status" 124
like "by VNC where there is no screen" "$err" 'VNC address [^ ]*:59[0-9][0-9]'
if ! qemu-system-x86_64 -display help 2>/dev/null | grep -Eqx 'gtk|sdl'; then
    DISPLAY=:99 boot --display --timeout 3 "$tmp/success"
    like "and where QEMU opens no windows" "$err" 'opens no windows.*using VNC'
fi
ok "--help works" corrode run --help
like "and tells the exit statuses" "$out" '^ +126 '

# Standard input.
status=0
out=$(printf 'K' | timeout 60 corrode run --accel tcg --timeout 30 "$tmp/echo" 2>"$tmp/.err") || status=$?
is "standard input goes to the serial port" "$status $out" "0 K"
if command -v script >/dev/null 2>&1; then
    # On a terminal: settings restored, a hint, Ctrl-A X.
    cat >"$tmp/session" <<'EOF'
stty -g >"$tmp/before"
corrode run --accel tcg --timeout "$1" "$tmp/hang" 2>"$tmp/session.err"
echo $? >"$tmp/session.status"
stty -g >"$tmp/after"
EOF
    export tmp
    timeout 60 script -qec "sh '$tmp/session' 1" /dev/null </dev/null >/dev/null
    is "the terminal is as before after a time-out" "$(cat "$tmp/after")" "$(cat "$tmp/before")"
    is "which is one" "$(cat "$tmp/session.status")" 124
    like "there is a hint" "$(cat "$tmp/session.err")" 'Ctrl-A X quits'
    { sleep 2; printf '\001x'; sleep 2; } | timeout 60 script -qec "sh '$tmp/session' 30" /dev/null >/dev/null
    is "Ctrl-A X quits with 0" "$(cat "$tmp/session.status")" 0
    is "the terminal is as before after it" "$(cat "$tmp/after")" "$(cat "$tmp/before")"
else
    skip "behaviour on a terminal" "no script(1)"
fi

# Signals: QEMU ends with the tool, and nothing is left behind.
qemu_runs() {
    grep -qs "file=$tmp/hang" /proc/[0-9]*/cmdline
}
qemu_is_gone() {
    ! qemu_runs
}
for signal in INT TERM HUP; do
    # A shell starts what it starts in the background with SIGINT ignored, and nohup ignores SIGHUP.
    background signal.out env --default-signal=$signal corrode run --firmware uefi --accel tcg "$tmp/hang"
    wait_until 20 qemu_runs
    kill -$signal $child
    wait $child 2>/dev/null
    ok "SIG$signal ends QEMU too" wait_until 5 qemu_is_gone
    is "SIG$signal leaves nothing in TMPDIR" "$(find "$tmp" -name 'corrode-*')" ""
done

# Kernels.
for firmware in bios uefi none; do
    boot --firmware $firmware "$hello"
    is "hello succeeds ($firmware)" "$status" 0
    like "hello says so ($firmware)" "$out" 'Hello World!'
done
boot --firmware none --machine microvm "$hello"
is "hello succeeds on a microvm" "$status" 0
boot --firmware direct --module "$tmp/text" --verbose "$build/kernel.elf" 'one  two=2' three
is "our kernel needs no loader" "$status" 0
like "is told its command line" "$out" '^command line +"one  two=2 three"'
like "and its module" "$out" '^module '
corrode image --kernel "$hello" -o "$tmp/hello.img"
corrode image --kernel "$hello" -o "$tmp/hello.qcow2"
boot --firmware none "$tmp/hello.qcow2"
is "an image of another format boots without firmware" "$status" 0
for firmware in bios uefi; do
    boot --firmware $firmware --disk cdrom "$tmp/hello.img"
    is "the same image boots as an optical disc ($firmware)" "$status" 0
    like "and says so ($firmware)" "$out" 'Hello World!'
done
is "nothing is left in TMPDIR" "$(find "$tmp" -name 'corrode-*')" ""
