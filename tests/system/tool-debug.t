#!/bin/sh
# `make debug`: gdb stops in kernel_main, with its source line, whether or not the kernel would be slid.
. "$(dirname "$0")/lib.sh"

command -v gdb >/dev/null 2>&1 || skip_all "no gdb"
for kernel in examples/hello kernel; do
    run timeout 60 env GDB_FLAGS='-batch -ex bt' scripts/debug "$build/$kernel.elf"
    is "gdb ends well ($kernel)" "$status" 0
    like "and was in kernel_main ($kernel)" "$out" '^#0 +kernel_main \(info=0x[0-9a-f]+\) at .*/main\.c:[0-9]+$'
    like "with its source ($kernel)" "$out" '^[0-9]+.*info->magic'
done
is "nothing is left in TMPDIR" "$(find "$tmp" -name 'corrode-*' -o -name 'tmp.*' -not -path "$tmp")" ""
