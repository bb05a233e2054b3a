# For the tests in this folder that boot machines, to be read after lib.sh:
#
#     . "$(dirname "$0")/lib.sh"
#     . tests/system/boot.sh
#     succeeds "hello boots" --firmware uefi "$hello"             # through `corrode run`; `boot` alone only sets
#     refused "a bad kernel" 'is not an ELF file' "$tmp/disk.img" # $status, $out (what the machine said) and $err
#     hold screen --firmware uefi "$hello"                        # a machine that stays, with a monitor at $socket
#     ok "it greets" said screen 'Hello World!'
#     release
#
# and `qemu FIRMWARE ARGUMENTS...` for machines that `corrode run` cannot describe, with the same verdicts.

# What no boot takes, even on a slow machine that does something else beside; a hang is found by it.
limit=60

kernels=$build/tests/boot
screen=$build/tests/system/screen

# What a machine has said, without carriage returns and the escape sequences of firmware and consoles.
plain() {
    tr -d '\r' | sed 's/\x1b\[[0-9;=?]*[A-Za-z]//g'
}

# boot ARGUMENTS...: of `corrode run`.
boot() {
    run timeout $((limit + 30)) corrode run --timeout $limit "$@"
    out=$(plain <"$tmp/.out")
}

# The last boot as a comment, when a test of it failed.
explain() {
    diag "status $status ($1) of: corrode run $2
$(printf '%s\n' "$out" | tail -n 20)
$err"
}

# succeeds NAME ARGUMENTS...: the kernel reports success.
succeeds() {
    boot_name=$1
    shift
    boot "$@"
    point "$boot_name" "$status"
    [ "$status" -eq 0 ] || explain "wanted 0" "$*"
}

# ends NAME STATUS REGEX ARGUMENTS...: the boot ends with that status, and some line matches.
ends() {
    boot_name=$1
    boot_status=$2
    boot_regex=$3
    shift 3
    boot "$@"
    judge "$*"
}

judge() {
    boot_failed=0
    [ "$status" -eq "$boot_status" ] || boot_failed=1
    printf '%s\n' "$out" | grep -Eq -e "$boot_regex" || boot_failed=1
    point "$boot_name" $boot_failed
    [ $boot_failed -eq 0 ] || explain "wanted $boot_status and $boot_regex" "$1"
}

# refused NAME REGEX ARGUMENTS...: the loader refuses, with a sentence that matches.
refused() {
    refused_name=$1
    refused_regex=$2
    shift 2
    ends "$refused_name" 125 "^Corrode cannot boot: .*$refused_regex" "$@"
}

# qemu FIRMWARE ARGUMENTS...: a machine without a disk but those of ARGUMENTS, and with $serial as its serial port; sets
# status as `corrode run` would, out and err.
serial=stdio
qemu() {
    qemu_firmware=$1
    shift
    if [ "$qemu_firmware" = uefi ]; then
        set -- -bios /usr/share/ovmf/OVMF.fd "$@"
    fi
    run timeout $limit qemu-system-x86_64 -no-user-config -nodefaults -display none -vga std -m 256M \
        -device isa-debug-exit,iobase=0xf4,iosize=4 -no-reboot -serial "$serial" "$@"
    out=$(plain <"$tmp/.out")
    case $status in
    33) status=0 ;;                   # BOOT_EXIT_SUCCESS << 1 | 1
    35) status=1 ;;                   # BOOT_EXIT_FAILURE
    0 | 37) status=126 ;;             # a reset, or BOOT_EXIT_PANIC
    39) status=125 ;;                 # BOOT_EXIT_LOADER
    esac
}

# hold NAME ARGUMENTS...: starts `corrode run` so that the machine stays when the kernel, or the loader, has ended. Sets
# child and socket, its monitor's. What it says goes to $tmp/NAME.
hold() {
    hold_name=$1
    shift
    socket=$tmp/$hold_name.monitor
    background "$hold_name" corrode run --display --qemu-arg -monitor --qemu-arg "unix:$socket,server=on,wait=off" "$@"
    wait_until 20 test -S "$socket" || diag "no monitor: $(cat "$tmp/$hold_name")"
}

# Ends the machine of the last `hold`.
release() {
    monitor "$socket" quit >/dev/null
    wait "$child" || :
}

# said NAME TEXT [SECONDS]: the machine says TEXT at some time.
said() {
    wait_until "${3:-$limit}" grep -Fq -e "$2" "$tmp/$1"
}

# text_screen FILE: saves the 80x25 text screen of the last `hold` (character and attribute, in turn) to FILE and prints
# its lines.
text_screen() {
    rm -f "$1"
    monitor "$socket" "pmemsave 0xb8000 4000 \"$1\"" >/dev/null
    wait_until 5 test -s "$1"
    od -An -v -tu1 -w160 "$1" | awk '{
        line = ""
        for (i = 1; i < NF; i += 2)
            line = line sprintf("%c", $i < 32 || $i > 126 ? 32 : $i)
        print line
    }'
}

# The place and the attribute of TEXT on a text screen that text_screen has saved and printed: "ROW COLUMN ATTRIBUTE".
place() {
    printf '%s\n' "$2" | awk -v text="$3" 'index($0, text) && !done { print NR - 1, index($0, text) - 1; done = 1 }' >"$tmp/place"
    read -r row column <"$tmp/place" || return 0
    printf '%s %s %s\n' "$row" "$column" "$(bytes "$1" $(((row * 80 + column) * 2 + 1)) 1)"
}

# picture NAME: the screen of the last `hold` in $tmp/NAME.ppm, when it has stopped changing (but for a blinking cursor),
# its width and height, and how many pixels wide the console makes one of its font's (kernel/tty/framebuffer.c).
picture() {
    for _ in 1 2 3 4 5 6 7 8 9; do
        rm -f "$tmp/$1.ppm"
        screendump "$socket" "$tmp/$1.ppm" || return 0
        cmp -s "$tmp/$1.old" "$tmp/$1.ppm" && break
        cp "$tmp/$1.ppm" "$tmp/$1.old"
        sleep 0.2
    done
    size=$("$screen" size "$tmp/$1.ppm")
    width=${size% *}
    height=${size#* }
    scale=1
    [ "$width" -lt 1280 ] || [ "$height" -lt 800 ] || scale=2
}

# patch FILE OFFSET BYTES: writes BYTES, given for printf, into FILE.
patch() {
    # shellcheck disable=SC2059 # the bytes are a format
    printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
