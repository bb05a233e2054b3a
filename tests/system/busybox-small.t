#!/bin/sh
# What the default image asks for: with 16 MiB of memory there is BusyBox's prompt, and its kernel and initramfs have less
# than 3 MiB. (`make bench` finds the smallest memory.)
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh
. tests/system/busybox.sh
default_image

person small "16 MiB, BIOS" --memory 16M "$tmp/corrode.img"

partition "$tmp/corrode.img" "$tmp/partition"
for file in kernel.elf rootfs.cpio; do
    ok "the image has $file" mcopy -n -i "$tmp/partition" "::$file" "$tmp/$file"
done
size=$(cat "$tmp/kernel.elf" "$tmp/rootfs.cpio" | wc -c)
ok "kernel and initramfs, $size bytes, are below 3 MiB" test "$size" -lt 3145728
