#!/bin/sh
# BusyBox at a prompt, by keyboard, on screens and kernels beside those of busybox-screen.t: framebuffers of a BIOS and of
# UEFI, whose pictures are read letter by letter, and the debug kernel. The machines mostly wait, so they run side by side.
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh
. tests/system/busybox.sh
default_image

# image NAME VIDEO OPTIONS...
image() {
    image_name=$1
    printf 'video = %s\n' "$2" >"$tmp/config"
    shift 2
    ok "an image: $image_name" corrode image --rootfs "$build/busybox/root.tar" --config "$tmp/config" "$@" -o \
        "$tmp/$image_name.img"
}
image vbe 640x400x32
image debug text --kernel "$build/kernel-debug.elf"

# beside NAME ARGUMENTS...: of typist, in the background; its points come to $tmp/NAME/points.
players=
beside() {
    mkdir "$tmp/$1"
    (
        trap - EXIT INT TERM HUP
        tmp=$tmp/$1
        shift
        typist "$@"
    ) >"$tmp/$1/points" &
    children="$children $!"
    players="$players $1"
}
beside vbe --pixels screen "framebuffer, BIOS" "$tmp/vbe.img"
beside uefi --pixels screen "framebuffer, UEFI" --firmware uefi "$tmp/corrode.img"
beside debug screen "text, debug, 4 processors" --smp 4 "$tmp/debug.img"
wait
for player in $players; do
    sed 's/^\(not \)\{0,1\}ok [0-9]* - /\1ok /' "$tmp/$player/points" >"$tmp/points"
    tell "" "$tmp/points"
done
is "all of them were played to their end" "$count" $((3 * $(grep -c '^point ' tests/busybox/person/screen.drive) + 2))
