/*
 * The vDSO, linked, as data of the kernel.
 */
        .section .rodata.vdso_image, "a", @progbits
        .balign 16
        .globl vdso_image
        .hidden vdso_image
        .globl vdso_image_end
        .hidden vdso_image_end
vdso_image:
        .incbin VDSO_FILE
vdso_image_end:

        .section .note.GNU-stack, "", @progbits
