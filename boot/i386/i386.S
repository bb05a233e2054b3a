/*
 * The step to the hand-off blob, and the stubs of the loader's own exception handlers.
 *
 * Source: Intel SDM volume 3, 6.12.1 (what an exception leaves on the stack).
 */
        .code32
        .text

/* void i386_enter(uint32_t entry, uint32_t blob): EAX and EDX. The IDT is gone soon; the blob brings its own. */
        .globl  i386_enter
i386_enter:
        movl    %edx, %ebx
        jmp     *%eax

/*
 * Thirty-two stubs of 8 bytes. The address that each call leaves on the stack tells which it was; a zero stands in
 * where the processor pushes no error code (it does for 8, 10 to 14, 17, 21, 29 and 30).
 */
        .balign 8
        .globl  i386_fault_stubs
i386_fault_stubs:
        .set    number, 0
        .rept   32
        .balign 8
        .if ((1 << number) & 0x60227d00) == 0
        pushl   $0
        .endif
        calll   fault_common
        .set    number, number + 1
        .endr
fault_common:
        pushal
        movl    %esp, %eax
        call    i386_fault
