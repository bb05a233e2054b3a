/*
 * Traps in words: see trap_report.h.
 */
#include "debug/trap_report.h"
#include "arch/x86_64/paging.h"
#include "debug/probe.h"
#include "debug/symbols.h"
#include "lib/elf.h"
#include "lib/string.h"

#define CODE_BEFORE 8 /* bytes that are shown of the code: before RIP, and from it */
#define CODE_AFTER 12
#define NULL_AREA 0x10000 /* bytes; this near to 0 an address is a null pointer and an offset */

/* What an exception means, if that does not depend on its error code. */
static const char *const meanings[TRAP_EXCEPTIONS] = {
    [TRAP_DIVIDE] = "divided by zero, or got a quotient that is too large",
    [TRAP_DEBUG] = "met a debugger's trap",
    [TRAP_NMI] = "was interrupted",
    [TRAP_BREAKPOINT] = "met a breakpoint",
    [TRAP_OVERFLOW] = "executed INTO after an overflow",
    [TRAP_BOUND] = "found an index out of its bounds",
    [TRAP_INVALID_OPCODE] = "executed what is no instruction",
    [TRAP_NO_FPU] = "used floating-point registers, which are not the kernel's",
    [TRAP_DOUBLE_FAULT] = "had an exception, and another while that was being delivered",
    [TRAP_X87] = "had an x87 error",
    [TRAP_ALIGNMENT] = "used a misaligned address",
    [TRAP_MACHINE_CHECK] = "was there when the machine found an error of its own",
    [TRAP_SIMD] = "had a vector floating-point error",
};

static const char *table_of(uint64_t error)
{
    return error & 2 ? "IDT" : error & 4 ? "LDT" : "GDT";
}

/* Only these have a selector for an error code. */
static bool has_selector(uint64_t vector)
{
    return vector == TRAP_INVALID_TSS || vector == TRAP_NO_SEGMENT || vector == TRAP_STACK || vector == TRAP_PROTECTION;
}

static const char *access_verb(uint64_t error)
{
    return error & FAULT_FETCH ? "executed" : error & FAULT_WRITE ? "wrote to" : "read";
}

static const char *refusal(uint64_t error)
{
    if (error & FAULT_RESERVED)
        return "whose page tables have bits set that must not be";
    if (!(error & FAULT_PRESENT))
        return "where nothing is mapped";
    if (error & FAULT_FETCH)
        return "which is not executable";
    return error & FAULT_WRITE ? "which is mapped read-only" : "which is not for the kernel to read";
}

static const char *area_of(const struct trap_facts *facts)
{
    if (facts->area != NULL)
        return facts->area;
    return facts->address < NULL_AREA ? "a null pointer" : trap_area(facts->address);
}

static void explain_page_fault(char *text, size_t size, const struct trap_frame *trap, const struct trap_facts *facts)
{
    const char *area = area_of(facts);
    snprintf(text, size, "page fault: %s %s %#lx, %s%s%s%s", facts->who, access_verb(trap->error), facts->address,
        refusal(trap->error), area != NULL ? " (" : "", area != NULL ? area : "", area != NULL ? ")" : "");
}

static void explain_overflow(char *text, size_t size, const struct trap_frame *trap, const struct trap_facts *facts)
{
    int length = snprintf(text, size, "a kernel stack overflowed: %s, stack pointer %#lx", facts->who, trap->rsp);
    if (facts->stack_size > 0 && (size_t)length < size)
        snprintf(text + length, size - (size_t)length, ", stack at %#lx to %#lx", facts->stack_base,
            facts->stack_base + facts->stack_size);
}

void trap_explain(char *text, size_t size, const struct trap_frame *trap, const struct trap_facts *facts)
{
    const char *name = trap_name(trap->vector);
    if (facts->overflow)
        explain_overflow(text, size, trap, facts);
    else if (trap->vector == TRAP_PAGE_FAULT)
        explain_page_fault(text, size, trap, facts);
    else if (has_selector(trap->vector) && trap->error != 0)
        snprintf(text, size, "%s: %s used entry %#lx of the %s wrongly", name, facts->who, trap->error >> 3 & 0x1fff,
            table_of(trap->error));
    else if (trap->vector == TRAP_PROTECTION || trap->vector == TRAP_STACK)
        snprintf(
            text, size, "%s: %s used an address that is not canonical, or did what is not allowed", name, facts->who);
    else if (trap->vector == TRAP_INVALID_OPCODE && facts->code == 0x0b0f)
        snprintf(text, size, "%s: %s came to where the compiler lets no one come (ud2)", name, facts->who);
    else if (trap->vector < TRAP_EXCEPTIONS && meanings[trap->vector] != NULL)
        snprintf(text, size, "%s: %s %s", name, facts->who, meanings[trap->vector]);
    else
        snprintf(text, size, "%s %lu: %s", name, trap->vector, facts->who);
}

void trap_error_text(char *text, size_t size, const struct trap_frame *trap)
{
    text[0] = '\0';
    if (trap->vector == TRAP_PAGE_FAULT)
        snprintf(text, size, "%s%s, in %s mode%s",
            trap->error & FAULT_FETCH   ? "execute"
            : trap->error & FAULT_WRITE ? "write"
                                        : "read",
            trap->error & FAULT_PRESENT ? ", forbidden" : ", not present", trap->error & FAULT_USER ? "user" : "kernel",
            trap->error & FAULT_RESERVED ? ", reserved bits" : "");
    else if (has_selector(trap->vector) && trap->error != 0)
        snprintf(text, size, "entry %#lx of the %s%s", trap->error >> 3 & 0x1fff, table_of(trap->error),
            trap->error & 1 ? ", while an interrupt was delivered" : "");
}

/* Which of the kernel's own segments it is in. */
static const char *kernel_segment(vaddr_t address)
{
    const struct elf64_phdr *segments = (const void *)((const uint8_t *)&__ehdr_start + __ehdr_start.e_phoff);
    vaddr_t base = 0;
    for (unsigned i = 0; i < __ehdr_start.e_phnum; i++) {
        const struct elf64_phdr *s = &segments[i];
        if (s->p_type != PT_LOAD)
            continue;
        if (s->p_offset == 0)
            base = (vaddr_t)&__ehdr_start - s->p_vaddr;
        if (address - (base + s->p_vaddr) < align_up(s->p_memsz, PAGE_SIZE))
            return s->p_flags & PF_X ? "kernel code" : s->p_flags & PF_W ? "kernel data" : "read-only kernel data";
    }
    return NULL;
}

const char *trap_area(vaddr_t address)
{
    static const struct {
        vaddr_t base;
        uint64_t size;
        const char *name;
    } areas[] = {
        {0, USER_END, "a program's half of the address space"},
        {DIRECT_MAP_BASE, DIRECT_MAP_SIZE, "the direct map"},
        {PAGE_ARRAY_BASE, VMAP_BASE - PAGE_ARRAY_BASE, "the array of pages"},
        {VMAP_BASE, VMAP_SIZE, "a virtual area"},
    };
    const char *segment = kernel_segment(address);
    if (segment != NULL)
        return segment;
    for (unsigned i = 0; i < ARRAY_LENGTH(areas); i++) {
        if (address - areas[i].base < areas[i].size)
            return areas[i].name;
    }
    return NULL;
}

static void write_flags(struct format_sink *sink, uint64_t flags)
{
    static const struct {
        uint64_t bit;
        const char *name;
    } names[] = {{1, "CF"}, {1 << 6, "ZF"}, {1 << 7, "SF"}, {1 << 8, "TF"}, {1 << 9, "IF"}, {1 << 10, "DF"},
        {1 << 11, "OF"}, {1 << 14, "NT"}, {1 << 18, "AC"}};
    format_sink_printf(sink, "flags %#lx", flags);
    for (unsigned i = 0; i < ARRAY_LENGTH(names); i++) {
        if (flags & names[i].bit)
            format_sink_printf(sink, " %s", names[i].name);
    }
    format_sink_printf(sink, "\n");
}

void trap_write_registers(struct format_sink *sink, const struct trap_frame *t)
{
    char text[SYMBOL_TEXT];
    symbols_format(text, sizeof text, t->rip);
    format_sink_printf(sink, "rip %04lx:%016lx %s\n", t->cs, t->rip, text);
    format_sink_printf(sink, "rax %016lx  rbx %016lx  rcx %016lx\n", t->rax, t->rbx, t->rcx);
    format_sink_printf(sink, "rdx %016lx  rsi %016lx  rdi %016lx\n", t->rdx, t->rsi, t->rdi);
    format_sink_printf(sink, "rbp %016lx  rsp %016lx  r8  %016lx\n", t->rbp, t->rsp, t->r8);
    format_sink_printf(sink, "r9  %016lx  r10 %016lx  r11 %016lx\n", t->r9, t->r10, t->r11);
    format_sink_printf(sink, "r12 %016lx  r13 %016lx  r14 %016lx\n", t->r12, t->r13, t->r14);
    format_sink_printf(sink, "r15 %016lx  ss %04lx, ", t->r15, t->ss);
    write_flags(sink, t->rflags);
}

static void write_code(struct format_sink *sink, uintptr_t rip)
{
    uint8_t code[CODE_BEFORE + CODE_AFTER];
    size_t before = probe_read(code, rip - CODE_BEFORE, CODE_BEFORE) == CODE_BEFORE ? CODE_BEFORE : 0;
    size_t after = probe_read(code + before, rip, CODE_AFTER);
    if (after == 0) {
        format_sink_printf(sink, "code: not mapped\n");
        return;
    }
    format_sink_printf(sink, "code:");
    for (size_t i = 0; i < before + after; i++)
        format_sink_printf(sink, i == before ? " <%02x>" : " %02x", code[i]);
    format_sink_printf(sink, "\n");
}

static void write_walk(struct format_sink *sink, vaddr_t address)
{
    static const char *const names[PROBE_LEVELS + 1] = {
        [1] = "PT", [2] = "PD", [3] = "PDPT", [4] = "PML4", [5] = "PML5"};
    struct probe_walk walk;
    if (!probe_is_canonical(address)) {
        format_sink_printf(sink, "page tables: %#lx is not canonical\n", address);
        return;
    }
    bool mapped = probe_walk(address, &walk);
    format_sink_printf(sink, "page tables:");
    for (unsigned level = walk.top; level >= walk.last; level--)
        format_sink_printf(sink, " %s %#lx", names[level], walk.entries[level]);
    if (mapped)
        format_sink_printf(sink, "; %s%s%s\n", walk.writable ? "writable" : "read-only",
            walk.executable ? ", executable" : "", walk.user ? ", a program's" : "");
    else
        format_sink_printf(sink, "; %s\n", walk.broken ? "that leads out of memory" : "not present");
}

/* A general protection fault does not say which address was not canonical. */
static void write_suspects(struct format_sink *sink, const struct trap_frame *t)
{
    const struct {
        const char *name;
        uint64_t value;
    } registers[] = {{"rax", t->rax}, {"rbx", t->rbx}, {"rcx", t->rcx}, {"rdx", t->rdx}, {"rsi", t->rsi},
        {"rdi", t->rdi}, {"rbp", t->rbp}, {"rsp", t->rsp}, {"r8", t->r8}, {"r9", t->r9}, {"r10", t->r10},
        {"r11", t->r11}, {"r12", t->r12}, {"r13", t->r13}, {"r14", t->r14}, {"r15", t->r15}};
    const char *before = "not canonical:";
    for (unsigned i = 0; i < ARRAY_LENGTH(registers); i++) {
        if (probe_is_canonical(registers[i].value))
            continue;
        format_sink_printf(sink, "%s %s", before, registers[i].name);
        before = ",";
    }
    if (before[0] == ',')
        format_sink_printf(sink, "\n");
}

void trap_write_details(struct format_sink *sink, const struct trap_frame *trap, vaddr_t address)
{
    char text[96];
    trap_error_text(text, sizeof text, trap);
    if (text[0] != '\0')
        format_sink_printf(sink, "error code %#lx: %s\n", trap->error, text);
    write_code(sink, trap->rip);
    if (trap->vector == TRAP_PAGE_FAULT || trap->vector == TRAP_DOUBLE_FAULT)
        write_walk(sink, address);
    if (trap->vector == TRAP_PROTECTION || trap->vector == TRAP_STACK)
        write_suspects(sink, trap);
}
