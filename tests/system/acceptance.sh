# The body of boot-acceptance-*.t, which set $firmware: every test kernel of tests/boot, on one firmware. What each one
# checks is written in its source; what is told to the loader from outside is here.
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh

# accepts NAME KERNEL ARGUMENTS...: ARGUMENTS are options of `corrode run`, then `--` and the kernel's, if any.
accepts() {
    accepts_name="$1 ($firmware)"
    accepts_kernel=$kernels/$2.elf
    shift 2
    succeeds "$accepts_name" --firmware "$firmware" "$@" "$accepts_kernel"
}

# config NAME LINE: the path of a file with a line of corrode.conf.
config() {
    printf '%s\n' "$2" >"$tmp/$1.conf"
    printf '%s' "$tmp/$1.conf"
}

accepts "defaults" defaults
for custom in custom custom_lto; do
    succeeds "what the kernel asks for arrives: $custom ($firmware)" --firmware $firmware \
        "$kernels/$custom.elf" 'alpha beta=1  "gamma delta"'
done
accepts "higher half" higher_half
accepts "an address of its own, high" fixed_high
accepts "an address of its own, low" fixed_low
accepts "a physical address of its own" physical
accepts "direct map of 256 MiB" direct_map
accepts "direct map of 5 GiB, around the hole below 4 GiB" direct_map --memory 5G
accepts "direct map with pages of 1 GiB" direct_map --memory 5G --qemu-arg -cpu --qemu-arg max
accepts "every usable byte can be written" write_usable
accepts "room below 1 MiB for other processors" low_memory
accepts "a small stack between unmapped pages" stack
accepts "no page is writable and executable" permissions
accepts "the processor's state" state

# Position-independent kernels. The slide is a multiple of 4 KiB below 2 GiB, so two boots in a row hardly agree.
slide() {
    printf '%s\n' "$out" | sed -n 's/^slide //p'
}
accepts "position independent" pie --qemu-arg -cpu --qemu-arg max
first=$(slide)
accepts "once more" pie --qemu-arg -cpu --qemu-arg max
unlike "the slide differs ($firmware)" "$(slide)" "^$first\$"
accepts "without the processor's random numbers" pie
like "it is slid all the same ($firmware)" "$(slide)" '^0x[1-9a-f]'
accepts "kaslr = off" pie --config "$(config kaslr 'kaslr = off')"
is "then the slide is 0 ($firmware)" "$(slide)" 0

# Modules: every one is a line of 21 bytes, over and over.
yes 'a line of the module' | head -c 16777216 >"$tmp/large.bin"
yes 'a line of the module' | head -c 100 >"$tmp/a small module.txt"
yes 'a line of the module' | head -c 4096 >"$tmp/page"
: >"$tmp/empty"
accepts "modules" modules --module "$tmp/large.bin" --module "$tmp/a small module.txt" --module "$tmp/empty" \
    --module "$tmp/page"
is "with names and sizes ($firmware)" "$(printf '%s\n' "$out" | grep '^module')" "module /large.bin 16777216
module /a small module.txt 100
module /empty 0
module /page 4096"
set --
for i in $(seq 1 32); do
    cp "$tmp/a small module.txt" "$tmp/module $i"
    set -- "$@" --module "$tmp/module $i"
done
accepts "32 modules" modules "$@"
is "all of them ($firmware)" "$(printf '%s\n' "$out" | grep -c '^module /module')" 32

# The framebuffer. The modes are those of QEMU's VGA BIOS, or the firmware's own.
if [ $firmware = none ]; then
    ends "no firmware, no framebuffer ($firmware)" 1 'FAILED .*fb->address' --firmware none "$kernels/framebuffer.elf"
else
    accepts "a framebuffer" framebuffer
    like "of a usual size ($firmware)" "$out" '^screen [0-9]{3,4}x[0-9]{3,4}x32$'
    accepts "800x600" framebuffer --config "$(config mode 'video = 800x600')"
    like "is 800x600 ($firmware)" "$out" '^screen 800x600x32$'
fi
if [ $firmware = bios ]; then
    for mode in 800x600x16 1024x768x24 640x480x32; do
        accepts "a mode of one's own" framebuffer --config "$(config mode "video = $mode")"
        like "is $mode ($firmware)" "$out" "^screen $mode\$"
    done
    accepts "a mode that the screen lacks" framebuffer --config "$(config mode 'video = 999x111')"
    like "gives another ($firmware)" "$out" '^screen [0-9]{3,4}x[0-9]{3,4}x32$'
fi

# Deaths. Each is a sentence, and a status that means a crash.
dies() {
    ends "$1: its sentence and its status ($firmware)" 126 "$2" --firmware "$firmware" "$kernels/die.elf" "$1"
}
dies panic 'the answer is 42'
dies null '^It tried to write address 0000000000000010, where nothing is mapped\.$'
dies text '^It tried to write address [0-9a-f]{16}, which the page tables do not allow\.$'
dies data '^It tried to execute address [0-9a-f]{16}, which the page tables do not allow\.$'
dies stack 'the guard page below its stack: the stack is too small\.$'
dies opcode '^Corrode: the kernel died of exception 6 \(invalid opcode\) before it had a handler of its own\.$'
like "and where in the file it was ($firmware)" "$out" '^In the file as it was linked, it was at address [0-9a-f]{16}'
address=$(printf '%s\n' "$out" | sed -n 's/^In the file.* address \([0-9a-f]*\):.*/\1/p')
like "which is where it died ($firmware)" "$(addr2line -f -e "$kernels/die.elf" "$address")" '^test$'
dies divide 'exception 0 \(divide error\)'
dies screen 'exception 6 \(invalid opcode\)' # with no screen to write to
dies reset ''
like "a triple fault is told as a reset ($firmware)" "$err" 'it reset itself'
