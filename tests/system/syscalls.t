#!/bin/sh
# That docs/syscalls.md tells what is in the kernel's table of system calls, every row of it.
. "$(dirname "$0")/lib.sh"

run scripts/syscalls-table
is "the table makes a document" "$status" 0
is "docs/syscalls.md is this document" "$(cat docs/syscalls.md)" "$out"
is "with a row for each call that is there" "$(printf '%s\n' "$out" | grep -cE '^\| [0-9]+ \| `')" \
    "$(grep -cE '^ *X\([0-9]+,.*, (WHOLE|PARTIAL|REFUSED), ' kernel/syscall/table.h)"
is "the README counts them" "$(sed -n 's/.* \([0-9][0-9]*\) system calls (\[.*/\1/p' README.md)" \
    "$(printf '%s\n' "$out" | grep -cE '^\| [0-9]+ \| `')"
