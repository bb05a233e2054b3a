#!/bin/sh
# Prints assembler that puts files into the tool: `embed.sh NAME=FILE ...`. See embedded.h.
set -eu

for pair in "$@"; do
    table="${table-}
        .quad 1f, 2f, 3f - 2f
        .pushsection .rodata
1:      .asciz \"${pair%%=*}\"
        .balign 16
2:      .incbin \"${pair#*=}\"
3:      .popsection"
done
cat <<EOF
        .section .data.rel.ro, "aw"
        .balign 8
        .globl  embedded_files
embedded_files:$table
        .quad 0, 0, 0
        .section .note.GNU-stack, "", @progbits
EOF
