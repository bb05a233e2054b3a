/*
 * The processor is in the state that docs/boot-protocol.md promises. state_entry.S is the ELF entry point: it notes the
 * registers before any C code runs.
 */
#include "state.h"
#include "test.h"

#include "arch/x86_64/io.h"

BOOT_REQUEST(.flags = 0);

struct state state;

static void check_registers(const struct boot_info *info)
{
    CHECK(state.rsp % 16 == 8);
    CHECK(*(const uint64_t *)state.rsp == 0);
    CHECK(state.rsp + 8 == info->stack_base + info->stack_size);
    CHECK(state.rflags == 2); /* IF and DF clear, and all else */
    CHECK(state.rbp == 0);
    CHECK(state.rdi == (uint64_t)info);
    CHECK(state.cs == 0x08 && state.ss == 0x10 && state.ds == 0x10 && state.es == 0x10);
}

static void check_control(const struct boot_info *info)
{
    uint64_t cr0, cr3, cr4;
    uint32_t low, high;
    __asm__("mov %%cr0, %0; mov %%cr3, %1; mov %%cr4, %2" : "=r"(cr0), "=r"(cr3), "=r"(cr4));
    __asm__("rdmsr" : "=a"(low), "=d"(high) : "c"(0xc0000080));
    CHECK((cr0 & 0xe0050033) == 0x80010033); /* paging, write protection, no cache disabling, no emulation */
    CHECK(cr3 == info->page_table);
    CHECK(cr4 == 0x20);                       /* PAE, four levels, nothing else */
    CHECK((low & 0xd00) == 0xd00);            /* LME, LMA, NXE */
}

void test(const struct boot_info *info)
{
    check_registers(info);
    check_control(info);
    CHECK(inb(0x21) == 0xff && inb(0xa1) == 0xff); /* both PICs masked */
}
