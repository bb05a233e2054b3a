/*
 * A monitor that says wrong things. It is a PVH guest itself, at 1 MiB, started with a kernel as its initial RAM disk:
 *
 *     qemu-system-x86_64 -kernel build/tests/pvh/monitor.elf -initrd build/kernel.elf -append LIE
 *
 * It loads the kernel as a monitor would, makes a struct hvm_start_info that is right but for one LIE, and enters it.
 * tests/system/kernel-direct.t knows how each must end. A machine of 64 MiB or more.
 */
#include "boot/pvh/pvh.h"

#include "arch/x86_64/io.h"
#include "lib/elf.h"
#include "lib/string.h"

#define XEN_ELFNOTE_PHYS32_ENTRY 18
#define RAM_SIZE MIB(32) /* that the kernel is told of; the monitor's own module is above */
#define MODULE_BASE MIB(24)
#define MODULE_SIZE 5000
#define RANGES_MAX 300

static struct hvm_start_info info;
static struct hvm_memory ranges[RANGES_MAX];
static struct hvm_module modules[40];
static const char *cmdline = "test=boot_*";

static _Noreturn void give_up(void)
{
    outb(BOOT_EXIT_PORT, BOOT_EXIT_FAILURE);
    for (;;)
        __asm__ volatile("cli; hlt");
}

/* ------------------------------------------------------------------------------------------------------------------
 * Lies
 */

static void say_truth(void) {}

static void say_magic(void)
{
    info.magic ^= 1;
}

static void say_version(void)
{
    info.version = 0;
}

static void say_no_memory(void)
{
    info.memory_count = 0;
}

static void say_null_map(void)
{
    info.memory = 0;
}

static void say_map_out_of_reach(void)
{
    info.memory = 0x1234567800000000;
}

static void say_map_at_the_end(void)
{
    info.memory = GIB(4) - 16;
}

/* More ranges than anyone reads; the first are the truth. */
static void say_many_ranges(void)
{
    for (uint32_t i = 3; i < RANGES_MAX; i++)
        ranges[i] = (struct hvm_memory){GIB(1) + i * MIB(2), MIB(1), 2, 0};
    info.memory_count = RANGES_MAX;
}

static void say_wild_ranges(void)
{
    ranges[3] = (struct hvm_memory){UINT64_MAX - 5000, 10000, 1, 0};
    ranges[4] = (struct hvm_memory){MIB(8) + 1, 0, 1, 0};
    ranges[5] = (struct hvm_memory){MIB(8) + 123, 5000, 99, 0};
    ranges[6] = (struct hvm_memory){MIB(1), MIB(63), 1, 0}; /* all that there is */
    info.memory_count = 7;
}

/* The kernel's own memory is not RAM, or not all of it. */
static void say_kernel_reserved(void)
{
    ranges[3] = (struct hvm_memory){MIB(2) + 0x3000, 1, 2, 0};
    info.memory_count = 4;
}

static void say_kernel_nowhere(void)
{
    ranges[1].base = MIB(16);
    ranges[1].size = RAM_SIZE - MIB(16);
}

static void say_too_many_modules(void)
{
    info.module_count = 1000000;
}

static void say_null_modules(void)
{
    info.modules = 0;
}

static void say_module_over_kernel(void)
{
    modules[0].base = MIB(2) + 0x1000;
}

static void say_module_in_device(void)
{
    modules[0].base = 0xfee00000;
}

static void say_module_high(void)
{
    modules[0].base = GIB(5);
}

static void say_module_endless(void)
{
    modules[0].size = UINT64_MAX - 100;
}

static void say_modules_overlap(void)
{
    modules[1] = modules[0];
    info.module_count = 2;
}

static void say_module_empty(void)
{
    modules[0].size = 0;
}

static void say_module_not_aligned(void)
{
    memmove((void *)(uintptr_t)(MODULE_BASE + 77), (void *)(uintptr_t)MODULE_BASE, MODULE_SIZE);
    modules[0].base += 77;
}

static void say_names_out_of_reach(void)
{
    info.cmdline = 0xfedcba9876543210;
    modules[0].cmdline = GIB(4) - 3;
}

static void say_endless_cmdline(void)
{
    char *text = (char *)(uintptr_t)MIB(20);
    memset(text, 'x', MIB(1));
    memcpy(text, cmdline, strlen(cmdline));
    text[strlen(cmdline)] = ' ';
    info.cmdline = (uintptr_t)text;
}

static const struct {
    const char *name;
    void (*say)(void);
} lies[] = {
    {"truth", say_truth},
    {"magic", say_magic},
    {"version", say_version},
    {"no-memory", say_no_memory},
    {"null-map", say_null_map},
    {"map-out-of-reach", say_map_out_of_reach},
    {"map-at-the-end", say_map_at_the_end},
    {"many-ranges", say_many_ranges},
    {"wild-ranges", say_wild_ranges},
    {"kernel-reserved", say_kernel_reserved},
    {"kernel-nowhere", say_kernel_nowhere},
    {"too-many-modules", say_too_many_modules},
    {"null-modules", say_null_modules},
    {"module-over-kernel", say_module_over_kernel},
    {"module-in-device", say_module_in_device},
    {"module-high", say_module_high},
    {"module-endless", say_module_endless},
    {"modules-overlap", say_modules_overlap},
    {"module-empty", say_module_empty},
    {"module-not-aligned", say_module_not_aligned},
    {"names-out-of-reach", say_names_out_of_reach},
    {"endless-cmdline", say_endless_cmdline},
};

/* ------------------------------------------------------------------------------------------------------------------
 * The monitor
 */

/* Copies the segments to their physical addresses; returns the PVH entry. */
static uint32_t load(const uint8_t *file)
{
    const struct elf64_ehdr *header = (const void *)file;
    const struct elf64_phdr *p = (const void *)(file + header->e_phoff);
    uint32_t entry = 0;
    for (unsigned i = 0; i < header->e_phnum; i++, p++) {
        const uint8_t *data = file + p->p_offset;
        if (p->p_type == PT_LOAD) {
            uint8_t *to = (uint8_t *)(uintptr_t)p->p_paddr;
            memset(to, 0, p->p_memsz);
            memcpy(to, data, p->p_filesz);
        }
        for (const uint8_t *end = data + p->p_filesz; p->p_type == PT_NOTE && data < end;) {
            const struct elf64_nhdr *note = (const void *)data;
            const uint8_t *descriptor = data + sizeof *note + align_up(note->n_namesz, 4);
            if (note->n_type == XEN_ELFNOTE_PHYS32_ENTRY)
                entry = *(const uint32_t *)descriptor;
            data = descriptor + align_up(note->n_descsz, 4);
        }
    }
    return entry;
}

static void tell_truth(void)
{
    ranges[0] = (struct hvm_memory){0, KIB(639), 1, 0};
    ranges[1] = (struct hvm_memory){MIB(1), RAM_SIZE - MIB(1), 1, 0};
    ranges[2] = (struct hvm_memory){0xfee00000, MIB(1), 2, 0};
    modules[0] = (struct hvm_module){.base = MODULE_BASE, .size = MODULE_SIZE, .cmdline = (uintptr_t)"module's name"};
    memset((void *)(uintptr_t)MODULE_BASE, 'm', 2 * PAGE_SIZE);
    info = (struct hvm_start_info){
        .magic = HVM_START_MAGIC,
        .version = 1,
        .module_count = 1,
        .modules = (uintptr_t)modules,
        .cmdline = (uintptr_t)cmdline,
        .memory = (uintptr_t)ranges,
        .memory_count = 3,
    };
}

void pvh_main(const struct hvm_start_info *start)
{
    const struct hvm_module *kernel = (const void *)(uintptr_t)start->modules;
    const char *lie = (const char *)(uintptr_t)start->cmdline;
    if (start->module_count == 0 || kernel->base < RAM_SIZE)
        give_up();
    uint32_t entry = load((const uint8_t *)(uintptr_t)kernel->base);
    uint32_t told = (uint32_t)(uintptr_t)&info;
    tell_truth();
    if (strcmp(lie, "null") == 0) {
        told = 0;
    } else {
        unsigned i = 0;
        while (i < ARRAY_LENGTH(lies) && strcmp(lies[i].name, lie) != 0)
            i++;
        if (i == ARRAY_LENGTH(lies) || entry == 0)
            give_up();
        lies[i].say();
    }
    __asm__ volatile("jmp *%0" : : "r"(entry), "b"(told));
    __builtin_unreachable();
}
