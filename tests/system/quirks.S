/*
 * A BIOS with quirks, for boot-quirks.t: a floppy boot sector (and three sectors after it) that puts itself between the
 * machine's BIOS and whatever boots next, moves to the top of low memory, and starts the first hard disk. The word
 * `flags`, at offset 508, says which quirks there shall be.
 *
 * Sources: Ralf Brown's Interrupt List (INT 10h AH=4Fh; INT 13h AH=02h, 41h to 48h; INT 15h AX=2401h, E801h, E820h and
 * AH=88h); BIOS data area, word 40:13 (KiB of low memory).
 */
#define NO_PACKETS 0x0001       /* INT 13h knows cylinders, heads and sectors only */
#define DRIVE_ZERO 0x0002       /* DL = 0 at entry */
#define SEGMENT_7C0 0x0004      /* entered at 07C0:0000 */
#define FLAKY 0x0008            /* two of three reads fail */
#define CLOBBER 0x0010          /* what a call need not keep, it does not: upper halves, FS, GS, the GDT, direction */
#define NO_E820 0x0020
#define NO_E801 0x0040
#define NO_88 0x0080
#define ODD_E820 0x0100         /* absurd entries first, and the end told by the carry flag */
#define NO_VBE 0x0200
#define A20_OFF 0x0400
#define NO_2401 0x0800          /* the BIOS does not switch A20 */
#define SHORT_READS 0x1000      /* no more than 64 sectors at once */

#define HERE 0x9000             /* segment */
#define SECTORS 4
#define CARRY 1
#define DIRECTION 0x0400

        .code16
        .text
        .globl  _start
_start:
        cli
        xorw    %ax, %ax
        movw    %ax, %ds
        movw    %ax, %ss
        movw    $0x7c00, %sp
        movw    $HERE / 64, 0x413           /* low memory ends here */
        movw    $HERE, %ax
        movw    %ax, %es
        xorw    %bx, %bx
        sti
        movw    $0x0200 | SECTORS, %ax      /* all of this, once more */
        movw    $0x0001, %cx
        movw    $0x0000, %dx
        int     $0x13
        ljmp    $HERE, $moved
moved:
        cli
        movl    0x10 * 4, %eax
        movl    %eax, %cs:old10
        movl    0x13 * 4, %eax
        movl    %eax, %cs:old13
        movl    0x15 * 4, %eax
        movl    %eax, %cs:old15
        movl    $HERE << 16, %eax
        movw    $int10, %ax
        movl    %eax, 0x10 * 4
        movw    $int13, %ax
        movl    %eax, 0x13 * 4
        movw    $int15, %ax
        movl    %eax, 0x15 * 4
        sti

        pushw   $0
        popw    %es
        movw    $3, %bp                     /* the first sector of the hard disk; FLAKY is for what comes then */
read:
        movw    $0x0201, %ax
        movw    $0x7c00, %bx
        movw    $0x0001, %cx
        movw    $0x0080, %dx
        int     $0x13
        jnc     there
        decw    %bp
        jnz     read
there:
        testw   $A20_OFF, %cs:flags
        jz      1f
        inb     $0x92, %al
        andb    $0xfc, %al
        outb    %al, $0x92
1:
        movw    $0x0080, %dx
        testw   $DRIVE_ZERO, %cs:flags
        jz      1f
        xorw    %dx, %dx
1:
        testw   $SEGMENT_7C0, %cs:flags
        jz      1f
        ljmp    $0x07c0, $0
1:
        ljmp    $0, $0x7c00

        .org    508
flags:  .word   0
        .word   0xaa55

old10:  .long   0
old13:  .long   0
old15:  .long   0
reads:  .word   0

/* ------------------------------------------------------------------------------------------------------------------
 * Ends of an interrupt: as it would have ended, with CF set, with CF clear.
 */
fail:
        pushw   %bp
        movw    %sp, %bp
        orw     $CARRY, 6(%bp)
        popw    %bp
        iretw

succeed:
        pushw   %bp
        movw    %sp, %bp
        andw    $~CARRY, 6(%bp)
        popw    %bp
        iretw

/* After a call of the old handler: its flags are the caller's, and what may be clobbered is. */
leave:
        pushfw
        pushw   %bp
        movw    %sp, %bp
        pushw   %ax
        movw    2(%bp), %ax
        testw   $CLOBBER, %cs:flags
        jz      1f
        orw     $DIRECTION, %ax
1:
        movw    %ax, 8(%bp)
        popw    %ax
        popw    %bp
        addw    $2, %sp
        testw   $CLOBBER, %cs:flags
        jz      1f
        .irp    register, a, b, c, d
        pushw   %\register\()x
        movl    $0xdeadbeef, %e\register\()x
        popw    %\register\()x
        .endr
        .irp    register, si, di, bp
        pushw   %\register
        movl    $0xdeadbeef, %e\register
        popw    %\register
        .endr
        pushw   $0x1234
        popw    %fs
        pushw   $0x5678
        popw    %gs
        lgdtl   %cs:no_gdt
1:
        iretw

no_gdt: .word   0
        .long   0

/* ------------------------------------------------------------------------------------------------------------------ */
int10:
        testw   $NO_VBE, %cs:flags
        jz      1f
        cmpb    $0x4f, %ah
        jne     1f
        movw    $0x0100, %ax
        iretw
1:
        pushfw
        lcallw  *%cs:old10
        jmp     leave

/* ------------------------------------------------------------------------------------------------------------------ */
int13:
        testw   $NO_PACKETS, %cs:flags
        jz      1f
        cmpb    $0x41, %ah
        jb      1f
        cmpb    $0x48, %ah
        ja      1f
        movb    $1, %ah
        jmp     fail
1:
        testw   $SHORT_READS, %cs:flags
        jz      1f
        cmpb    $0x42, %ah
        jne     1f
        cmpw    $64, 2(%si)                 /* of the packet */
        jbe     1f
        movb    $1, %ah
        jmp     fail
1:
        testw   $FLAKY, %cs:flags
        jz      1f
        cmpb    $0x02, %ah
        je      2f
        cmpb    $0x42, %ah
        jne     1f
2:
        incw    %cs:reads
        cmpw    $3, %cs:reads
        je      3f
        movb    $0x80, %ah                  /* no answer */
        jmp     fail
3:
        movw    $0, %cs:reads
1:
        pushfw
        lcallw  *%cs:old13
        jmp     leave

/* ------------------------------------------------------------------------------------------------------------------ */
int15:
        cmpw    $0xe820, %ax
        je      e820
        cmpw    $0xe801, %ax
        je      e801
        cmpb    $0x88, %ah
        je      extended
        cmpb    $0x24, %ah
        je      a20
pass15:
        ljmpw   *%cs:old15

e801:
        testw   $NO_E801, %cs:flags
        jz      pass15
        jmp     unknown
extended:
        testw   $NO_88, %cs:flags
        jz      pass15
        jmp     unknown
a20:
        testw   $NO_2401, %cs:flags
        jz      pass15
unknown:
        movb    $0x86, %ah
        jmp     fail

/*
 * With ODD_E820, EBX = 0 to begin with and E000h + N afterwards stands for entry N below, E0FEh for the first of the
 * machine's own entries, whatever the machine uses for its others, and E0FFh for the end.
 */
e820:
        testw   $NO_E820, %cs:flags
        jnz     unknown
        testw   $ODD_E820, %cs:flags
        jz      pass15
        cmpl    $0xe0ff, %ebx
        je      unknown
        cmpl    $0xe0fe, %ebx
        je      first_genuine
        cmpl    $0xe000, %ebx
        jae     odd
        testl   %ebx, %ebx
        jnz     genuine
        movl    $0xe000, %ebx
odd:
        pushw   %di
        pushw   %si
        pushw   %ds
        pushw   %cs
        popw    %ds
        movw    %bx, %si
        subw    $0xe000, %si
        imulw   $20, %si, %si
        addw    $entries, %si
        movw    $20, %cx
        cld
        rep movsb
        popw    %ds
        popw    %si
        popw    %di
        movl    $20, %ecx
        movl    $0x534d4150, %eax
        incl    %ebx
        cmpl    $0xe000 + ENTRIES, %ebx
        jb      succeed
        movl    $0xe0fe, %ebx
        jmp     succeed
first_genuine:
        xorl    %ebx, %ebx
genuine:
        pushfw
        lcallw  *%cs:old15
        jc      fail
        testl   %ebx, %ebx
        jnz     succeed
        movl    $0xe0ff, %ebx
        jmp     succeed

        .macro  entry base, length, type
        .quad   \base, \length
        .long   \type
        .endm
entries:
        entry   0, 0, 1                             /* nothing */
        entry   0x1000000, 0, 2
        entry   0, 0x1800000, 1                     /* again, and over the ROMs */
        entry   0x300000, 0x5000, 77                /* a type of the future */
        entry   0x2000800, 0x10000, 5               /* bad memory, not on a page */
        entry   0x4000123, 0x10, 1                  /* a few bytes */
        entry   0xfd00000000, 0x300000000, 2        /* as some firmware says, near 1 TiB */
        entry   0xfffffffffffff000, 0x2000, 2       /* beyond the end of the world */
        entry   0x5000000, 0xffffffffffffffff, 88   /* all that is above 80 MiB */
entries_end:
        .set    ENTRIES, (entries_end - entries) / 20
        .org    SECTORS * 512
