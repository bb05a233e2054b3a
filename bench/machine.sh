# For the scripts of bench/ that set Linux beside Corrode, to be read in the repository's root: the virtual machine, its
# kernels, and what is done with what they said.
#
#     machine_setup compare                   # this script's name: $tmp is a folder for its own, that goes away
#     machine_once count 1 512 WORD...        # boots each kernel; what they said is kept in $tmp/MODE.KERNEL
#     machine_table count count FIGURES 512   # prints the table; its lines go to $tmp/json
#     machine_done                            # the lines into build/bench/results.json, with those of other scripts
#
# The kernels are `shipped` and `unmitigated`, both Debian's, and `corrode`.

machine_setup() {
    machine_name=$1
    build=$PWD/${BUILD:-build}
    linux=$build/bench/linux
    kernel=$build/kernel.elf
    machine_initramfs=$build/bench/micro.cpio
    tmp=$(mktemp -d)
    trap 'rm -rf "$tmp"' EXIT
    trap 'exit 1' INT TERM HUP
    : >"$tmp/json"
    : >"$tmp/before"
}

# boot KERNEL FILE MODE PROCESSORS MEMORY OPTIONS WORDS: adds the program's lines, without "bench", to $tmp/MODE.KERNEL.
# MODE is count or clock, and perhaps a dash and more.
boot() {
    boot_to=$tmp/$3.$1
    boot_mode=${3%%-*}
    machine_options=
    [ "$boot_mode" = clock ] || machine_options="-icount shift=0,sleep=off -rtc clock=vm,base=2026-01-01 -seed 1"
    # shellcheck disable=SC2086 # options are words
    timeout "${BOOT_SECONDS:-600}" qemu-system-x86_64 -accel tcg -cpu qemu64 -machine pc -m "$5" -smp "$4" $machine_options \
        -display none -nodefaults -no-user-config -no-reboot -serial stdio -monitor none \
        -kernel "$2" -initrd "$machine_initramfs" -append "console=ttyS0 $6 -- $boot_mode $7" \
        </dev/null >"$tmp/out" 2>&1 || true
    tr -d '\r' <"$tmp/out" | grep -q '^bench end 0$' || {
        tail -n 20 "$tmp/out" >&2
        echo "$machine_name: the program did not come to its end on $1 ($3, $4 processors, $5 MiB)" >&2
        exit 1
    }
    tr -d '\r' <"$tmp/out" | sed -n 's/^bench //p' >>"$boot_to"
}

# machine_once MODE PROCESSORS MEMORY WORDS: each kernel, one after the other.
machine_once() {
    boot shipped "$linux/vmlinux" "$1" "$2" "$3" quiet "${4-}"
    boot corrode "$kernel" "$1" "$2" "$3" "" "${4-}"
    boot unmitigated "$linux/vmlinux" "$1" "$2" "$3" "quiet mitigations=off" "${4-}"
}

# machine_table MODE TITLE FIGURES MEMORY: the figures' unit is instructions if TITLE's mode is count, else nanoseconds.
machine_table() {
    awk -v mode="$1" -v title="$2" -v memory="$4" -v json="$tmp/json.$1" -f bench/compare.awk part=1 "$3" \
        part=2 "$tmp/before" part=3 "$tmp/$1.shipped" part=4 "$tmp/$1.unmitigated" part=5 "$tmp/$1.corrode"
    cat "$tmp/json.$1" >>"$tmp/json"
}

machine_head() {
    echo "Linux $(cat "$linux/version") and Corrode $(git rev-parse --short HEAD 2>/dev/null)"
}

# machine_list FILE: lines of JSON as one list.
machine_list() {
    echo '['
    sed '$!s/$/,/' "$1"
    echo ']'
}

machine_done() {
    cp "$tmp/json" "$build/bench/$machine_name.lines"
    for machine_part in compare growth whole; do
        [ ! -f "$build/bench/$machine_part.lines" ] || cat "$build/bench/$machine_part.lines"
    done >"$tmp/all"
    machine_list "$tmp/all" >"$build/bench/results.json"
}
