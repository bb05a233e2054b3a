/*
 * The guest that accel.c starts to learn whether KVM works: the last 512 bytes of a ROM of 64 KiB. It goes the way
 * that any kernel goes, real mode, protected mode, x87 and SSE, paging, 64-bit mode, and then says through
 * isa-debug-exit that it has arrived. Hosts exist where /dev/kvm opens, and 16-bit code runs, and the rest does not.
 * Source: Intel SDM volume 3, 10.8.5 (IA-32e mode), 10.9 (switching modes).
 */
#include "accel_probe.h"

#define OFFSET(label) (PROBE_OFFSET + label - accel_probe)
#define LINEAR(label) (0xf0000 + OFFSET(label)) /* the ROM's end also appears below 1 MiB */

#define PML4 0x1000
#define PDPT 0x2000
#define PAGE_DIRECTORY 0x3000

        .section .rodata
        .globl  accel_probe
        .code16
accel_probe:
        cli
        lgdtl   %cs:OFFSET(gdt_pointer)
        movl    %cr0, %eax
        orb     $1, %al
        movl    %eax, %cr0
        ljmpl   $0x08, $LINEAR(protected)

        .code32
protected:
        movl    $0x10, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        movl    $0x1000, %esp
        fninit
        fwait
        movl    $0x6a0, %eax            /* CR4: PAE, PGE, OSFXSR, OSXMMEXCPT */
        movl    %eax, %cr4
        movups  %xmm0, 0x500
        movl    $PML4, %edi             /* three page tables: one page of 2 MiB and the rest zero */
        xorl    %eax, %eax
        movl    $(3 * 4096 / 4), %ecx
        cld
        rep stosl
        movl    $(PDPT + 3), PML4
        movl    $(PAGE_DIRECTORY + 3), PDPT
        movl    $0x83, PAGE_DIRECTORY
        movl    $PML4, %eax
        movl    %eax, %cr3
        movl    $0xc0000080, %ecx       /* EFER.LME */
        rdmsr
        orl     $0x100, %eax
        wrmsr
        movl    %cr0, %eax
        orl     $0x80010000, %eax       /* PG, WP */
        movl    %eax, %cr0
        ljmpl   $0x18, $LINEAR(long_mode)

        .code64
long_mode:
        xorl    %eax, %eax
        cpuid
        movq    %cr3, %rax              /* a kernel's daily work: flush, switch, write, atomics */
        movq    %rax, %cr3
        movl    $1000, %ecx
1:      lock incq 0x600
        loop    1b
        movb    $PROBE_CODE, %al
        outb    %al, $PROBE_PORT
2:      hlt
        jmp     2b

        .balign 8
gdt:    .quad   0
        .quad   0x00cf9b000000ffff      /* 08: 32-bit code */
        .quad   0x00cf93000000ffff      /* 10: data */
        .quad   0x00af9b000000ffff      /* 18: 64-bit code */
gdt_pointer:
        .word   . - gdt - 1
        .long   LINEAR(gdt)

        .org    accel_probe + PROBE_SIZE - 16
        .code16
        .byte   0xe9                    /* the processor starts here: a near jump to the beginning */
        .word   accel_probe - (. + 2)
        .org    accel_probe + PROBE_SIZE
        .section .note.GNU-stack, "", @progbits
