#!/bin/sh
# Machines of every kind: processors old and new, memory small and large, one to four processors, chip sets, machines
# without a serial port, without a screen, without most of a PC.
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh

# greets NAME ARGUMENTS...: hello says so.
greets() {
    greets_name=$1
    shift
    ends "$greets_name" 0 '^Hello World!$' "$@" "$hello"
}

# --- Processors. TCG can be any of them; KVM only what the host is.
for firmware in bios none; do
    for cpu in qemu64 kvm64 Conroe Nehalem EPYC max; do
        greets "-cpu $cpu ($firmware)" --firmware $firmware --accel tcg --qemu-arg -cpu --qemu-arg $cpu
    done
    for cpu in 486 pentium pentium3 n270 qemu32; do
        refused "-cpu $cpu: a refusal ($firmware)" 'This processor is 32-bit only: it has no long mode\.' \
            --firmware $firmware --accel tcg --qemu-arg -cpu --qemu-arg $cpu "$hello"
    done
    refused "a processor without NX: a refusal ($firmware)" 'This processor has no NX' \
        --firmware $firmware --accel tcg --qemu-arg -cpu --qemu-arg qemu64,-nx "$hello"
done
greets "-cpu max (uefi)" --firmware uefi --accel tcg --qemu-arg -cpu --qemu-arg max
skip "32-bit processors (uefi)" "OVMF for x86-64 needs a 64-bit one itself"

# --- Memory. Above 3 GiB (pc) or 2 GiB (q35) a part of it lies beyond 4 GiB.
for memory in 4M 8M 32M 64M 512M 4G 6G; do
    greets "$memory (bios)" --memory $memory
done
for memory in 8M 32M 512M 4G 6G; do
    greets "$memory (none)" --firmware none --memory $memory
done
for memory in 64M 6G; do
    greets "$memory (uefi)" --firmware uefi --memory $memory
done
greets "6G on q35 (bios)" --machine q35 --memory 6G
boot --memory 15M --qemu-arg -cpu --qemu-arg max "$kernels/write_usable.elf"
is "every usable byte of 15M can be written (bios)" "$status" 0
boot --memory 6G "$kernels/defaults.elf"
is "the map of 6G is in order (bios)" "$status" 0
boot --memory 6G --firmware uefi "$kernels/defaults.elf"
is "the map of 6G is in order (uefi)" "$status" 0

# --- Processors, in number. The kernel runs on the first; the others stay where they are.
for smp in 1 2 3 4; do
    succeeds "$smp processors (bios)" --smp $smp "$kernels/state.elf"
done
succeeds "4 processors on q35 (bios)" --smp 4 --machine q35 "$kernels/defaults.elf"
succeeds "4 processors (none)" --firmware none --smp 4 "$kernels/state.elf"
succeeds "4 processors on q35 (uefi)" --firmware uefi --smp 4 --machine q35 "$kernels/state.elf"

# --- No serial port: turned off, elsewhere, or not there.
echo 'serial = off' >"$tmp/off.conf"
for firmware in bios uefi none; do
    boot --firmware $firmware --config "$tmp/off.conf" "$hello"
    is "serial = off ($firmware)" "$status" 0
    unlike "is obeyed ($firmware)" "$out" Hello
done
echo 'serial = com2,9600' >"$tmp/com2.conf"
for firmware in bios uefi none; do # the tool's own port comes after those of --qemu-arg none, so it is COM1
    boot --firmware $firmware --config "$tmp/com2.conf" --qemu-arg -chardev --qemu-arg "file,id=com2,path=$tmp/com2" \
        --qemu-arg -device --qemu-arg isa-serial,index=1,chardev=com2 "$hello"
    is "serial = com2 ($firmware)" "$status" 0
    unlike "leaves COM1 alone ($firmware)" "$out" Hello
    like "and speaks there ($firmware)" "$(plain <"$tmp/com2")" '^Hello World!$'
done
corrode image --kernel "$hello" -o "$tmp/disk.img"
drive="if=none,id=disk,format=raw,file=$tmp/disk.img"
for firmware in bios uefi; do
    serial=none
    qemu $firmware -drive "$drive" -device virtio-blk-pci,drive=disk,bootindex=0
    is "no serial port at all ($firmware)" "$status" 0
done
serial=none
qemu none -kernel "$build/boot/pvh.elf" -initrd "$tmp/disk.img"
is "no serial port at all (none)" "$status" 0
serial=stdio

# --- Screens. hello asks for text, the framebuffer kernel for pixels; both take what there is.
for vga in none cirrus vmware qxl virtio; do
    greets "-vga $vga (bios)" --qemu-arg -vga --qemu-arg $vga
done
for vga in cirrus vmware qxl virtio; do
    succeeds "a framebuffer with -vga $vga (bios)" --qemu-arg -vga --qemu-arg $vga "$kernels/framebuffer.elf"
done
for device in bochs-display ramfb; do
    greets "-device $device (bios)" --qemu-arg -vga --qemu-arg none --qemu-arg -device --qemu-arg $device
done
greets "-vga none (none)" --firmware none --qemu-arg -vga --qemu-arg none
succeeds "-vga none (uefi)" --firmware uefi --qemu-arg -vga --qemu-arg none "$kernels/defaults.elf"
succeeds "a screen without a framebuffer (uefi)" --firmware uefi --qemu-arg -vga --qemu-arg none --qemu-arg -device \
    --qemu-arg virtio-gpu-pci "$kernels/defaults.elf"
succeeds "a framebuffer with -device ramfb (uefi)" --firmware uefi --qemu-arg -vga --qemu-arg none --qemu-arg -device \
    --qemu-arg ramfb "$kernels/framebuffer.elf"
ends "no screen, no framebuffer (bios)" 1 'FAILED .*fb->address' --qemu-arg -vga --qemu-arg none "$kernels/framebuffer.elf"

# --- Less than a PC, and older ones. (Of the text screen's memory there is none without a VGA.)
boot_status=0
boot_regex='^Hello World!$'
for machine in microvm microvm,acpi=off,rtc=off; do
    boot_name="-machine $machine (none)"
    qemu none -vga none -machine $machine -kernel "$build/boot/pvh.elf" -initrd "$tmp/disk.img"
    judge "$boot_name"
done
boot_name="an ISA PC: no PCI, no ACPI (bios)"
qemu bios -machine isapc -cpu qemu64 -drive "$drive" -device ide-hd,drive=disk
judge "$boot_name"
for machine in pc-i440fx-2.0 pc-q35-2.4; do
    boot_name="-machine $machine (bios)"
    qemu bios -machine $machine -drive "$drive" -device ide-hd,drive=disk
    judge "$boot_name"
done
boot_name="no HPET (bios)"
qemu bios -machine pc,hpet=off -drive "$drive" -device ide-hd,drive=disk
judge "$boot_name"
