#!/bin/sh
# BusyBox at a prompt, on keyboard and screen, as a person uses it.
. "$(dirname "$0")/lib.sh"
. tests/system/boot.sh
. tests/system/busybox.sh

printf 'video = text\n' >"$tmp/config"
ok "an image with a text screen" corrode image --rootfs "$build/busybox/root.tar" --config "$tmp/config" -o "$tmp/text.img"
typist session "screen" "$tmp/text.img"
typist keyboard "screen, 4 processors" --smp 4 "$tmp/text.img"
