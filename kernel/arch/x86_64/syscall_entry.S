/*
 * From a program to the kernel by SYSCALL, and back.
 *
 * SYSCALL changes only RIP (the old one is in RCX), RFLAGS (R11), CS and SS: the stack is still the program's. So the
 * first step is the kernel's GS base, the second the thread's kernel stack; then all registers are saved as a struct
 * trap_frame (trap.h), which a signal or a debugger may change. Its `error` is the call's number.
 *
 * syscall_dispatch (kernel/syscall) returns with interrupts off, and whether SYSRET will do: that puts RCX into RIP and
 * R11 into RFLAGS, which is right for a call that returns to where it came from, with nothing but RAX changed in its
 * frame; every other frame goes through IRETQ. Whoever changes a frame otherwise sets the thread's attention.
 * Where a RIP that is not canonical would be, SYSRET of Intel's processors faults in kernel mode and on the program's
 * stack, and so does IRETQ with the program's GS loaded: after a SYSCALL there is none, since programs end a page below
 * (USER_END), and whoever changes a frame otherwise checks it.
 *
 * Exceptions that come between SYSCALL and SWAPGS, or after the SWAPGS at the end, have stacks of their own and look
 * for the GS base themselves (trap_entry.S); interrupts are off there.
 *
 * Source: Intel SDM volume 2, SYSCALL, SYSRET, SWAPGS; volume 3A, 5.8.8.
 */
#include "arch/x86_64/registers_asm.h"

#define SELECTOR_USER_DATA 0x23
#define SELECTOR_USER_CODE 0x2b
#define TRAP_SYSCALL 256

        .section .text.syscall_entry, "ax"
        .balign 16
        .globl syscall_entry
        .hidden syscall_entry
        .type syscall_entry, @function
syscall_entry:
        swapgs
        mov     %rsp, %gs:percpu_syscall_stack(%rip)
        mov     %gs:percpu_trap_kernel_stack(%rip), %rsp
        pushq   $SELECTOR_USER_DATA
        pushq   %gs:percpu_syscall_stack(%rip)
        push    %r11
        pushq   $SELECTOR_USER_CODE
        push    %rcx
        push    %rax                    /* error: the number */
        pushq   $TRAP_SYSCALL
        push_registers
        mov     %rsp, %rdi
        xor     %ebp, %ebp              /* a walk of the frame pointers ends here */
        sti
        call    syscall_dispatch
        test    %al, %al
        jz      user_return

        pop_arguments                   /* RBX and R12 to R15 C has kept; RSP is at R15 */
        mov     40(%rsp), %rbp
        mov     64(%rsp), %rax
        mov     88(%rsp), %rcx          /* RIP */
        mov     104(%rsp), %r11         /* RFLAGS */
        mov     112(%rsp), %rsp
        swapgs
        sysretq
        .size syscall_entry, . - syscall_entry

        /* RSP points to a whole frame of user mode; interrupts are off. */
        .globl user_return
        .hidden user_return
        .type user_return, @function
user_return:
        pop_registers
        add     $16, %rsp
        swapgs
        iretq
        .size user_return, . - user_return

        /* void user_enter(const struct trap_frame *frame): the stack that it is called on is forgotten. */
        .globl user_enter
        .hidden user_enter
        .type user_enter, @function
user_enter:
        cli
        mov     %rdi, %rsp
        jmp     user_return
        .size user_enter, . - user_enter

        .section .note.GNU-stack, "", @progbits
