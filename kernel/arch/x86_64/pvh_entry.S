/*
 * The kernel's other entry: a virtual machine monitor starts it directly, by the PVH protocol, without a boot loader
 * (`qemu-system-x86_64 -kernel build/kernel.elf`). The ELF note names pvh_entry's physical address.
 *
 * In: 32-bit protected mode, flat segments, paging off, interrupts off, EBX = struct hvm_start_info. There need not be a
 * stack. The image lies where its program headers say: PVH_PHYSICAL_BASE for PVH_LINK_BASE (pvh.h); all zero
 * from the end of the file's data on.
 *
 * The way to C: page tables that show the first 4 GiB of physical memory twice, at 0 and in the direct map, and the
 * image where it was linked, in pages of 2 MiB that may be written and executed; long mode; a jump to the linked address;
 * pvh_main. The kernel replaces these tables by its own. Every address here is EBP, which is pvh_entry's, plus a
 * difference, because a position-independent executable may hold no absolute ones.
 *
 * Sources: Xen, "x86/HVM direct boot ABI"; public/elfnote.h (XEN_ELFNOTE_PHYS32_ENTRY: 8 bytes in a 64-bit file); Intel
 * SDM volume 3, 4.5 (4-level paging), 9.8.5 (entering IA-32e mode).
 */
#include "arch/x86_64/pvh.h"

#define XEN_ELFNOTE_PHYS32_ENTRY 18
#define STACK_SIZE 0x4000      /* for pvh.c alone, which finds the kernel a larger one */

#define CPUID_EXTENDED 0x80000001
#define CPUID_NX (1 << 20)
#define CPUID_LONG_MODE (1 << 29)

#define CR0_KERNEL 0x80010033   /* PG, WP, NE, ET, MP, PE: as the boot loader sets it */
#define CR4_KERNEL 0x20         /* PAE */
#define MSR_EFER 0xc0000080
#define EFER_LME 0x100
#define EFER_NXE 0x800

#define CODE64 0x08
#define DATA 0x10

#define PTE_TABLE 0x03          /* present, writable */
#define PTE_LARGE 0x83          /* a page of 2 MiB, present, writable */
#define PTE_NX_HIGH 0x80000000  /* in the upper half of an entry: no-execute */
#define LARGE_SHIFT 21

#define COM1 0x3f8
#define EXIT_PORT 0xf4          /* boot/protocol.h: BOOT_EXIT_PORT */
#define EXIT_LOADER 0x13

        .section .note.Xen, "a", @note
        .balign 4
        .long   4, 8, XEN_ELFNOTE_PHYS32_ENTRY
        .asciz  "Xen"
        .quad   pvh_entry_physical      /* from the linker's command line: absolute */

        .section .text.pvh, "ax"
        .code32
        .globl  pvh_entry
pvh_entry:
        cli
        cld
        movl    $pvh_entry_physical, %ebp
        movl    %ebx, %edi                      /* start info: CPUID takes EBX */

        movl    $0x80000000, %eax
        cpuid
        cmpl    $CPUID_EXTENDED, %eax
        jb      refuse
        movl    $CPUID_EXTENDED, %eax
        cpuid
        andl    $(CPUID_NX | CPUID_LONG_MODE), %edx
        cmpl    $(CPUID_NX | CPUID_LONG_MODE), %edx
        jne     refuse

        /* The four tables of the first 4 GiB, then the one of the image's GiB. */
        leal    pvh_directories - pvh_entry(%ebp), %eax
        xorl    %ecx, %ecx
1:      movl    %ecx, %edx
        shll    $LARGE_SHIFT, %edx
        orl     $PTE_LARGE, %edx
        movl    %edx, (%eax, %ecx, 8)
        incl    %ecx
        cmpl    $(4 * 512), %ecx
        jb      1b
        leal    image_directory - pvh_entry(%ebp), %eax
        xorl    %ecx, %ecx
1:      movl    %ecx, %edx
        shll    $LARGE_SHIFT, %edx
        addl    $(PVH_PHYSICAL_BASE + PTE_LARGE), %edx
        movl    %edx, (%eax, %ecx, 8)
        incl    %ecx
        cmpl    $(512 - (PVH_PHYSICAL_BASE >> LARGE_SHIFT)), %ecx
        jb      1b

        /* What points to them. */
        leal    low_pointers - pvh_entry(%ebp), %esi
        leal    pvh_directories + PTE_TABLE - pvh_entry(%ebp), %eax
        xorl    %ecx, %ecx
1:      movl    %eax, (%esi, %ecx, 8)
        addl    $0x1000, %eax
        incl    %ecx
        cmpl    $4, %ecx
        jb      1b
        leal    high_pointers - pvh_entry(%ebp), %edx
        leal    image_directory + PTE_TABLE - pvh_entry(%ebp), %eax
        movl    %eax, 510 * 8(%edx)             /* -2 GiB */
        leal    pvh_page_table - pvh_entry(%ebp), %ecx
        addl    $PTE_TABLE, %esi
        addl    $PTE_TABLE, %edx
        movl    %esi, (%ecx)                    /* 0 */
        movl    %esi, 256 * 8(%ecx)             /* the direct map, ... */
        movl    $PTE_NX_HIGH, 256 * 8 + 4(%ecx) /* ... where nothing is executed */
        movl    %edx, 511 * 8(%ecx)
        leal    image_directory - pvh_entry(%ebp), %edx
        leal    pvh_stack_table + PTE_TABLE - pvh_entry(%ebp), %eax
        movl    %eax, 511 * 8(%edx)             /* PVH_STACK_REGION, empty so far */

        movl    $CR4_KERNEL, %eax
        movl    %eax, %cr4
        movl    %ecx, %cr3
        movl    $MSR_EFER, %ecx
        movl    $(EFER_LME | EFER_NXE), %eax
        xorl    %edx, %edx
        wrmsr
        movl    $CR0_KERNEL, %eax
        movl    %eax, %cr0

        /* Compatibility mode until CS is a 64-bit segment. */
        leal    gdt - pvh_entry(%ebp), %eax
        movl    %eax, gdt_pointer + 2 - pvh_entry(%ebp)
        lgdtl   gdt_pointer - pvh_entry(%ebp)
        leal    stack_top - pvh_entry(%ebp), %esp
        leal    low64 - pvh_entry(%ebp), %eax
        pushl   $CODE64
        pushl   %eax
        lretl

/* This processor cannot run the kernel: a sentence on the serial line, the exit status, the end. */
refuse:
        leal    refusal - pvh_entry(%ebp), %esi
1:      lodsb
        testb   %al, %al
        jz      2f
        movw    $COM1, %dx
        outb    %al, %dx
        jmp     1b
2:      movb    $EXIT_LOADER, %al
        outb    %al, $EXIT_PORT
3:      hlt
        jmp     3b

        .code64
low64:
        leaq    high64(%rip), %rax
        movq    $(PVH_LINK_BASE - PVH_PHYSICAL_BASE), %rdx
        addq    %rdx, %rax
        jmpq    *%rax
high64:
        leaq    gdt(%rip), %rax
        movq    %rax, gdt_pointer + 2(%rip)
        lgdtq   gdt_pointer(%rip)
        movl    $DATA, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %ss
        movl    %eax, %fs                       /* and the bases of FS and GS are 0 */
        movl    %eax, %gs
        leaq    stack_top(%rip), %rsp
        movl    %edi, %edi
        pushq   $0                              /* no one to return to */
        xorl    %ebp, %ebp                      /* ends a walk of the frame pointers */
        jmp     pvh_main

        .section .rodata.pvh, "a"
refusal:
        .asciz  "Corrode cannot boot: this virtual processor has no long mode or no NX bit. Give the machine a 64-bit one.\r\n"
        .balign 8
gdt:
        .quad   0
        .quad   0x00af9b000000ffff              /* CODE64 */
        .quad   0x00cf93000000ffff              /* DATA */
gdt_end:

        .section .data.pvh, "aw"
        .balign 8
        .space  6
gdt_pointer:
        .word   gdt_end - gdt - 1
        .quad   0

        .section .bss.pvh, "aw", @nobits
        .balign 4096
        .globl  pvh_page_table, pvh_directories, pvh_stack_table
pvh_page_table:
        .space  4096
low_pointers:
        .space  4096
high_pointers:
        .space  4096
image_directory:
        .space  4096
pvh_directories:
        .space  4 * 4096
pvh_stack_table:
        .space  4096
        .space  STACK_SIZE
stack_top:
