/*
 * Takes build/boot/handoff.bin into the loader's image. See boot/handoff/.
 */
        .section .rodata, "a"
        .balign 16
        .globl  handoff_blob_start
handoff_blob_start:
        .incbin "build/boot/handoff.bin"
