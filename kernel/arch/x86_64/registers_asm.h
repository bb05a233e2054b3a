/*
 * For assembly only: the general registers, in the order of struct trap_frame (trap.h), onto the stack and back.
 */
#ifndef CORRODE_ARCH_REGISTERS_ASM_H
#define CORRODE_ARCH_REGISTERS_ASM_H

// clang-format off
        .macro  push_registers
        push    %rax
        push    %rcx
        push    %rbx
        push    %rbp
        push    %r11
        push    %r12
        push    %r13
        push    %r14
        push    %r15
        push    %r9
        push    %r8
        push    %r10
        push    %rdx
        push    %rsi
        push    %rdi
        .endm

        .macro  pop_arguments           /* a system call's */
        pop     %rdi
        pop     %rsi
        pop     %rdx
        pop     %r10
        pop     %r8
        pop     %r9
        .endm

        .macro  pop_registers
        pop_arguments
        pop     %r15
        pop     %r14
        pop     %r13
        pop     %r12
        pop     %r11
        pop     %rbp
        pop     %rbx
        pop     %rcx
        pop     %rax
        .endm

#endif
