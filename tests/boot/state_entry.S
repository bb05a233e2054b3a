/*
 * Notes the registers as the loader left them in `state`, and goes on as if nothing had happened.
 */
        .text
        .globl  state_entry
state_entry:
        movq    %rsp, state(%rip)
        pushfq
        popq    state + 8(%rip)
        movq    %rbp, state + 16(%rip)
        movq    %rdi, state + 24(%rip)
        movl    %cs, %eax
        movq    %rax, state + 32(%rip)
        movl    %ss, %eax
        movq    %rax, state + 40(%rip)
        movl    %ds, %eax
        movq    %rax, state + 48(%rip)
        movl    %es, %eax
        movq    %rax, state + 56(%rip)
        jmp     kernel_main
