/*
 * The last code of the loader, and the first line of defence of a young kernel.
 *
 * handoff_main() runs in 64-bit mode on the kernel's page tables and gives the processor the state that the protocol
 * promises: a GDT and TSS, PAT entry 5 = write-combining, both 8259 PICs masked, and an IDT whose 32 handlers print
 * what happened (fault.c) on a stack of their own. So a kernel that faults before it has an IDT, or runs into the guard
 * page of its stack, ends with a sentence and not with a reset. The blob stays in BOOT memory until the kernel takes
 * it.
 *
 * Sources: Intel SDM volume 3, 6.14.1 (64-bit IDT), 7.7 (64-bit TSS), 12.12.4 (PAT); Intel 8259A data sheet (OCW1).
 */
#include "boot/handoff/handoff_internal.h"

#include "arch/x86_64/io.h"

#define MSR_PAT 0x277
#define PAT_WRITE_COMBINING 0x01
#define PAT_ENTRY 5
#define CPUID_PAT (1u << 16)

#define PIC1_DATA 0x21
#define PIC2_DATA 0xa1

#define GATE_INTERRUPT 0x8e
#define FAULT_IST 1

struct idt_gate {
    uint16_t offset_low, selector;
    uint8_t ist, type;
    uint16_t offset_middle;
    uint32_t offset_high, reserved;
};

struct tss {
    uint32_t reserved0;
    uint64_t rsp[3], reserved1, ist[7], reserved2;
    uint16_t reserved3, io_map;
} __attribute__((packed));

struct table_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

static struct idt_gate idt[32];
static struct tss tss;

struct handoff handoff_parameters;

static void load_idt(void)
{
    for (unsigned i = 0; i < 32; i++) {
        uint64_t stub = (uint64_t)fault_stubs + 8 * i;
        idt[i] = (struct idt_gate){
            .offset_low = (uint16_t)stub,
            .offset_middle = (uint16_t)(stub >> 16),
            .offset_high = (uint32_t)(stub >> 32),
            .selector = HANDOFF_CODE64,
            .ist = FAULT_IST,
            .type = GATE_INTERRUPT,
        };
    }
    struct table_pointer pointer; /* assigned, not initialised: a constant would hold an absolute address */
    pointer.limit = sizeof idt - 1;
    pointer.base = (uint64_t)idt;
    __asm__ volatile("lidt %0" : : "m"(pointer));
}

static void load_tss(void)
{
    tss.ist[FAULT_IST - 1] = (uint64_t)handoff_stack_top;
    tss.io_map = sizeof tss;
    uint64_t base = (uint64_t)&tss;
    gdt[HANDOFF_TSS / 8] = (sizeof tss - 1) | (base & 0xffffff) << 16 | 0x89ull << 40 | (base >> 24 & 0xff) << 56;
    gdt[HANDOFF_TSS / 8 + 1] = base >> 32;
    __asm__ volatile("ltr %w0" : : "r"(HANDOFF_TSS));
}

/* Entries 0 to 3 keep what every operating system expects there. */
static void set_pat(void)
{
    if (!(cpu_id(1, 0).edx & CPUID_PAT))
        return;
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(MSR_PAT));
    high = (high & ~(0xffu << 8 * (PAT_ENTRY - 4))) | (uint32_t)PAT_WRITE_COMBINING << 8 * (PAT_ENTRY - 4);
    __asm__ volatile("wbinvd; wrmsr; mov %%cr3, %%rax; mov %%rax, %%cr3"
        :
        : "c"(MSR_PAT), "a"(low), "d"(high)
        : "memory");
}

void handoff_main(struct handoff *parameters)
{
    load_tss();
    load_idt();
    set_pat();
    outb(PIC1_DATA, 0xff);
    outb(PIC2_DATA, 0xff);
}
