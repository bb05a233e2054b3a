#!/bin/sh
# BusyBox at a prompt, on the serial line, as a person uses it: editing, job control, vi, less, top; how the machine is
# switched off. The same script is played on this machine first.
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh
. tests/system/busybox.sh
default_image

native session
person session "serial, BIOS" "$tmp/corrode.img"
person session "serial, 4 processors, debug" --smp 4 --kernel "$build/kernel-debug.elf" "$build/busybox/root.tar"
for how in poweroff reboot halt; do
    person $how "serial" "$tmp/corrode.img"
done
