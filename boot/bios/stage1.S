/*
 * Stage 1: the 512 bytes that a BIOS loads, from a hard disk or USB stick (sector 0) or, as a copy, from an optical disc
 * (El Torito, no emulation). It reads stage 2 and jumps to it.
 *
 * In: real mode, CS:IP = 0000:7C00 or 07C0:0000, DL = the boot drive (some BIOSes pass 0). Out: 0000:8000 with DL = the
 * drive that stage 2 was read from.
 *
 * Only the boot drive is touched, by INT 13h extensions where they exist and by cylinder, head and sector elsewhere, and
 * what came is believed only if stage 2's magic number is in it. A failure is a sentence on the screen and on COM1.
 *
 * Sources: BIOS Enhanced Disk Drive Services 3.0 (INT 13h AH=41h, 42h, 48h); Ralf Brown's Interrupt List (AH=00h, 02h,
 * 08h); El Torito 1.0.
 */
#include "boot/layout.h"

#define PARAMETERS 0x620            /* drive parameters of AH=48h */
#define PARAMETERS_SIZE 26
#define PARAMETERS_BYTES 24         /* bytes a sector */
#define SECTORS_A_TRACK 0x610       /* word */
#define HEADS 0x612                 /* word */
#define HEADS_MINUS_ONE 0x614       /* byte */

        .code16
        .section .text, "ax"
        .globl  _start
_start:
        jmp     start
        .org    90                  /* where a FAT BPB would be: some firmware writes there */
start:
        cli
        cld
        xorw    %bx, %bx
        movw    %bx, %ds
        movw    %bx, %es
        movw    %bx, %ss
        movw    $BIOS_STACK_TOP, %sp
        ljmp    $0, $canonical
canonical:
        sti

        testb   %dl, %dl            /* 80h is the first disk, and the first guess when the BIOS says nothing */
        jns     guess
        call    load
guess:
        movb    $0x80, %dl
        call    load

        /* ------------------------------------------------------------------ failure: say so, and wait for a reset */
        movw    $0x00e3, %ax        /* COM1: 9600 baud, 8N1 */
        xorw    %dx, %dx
        int     $0x14
        movw    $message, %si
print:
        cld                         /* a BIOS may leave it set */
        lodsb
        testb   %al, %al
        jz      stop
        pushw   %si
        pushw   %ax
        movb    $1, %ah
        int     $0x14
        popw    %ax
        movb    $0x0e, %ah
        xorw    %bx, %bx            /* page 0 */
        int     $0x10
        popw    %si
        jmp     print
stop:
        hlt
        jmp     stop

/*
 * Reads stage 2 from drive DL and jumps to it. Returns when it is not there.
 */
load:
        movb    $0x41, %ah
        movw    $0x55aa, %bx
        call    disk
        jc      chs
        cmpw    $0xaa55, %bx
        jne     chs
        shrb    $1, %cl             /* bit 0: packet calls */
        jnc     chs

        movw    $LAYOUT_STAGE2_SECTOR, %bx
        movw    sectors, %cx
        movw    $PARAMETERS, %si
        movw    $PARAMETERS_SIZE, (%si)
        movb    $0x48, %ah
        call    disk
        jc      packet
        cmpw    $DISC_BLOCK_SIZE, PARAMETERS_BYTES(%si)
        jne     packet
        shrw    $2, %bx             /* a disc counts in blocks of four sectors */
        shrw    $2, %cx
packet:
        movw    %cx, count
        movw    %bx, block
        movw    $packet_address, %si
        movb    $0x42, %ah
        call    disk
        jnc     verify

        /* Cylinder, head, sector: one sector at a time, with the geometry that the BIOS itself claims. */
chs:
        movb    $8, %ah
        call    disk
        jc      fail
        andw    $0x3f, %cx
        jz      fail
        movw    %cx, SECTORS_A_TRACK
        movzbw  HEADS_MINUS_ONE, %ax
        incw    %ax
        movw    %ax, HEADS
        movw    $LAYOUT_STAGE2_SECTOR, %si
        movw    $BIOS_STAGE2, %bx
        movw    sectors, %di
next:
        pushw   %dx
        xorw    %dx, %dx
        movw    %si, %ax
        divw    SECTORS_A_TRACK
        movw    %dx, %cx
        incw    %cx                 /* CL: sector from 1 */
        xorw    %dx, %dx
        divw    HEADS               /* AX: cylinder, below 256 here; DX: head */
        movb    %al, %ch
        movb    %dl, %al
        popw    %dx
        movb    %al, %dh
        movw    $0x0201, %ax
        call    disk
        jc      fail
        incw    %si
        addb    $2, %bh             /* 512 bytes on; the last one ends at 64 KiB */
        decw    %di
        jnz     next
verify:
        cmpl    $STAGE2_MAGIC, BIOS_STAGE2 + STAGE2_MAGIC_OFFSET
        je      BIOS_STAGE2
fail:
        ret

/*
 * INT 13h for drive DL, up to three times with a reset between. Everything but the results in AX, BX and CX and the
 * flags is as before; AH=08h leaves the last head number in HEADS_MINUS_ONE.
 */
disk:
        movw    $3, %bp
again:
        pushw   %si
        pushw   %di
        pushw   %bp
        pushw   %ax
        pushw   %dx
        pushw   count               /* after a failure it says how much was read: the next try is for all again */
        stc
        int     $0x13
        pushw   %ss                 /* what DS and ES were; AH=08h returns a pointer in ES:DI */
        popw    %ds
        pushw   %ss
        popw    %es
        popw    count
        movb    %dh, HEADS_MINUS_ONE
        jnc     done
        popw    %dx
        pushw   %dx
        xorw    %ax, %ax            /* reset this drive, then once more */
        int     $0x13
        stc
done:
        popw    %dx
        popw    %ax
        popw    %bp
        popw    %di
        popw    %si
        jnc     return
        decw    %bp                 /* leaves CF */
        jnz     again
return:
        ret

packet_address:
        .byte   16, 0
count:  .word   0
        .word   BIOS_STAGE2, 0
block:  .quad   0

message:
        .asciz  "Corrode: cannot read disk. Rewrite it or attach as HDD.\r\n"

        .org    STAGE1_SECTORS_OFFSET
sectors:
        .word   LAYOUT_STAGE2_MAX_SECTORS   /* the image tool writes the true number */
        .long   0                   /* disk signature */
        .word   0
        .org    MBR_TABLE_OFFSET
        .space  64
        .word   0xaa55
