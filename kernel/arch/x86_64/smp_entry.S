/*
 * Where the other CPUs begin: copied into a page below 1 MiB, which the start-up IPI names, in real mode with CS = page
 * / 16 and IP = 0. It goes to long mode directly, on the kernel's own page tables, in which the page is mapped at its
 * physical address meanwhile, read-only: protection and paging are turned on by one write to CR0. Then it finds out
 * which CPU it is, by its APIC ID, and goes on in C on the stack that is meant for it. A CPU that is not on the list
 * goes back to sleep.
 *
 * All CPUs run through here at once, so nothing is written. Addresses are relative to the page; the accessed bits in
 * the GDT are set, so that the processor does not write them either.
 *
 * Source: Intel SDM volume 3A, 9.4 (start-up), 10.8.5 (to IA-32e mode); volume 2, CPUID leaves 1 and 0Bh.
 */
#define CR4_PAE (1 << 5)
#define CR0_PE_ET_NE_WP_PG 0x80010031
#define MSR_EFER 0xc0000080
#define EFER_LME_NXE (1 << 8 | 1 << 11)
#define CODE64 8
#define DATA 16
#define PARAMETER_CR3 8  /* offsets in struct smp_parameters */
#define PARAMETER_COUNT 12
#define PARAMETER_SLOTS 16
#define PARAMETER_ENTER 24
#define PARAMETER_GDT 32
#define SLOT_SIZE 16
#define SLOT_CPU 4
#define SLOT_STACK 8

        .section .rodata.smp_entry, "a"
        .globl smp_entry_start, smp_entry_parameters, smp_entry_end
        .hidden smp_entry_start, smp_entry_parameters, smp_entry_end
        .balign 16
        .code16
smp_entry_start:
        cli
        cld
        mov     %cs, %ax
        mov     %ax, %ds
        xor     %ebx, %ebx
        mov     %ax, %bx
        shl     $4, %ebx                /* EBX: the page's address, to the end */
        lgdtl   smp_entry_parameters - smp_entry_start + PARAMETER_GDT
        mov     $CR4_PAE, %eax
        mov     %eax, %cr4
        mov     smp_entry_parameters - smp_entry_start + PARAMETER_CR3, %eax
        mov     %eax, %cr3
        mov     $MSR_EFER, %ecx
        rdmsr
        or      $EFER_LME_NXE, %eax
        wrmsr
        mov     $CR0_PE_ET_NE_WP_PG, %eax
        mov     %eax, %cr0
        ljmpl   *smp_entry_parameters - smp_entry_start

        .code64
long_mode:
        mov     $DATA, %eax
        mov     %eax, %ds
        mov     %eax, %es
        mov     %eax, %ss
        xor     %eax, %eax
        mov     %eax, %fs
        mov     %eax, %gs
        mov     %ebx, %ebp              /* CPUID needs EBX */
        xor     %eax, %eax
        cpuid
        cmp     $0xb, %eax
        jb      1f
        mov     $0xb, %eax
        xor     %ecx, %ecx
        cpuid
        mov     %edx, %edi              /* the ID in 32 bits */
        test    %ebx, %ebx
        jnz     2f
1:      mov     $1, %eax
        cpuid
        mov     %ebx, %edi
        shr     $24, %edi               /* the ID in 8 bits */
2:      lea     smp_entry_parameters - smp_entry_start(%rbp), %rbx
        mov     PARAMETER_COUNT(%rbx), %ecx
        mov     PARAMETER_SLOTS(%rbx), %rsi
3:      test    %ecx, %ecx
        jz      4f
        cmp     %edi, (%rsi)
        je      5f
        add     $SLOT_SIZE, %rsi
        dec     %ecx
        jmp     3b
4:      hlt
        jmp     4b
5:      mov     SLOT_STACK(%rsi), %rsp
        mov     SLOT_CPU(%rsi), %edi
        xor     %ebp, %ebp
        pushq   $0                      /* there is no caller */
        jmp     *PARAMETER_ENTER(%rbx)

        .balign 8
gdt:
        .quad   0
        .quad   0x00af9b000000ffff
        .quad   0x00cf93000000ffff
gdt_end:
        /* struct smp_parameters; where this page's address comes in, it is added */
smp_entry_parameters:
        .long   long_mode - smp_entry_start, CODE64
        .fill   24, 1, 0
        .word   gdt_end - gdt - 1
        .long   gdt - smp_entry_start
smp_entry_end:

        .section .note.GNU-stack, "", @progbits
