#!/bin/sh
# The kernel started by QEMU itself, without a boot loader (kernel/arch/x86_64/pvh.c): its self-tests, on the microvm
# machine too, in little memory and in much, and under a monitor that lies (tests/pvh/monitor.c).
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh
. tests/system/kernel.sh

all_selftests direct "no loader"
selftests "no loader, microvm" "$build/selftest-debug.elf" --firmware direct --machine microvm --smp 2
TEST='boot_*'
selftests "no loader, 16 MiB" "$build/selftest-debug.elf" --firmware direct --memory 16M
selftests "no loader, 5 GiB" "$build/selftest-debug.elf" --firmware direct --memory 5G
TEST='mm_*'
selftests "no loader, memory of 16 MiB" "$build/selftest-debug.elf" --firmware direct --memory 16M
TEST='mm_memory_*'
selftests "no loader, memory of 6 GiB" "$build/selftest.elf" --firmware direct --memory 6G --smp 2
like "what lies above 4 GiB is used" "$out" '^ok [0-9]+ mm_memory_above_4_gib$'
TEST='mm_*'
selftests "BIOS, memory of 6 GiB, pages of 1 GiB" "$build/selftest.elf" --firmware bios --memory 6G --smp 2 \
    --qemu-arg -cpu --qemu-arg max
like "what lies above 4 GiB is used on BIOS, too" "$out" '^ok [0-9]+ mm_memory_above_4_gib$'
like "in the largest pages" "$out" '^# pages of .* 1 GiB: [1-9]'
TEST='boot_*'
selftests "no loader, a processor with everything" "$build/selftest-debug.elf" --firmware direct --qemu-arg -cpu \
    --qemu-arg max

# Modules: what is one on the way here is one in the kernel.
yes 'a line of the module' | head -c 10000 >"$tmp/module"
succeeds "a module" --firmware direct --module "$tmp/module" "$build/selftest.elf" 'test=boot_modules_*'
sum=$(od -An -v -tu1 -w1 "$tmp/module" | awk '{sum += $1} END {print sum}')
like "arrives whole" "$out" "^# module \"\": 10000 bytes, sum $sum\$"

ends "a 32-bit processor gets a sentence" 125 '^Corrode cannot boot: .*no long mode' --firmware direct --qemu-arg -cpu \
    --qemu-arg qemu32 "$build/kernel.elf"

# lie WORD STATUS REGEX: the monitor tells it; the kernel must end so. Both flavours: the other would find shifts and
# indices that go wrong.
lie() {
    for flavour in "" -debug; do
        qemu none -m 64M -kernel "$build/tests/pvh/monitor.elf" -initrd "$build/$kernel$flavour.elf" -append "$1"
        boot_name="a monitor says: $1${flavour:+ (debug)}"
        boot_status=$2
        boot_regex=$3
        judge "$boot_name"
    done
}
lied='^Corrode cannot boot: '
module="# module \"module's name\": 5000 bytes, sum $((5000 * 109))\$"
kernel=selftest
lie truth 0 "$module"
lie null 125 "${lied}it was not started as a PVH guest"
lie magic 125 "${lied}it was not started as a PVH guest"
for word in version no-memory null-map map-out-of-reach map-at-the-end; do
    lie $word 125 "${lied}the virtual machine monitor does not say how much memory"
done
lie many-ranges 0 "$module"
lie wild-ranges 0 "$module"
for word in kernel-reserved kernel-nowhere; do
    lie $word 125 "${lied}.* has put the kernel where it says that there is no free memory"
done
for word in too-many-modules null-modules; do
    lie $word 125 "${lied}.* list of modules makes no sense"
done
for word in module-over-kernel module-in-device modules-overlap; do
    lie $word 125 "${lied}a module .* lies where there is no free memory"
done
for word in module-high module-endless; do
    lie $word 125 "${lied}a module .* lies above 4 GiB"
done
lie module-empty 0 "# module \"module's name\": 0 bytes"
lie module-not-aligned 0 "$module"
lie endless-cmdline 0 "$module"
kernel=kernel # which tells what it was told
lie names-out-of-reach 0 '^module +at physical 0x1800000, 5000 bytes'
like "and there is no command line" "$out" '^command line  ""'
