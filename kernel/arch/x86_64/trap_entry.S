/*
 * The way into a trap and out of it.
 *
 * 256 stubs, one a vector, make the processor's two kinds of stack frame equal (with and without an error code) and
 * push the vector. Then the registers follow, as struct trap_frame has them (trap.h), and trap_dispatch is called.
 *
 * GS. In user mode the GS base is the program's, and the kernel's waits in KERNEL_GS_BASE; SWAPGS exchanges them. An
 * ordinary trap (`entry`) needs it exactly when the saved CS is a user's. Double fault, NMI, machine check and debug
 * exceptions can also come in kernel mode while the program's base is still, or again, loaded: between SYSCALL and its
 * SWAPGS, between SWAPGS and IRETQ. Nor does the base's sign tell, since the boot CPU's is 0 and programs may set
 * theirs to anything (FSGSBASE). But these four have stacks of their own on each CPU, so the stack knows: the word
 * above the frame is the CPU's GS base (descriptors.c). `paranoid` saves the base that it finds, loads that one, and
 * puts the old one back at the end. Only from user mode is it simple: then a SWAPGS does it, and all but a double
 * fault, which does not come from there, move to the thread's stack and are ordinary traps, which may sleep.
 *
 * A second NMI waits until the first one's IRETQ, and so does a second machine check (MCG_STATUS.MCIP: shutdown). But
 * an IRETQ inside ends the wait too early, and the second would then overwrite the first one's frame: their handlers
 * therefore cause no exceptions, except on the way to a panic.
 *
 * Two words more than the frame are pushed, the interrupted RIP and RBP, so that a walk along the frame pointers goes
 * through the trap as through a call.
 *
 * Source: Intel SDM volume 3A, 6.13 (error codes), 6.14 (64-bit mode); volume 2, SWAPGS, CLAC.
 */
#include "arch/x86_64/registers_asm.h"

#define FRAME_VECTOR 120 /* offsets in struct trap_frame */
#define FRAME_RIP 136
#define FRAME_CS 144
#define FRAME_SIZE 176
#define MSR_GS_BASE 0xc0000101
#define IST_VECTORS (1 << 1 | 1 << 2 | 1 << 8 | 1 << 18)
#define ERROR_VECTORS (1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 17 | 1 << 21 | 1 << 29 | 1 << 30)

        .section .text.trap, "ax"
        .balign 16
        .globl trap_stubs
        .hidden trap_stubs
trap_stubs:
        vector = 0
        .rept 256
        .balign 16
        .if vector < 32 && ERROR_VECTORS >> vector & 1
        .else
        pushq   $0
        .endif
        pushq   $vector
        .if vector < 32 && IST_VECTORS >> vector & 1
        jmp     paranoid
        .else
        jmp     entry
        .endif
        vector = vector + 1
        .endr

        /* With the frame at RSP: what C expects, and the call. AC is closed only where there is SMAP. */
        .macro  call_dispatch
        cld
        cmpb    $0, trap_closes_user_memory(%rip)
        je      10f
        clac
10:     mov     %rsp, %rdi
        pushq   FRAME_RIP(%rsp)
        push    %rbp
        mov     %rsp, %rbp
        call    trap_dispatch
        add     $16, %rsp
        .endm

        .balign 16
entry:
        testb   $3, 24(%rsp)            /* CS, above vector, error code and RIP */
        jz      1f
        swapgs
1:      push_registers
dispatch:
        call_dispatch
        testb   $3, FRAME_CS(%rsp)      /* the dispatcher may have changed it */
        jz      2f
        swapgs
2:      pop_registers
        add     $16, %rsp
        iretq

        .balign 16
paranoid:
        push_registers
        testb   $3, FRAME_CS(%rsp)
        jnz     from_user
        mov     $MSR_GS_BASE, %ecx
        rdmsr
        mov     %eax, %r12d             /* R12 and R13 are saved in the frame, and preserved by C */
        mov     %edx, %r13d
        mov     FRAME_SIZE(%rsp), %rax
        mov     %rax, %rdx
        shr     $32, %rdx
        wrmsr
        call_dispatch
        mov     $MSR_GS_BASE, %ecx
        mov     %r12d, %eax
        mov     %r13d, %edx
        wrmsr
        pop_registers
        add     $16, %rsp
        iretq

from_user:
        swapgs
        cmpq    $8, FRAME_VECTOR(%rsp)
        je      dispatch
        mov     %rsp, %rsi
        mov     %gs:percpu_trap_kernel_stack(%rip), %rdi
        sub     $FRAME_SIZE, %rdi
        mov     %rdi, %rdx
        mov     $FRAME_SIZE / 8, %ecx
        cld
        rep movsq
        mov     %rdx, %rsp
        jmp     dispatch

        /*
         * bool trap_call(struct trap_landing *landing, void (*function)(void *), void *argument): stores what a
         * function preserves and calls. The dispatcher continues at trap_land with RDI = landing to abandon the call.
         */
        .section .text.trap_call, "ax"
        .balign 16
        .globl trap_call, trap_land
        .hidden trap_call, trap_land
        .type trap_call, @function
trap_call:
        push    %rbp
        mov     %rsp, %rbp
        mov     %rbx, (%rdi)
        mov     %rbp, 8(%rdi)
        mov     %r12, 16(%rdi)
        mov     %r13, 24(%rdi)
        mov     %r14, 32(%rdi)
        mov     %r15, 40(%rdi)
        mov     %rsp, 48(%rdi)
        mov     %rdx, %rdi
        call    *%rsi
        mov     $1, %eax
        pop     %rbp
        ret
trap_land:
        mov     (%rdi), %rbx
        mov     8(%rdi), %rbp
        mov     16(%rdi), %r12
        mov     24(%rdi), %r13
        mov     32(%rdi), %r14
        mov     40(%rdi), %r15
        mov     48(%rdi), %rsp
        xor     %eax, %eax
        pop     %rbp
        ret

        .section .note.GNU-stack, "", @progbits
