/*
 * The tables in which the processor looks up what to do at a trap: GDT, TSS and IDT.
 *
 * Each CPU has a GDT and a TSS of its own, as per-CPU variables. The TSS names four interrupt stacks (IST) for the
 * exceptions that may come while the stack pointer is worth nothing: double fault, NMI, machine check and debug. The
 * IDT is one for all; it is filled by the boot CPU and never changes.
 *
 * At the top of each interrupt stack, above what the processor pushes, lies the CPU's GS base: trap_entry.S tells why.
 *
 * Source: Intel SDM volume 3A, 3.4.5 and 3.5 (descriptors), 6.14 (64-bit IDT, IST), 7.7 (64-bit TSS).
 */
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/trap_internal.h"

#define DESCRIPTOR_PRESENT (1ull << 47)
#define DESCRIPTOR_USER (3ull << 45) /* privilege level 3 */
#define DESCRIPTOR_SEGMENT (1ull << 44)
#define DESCRIPTOR_CODE (0xaull << 40)   /* code, readable */
#define DESCRIPTOR_DATA (0x2ull << 40)   /* data, writable */
#define DESCRIPTOR_ACCESSED (1ull << 40) /* set here, so that the processor need not */
#define DESCRIPTOR_LONG (1ull << 53)     /* 64-bit code */
#define DESCRIPTOR_32 (1ull << 54)
#define DESCRIPTOR_FLAT (1ull << 55 | 0xfull << 48 | 0xffff) /* the limit: 4 GiB */
#define DESCRIPTOR_TSS (0x9ull << 40)

#define SEGMENT (DESCRIPTOR_PRESENT | DESCRIPTOR_SEGMENT | DESCRIPTOR_ACCESSED | DESCRIPTOR_FLAT)

#define GATE_INTERRUPT 0x8e /* present; interrupts off */
#define GATE_USER 0x60      /* programs may call it with INT */

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
} __attribute__((packed, aligned(8)));
_Static_assert(sizeof(struct tss) == 104, "struct tss");

struct table_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

#define GDT_ENTRIES (SELECTOR_CPU_NUMBER / 8 + 1)

static struct idt_gate idt[256];
static PER_CPU(uint64_t[GDT_ENTRIES], gdt);
static PER_CPU(struct tss, tss);
static PER_CPU(char *, trap_stacks); /* the lowest address of the four */
PER_CPU(vaddr_t, trap_kernel_stack);

/* Vectors with a stack of their own. */
static const uint8_t stack_of[TRAP_EXCEPTIONS] = {
    [TRAP_DOUBLE_FAULT] = TRAP_STACK_DOUBLE_FAULT,
    [TRAP_NMI] = TRAP_STACK_NMI,
    [TRAP_MACHINE_CHECK] = TRAP_STACK_MACHINE_CHECK,
    [TRAP_DEBUG] = TRAP_STACK_DEBUG,
};

static void fill_idt(void)
{
    for (unsigned i = 0; i < ARRAY_LENGTH(idt); i++) {
        uint64_t stub = (uint64_t)trap_stubs + TRAP_STUB_SIZE * i;
        idt[i] = (struct idt_gate){
            .offset_low = (uint16_t)stub,
            .offset_middle = (uint16_t)(stub >> 16),
            .offset_high = (uint32_t)(stub >> 32),
            .selector = SELECTOR_KERNEL_CODE,
            .ist = i < TRAP_EXCEPTIONS ? stack_of[i] : 0,
            .type = GATE_INTERRUPT | (i == TRAP_BREAKPOINT || i == TRAP_OVERFLOW ? GATE_USER : 0),
        };
    }
}

static void fill_gdt(void)
{
    uint64_t tss_base = (uint64_t)this_cpu_pointer(tss);
    const uint64_t entries[GDT_ENTRIES] = {
        [SELECTOR_KERNEL_CODE / 8] = SEGMENT | DESCRIPTOR_CODE | DESCRIPTOR_LONG,
        [SELECTOR_KERNEL_DATA / 8] = SEGMENT | DESCRIPTOR_DATA | DESCRIPTOR_32,
        [SELECTOR_USER_CODE32 / 8] = SEGMENT | DESCRIPTOR_CODE | DESCRIPTOR_32 | DESCRIPTOR_USER,
        [SELECTOR_USER_DATA / 8] = SEGMENT | DESCRIPTOR_DATA | DESCRIPTOR_32 | DESCRIPTOR_USER,
        [SELECTOR_USER_CODE / 8] = SEGMENT | DESCRIPTOR_CODE | DESCRIPTOR_LONG | DESCRIPTOR_USER,
        [SELECTOR_TSS / 8] = DESCRIPTOR_PRESENT | DESCRIPTOR_TSS | (sizeof(struct tss) - 1) |
                             (tss_base & 0xffffff) << 16 | (tss_base >> 24 & 0xff) << 56,
        [SELECTOR_TSS / 8 + 1] = tss_base >> 32,
        [SELECTOR_CPU_NUMBER / 8] = DESCRIPTOR_PRESENT | DESCRIPTOR_SEGMENT | DESCRIPTOR_ACCESSED | DESCRIPTOR_DATA |
                                    DESCRIPTOR_USER | cpu_number(),
    };
    for (unsigned i = 0; i < GDT_ENTRIES; i++)
        this_cpu(gdt)[i] = entries[i];
}

/* Each interrupt stack begins 16 bytes below its end, and the word there is the GS base of its CPU. */
static void fill_tss(void)
{
    for (unsigned i = 1; i <= TRAP_STACK_COUNT; i++) {
        char *top = this_cpu(trap_stacks) + (size_t)i * TRAP_STACK_SIZE - 16;
        *(uintptr_t *)top = this_cpu(gs_base);
        this_cpu(tss).ist[i - 1] = (uint64_t)top;
    }
    this_cpu(tss).io_map = sizeof(struct tss); /* beyond the limit: programs get no port */
}

static void load_tables(void)
{
    struct table_pointer gdt_pointer = {sizeof(uint64_t[GDT_ENTRIES]) - 1, (uint64_t)this_cpu_pointer(gdt)};
    struct table_pointer idt_pointer = {sizeof idt - 1, (uint64_t)idt};
    __asm__ volatile("lgdt %0\n"
                     "lidt %1\n"
                     "push %2\n"
                     "lea 1f(%%rip), %%rax\n"
                     "push %%rax\n"
                     "lretq\n"
                     "1: mov %k3, %%ss\n"
                     "mov %k3, %%ds\n"
                     "mov %k3, %%es\n" /* not FS and GS: a write to the selector would lose the base */
                     "ltr %w4"
        :
        : "m"(gdt_pointer), "m"(idt_pointer), "i"(SELECTOR_KERNEL_CODE), "r"(SELECTOR_KERNEL_DATA), "r"(SELECTOR_TSS)
        : "rax", "memory");
}

void trap_prepare_cpu(unsigned cpu, void *memory)
{
    cpu_local(trap_stacks, cpu) = memory;
}

void trap_init(void)
{
    static char boot_stacks[TRAP_STACKS_SIZE] __attribute__((aligned(16)));
    if (cpu_number() == 0) {
        this_cpu(trap_stacks) = boot_stacks;
        trap_closes_user_memory = cpu_has(CPU_SMAP);
        fill_idt();
    }
    fill_gdt();
    fill_tss();
    load_tables();
}

void trap_set_kernel_stack(vaddr_t top)
{
    this_cpu(tss).rsp[0] = top;
    this_cpu(trap_kernel_stack) = top;
}
