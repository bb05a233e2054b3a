/*
 * Notes the registers as the loader left them in `state` (state.h), and goes on as if nothing had happened.
 */
        .macro  note index, register
        movq    \register, state + 8 * \index(%rip)
        .endm
        .macro  note_segment index, register
        movl    \register, %eax
        movzwl  %ax, %eax
        note    \index, %rax
        .endm

        .text
        .globl  state_entry
state_entry:
        note    0, %rdi
        note    1, %rsp
        pushfq
        popq    state + 8 * 2(%rip)
        note    11, %rbx
        note    12, %rcx
        note    13, %rdx
        note    14, %rsi
        note    15, %rbp
        note    16, %r8
        note    17, %r9
        note    18, %r10
        note    19, %r11
        note    20, %r12
        note    21, %r13
        note    22, %r14
        note    23, %r15
        note_segment 3, %cs
        note_segment 4, %ss
        note_segment 5, %ds
        note_segment 6, %es
        note_segment 7, %fs
        note_segment 8, %gs
        strl    %eax
        note    9, %rax
        sldtl   %eax
        note    10, %rax
        jmp     kernel_main
