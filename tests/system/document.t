#!/bin/sh
# The worked example of docs/boot-protocol.md is what it says: its code and its two commands, taken from the page, make a
# kernel that boots.
. "$(dirname "$0")/lib.sh"

llvm=$(sed -n 's/^LLVM_VERSION *?= *//p' targets/common.mk)
awk '/^## A worked example/ {on = 1} on && /^```c$/ {code = 1; next} code && /^```$/ {exit} code' \
    docs/boot-protocol.md >"$tmp/kernel.c"
awk '/^```sh$/ {code = 1; next} code && /^```$/ {exit} code' docs/boot-protocol.md |
    sed "s/^clang /clang-$llvm -I. /; s/^ld.lld /ld.lld-$llvm /; s#kernel\\.#$tmp/kernel.#g; s#-c #-o $tmp/kernel.o -c #" \
    >"$tmp/commands"
like "the page has an example" "$(cat "$tmp/kernel.c")" '^BOOT_REQUEST'
ok "the page's commands build it" sh -e "$tmp/commands"
run corrode run --accel tcg --timeout 10 "$tmp/kernel.elf"
is "it runs until it is stopped" "$status" 124
like "it prints the first usable range" "$out" '^0000000000001000 [0-9a-f]{16} 0000000000000001 '
