/*
 * Stage 2's C entry: what a PC BIOS offers, as a struct platform for boot/loader.
 *
 * Sources: Ralf Brown's Interrupt List, INT 10h AH=0Eh (teletype), INT 15h AX=EC00h (AMD BIOS and Kernel Developer's
 * Guide: tells the BIOS that the system will run in long mode), INT 16h AH=00h (keyboard).
 */
#include "boot/bios/bios.h"

#include "arch/x86_64/io.h"
#include "boot/layout.h"
#include "boot/loader/error.h"

static void print(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        struct bios_registers r = {.eax = 0x0e00 | (uint8_t)text[i], .ebx = 0x0007};
        if (text[i] == '\n')
            print("\r", 1);
        bios_call(0x10, &r);
    }
}

static void announce_long_mode(void)
{
    struct bios_registers r = {.eax = 0xec00, .ebx = 2};
    bios_call(0x15, &r);
}

void i386_stop(void)
{
    if (loader_is_virtual())
        outb(BOOT_EXIT_PORT, BOOT_EXIT_LOADER);
    loader_print("Press a key to restart.\n");
    struct bios_registers r = {.eax = 0};
    bios_call(0x16, &r);
    outb(0x64, 0xfe); /* the keyboard controller pulls the reset line */
    for (;;)
        __asm__ volatile("hlt");
}

static int memory_map(struct memory_map *map)
{
    if (a20_enable() < 0 || bios_memory_map(map) < 0)
        return -1;
    announce_long_mode();
    return 0;
}

static struct platform platform = {
    .firmware = BOOT_FIRMWARE_BIOS,
    .medium = "boot disk",
    .limit = GIB(4),
    .blob = BIOS_BOUNCE,
    .print = print,
    .memory_map = memory_map,
    .set_video = bios_set_video,
    .font = bios_font,
    .find_tables = i386_find_tables,
    .enter = i386_enter,
    .stop = i386_stop,
};

void bios_main(uint32_t drive)
{
    i386_fault_init();
    bios_disk_open(&platform.disk, (uint8_t)drive);
    loader_main(&platform);
    for (;;)
        __asm__ volatile("hlt");
}
