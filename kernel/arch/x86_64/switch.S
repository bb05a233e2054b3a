/*
 * The switch from one stack to another, and a new stack's first instructions: see switch.h. RFLAGS need no saving: both
 * sides have interrupts off, and the ABI wants the direction flag clear.
 */
    .text

    .global context_switch
    .hidden context_switch
    .type context_switch, @function
context_switch:
    push %rbp
    push %rbx
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, (%rdi)
    mov (%rsi), %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbx
    pop %rbp
    mov %rdi, %rax
    ret
    .size context_switch, . - context_switch

/* context_create left the function in RBX and its argument in R12; RSP is aligned as before a call. */
    .global context_entry
    .hidden context_entry
    .type context_entry, @function
context_entry:
    mov %rax, %rdi
    mov %r12, %rsi
    call *%rbx
    ud2
    .size context_entry, . - context_entry

    .section .note.GNU-stack, "", @progbits
