/*
 * Takes build/boot/handoff.bin into the loader's image. See boot/handoff/.
 */
#ifdef _WIN32
        .section .rdata, "dr"           /* COFF's name for it */
#else
        .section .rodata, "a"
#endif
        .balign 4
        .globl  handoff_blob_start
handoff_blob_start:
        .incbin "build/boot/handoff.bin"
