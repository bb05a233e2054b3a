/*
 * The hand-off blob: its header, the way from 32-bit protected mode to the kernel, and the exception stubs.
 *
 * The blob runs at whatever address it was copied to, so everything is relative to EBX (32-bit part) or RIP. Its pages
 * are mapped one to one in the kernel's page tables, so turning paging on does not move the ground under it.
 *
 * Sources: Intel SDM volume 3, 9.8.5 (entering IA-32e mode), 12.11 (memory cache control), 6.14 (exceptions in 64-bit
 * mode); AMD APM volume 2, 14.6; Intel 82093AA data sheet, 3 (I/O APIC).
 */
#include "boot/handoff/handoff.h"

#define CR0_KERNEL 0x80010033   /* PG, WP, NE, ET, MP, PE */
#define CR4_KERNEL 0x00000020   /* PAE, and nothing that the kernel has not asked for itself */
#define MSR_EFER 0xc0000080
#define EFER_LME 0x100
#define EFER_NXE 0x800
#define IO_APIC_WINDOW 0x10     /* the register that the first word selects */
#define IO_APIC_VERSION 1
#define IO_APIC_REDIRECTION 0x10
#define IO_APIC_MASKED 0x10000

        .section .head, "ax"
        /* struct handoff_blob */
        .long   blob_file_size
        .long   blob_code_size
        .long   blob_total_size
        .long   entry32
        .long   handoff_parameters
        .long   0, 0, 0

/* ------------------------------------------------------------------------------------------------------------------
 * In: flat 32-bit protected mode, paging off, EBX = address of the blob.
 */
        .section .text.entry, "ax"
        .code32
        .globl  entry32
entry32:
        cld
        leal    handoff_stack_top(%ebx), %esp

        /* Silence the I/O APICs, here where every physical address below 4 GiB can be reached. */
        leal    handoff_parameters + HANDOFF_IO_APICS(%ebx), %esi
        movl    $HANDOFF_MAX_IO_APICS, %ecx
next_io_apic:
        lodsl
        testl   %eax, %eax
        jz      io_apics_done
        movl    $IO_APIC_VERSION, (%eax)
        movzbl  IO_APIC_WINDOW + 2(%eax), %edx  /* number of the last redirection entry */
next_entry:
        leal    IO_APIC_REDIRECTION(, %edx, 2), %edi
        movl    %edi, (%eax)
        orl     $IO_APIC_MASKED, IO_APIC_WINDOW(%eax)
        decl    %edx
        jns     next_entry
        loop    next_io_apic
io_apics_done:

        /* A GDT of our own, copied to where the processor may mark the TSS busy. */
        leal    gdt_constant(%ebx), %esi
        leal    gdt(%ebx), %edi
        movl    $((gdt_constant_end - gdt_constant) / 4), %ecx
        movw    $(gdt_end - gdt - 1), gdt_pointer(%ebx)
        movl    %edi, gdt_pointer + 2(%ebx)
        rep movsl
        lgdt    gdt_pointer(%ebx)

        /* Paging is off, so every bit of CR4 may change: this also leaves 5-level paging, if firmware used it. */
        movl    $CR4_KERNEL, %eax
        movl    %eax, %cr4
        movl    handoff_parameters + HANDOFF_CR3(%ebx), %eax
        movl    %eax, %cr3
        movl    $MSR_EFER, %ecx
        movl    $(EFER_LME | EFER_NXE), %eax    /* NXE before a page table with NX is live */
        xorl    %edx, %edx
        wrmsr
        movl    $CR0_KERNEL, %eax
        movl    %eax, %cr0

        /* Compatibility mode until CS is a 64-bit segment. */
        leal    entry64(%ebx), %eax
        pushl   $HANDOFF_CODE64
        pushl   %eax
        lretl

        .code64
entry64:
        movl    $HANDOFF_DATA, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        movl    %eax, %fs                       /* a data segment sets the base to 0, ... */
        movl    %eax, %gs
        xorl    %eax, %eax
        movl    %eax, %fs                       /* ... which loading nothing leaves as it is on AMD's processors */
        movl    %eax, %gs
        lldt    %ax
        cld

        leaq    handoff_parameters(%rip), %rdi
        call    handoff_main                    /* IDT, TSS, PAT, interrupt controllers */

        /* The state that docs/boot-protocol.md promises. */
        leaq    handoff_parameters(%rip), %rax
        movq    HANDOFF_STACK(%rax), %rsp
        movq    HANDOFF_INFO(%rax), %rdi
        movq    HANDOFF_ENTRY(%rax), %rax
        pushq   $0                              /* no one to return to */
        xorl    %ebx, %ebx
        xorl    %ecx, %ecx
        xorl    %edx, %edx
        xorl    %esi, %esi
        xorl    %ebp, %ebp                      /* ends a walk of the frame pointers */
        xorl    %r8d, %r8d
        xorl    %r9d, %r9d
        xorl    %r10d, %r10d
        xorl    %r11d, %r11d
        xorl    %r12d, %r12d
        xorl    %r13d, %r13d
        xorl    %r14d, %r14d
        xorl    %r15d, %r15d
        pushq   $2                              /* RFLAGS: nothing set but the bit that always is */
        popfq
        jmpq    *%rax

/* ------------------------------------------------------------------------------------------------------------------
 * Exceptions before the kernel has an IDT of its own: thirty-two stubs of 8 bytes. The address that each call leaves on
 * the stack tells which it was; a zero stands in where the processor pushes no error code (it does for 8, 10 to 14, 17,
 * 21, 29 and 30).
 */
        .globl  fault_stubs
        .balign 8
fault_stubs:
        .set    vector, 0
        .rept   32
        .balign 8
        .if ((1 << vector) & 0x60227d00) == 0
        pushq   $0
        .endif
        callq   fault_common
        .set    vector, vector + 1
        .endr

fault_common:
        pushq   %rax
        pushq   %rcx
        pushq   %rdx
        pushq   %rbx
        pushq   %rbp
        pushq   %rsi
        pushq   %rdi
        pushq   %r8
        pushq   %r9
        pushq   %r10
        pushq   %r11
        pushq   %r12
        pushq   %r13
        pushq   %r14
        pushq   %r15
        movq    %cr2, %rax
        pushq   %rax
        movq    %rsp, %rdi                      /* struct fault_frame */
        cld
        call    fault_report                    /* does not return */
        ud2

/* ------------------------------------------------------------------------------------------------------------------ */
        .section .rodata, "a"
        .balign 8
gdt_constant:
        .quad   0
        .quad   0x00af9b000000ffff              /* 08: 64-bit code */
        .quad   0x00cf93000000ffff              /* 10: data */
        .quad   0x00cf9b000000ffff              /* 18: 32-bit code, for whoever has to leave long mode */
gdt_constant_end:

        .section .bss, "aw", @nobits
        .balign 16
        .globl  gdt
gdt:
        .space  48                              /* the above, and 20: TSS, filled in by handoff_main */
gdt_end:
gdt_pointer:
        .space  16
        .balign 16
        .space  4096
        .globl  handoff_stack_top
handoff_stack_top:
