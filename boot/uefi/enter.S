/*
 * From the firmware's 64-bit mode to flat 32-bit protected mode with paging off, where the hand-off blob begins.
 *
 * Paging can only be turned off by code that lies below 4 GiB at its physical address, and the firmware may have loaded
 * this file anywhere. So what follows enter_copy_start is copied to such a page first (leave.c).
 *
 * Source: Intel SDM volume 3, 10.8.5.4 (leaving IA-32e mode), 4.10.1 (process-context identifiers), 2.5 (CR4).
 */
#define CODE32 0x08
#define DATA32 0x10
#define CR0_PG 31
#define CR4_PCIDE 17
#define CR4_CET 23
#define MSR_EFER 0xc0000080
#define EFER_LME 8

        .text
        .globl  enter_by
enter_by:                               /* RCX = copy, EDX = entry, R8D = blob */
        cli
        cld
        movq    %cr4, %rax
        btrl    $CR4_CET, %eax          /* no shadow stack, no tracking of jumps */
        btrl    $CR4_PCIDE, %eax        /* it must go before paging does */
        movq    %rax, %cr4
        movl    %r8d, %ebx
        jmpq    *%rcx

        .balign 16
        .globl  enter_copy_start
enter_copy_start:
        leaq    gdt(%rip), %rax
        pushq   %rax
        pushw   $(gdt_end - gdt - 1)
        lgdt    (%rsp)
        leaq    compatibility(%rip), %rax
        pushq   $CODE32
        pushq   %rax
        lretq

        .code32
compatibility:                          /* the stack may be out of reach from here on */
        movl    $DATA32, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %fs
        movl    %eax, %gs
        movl    %eax, %ss
        movl    %cr0, %eax
        btrl    $CR0_PG, %eax
        movl    %eax, %cr0
        movl    %edx, %esi
        movl    $MSR_EFER, %ecx
        rdmsr
        btrl    $EFER_LME, %eax
        wrmsr
        jmp     *%esi

        .balign 8
gdt:
        .quad   0
        .quad   0x00cf9b000000ffff      /* 08: 32-bit code, flat */
        .quad   0x00cf93000000ffff      /* 10: 32-bit data, flat */
gdt_end:
        .globl  enter_copy_end
enter_copy_end:
