/*
 * Traps in words (kernel/debug/trap_report.c): every kind of exception gets its sentence, and a text is never longer
 * than its room.
 */
#include "arch/x86_64/paging.h"
#include "debug/probe.h"
#include "debug/symbols.h"
#include "debug/trap_report.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

/* What the report asks of the machine. */
const char *trap_name(uint64_t vector)
{
    static const char *const names[] = {[TRAP_PROTECTION] = "general protection fault",
        [TRAP_PAGE_FAULT] = "page fault",
        [TRAP_DOUBLE_FAULT] = "double fault",
        [TRAP_INVALID_OPCODE] = "invalid opcode"};
    return vector <= TRAP_PAGE_FAULT && names[vector] != NULL ? names[vector] : "exception";
}

bool probe_is_canonical(vaddr_t address)
{
    return (int64_t)(address << 16) >> 16 == (int64_t)address;
}

bool probe_walk(vaddr_t address, struct probe_walk *walk)
{
    *walk = (struct probe_walk){.top = 4, .last = 3, .entries = {[4] = 0x1003, [3] = 0}};
    return false;
}

size_t probe_read(void *to, vaddr_t from, size_t size)
{
    if (from < 0x1000)
        return 0;
    memset(to, 0x90, size);
    return size;
}

void symbols_format(char *buffer, size_t size, uintptr_t address)
{
    snprintf(buffer, size, "symbol of %#lx", (unsigned long)address);
}

static char text[300];

static const char *explain(struct trap_frame trap, struct trap_facts facts)
{
    facts.who = "thread init (1)";
    if (trap.cs == 0)
        trap.cs = SELECTOR_KERNEL_CODE;
    trap_explain(text, sizeof text, &trap, &facts);
    return text;
}

static const char *page_fault(uint64_t error, vaddr_t address)
{
    return explain(
        (struct trap_frame){.vector = TRAP_PAGE_FAULT, .error = error}, (struct trap_facts){.address = address});
}

static void test_page_faults(void **state)
{
    assert_string_equal(
        page_fault(0, 0x10), "page fault: thread init (1) read 0x10, where nothing is mapped (a null pointer)");
    assert_string_equal(page_fault(FAULT_WRITE, DIRECT_MAP_BASE + 5),
        "page fault: thread init (1) wrote to 0xffff800000000005, where nothing is mapped (the direct map)");
    assert_string_equal(page_fault(FAULT_PRESENT | FAULT_FETCH, VMAP_BASE),
        "page fault: thread init (1) executed 0xffffd00000000000, which is not executable (a virtual area)");
    assert_string_equal(page_fault(FAULT_PRESENT | FAULT_WRITE, PAGE_ARRAY_BASE),
        "page fault: thread init (1) wrote to 0xffffc00000000000, which is mapped read-only (the array of pages)");
    assert_string_equal(page_fault(FAULT_PRESENT, 0x10000000),
        "page fault: thread init (1) read 0x10000000, which is not for the kernel to read "
        "(a program's half of the address space)");
    assert_string_equal(page_fault(FAULT_PRESENT | FAULT_RESERVED, 0xffffb00000000000 + DIRECT_MAP_SIZE),
        "page fault: thread init (1) read 0xfffff00000000000, whose page tables have bits set that must not be");
    assert_string_equal(explain((struct trap_frame){.vector = TRAP_PAGE_FAULT},
                            (struct trap_facts){.address = VMAP_BASE, .area = "a guard page"}),
        "page fault: thread init (1) read 0xffffd00000000000, where nothing is mapped (a guard page)");
}

static void test_stack_overflows(void **state)
{
    struct trap_frame trap = {.vector = TRAP_DOUBLE_FAULT, .rsp = 0xffffd00000000ff8};
    assert_string_equal(explain(trap, (struct trap_facts){.overflow = true}),
        "a kernel stack overflowed: thread init (1), stack pointer 0xffffd00000000ff8");
    assert_string_equal(
        explain(trap, (struct trap_facts){.overflow = true, .stack_base = 0xffffd00000001000, .stack_size = 0x4000}),
        "a kernel stack overflowed: thread init (1), stack pointer 0xffffd00000000ff8, stack at 0xffffd00000001000 to "
        "0xffffd00000005000");
}

static void test_other_exceptions(void **state)
{
    assert_string_equal(explain((struct trap_frame){.vector = TRAP_PROTECTION}, (struct trap_facts){0}),
        "general protection fault: thread init (1) used an address that is not canonical, or did what is not allowed");
    assert_string_equal(explain((struct trap_frame){.vector = TRAP_PROTECTION, .error = 0x30}, (struct trap_facts){0}),
        "general protection fault: thread init (1) used entry 0x6 of the GDT wrongly");
    assert_string_equal(
        explain((struct trap_frame){.vector = TRAP_PROTECTION, .error = 0x80 << 3 | 3}, (struct trap_facts){0}),
        "general protection fault: thread init (1) used entry 0x80 of the IDT wrongly");
    assert_non_null(strstr(
        explain((struct trap_frame){.vector = TRAP_INVALID_OPCODE}, (struct trap_facts){.code = 0x0b0f}), "(ud2)"));
    assert_null(strstr(
        explain((struct trap_frame){.vector = TRAP_INVALID_OPCODE}, (struct trap_facts){.code = 0x9090}), "(ud2)"));
    for (uint64_t vector = 0; vector < 300; vector++) {
        struct trap_frame trap = {.vector = vector};
        struct trap_facts facts = {0};
        assert_non_null(strstr(explain(trap, facts), "thread init (1)"));
    }
    assert_non_null(strstr(explain((struct trap_frame){.vector = UINT64_MAX}, (struct trap_facts){0}), "thread init"));
}

/* Long names, small buffers. */
static void test_room(void **state)
{
    char who[400], small[80];
    memset(who, 'w', sizeof who);
    who[sizeof who - 1] = '\0';
    static const uint64_t vectors[] = {0, TRAP_PROTECTION, TRAP_PAGE_FAULT, TRAP_DOUBLE_FAULT, 99};
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        for (size_t size = 1; size < sizeof small; size++) {
            memset(small, '#', sizeof small);
            struct trap_frame trap = {.vector = vectors[i], .error = i, .cs = SELECTOR_KERNEL_CODE};
            struct trap_facts facts = {.who = who, .overflow = vectors[i] == TRAP_DOUBLE_FAULT, .stack_size = 1};
            trap_explain(small, size, &trap, &facts);
            assert_true(strlen(small) < size);
            assert_int_equal(small[size], '#');
        }
    }
}

static void test_error_codes(void **state)
{
    char error[100];
    struct trap_frame trap = {.vector = TRAP_PAGE_FAULT, .error = FAULT_WRITE | FAULT_USER};
    trap_error_text(error, sizeof error, &trap);
    assert_string_equal(error, "write, not present, in user mode");
    trap.error = FAULT_PRESENT | FAULT_FETCH | FAULT_RESERVED;
    trap_error_text(error, sizeof error, &trap);
    assert_string_equal(error, "execute, forbidden, in kernel mode, reserved bits");
    trap = (struct trap_frame){.vector = TRAP_NO_SEGMENT, .error = 0x1d};
    trap_error_text(error, sizeof error, &trap);
    assert_string_equal(error, "entry 0x3 of the LDT, while an interrupt was delivered");
    trap = (struct trap_frame){.vector = TRAP_DIVIDE, .error = 1};
    trap_error_text(error, sizeof error, &trap);
    assert_string_equal(error, "");
}

static char written[4096];
static void sink_write(struct format_sink *sink, const char *piece, size_t length)
{
    assert_true(strlen(written) + length < sizeof written);
    strncat(written, piece, length);
}
static struct format_sink sink = {.write = sink_write};

static void test_registers_and_details(void **state)
{
    struct trap_frame trap = {.vector = TRAP_PROTECTION,
        .rip = 0x2000,
        .cs = 8,
        .rax = 0x1234567812345678,
        .r15 = 15,
        .rdi = 0x0000800000000000,
        .rflags = 0x246};
    written[0] = '\0';
    trap_write_registers(&sink, &trap);
    assert_non_null(strstr(written, "rip 0008:0000000000002000 symbol of 0x2000\n"));
    assert_non_null(strstr(written, "rax 1234567812345678"));
    assert_non_null(strstr(written, "r15 000000000000000f"));
    assert_non_null(strstr(written, "flags 0x246 ZF IF\n"));
    for (const char *line = written; *line != '\0'; line = strchr(line, '\n') + 1)
        assert_true(strchr(line, '\n') - line < 80);

    written[0] = '\0';
    trap_write_details(&sink, &trap, 0);
    assert_non_null(strstr(written, "not canonical: rax, rdi\n"));
    assert_non_null(strstr(written, " 90 <90> 90"));

    trap = (struct trap_frame){.vector = TRAP_PAGE_FAULT, .rip = 0, .cs = 8};
    written[0] = '\0';
    trap_write_details(&sink, &trap, 0x123000);
    assert_non_null(strstr(written, "code: not mapped\n"));
    assert_non_null(strstr(written, "page tables: PML4 0x1003 PDPT 0; not present\n"));
    written[0] = '\0';
    trap_write_details(&sink, &trap, 0x8000000000000000);
    assert_non_null(strstr(written, "0x8000000000000000 is not canonical\n"));
}

UNIT_MAIN(cmocka_unit_test(test_page_faults), cmocka_unit_test(test_stack_overflows),
    cmocka_unit_test(test_other_exceptions), cmocka_unit_test(test_room), cmocka_unit_test(test_error_codes),
    cmocka_unit_test(test_registers_and_details))
