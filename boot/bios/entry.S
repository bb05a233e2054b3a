/*
 * Stage 2's assembler: the way into 32-bit protected mode, and the way back for every BIOS call.
 *
 * Stage 2 is 32-bit C, linked at 8000h in one flat segment with paging off. Interrupts are off in protected mode, where
 * there is no one to take them, and on during BIOS calls, whose disk and keyboard need them; the PIC is never masked
 * before the kernel runs.
 *
 * The stack has pages in which there never was code. An emulator that translates code has to look, at each write to a
 * page that it translated something from, for what it must forget; a stack below stage 1, in its page, made the whole
 * way to the prompt take twice the time in QEMU.
 *
 * Source: Intel SDM volume 3, 9.9 (switching between real and protected mode).
 */
#include "boot/i386/i386.h"
#include "boot/layout.h"

#define CODE32 I386_CODE
#define DATA32 I386_DATA
#define CODE16 0x18
#define DATA16 0x20
#define CR0_PE 1

        .section .head, "ax"
        .code16
        .globl  stage2
stage2:
        jmp     real_entry
        .org    STAGE2_MAGIC_OFFSET
        .long   STAGE2_MAGIC

        .section .text16, "ax"
        .code16
real_entry:
        cli
        cld
        xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %ss
        movl    $BIOS_STACK_TOP, %esp
        movzbl  %dl, %ebp
        lgdtl   gdt_pointer
        movl    %cr0, %eax
        orb     $CR0_PE, %al
        movl    %eax, %cr0
        ljmpl   $CODE32, $protected_entry

        .code32
protected_entry:
        movl    $DATA32, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %fs
        movl    %eax, %gs
        movl    %eax, %ss
        movl    $bss_start, %edi
        movl    $bss_end, %ecx
        subl    %edi, %ecx
        shrl    $2, %ecx
        xorl    %eax, %eax
        rep stosl
        movl    %ebp, %eax
        call    bios_main               /* regparm: EAX = drive; does not return */

/* ------------------------------------------------------------------------------------------------------------------
 * void bios_call(uint8_t vector, struct bios_registers *registers): EAX and EDX.
 */
        .globl  bios_call
bios_call:
        pushl   %ebx
        pushl   %esi
        pushl   %edi
        pushl   %ebp
        pushl   %edx
        movb    %al, vector
        movl    %edx, %esi
        movl    $registers, %edi
        movl    $10, %ecx               /* struct bios_registers */
        rep movsl
        sidt    protected_idt
        ljmpl   $CODE16, $leave_protected

        .code16
leave_protected:
        movw    $DATA16, %ax            /* 64 KiB limits, as real mode wants them cached */
        movw    %ax, %ds
        movw    %ax, %es
        movw    %ax, %fs
        movw    %ax, %gs
        movw    %ax, %ss
        lidtl   real_idt
        movl    %cr0, %eax
        andb    $~CR0_PE, %al
        movl    %eax, %cr0
        ljmpw   $0, $real
real:
        xorw    %ax, %ax
        movw    %ax, %ss                /* SP is below 64 KiB in both worlds */
        movw    %ax, %fs
        movw    %ax, %gs
        movw    %ax, %ds
        movw    registers_es, %es
        movl    %esp, saved_stack
        movw    $registers, %sp
        popal                           /* EDI ESI EBP (ESP) EBX EDX ECX EAX */
        movl    saved_stack, %esp
        movw    registers_ds, %ds
        sti
        .byte   0xcd                    /* INT */
vector: .byte   0
        cli
        cld
        pushw   %ds
        pushw   $0
        popw    %ds
        popw    registers_ds
        movw    %es, registers_es
        pushfl
        popl    registers_eflags
        movl    %esp, saved_stack
        movw    $registers_end, %sp
        pushal
        movl    saved_stack, %esp

        lgdtl   gdt_pointer             /* a BIOS that went to protected mode on its own has left its own GDT */
        movl    %cr0, %eax
        orb     $CR0_PE, %al
        movl    %eax, %cr0
        ljmpl   $CODE32, $back

        .code32
back:
        movl    $DATA32, %eax
        movl    %eax, %ds
        movl    %eax, %es
        movl    %eax, %fs
        movl    %eax, %gs
        movl    %eax, %ss
        lidt    protected_idt
        popl    %edi
        movl    $registers, %esi
        movl    $10, %ecx
        rep movsl
        popl    %ebp
        popl    %edi
        popl    %esi
        popl    %ebx
        ret

/* ------------------------------------------------------------------------------------------------------------------ */
        .section .data, "aw"
        .balign 8
gdt:
        .quad   0
        .quad   0x00cf9b000000ffff      /* 08: 32-bit code, flat */
        .quad   0x00cf93000000ffff      /* 10: 32-bit data, flat */
        .quad   0x00009b000000ffff      /* 18: 16-bit code, 64 KiB */
        .quad   0x000093000000ffff      /* 20: 16-bit data, 64 KiB */
gdt_end:
gdt_pointer:
        .word   gdt_end - gdt - 1
        .long   gdt
        .balign 4
real_idt:
        .word   0x3ff
        .long   0
        .balign 4
protected_idt:
        .word   0
        .long   0
        .balign 4
saved_stack:
        .long   0
registers:                              /* struct bios_registers; POPAL and PUSHAL go through the first 32 bytes */
        .space  32
registers_end:
registers_es:
        .word   0
registers_ds:
        .word   0
registers_eflags:
        .long   0
