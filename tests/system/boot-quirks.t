#!/bin/sh
# BIOSes as they are met in the field: without disk packets, without a memory map, with one that makes no sense, with
# registers that come back changed. quirks.S plays them, from a floppy disk, and then starts the hard disk.
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh

no_packets=1 drive_zero=2 segment_7c0=4 flaky=8 clobber=16 no_e820=32 no_e801=64 no_88=128 odd_e820=256 no_vbe=512
a20_off=1024 no_2401=2048 short_reads=4096

# quirk NAME FLAGS STATUS REGEX KERNEL [ARGUMENTS...]: of QEMU.
quirk() {
    boot_name=$1
    flags=$2
    boot_status=$3
    boot_regex=$4
    image=$tmp/$(basename "$5").img
    [ -e "$image" ] || corrode image --kernel "$5" -o "$image"
    shift 5
    cp "$build/tests/system/quirks.bin" "$tmp/floppy"
    truncate -s 1440K "$tmp/floppy"
    patch "$tmp/floppy" 508 "$(printf '\\%03o\\%03o' $((flags & 255)) $((flags >> 8)))"
    qemu bios -boot a -drive "if=floppy,format=raw,file=$tmp/floppy" -drive "if=none,id=disk,format=raw,file=$image" \
        -device "ide-hd,drive=disk$geometry" "$@"
    judge "quirks $flags"
}
geometry=
greets='^Hello World!$'
overwritten='MiB overwritten$'

quirk "no quirk" 0 0 "$greets" "$hello"
quirk "every usable byte can be written, what the BIOS says it keeps below 640 KiB is not" 0 0 "$overwritten" \
    "$kernels/write_usable.elf"

# The disk.
quirk "no packets: cylinder, head, sector" $no_packets 0 "$greets" "$hello"
for geometry in ,cyls=69,heads=16,secs=63 ,cyls=1024,heads=4,secs=17 ,cyls=200,heads=7,secs=50; do
    quirk "no packets, with $geometry" $no_packets 0 "$greets" "$hello"
done
geometry=
quirk "DL = 0" $drive_zero 0 "$greets" "$hello"
quirk "DL = 0 and no packets" $((drive_zero | no_packets)) 0 "$greets" "$hello"
quirk "entered at 07C0:0000" $segment_7c0 0 "$greets" "$hello"
quirk "two of three reads fail" $flaky 0 "$greets" "$hello"
quirk "two of three reads fail, and no packets" $((flaky | no_packets)) 0 "$greets" "$hello"
quirk "registers, segments and the GDT are changed by every call" $clobber 0 "$greets" "$hello"
quirk "and no packets" $((clobber | no_packets)) 0 "$greets" "$hello"
yes 'a line of the module' | head -c 300000 >"$tmp/module"
corrode image --kernel "$kernels/modules.elf" --module "$tmp/module" -o "$tmp/long.img"
quirk "long reads" 0 0 '^module .*300000$' long
quirk "long reads fail: short ones" $short_reads 0 '^module .*300000$' long

# Memory.
quirk "a memory map with absurd entries" $odd_e820 0 '' "$kernels/defaults.elf"
quirk "can be written" $odd_e820 0 "$overwritten" "$kernels/write_usable.elf"
is "up to where it ends" "$(printf '%s\n' "$out" | sed -n 's/ MiB overwritten$//p')" 79
quirk "no E820: E801" $no_e820 0 "$overwritten" "$kernels/write_usable.elf"
like "finds nearly all of 256 MiB" "$out" '^25[0-9] MiB'
quirk "no E820, no E801: 88h" $((no_e820 | no_e801)) 0 "$overwritten" "$kernels/write_usable.elf"
like "finds up to 64 MiB" "$out" '^6[0-9] MiB'
quirk "none of the three: a sentence" $((no_e820 | no_e801 | no_88)) 125 \
    '^Corrode cannot boot: The BIOS does not say how much memory there is' "$hello"

# Address line 20.
quirk "A20 is off: by the BIOS" $a20_off 0 "$overwritten" "$kernels/write_usable.elf"
quirk "by the keyboard controller" $((a20_off | no_2401)) 0 "$overwritten" "$kernels/write_usable.elf"
quirk "by port 92h" $((a20_off | no_2401)) 0 "$overwritten" "$kernels/write_usable.elf" -machine pc,i8042=off

# The screen.
quirk "no VBE: text instead of a framebuffer" $no_vbe 1 'fb->address != NULL' "$kernels/framebuffer.elf"
quirk "hello needs no VBE" $no_vbe 0 "$greets" "$hello"

quirk "everything at once" $((no_packets | drive_zero | segment_7c0 | flaky | clobber | odd_e820 | no_vbe | a20_off | \
    no_2401)) 0 "$greets" "$hello"

# Stage 1 alone, with a BIOS that leaves the direction flag set.
patch "$tmp/hello.elf.img" $((128 * 512)) 'no stage 2'
patch "$tmp/floppy" 508 '\020\000' # CLOBBER
background stage1 qemu-system-x86_64 -no-user-config -nodefaults -display none -vga std -serial stdio -boot a \
    -drive "if=floppy,format=raw,file=$tmp/floppy" -drive "if=ide,format=raw,file=$tmp/hello.elf.img"
ok "stage 1 says its sentence to the end" said stage1 'Corrode: cannot read disk. Rewrite it or attach as HDD.'
