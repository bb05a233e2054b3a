/*
 * The state in which kernels are entered: see machine_check.h.
 */
#include "tests/unit/boot/machine_check.h"

#include "boot/handoff/handoff.h"
#include "boot/loader/elf.h"
#include "boot/loader/error.h"
#include "tests/unit/boot/elf_file.h"
#include "tests/unit/boot/page_walk.h"
#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

static const struct machine *machine;
static const struct boot_info *info;
static const struct handoff *handoff;
static struct elf_memory kernel;
static struct elf_plan plan;
static struct page_walk walk;

static const void *at(uint64_t address)
{
    if (address >= MACHINE_MEMORY_END)
        fail_msg("%#llx is no memory of the machine", (unsigned long long)address);
    return (const void *)(uintptr_t)address;
}

const void *machine_direct(const struct boot_info *i, uint64_t address)
{
    assert_true(address >= i->direct_map);
    return at(address - i->direct_map);
}

/* What the map says of the page at a physical address; 0: nothing. */
static uint32_t type_at(uint64_t address)
{
    const struct boot_memory *memory = machine_direct(info, info->memory);
    for (uint64_t i = 0; i < info->memory_count; i++) {
        if (address >= memory[i].base && address - memory[i].base < memory[i].length)
            return memory[i].type;
    }
    return 0;
}

static void assert_owned(uint64_t address, uint64_t size, uint32_t type)
{
    for (uint64_t page = align_down(address, PAGE_SIZE); page < address + size; page += PAGE_SIZE) {
        if (type_at(page) != type)
            fail_msg("%#llx has type %u in the memory map, not %u", (unsigned long long)page, type_at(page), type);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * The memory map
 */

/* Sanitised, and the firmware's map but for what the loader took out of USABLE. */
static void check_memory_map(void)
{
    const struct boot_memory *memory = machine_direct(info, info->memory);
    uint64_t end = 0, ram_end = 0;
    assert_in_range(info->memory_count, 2, 2 * MEMORY_MAP_MAX);
    for (uint64_t i = 0; i < info->memory_count; i++) {
        assert_true(is_aligned(memory[i].base | memory[i].length, PAGE_SIZE));
        assert_true(memory[i].length > 0 && memory[i].base >= end);
        assert_true(i == 0 || memory[i].base > end || memory[i].type != memory[i - 1].type);
        assert_in_range(memory[i].type, BOOT_MEMORY_USABLE, BOOT_MEMORY_BAD);
        assert_int_equal(memory[i].reserved, 0);
        end = memory[i].base + memory[i].length;
        if (memory[i].type <= BOOT_MEMORY_FIRMWARE)
            ram_end = end;
    }
    assert_int_equal(info->direct_map_size, ram_end);
    for (uint64_t page = 0; page < MACHINE_MEMORY_END / PAGE_SIZE; page++) {
        uint32_t theirs = oracle_type(machine->memory, machine->memory_count, page), ours = type_at(page * PAGE_SIZE);
        bool taken = ours >= BOOT_MEMORY_BOOT && ours <= BOOT_MEMORY_MODULE;
        bool is_blob = !machine->is_uefi && page >= MACHINE_BLOB / PAGE_SIZE && page < MACHINE_BLOB / PAGE_SIZE + 8;
        if (ours != theirs && ours != BOOT_MEMORY_FRAMEBUFFER && !(taken && (theirs == BOOT_MEMORY_USABLE || is_blob)))
            fail_msg("page %#llx: the firmware says %u, the map %u", (unsigned long long)page, theirs, ours);
    }
}

/* Everything that the kernel was given lies in memory that the map keeps for it. */
static void check_ownership(void)
{
    const struct handoff_blob *blob = at(machine_outcome->blob);
    assert_owned(handoff->info - info->direct_map, sizeof *info, BOOT_MEMORY_BOOT);
    assert_owned(info->memory - info->direct_map, info->memory_count * sizeof(struct boot_memory), BOOT_MEMORY_BOOT);
    assert_owned(info->modules - info->direct_map, info->module_count * sizeof(struct boot_module), BOOT_MEMORY_BOOT);
    const char *loader = machine_direct(info, info->loader), *cmdline = machine_direct(info, info->cmdline);
    assert_owned(info->loader - info->direct_map, strlen(loader) + 1, BOOT_MEMORY_BOOT);
    assert_owned(info->cmdline - info->direct_map, strlen(cmdline) + 1, BOOT_MEMORY_BOOT);
    assert_owned(machine_outcome->blob, blob->total_size, BOOT_MEMORY_BOOT);
    assert_owned(info->kernel_physical, info->kernel_size, BOOT_MEMORY_KERNEL);
}

static void check_modules(void)
{
    const struct boot_module *modules = machine_direct(info, info->modules);
    for (uint64_t i = 0; i < info->module_count; i++) {
        const struct boot_module *m = &modules[i];
        const char *name = machine_direct(info, m->name);
        const uint8_t *data = machine_direct(info, m->data);
        assert_owned(m->name - info->direct_map, strlen(name) + 1, BOOT_MEMORY_BOOT);
        assert_owned(m->physical, m->size ? m->size : 1, BOOT_MEMORY_MODULE);
        assert_true(is_aligned(m->physical, PAGE_SIZE));
        assert_int_equal(m->data, info->direct_map + m->physical);
        const struct machine_file *file = NULL;
        for (size_t f = 0; f < machine->file_count; f++) {
            if (strcmp(machine->files[f].path, name) == 0)
                file = &machine->files[f];
        }
        assert_non_null(file);
        assert_int_equal(m->size, file->size);
        assert_memory_equal(data, file->data, file->size);
        for (uint64_t n = m->size; n < align_up(m->size ? m->size : 1, PAGE_SIZE); n++)
            assert_int_equal(data[n], 0);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Page tables
 */

static struct page_leaf find(uint64_t address)
{
    struct page_leaf leaf;
    if (!page_walk_find(&walk, address, &leaf))
        fail_msg("%#llx is not mapped", (unsigned long long)address);
    return leaf;
}

static void assert_not_mapped(uint64_t address)
{
    struct page_leaf leaf;
    if (page_walk_find(&walk, address, &leaf))
        fail_msg("%#llx is mapped", (unsigned long long)address);
}

static void assert_page(uint64_t address, uint64_t physical, bool writable, bool executable)
{
    struct page_leaf leaf = find(address);
    if (leaf.physical + (address - leaf.address) != physical || leaf.writable != writable ||
        leaf.executable != executable || leaf.memory != PAGE_MEMORY_WB)
        fail_msg("%#llx is mapped to %#llx %s%s memory type %d", (unsigned long long)address,
            (unsigned long long)(leaf.physical + (address - leaf.address)), leaf.writable ? "w" : "-",
            leaf.executable ? "x" : "-", leaf.memory);
}

/* The kernel's segments, as they asked; nothing between them; the stack and its guards. */
static void check_kernel_pages(void)
{
    uint64_t address = info->kernel_virtual;
    for (uint32_t i = 0; i < plan.segment_count; i++) {
        const struct elf_segment *s = &plan.segments[i];
        uint64_t first = align_down(s->address, PAGE_SIZE) + info->kernel_slide;
        for (; address < first; address += PAGE_SIZE)
            assert_not_mapped(address);
        for (; address < s->address + info->kernel_slide + s->size; address += PAGE_SIZE)
            assert_page(
                address, info->kernel_physical + (address - info->kernel_virtual), s->flags & PF_W, s->flags & PF_X);
    }
    assert_int_equal(address, info->kernel_virtual + info->kernel_size);
    assert_not_mapped(info->stack_base - 1);
    assert_not_mapped(info->stack_base + info->stack_size);
    assert_true(info->stack_base > info->kernel_virtual + info->kernel_size);
    uint64_t stack = find(info->stack_base).physical;
    stack += info->stack_base - find(info->stack_base).address;
    for (uint64_t at_page = 0; at_page < info->stack_size; at_page += PAGE_SIZE)
        assert_page(info->stack_base + at_page, stack + at_page, true, false);
    assert_owned(stack, info->stack_size, BOOT_MEMORY_STACK);
}

static void check_blob_pages(void)
{
    const struct handoff_blob *blob = at(machine_outcome->blob);
    for (uint32_t n = 0; n < blob->total_size; n += PAGE_SIZE)
        assert_page(machine_outcome->blob + n, machine_outcome->blob + n, n >= blob->code_size, n < blob->code_size);
}

/* How the direct map must show the page at a physical address; PAGE_MEMORY_OTHER: not at all. */
static enum page_memory direct_memory(uint64_t address)
{
    uint32_t type = type_at(address);
    if (address < MIB(1))
        return PAGE_MEMORY_WB;
    if (type == 0)
        return PAGE_MEMORY_OTHER;
    if (type <= BOOT_MEMORY_FIRMWARE)
        return PAGE_MEMORY_WB;
    if (type == BOOT_MEMORY_FRAMEBUFFER)
        return PAGE_MEMORY_WC;
    return address < GIB(4) ? PAGE_MEMORY_UC : PAGE_MEMORY_OTHER;
}

static void check_direct_page(uint64_t address)
{
    enum page_memory expected = direct_memory(address);
    if (expected == PAGE_MEMORY_OTHER) {
        assert_not_mapped(info->direct_map + address);
        return;
    }
    struct page_leaf leaf = find(info->direct_map + address);
    if (leaf.physical - leaf.address != -info->direct_map || leaf.memory != expected || !leaf.writable ||
        leaf.executable)
        fail_msg("the direct map shows %#llx as %#llx, memory type %d instead of %d", (unsigned long long)address,
            (unsigned long long)(leaf.physical + (info->direct_map + address - leaf.address)), leaf.memory, expected);
}

/* Nothing changes between two edges of the map, so the pages around them are enough; and the small memory whole. */
static void check_direct_map(void)
{
    const struct boot_memory *memory = machine_direct(info, info->memory);
    for (uint64_t page = 0; page < MIB(40); page += PAGE_SIZE)
        check_direct_page(page);
    for (uint64_t i = 0; i < info->memory_count; i++) {
        uint64_t end = memory[i].base + memory[i].length;
        check_direct_page(memory[i].base);
        check_direct_page(end - PAGE_SIZE);
        check_direct_page(end);
        if (memory[i].base > 0)
            check_direct_page(memory[i].base - PAGE_SIZE);
    }
}

/* Every page of all is one of these; none is writable and executable; every table is BOOT memory. */
static void check_leaf(const struct page_leaf *leaf, void *context)
{
    const struct handoff_blob *blob = at(machine_outcome->blob);
    uint64_t from = leaf->address, end = from + leaf->size;
    bool is_blob = from >= machine_outcome->blob && end <= machine_outcome->blob + blob->total_size;
    bool is_kernel = from >= info->kernel_virtual && end <= info->kernel_virtual + info->kernel_size;
    bool is_stack = from >= info->stack_base && end <= info->stack_base + info->stack_size;
    bool is_direct = from >= info->direct_map && from - info->direct_map == leaf->physical;
    if (!is_blob && !is_kernel && !is_stack && !is_direct)
        fail_msg("%#llx is mapped, for no reason", (unsigned long long)from);
    if (leaf->writable && leaf->executable)
        fail_msg("%#llx is writable and executable", (unsigned long long)from);
    if (leaf->size > MIB(2) && !machine->has_gigabyte_pages)
        fail_msg("%#llx is a page of 1 GiB", (unsigned long long)from);
}

static void check_tables(uint64_t table, int level)
{
    assert_owned(table, PAGE_SIZE, BOOT_MEMORY_BOOT);
    const uint64_t *entries = at(table);
    for (int i = 0; level > 0 && i < 512; i++) {
        if ((entries[i] & 1) && !(level < 3 && (entries[i] & 0x80)))
            check_tables(entries[i] & 0x000ffffffffff000, level - 1);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * The rest
 */

static void check_image(void)
{
    size_t size = plan.end - plan.base;
    uint8_t *image = malloc(size);
    assert_int_equal(elf_load(&kernel.source, &plan, image), 0);
    assert_int_equal(elf_relocate(&kernel.source, &plan, image, info->kernel_slide), 0);
    assert_int_equal(info->kernel_size, size);
    assert_int_equal(info->kernel_virtual, plan.base + info->kernel_slide);
    assert_memory_equal(at(info->kernel_physical), image, size);
    free(image);
}

static void check_info(void)
{
    assert_int_equal(info->magic, BOOT_INFO_MAGIC);
    assert_int_equal(info->version, BOOT_PROTOCOL_VERSION);
    assert_int_equal(info->size, sizeof *info);
    assert_int_equal(info->firmware, machine->is_uefi ? BOOT_FIRMWARE_UEFI : BOOT_FIRMWARE_BIOS);
    assert_memory_equal(machine_direct(info, info->loader), "Corrode ", 8);
    assert_int_equal(info->page_table, handoff->page_table);
    assert_int_equal(info->smbios, 0xf5000);
    assert_int_not_equal(info->tsc_at_entry, 0);
    assert_int_equal(info->framebuffer.physical, machine->has_no_screen ? 0 : machine->framebuffer.physical);
    if (info->framebuffer.physical)
        assert_int_equal(info->framebuffer.address, info->direct_map + info->framebuffer.physical);
    else
        assert_int_equal(info->framebuffer.address, 0);
    bool is_text = !machine->has_no_screen && !machine->framebuffer.physical;
    assert_int_equal(info->text.cells, is_text ? info->direct_map + 0xb8000 : 0);
    assert_int_equal(info->serial.port, machine->has_uart ? 0x3f8 : 0);
    static const uint8_t zeros[32];
    assert_memory_not_equal(info->seed, zeros, sizeof zeros);
}

static void check_handoff(void)
{
    assert_int_equal(handoff->entry, plan.entry + info->kernel_slide);
    assert_int_equal(handoff->stack_base, info->stack_base);
    assert_int_equal(handoff->stack_top, info->stack_base + info->stack_size);
    assert_int_equal(handoff->kernel_slide, info->kernel_slide);
    assert_memory_equal(&handoff->framebuffer, &info->framebuffer, sizeof info->framebuffer);
    assert_memory_equal(&handoff->text, &info->text, sizeof info->text);
    assert_memory_equal(&handoff->serial, &info->serial, sizeof info->serial);
    assert_int_equal(handoff->font != 0, info->framebuffer.address != 0);
    if (handoff->font) {
        const uint8_t *font = machine_direct(info, handoff->font);
        assert_owned(handoff->font - info->direct_map, HANDOFF_FONT_SIZE, BOOT_MEMORY_BOOT);
        for (int i = 0; i < HANDOFF_FONT_SIZE; i++)
            assert_int_equal(font[i], 0x3c);
    }
}

const struct boot_info *machine_check(const struct machine *booted, const void *file, size_t size)
{
    const struct outcome *o = machine_outcome;
    machine = booted;
    if (o->kind != OUTCOME_ENTERED)
        fail_msg("%s: %s", o->kind == OUTCOME_DIED ? "the loader died" : "not entered", o->screen);
    assert_int_equal(o->screen_length, 0);
    assert_int_equal(o->serial_length, 0);
    assert_int_equal(o->left, machine->is_uefi);
    elf_memory_open(&kernel, file, size);
    if (elf_plan(&kernel.source, &plan) < 0)
        fail_msg("%s", loader_error_text());

    const struct handoff_blob *blob = at(o->blob);
    assert_int_equal(o->entry, o->blob + blob->entry32);
    handoff = at(o->blob + blob->parameters);
    uint64_t direct_map = plan.request.direct_map ? plan.request.direct_map : BOOT_DEFAULT_DIRECT_MAP;
    info = at(handoff->info - direct_map);
    assert_int_equal(info->direct_map, direct_map);
    walk = (struct page_walk){.root = handoff->page_table, .low = MACHINE_BLOB, .high = MACHINE_MEMORY_END};
    check_info();
    check_handoff();
    check_memory_map();
    check_ownership();
    check_image();
    check_modules();
    check_tables(info->page_table, 3);
    page_walk_all(&walk, check_leaf, NULL);
    check_kernel_pages();
    check_blob_pages();
    check_direct_map();
    if (walk.problem)
        fail_msg("%s", walk.problem);
    return info;
}

void machine_check_error(const char *sentence)
{
    char expected[2048];
    if (machine_outcome->kind != OUTCOME_STOPPED)
        fail_msg("%s, but: %s", machine_outcome->kind == OUTCOME_DIED ? "the loader died" : "entered", sentence);
    snprintf(expected, sizeof expected, "\nCorrode cannot boot: %s\n", sentence);
    assert_string_equal(machine_outcome->screen, expected);
}
