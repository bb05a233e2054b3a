/*
 * Started by a virtual machine monitor, without a boot loader: this file is the loader then. It makes a struct
 * boot_info of what the monitor says (struct hvm_start_info) and calls kernel_main; from there on no one can tell the
 * difference.
 *
 * What the monitor says is copied first, for it may lie in memory that the map calls free, and believed only as far as
 * it makes sense: memory goes through the loader's sanitiser, and the image and the modules must lie in RAM. Modules
 * stay where the monitor has put them. The kernel is not slid: it lies where it was linked.
 *
 * The file, and those of the loader that it uses (module.mk), see boot_info as the loader does: pointers are integers.
 *
 * Source: Xen, "x86/HVM direct boot ABI" and public/arch-x86/hvm/start_info.h.
 */
#include "arch/x86_64/pvh.h"

#include "arch/x86_64/io.h"
#include "arch/x86_64/machine.h"
#include "arch/x86_64/paging.h"
#include "boot/i386/i386.h"
#include "boot/loader/loader_internal.h"
#include "boot/pvh/pvh.h"
#include "drivers/uart16550.h"
#include "lib/cmdline.h"
#include "lib/string.h"

#define RANGES_MAX 128
#define MODULES_MAX CONFIG_MAX_MODULES
#define MODULE_NAME_SIZE 64

#define LARGE_PAGE MIB(2)
#define PTE_UNCACHED 0x18         /* PWT, PCD */
#define PTE_DATA (1ull << 63 | 3) /* no-execute, writable, present */
#define STACK_SIZE BOOT_DEFAULT_STACK_SIZE

#define PIC1_DATA 0x21
#define PIC2_DATA 0xa1

_Static_assert(PVH_LINK_BASE == KERNEL_BASE, "the image is not linked where the kernel's half has it");

static struct platform platform; /* what it might offer, entropy, this one has not */
static struct loader loader;

/* Copies of what the monitor says. */
static struct hvm_start_info start;
static struct hvm_memory ranges[RANGES_MAX];
static struct hvm_module modules[MODULES_MAX];
static char module_names[MODULES_MAX][MODULE_NAME_SIZE];
static char cmdline[CMDLINE_MAX];

/* Nothing is up that could say it better. */
static _Noreturn void refuse(const char *sentence)
{
    const char *const parts[] = {"\r\nCorrode cannot boot: ", sentence, "\r\n"};
    for (size_t i = 0; loader.info.serial.port && i < ARRAY_LENGTH(parts); i++)
        for (const char *c = parts[i]; *c; c++)
            uart_write(loader.info.serial.port, (uint8_t)*c);
    machine_exit(BOOT_EXIT_LOADER);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Copying
 */

/* Are SIZE bytes from ADDRESS on in the memory that is mapped, and not at 0? */
static bool in_reach(uint64_t address, uint64_t size)
{
    return address != 0 && address < GIB(4) && size <= GIB(4) - address;
}

/* A string of the monitor's; "" when there is none. What is too long is cut off. */
static void copy_string(char *to, size_t size, uint64_t address)
{
    if (!in_reach(address, size))
        return;
    size_t length = strnlen(physical(address), size - 1);
    memcpy(to, physical(address), length);
    to[length] = '\0';
}

static void copy_start_info(const struct hvm_start_info *from)
{
    if (!in_reach((uintptr_t)from, sizeof start) || from->magic != HVM_START_MAGIC)
        refuse("it was not started as a PVH guest. Give qemu-system-x86_64 the kernel with -kernel, or use the boot "
               "loader.");
    start = *from;
    if (start.version < 1 || start.memory_count == 0 || !in_reach(start.memory, sizeof ranges))
        refuse("the virtual machine monitor does not say how much memory there is. Use a newer one.");
    if (start.memory_count > RANGES_MAX)
        start.memory_count = RANGES_MAX;
    memcpy(ranges, physical(start.memory), start.memory_count * sizeof ranges[0]);
    if (start.module_count > MODULES_MAX || (start.module_count > 0 && !in_reach(start.modules, sizeof modules)))
        refuse("the virtual machine monitor's list of modules makes no sense.");
    memcpy(modules, physical(start.modules), start.module_count * sizeof modules[0]);
    for (uint32_t i = 0; i < start.module_count; i++)
        copy_string(module_names[i], sizeof module_names[i], modules[i].cmdline);
    copy_string(cmdline, sizeof cmdline, start.cmdline);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Memory
 */

static paddr_t image_physical(const void *address)
{
    return (uintptr_t)address - KERNEL_BASE + PVH_PHYSICAL_BASE;
}

/* Something in the image, as the kernel shall see it: in the direct map, like everything of boot_info. */
static uint64_t handed(const void *address)
{
    return DIRECT_MAP_BASE + image_physical(address);
}

static void claim(paddr_t base, uint64_t size, uint32_t type, const char *refusal)
{
    paddr_t first = align_down(base, PAGE_SIZE);
    size = align_up(base + size, PAGE_SIZE) - first;
    if (!memory_map_is_usable(&loader.map, first, size))
        refuse(refusal);
    memory_map_add(&loader.map, first, size, type);
}

/* A module begins with a page and ends with zeros, whatever the monitor has put around it. */
static void tidy_module(struct hvm_module *module)
{
    paddr_t first = align_down(module->base, PAGE_SIZE);
    if (first != module->base)
        memmove(physical(first), physical(module->base), module->size);
    module->base = first;
    paddr_t end = first + module->size;
    memset(physical(end), 0, align_up(end, PAGE_SIZE) - end);
}

static void describe_modules(void)
{
    for (uint32_t i = 0; i < start.module_count; i++) {
        struct hvm_module *module = &modules[i];
        if (module->size == 0)
            module->base = 0; /* nothing, anywhere */
        else if (!in_reach(module->base, module->size))
            refuse("a module (initial RAM disk) lies above 4 GiB. Use a smaller one.");
        else
            claim(module->base, module->size, BOOT_MEMORY_MODULE,
                "a module (initial RAM disk) lies where there is no free memory. Give the machine more.");
        tidy_module(module);
        loader.modules[i] = (struct boot_module){
            .data = DIRECT_MAP_BASE + module->base,
            .size = module->size,
            .name = handed(module_names[i]),
            .physical = module->base,
        };
    }
    loader.info.modules = handed(loader.modules);
    loader.info.module_count = start.module_count;
}

/* The stack as the boot loader would have it: in memory of its own, between pages that are not mapped. */
static void place_stack(void)
{
    paddr_t stack = memory_map_find(&loader.map, STACK_SIZE, GIB(4));
    if (stack == 0)
        refuse("there is no memory left for the kernel's stack. Give the machine more.");
    claim(stack, STACK_SIZE, BOOT_MEMORY_STACK, "");
    for (unsigned i = 0; i < STACK_SIZE / PAGE_SIZE; i++)
        pvh_stack_table[1 + i] = (stack + i * PAGE_SIZE) | PTE_DATA;
    loader.info.stack_base = PVH_STACK_REGION + PAGE_SIZE;
    loader.info.stack_size = STACK_SIZE;
}

static void describe_memory(void)
{
    struct boot_info *info = &loader.info;
    for (uint32_t i = 0; i < start.memory_count; i++)
        memory_map_add(&loader.map, ranges[i].base, ranges[i].size, i386_memory_type(ranges[i].type));
    info->kernel_physical = image_physical(__executable_start);
    info->kernel_virtual = (uintptr_t)__executable_start;
    info->kernel_size = align_up((uintptr_t)_end, PAGE_SIZE) - info->kernel_virtual;
    claim(info->kernel_physical, info->kernel_size, BOOT_MEMORY_KERNEL,
        "the virtual machine monitor has put the kernel where it says that there is no free memory.");
    describe_modules();
    place_stack();

    memory_map_refresh(&loader.map);
    info->memory = handed(loader.map.ranges);
    info->memory_count = loader.map.count;
    for (uint32_t i = 0; i < loader.map.count; i++)
        if (memory_is_ram(loader.map.ranges[i].type))
            info->direct_map_size = loader.map.ranges[i].base + loader.map.ranges[i].length;
    info->direct_map = DIRECT_MAP_BASE;
    info->page_table = image_physical(pvh_page_table);
}

/* Large pages below 4 GiB that hold no RAM are devices, if anything. */
static void uncache_gaps(void)
{
    paddr_t end = 0;
    for (uint32_t i = 0; i <= loader.map.count && end < GIB(4); i++) {
        const struct boot_memory *range = &loader.map.ranges[i];
        bool last = i == loader.map.count;
        if (!last && !memory_is_ram(range->type))
            continue;
        paddr_t gap_end = last || range->base > GIB(4) ? GIB(4) : range->base;
        for (paddr_t at = max_u64(align_up(end, LARGE_PAGE), LARGE_PAGE); at + LARGE_PAGE <= gap_end; at += LARGE_PAGE)
            pvh_directories[at / LARGE_PAGE] |= PTE_UNCACHED;
        end = last ? gap_end : range->base + range->length;
    }
}

/* ------------------------------------------------------------------------------------------------------------------ */

static void describe_machine(void)
{
    struct boot_info *info = &loader.info;
    info->magic = BOOT_INFO_MAGIC;
    info->version = BOOT_PROTOCOL_VERSION;
    info->size = sizeof *info;
    info->firmware = BOOT_FIRMWARE_PVH;
    info->loader = handed("no boot loader");
    info->cmdline = handed(cmdline);
    i386_find_tables(info);
    if (start.rsdp)
        info->rsdp = start.rsdp;
    if (pvh_text_open()) {
        pvh_text_describe(NULL, info);
        info->text.cells += DIRECT_MAP_BASE;
    }
    entropy_gather(&loader);
    entropy_draw(info->seed, sizeof info->seed);
    info->seed_bits = entropy_bits();
}

/* Jumps to kernel_main on its stack, as if it were called from nowhere. */
static _Noreturn void enter_kernel(void)
{
    __asm__ volatile("mov %0, %%rsp\n\t"
                     "pushq $0\n\t"
                     "xorl %%ebp, %%ebp\n\t"
                     "jmp *%1"
        :
        : "r"(loader.info.stack_base + loader.info.stack_size), "r"(kernel_main), "D"(handed(&loader.info))
        : "memory");
    __builtin_unreachable();
}

/* pvh_entry.S calls it in 64-bit mode, on a small stack, at the addresses that the kernel is linked to; physical memory
 * below 4 GiB is mapped one to one and in the direct map. */
void pvh_main(const struct hvm_start_info *from)
{
    loader.info.tsc_at_entry = cpu_tsc();
    loader.platform = &platform; /* not initialised: all of it would be in the file */
    if (uart_init(UART_COM1, UART_DEFAULT_BAUD))
        loader.info.serial = (struct boot_serial){.port = UART_COM1, .baud = UART_DEFAULT_BAUD};
    outb(PIC1_DATA, 0xff);
    outb(PIC2_DATA, 0xff);
    copy_start_info(from);
    describe_memory();
    describe_machine();

    /* Address 0 is no place from now on. */
    uncache_gaps();
    pvh_page_table[0] = 0;
    __asm__ volatile("mov %0, %%cr3" : : "r"(loader.info.page_table) : "memory");
    enter_kernel();
}
