#!/bin/sh
# That docs/locking.md tells the ranks that the kernel has (kernel/lib/lock_rank.h), and that each rank is there once.
. "$(dirname "$0")/lib.sh"

run scripts/locking-table
is "the header's ranks make a table" "$status" 0
table=$out
is "docs/locking.md has this table" "$(grep '^|' docs/locking.md)" "$table"
ranks=$(printf '%s\n' "$table" | sed -n 's/^| \([0-9]*\) .*/\1/p')
is "with a row for each rank in the header" "$(printf '%s\n' "$ranks" | grep -c .)" \
    "$(grep -c '^ *X([1-9][0-9]*, *' kernel/lib/lock_rank.h)"
is "no rank twice" "$(printf '%s\n' "$ranks" | sort | uniq -d)" ""
is "in their order" "$ranks" "$(printf '%s\n' "$ranks" | sort -n)"
