/*
 * Where the 32-bit self-test begins and ends: an ordinary Linux program for the i386, without a C library.
 * System calls: Linux, arch/x86/entry/syscalls/syscall_32.tbl (exit 1, write 4).
 */
        .globl _start
_start: xorl    %ebp, %ebp
        andl    $-16, %esp
        call    self_test               /* returns the number of failures */
        movl    %eax, %ebx
        movl    $1, %eax
        int     $0x80
        hlt

/* void write_output(const char *text, size_t length), with the loader's calling convention: EAX, EDX */
        .globl write_output
write_output:
        pushl   %ebx
        movl    %eax, %ecx
        movl    $1, %ebx
        movl    $4, %eax
        int     $0x80
        popl    %ebx
        ret

        .section .note.GNU-stack, "", @progbits
