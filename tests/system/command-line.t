#!/bin/sh
# docs/command-line.md lists every word that the kernel asks its command line for, and no other.
. "$(dirname "$0")/lib.sh"

asked=$(git ls-files 'kernel/*.c' | grep -v '^kernel/lib/cmdline.c' |
    xargs sed -n 's/.*cmdline_\(get\|flag\|number\)("\([a-z_]*\)".*/\2/p' | sort -u)
listed=$(sed -n '/^| `/{s/^\(| [^|]*|\).*/\1/;p}' docs/command-line.md | grep -oE '`[a-z_]+' | tr -d '`' | sort -u)
like "the kernel asks for some" "$asked" '^panic$'
is "all of them are listed" "$listed" "$asked"
