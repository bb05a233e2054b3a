#!/bin/sh
# One image on every medium, on BIOS: see media.sh.
firmware=bios
. "$(dirname "$0")/media.sh"

# Other formats, through the tool.
for format in qcow2 vmdk vdi vhdx; do
    corrode image --kernel "$hello" -o "$tmp/disk.$format"
    ends "hello from a $format image" 0 '^Hello World!$' "$tmp/disk.$format"
done

# As a floppy disk: BIOSes that know no such size let stage 1 run, and no more.
cp --sparse=always "$disk" "$tmp/floppy.img"
background floppy qemu-system-x86_64 -no-user-config -nodefaults -display none -vga std -serial stdio -boot a \
    -drive "if=floppy,format=raw,file=$tmp/floppy.img" -monitor "unix:$tmp/floppy.monitor,server=on,wait=off"
socket=$tmp/floppy.monitor
ok "as a floppy disk: a sentence" said floppy 'Corrode: cannot read disk. Rewrite it or attach as HDD.'
like "on the screen too" "$(text_screen "$tmp/cells")" '^Corrode: cannot read disk\. Rewrite it or attach as HDD\. *$'
release
boot_name="as a floppy disk beside a hard disk: boots the hard disk"
boot_status=0
boot_regex='^Hello World!$'
qemu bios -boot a -drive "if=floppy,format=raw,file=$tmp/floppy.img" -drive "if=ide,format=raw,file=$disk"
judge "a floppy disk and a hard disk"

# A disk that cannot be read in the middle of stage 2: once, and always.
drive="if=none,id=disk,format=raw,file.driver=blkdebug,file.image.filename=$disk"
drive="$drive,file.inject-error.0.event=read_aio,file.inject-error.0.sector=150"
qemu bios -drive "$drive,file.inject-error.0.once=on" -device ide-hd,drive=disk
boot_name="after an error in the middle of stage 2 it is read again, whole"
judge "a disk with an error that passes"
background unreadable qemu-system-x86_64 -no-user-config -nodefaults -display none -no-reboot -serial stdio \
    -drive "$drive" -device ide-hd,drive=disk
ok "an error that stays is told" said unreadable 'Corrode: cannot read disk.'
