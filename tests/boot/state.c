/*
 * The processor is in the state that docs/boot-protocol.md promises. state_entry.S is the ELF entry point: it notes the
 * registers before any C code runs.
 */
#include "state.h"
#include "test.h"

#include "arch/x86_64/io.h"

BOOT_REQUEST(.flags = 0);

struct state state;

#define IO_APIC 0xfec00000u /* of QEMU's PCs */
#define IO_APIC_MASKED (1u << 16)

/* A hole in the address space, for check_io_apic. */
#define WINDOW 0xffffc00000000000
static uint64_t tables[2][512] __attribute__((aligned(PAGE_SIZE)));

static void check_registers(const struct boot_info *info)
{
    CHECK(state.rsp % 16 == 8);
    CHECK(*(const uint64_t *)state.rsp == 0);
    CHECK(state.rsp + 8 == info->stack_base + info->stack_size);
    CHECK(state.rflags == 2); /* IF and DF clear, and all else */
    CHECK(state.rdi == (uint64_t)info);
    CHECK(state.cs == 0x08 && state.ss == 0x10 && state.ds == 0x10 && state.es == 0x10);
    CHECK(state.fs == 0 && state.gs == 0 && state.tr == 0x20 && state.ldt == 0);
    for (size_t i = 0; i < ARRAY_LENGTH(state.zero); i++)
        CHECK(state.zero[i] == 0);
}

/* Maps the first I/O APIC, which is not in the direct map, and looks at every redirection entry. */
static void check_io_apic(const struct boot_info *info)
{
    paddr_t physical = info->kernel_physical + ((uint64_t)tables - info->kernel_virtual);
    uint64_t *pml4 = (uint64_t *)(info->direct_map + info->page_table);
    pml4[WINDOW >> 39 & 511] = physical | 3;
    tables[0][0] = (physical + PAGE_SIZE) | 3;
    tables[1][0] = align_down(IO_APIC, MIB(2)) | 0x9b; /* 2 MiB, uncached, writable */
    volatile uint32_t *registers = (volatile uint32_t *)(WINDOW + IO_APIC % MIB(2));
    registers[0] = 1;
    uint32_t last = registers[4] >> 16 & 0xff;
    CHECK(last >= 23 && last < 240);
    for (uint32_t i = 0; i <= last; i++) {
        registers[0] = 0x10 + 2 * i;
        CHECK(registers[4] & IO_APIC_MASKED);
    }
}

static void check_control(const struct boot_info *info)
{
    uint64_t cr0, cr3, cr4;
    uint32_t low, high;
    __asm__("mov %%cr0, %0; mov %%cr3, %1; mov %%cr4, %2" : "=r"(cr0), "=r"(cr3), "=r"(cr4));
    __asm__("rdmsr" : "=a"(low), "=d"(high) : "c"(0xc0000080));
    CHECK((cr0 & 0xe0050033) == 0x80010033); /* paging, write protection, no cache disabling, no emulation */
    CHECK(cr3 == info->page_table);
    CHECK(cr4 == 0x20);               /* PAE, four levels, nothing else */
    CHECK(low == 0xd00 && high == 0); /* LME, LMA, NXE */
}

void test(const struct boot_info *info)
{
    check_registers(info);
    check_control(info);
    CHECK(inb(0x21) == 0xff && inb(0xa1) == 0xff); /* both PICs masked */
    if (strcmp(info->cmdline, "no I/O APIC") != 0)
        check_io_apic(info);
}
