/*
 * The PC for tests of the whole loader: see machine.h.
 */
#include "tests/unit/boot/machine.h"

#include "arch/x86_64/io.h"
#include "boot/handoff/handoff.h"
#include "boot/loader/error.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MEMORY_START 0x10000ull /* the host keeps the first 64 KiB */
#define PAGES (MACHINE_MEMORY_END / PAGE_SIZE)
#define BLOB_SIZE 0x8000
#define JUNK 0xa5 /* what memory holds before anyone writes to it */
#define UART 0x3f8
#define LCR_DLAB 0x80
#define SECONDS 20 /* for one boot */

struct outcome *machine_outcome;

static struct machine machine; /* the one that boots */
static struct memory_disk disk;
static bool is_ram[PAGES], is_taken[PAGES]; /* by page; the second is UEFI's book */
static struct {
    uint8_t scratch, mcr, lcr;
} uart;

static void *at(uint64_t address)
{
    return (void *)(uintptr_t)address;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The processor and the serial port
 */

struct cpuid fake_cpuid(uint32_t leaf, uint32_t subleaf)
{
    switch (leaf) {
    case 1: return (struct cpuid){.edx = 1u << 16}; /* PAT */
    case 0: return (struct cpuid){.eax = 7};
    case 0x80000000: return (struct cpuid){.eax = 0x80000008};
    case 0x80000001:
        return (struct cpuid){.edx = (machine.has_no_nx ? 0 : 1u << 20) | (machine.has_gigabyte_pages ? 1u << 26 : 0) |
                                     (machine.has_no_long_mode ? 0 : 1u << 29)};
    default: return (struct cpuid){0};
    }
}

void fake_outb(uint16_t port, uint8_t value)
{
    struct outcome *o = machine_outcome;
    switch (port) {
    case UART:
        if (!(uart.lcr & LCR_DLAB) && o->serial_length + 1 < sizeof o->serial)
            o->serial[o->serial_length++] = (char)value;
        break;
    case UART + 3: uart.lcr = value; break;
    case UART + 4: uart.mcr = value; break;
    case UART + 7: uart.scratch = value; break;
    }
}

uint8_t fake_inb(uint16_t port)
{
    if (!machine.has_uart || port < UART || port > UART + 7)
        return 0xff;
    switch (port - UART) {
    case 5: return 0x60; /* ready */
    case 6: return (uint8_t)((uart.mcr & 1) << 5 | (uart.mcr & 2) << 3 | (uart.mcr & 4) << 4 | (uart.mcr & 8) << 4);
    case 7: return uart.scratch;
    default: return 0;
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * The firmware
 */

static int read_disk(struct disk *unused, uint32_t sector, uint32_t count, void *buffer)
{
    int status = -1;
    if (sector >= machine.partition) {
        status = disk.disk.read(&disk.disk, sector - machine.partition, count, buffer);
    } else if (sector + count <= machine.partition) {
        uint8_t *mbr = memset(buffer, 0, (size_t)count * SECTOR_SIZE);
        if (sector == 0) {
            static const uint8_t entry[] = {0x80, 0, 0, 0, 0x0c};
            memcpy(mbr + MBR_TABLE_OFFSET + 16, entry, sizeof entry);
            memcpy(mbr + MBR_TABLE_OFFSET + 24, &machine.partition, 4);
            mbr[510] = 0x55;
            mbr[511] = 0xaa;
        }
        status = 0;
    }
    machine_outcome->disk_reads = disk.reads;
    machine_outcome->sectors_read = disk.sectors_read;
    return status;
}

static void print(const char *text, size_t length)
{
    struct outcome *o = machine_outcome;
    for (size_t i = 0; i < length && o->screen_length + 1 < sizeof o->screen; i++)
        o->screen[o->screen_length++] = text[i];
}

static int read_memory(struct memory_map *map)
{
    if (machine.memory_error)
        return loader_error("%s", machine.memory_error);
    for (size_t i = 0; i < machine.memory_count; i++)
        memory_map_add(map, machine.memory[i].base, machine.memory[i].length, machine.memory[i].type);
    return 0;
}

static bool is_free(uint64_t page, uint64_t pages)
{
    if (page < MEMORY_START / PAGE_SIZE || page + pages > PAGES)
        return false;
    for (uint64_t i = page; i < page + pages; i++) {
        if (!is_ram[i] || is_taken[i])
            return false;
    }
    return true;
}

static paddr_t allocate(uint64_t size, paddr_t where, paddr_t limit)
{
    uint64_t pages = align_up(size, PAGE_SIZE) / PAGE_SIZE, end = PAGES, found = 0;
    if (limit && limit / PAGE_SIZE < end)
        end = limit / PAGE_SIZE;
    if (where && is_free(where / PAGE_SIZE, pages))
        found = where / PAGE_SIZE;
    for (uint64_t i = 0; !where && !found && i + pages <= end; i++) {
        uint64_t page = machine.allocate_low ? i : end - pages - i;
        if (is_free(page, pages))
            found = page;
    }
    for (uint64_t i = found; found && i < found + pages; i++)
        is_taken[i] = true;
    return found * PAGE_SIZE;
}

static int leave(struct memory_map *map, struct boot_info *info)
{
    if (machine.leave_error)
        return loader_error("%s", machine.leave_error);
    machine_outcome->left = true;
    return read_memory(map);
}

static void set_video(const struct video_wish *wish, struct boot_info *info)
{
    machine_outcome->wish = *wish;
    info->framebuffer = machine.framebuffer;
    if (!machine.framebuffer.physical)
        info->text = (struct boot_text){.cells = 0xb8000, .columns = 80, .rows = 25};
}

static const uint8_t *font(void)
{
    static uint8_t glyphs[HANDOFF_FONT_SIZE];
    memset(glyphs, 0x3c, sizeof glyphs);
    return glyphs;
}

static void find_tables(struct boot_info *info)
{
    info->smbios = 0xf5000; /* no rsdp: the loader would read it, and that is tested in acpi_test.c */
}

static void enter(uint32_t entry, uint32_t blob)
{
    machine_outcome->entry = entry;
    machine_outcome->blob = blob;
    machine_outcome->kind = OUTCOME_ENTERED;
    _exit(0);
}

static void stop(void)
{
    machine_outcome->kind = OUTCOME_STOPPED;
    _exit(0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Booting
 */

static struct fat_volume make_volume(void)
{
    struct fat_volume volume;
    fat_volume_make(&volume, (struct fat_shape){.sector_size = 512, .cluster_sectors = 8, .clusters = 10000});
    if (machine.config)
        fat_volume_file(&volume, &volume.root, "corrode.conf", machine.config, (uint32_t)strlen(machine.config), 0);
    for (size_t i = 0; i < machine.file_count; i++)
        fat_volume_file(&volume, &volume.root, machine.files[i].path + 1, machine.files[i].data, machine.files[i].size,
            machine.files[i].run);
    if (machine.damage)
        machine.damage(&volume);
    return volume;
}

static void allow(uint64_t first, uint64_t end)
{
    size_t length = (end - first) * PAGE_SIZE;
    if (mprotect(at(first * PAGE_SIZE), length, PROT_READ | PROT_WRITE) < 0)
        abort();
    memset(at(first * PAGE_SIZE), JUNK, length);
}

/* RAM is there and full of junk; nothing else is. */
static void make_memory(void)
{
    if (mprotect(at(MEMORY_START), MACHINE_MEMORY_END - MEMORY_START, PROT_NONE) < 0)
        abort();
    for (uint64_t page = 0; page < PAGES; page++)
        is_ram[page] = oracle_type(machine.memory, machine.memory_count, page) == BOOT_MEMORY_USABLE;
    allow(MACHINE_BLOB / PAGE_SIZE, (MACHINE_BLOB + BLOB_SIZE) / PAGE_SIZE);
    for (uint64_t page = MEMORY_START / PAGE_SIZE, first; page < PAGES; page++) {
        for (first = page; page < PAGES && is_ram[page]; page++)
            ;
        if (first < page)
            allow(first, page);
    }
}

static _Noreturn void run_loader(void)
{
    struct platform platform = {
        .firmware = machine.is_uefi ? BOOT_FIRMWARE_UEFI : BOOT_FIRMWARE_BIOS,
        .medium = "test disk",
        .is_partition = machine.is_uefi,
        .disk = {.read = read_disk, .sectors = disk.sectors + machine.partition},
        .limit = machine.is_uefi ? 0 : GIB(4),
        .blob = machine.is_uefi ? 0 : MACHINE_BLOB,
        .print = machine.has_no_screen ? NULL : print,
        .memory_map = read_memory,
        .allocate = machine.is_uefi ? allocate : NULL,
        .set_video = machine.has_no_screen ? NULL : set_video,
        .font = font,
        .find_tables = find_tables,
        .leave = machine.is_uefi ? leave : NULL,
        .enter = enter,
        .stop = stop,
    };
    alarm(SECONDS);
    loader_main(&platform);
    _exit(1);
}

void machine_boot(const struct machine *booted)
{
    machine = *booted;
    struct fat_volume volume = make_volume();
    memory_disk_open(&disk, volume.bytes, volume.sectors);
    disk.fail_from = machine.fail_from;
    make_memory();
    memset(machine_outcome, 0, sizeof *machine_outcome);

    int status;
    pid_t child = fork();
    if (child == 0)
        run_loader();
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        machine_outcome->kind = OUTCOME_DIED;
    free(volume.bytes);
}

int machine_open(void)
{
    if (machine_outcome)
        return 0;
    void *memory = mmap(at(MEMORY_START), MACHINE_MEMORY_END - MEMORY_START, PROT_NONE,
        MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0);
    machine_outcome = mmap(NULL, sizeof *machine_outcome, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == at(MEMORY_START) && machine_outcome != MAP_FAILED ? 0 : -1;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Assembling
 */

void machine_add_memory(struct machine *m, uint64_t base, uint64_t length, uint32_t type)
{
    if (m->memory_count == MACHINE_MAX_MEMORY)
        abort();
    m->memory[m->memory_count++] = (struct memory_entry){base, length, type};
}

void machine_add_file(struct machine *m, const char *path, const void *data, uint32_t size)
{
    if (m->file_count == ARRAY_LENGTH(m->files))
        abort();
    m->files[m->file_count++] = (struct machine_file){.path = path, .data = data, .size = size};
}

void machine_make(struct machine *m, uint64_t size, const void *data, uint32_t data_size)
{
    memset(m, 0, sizeof *m);
    machine_add_memory(m, 0, 0x9fc00, BOOT_MEMORY_USABLE);
    machine_add_memory(m, 0x9fc00, 0x400, BOOT_MEMORY_RESERVED);
    machine_add_memory(m, 0xf0000, 0x10000, BOOT_MEMORY_RESERVED);
    machine_add_memory(m, MIB(1), size - MIB(1) - 0x20000, BOOT_MEMORY_USABLE);
    machine_add_memory(m, size - 0x20000, 0x20000, BOOT_MEMORY_RESERVED);
    machine_add_memory(m, 0xfffc0000, 0x40000, BOOT_MEMORY_RESERVED);
    m->config = "kernel = /kernel.elf\n";
    machine_add_file(m, "/kernel.elf", data, data_size);
}
