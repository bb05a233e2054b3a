/*
 * The PVH entry point and the ELF note that names it.
 *
 * In: 32-bit protected mode, flat segments, paging off, interrupts off, EBX = struct hvm_start_info. There need not be
 * a stack, and the GDT may be anywhere.
 *
 * Source: Xen, "x86/HVM direct boot ABI"; public/elfnote.h (XEN_ELFNOTE_PHYS32_ENTRY).
 */
#include "boot/i386/i386.h"

#define XEN_ELFNOTE_PHYS32_ENTRY 18
#define STACK_SIZE 0x4000

        .section .note.Xen, "a", @note
        .balign 4
        .long   4, 4, XEN_ELFNOTE_PHYS32_ENTRY
        .asciz  "Xen"
        .long   pvh_entry

        .code32
        .section .text.entry, "ax"
        .globl  pvh_entry
pvh_entry:
        cli
        cld
        lgdtl   gdt_pointer
        ljmpl   $I386_CODE, $flat
flat:
        movl    $I386_DATA, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %fs
        movl    %eax, %gs
        movl    %eax, %ss
        movl    $stack_top, %esp
        movl    %ebx, %eax
        call    pvh_main                /* regparm: EAX; does not return */

        .section .rodata, "a"
        .balign 8
gdt:
        .quad   0
        .quad   0x00cf9b000000ffff      /* I386_CODE */
        .quad   0x00cf93000000ffff      /* I386_DATA */
gdt_end:
gdt_pointer:
        .word   gdt_end - gdt - 1
        .long   gdt

        .section .bss, "aw", @nobits
        .balign 16
        .space  STACK_SIZE
stack_top:
