/*
 * pvh.elf: the loader started by a virtual machine monitor, without firmware, as a struct platform for boot/loader.
 *
 * The monitor puts this file where its program headers say, and the disk image, whole, anywhere else in memory:
 *
 *     qemu-system-x86_64 -kernel build/boot/pvh.elf -initrd IMAGE
 *
 * From there on everything is as on BIOS: partition, corrode.conf, kernel. The monitor's own command line is not used:
 * what a kernel is told stands in the image.
 *
 * Source: Xen, "x86/HVM direct boot ABI".
 */
#include "boot/pvh/pvh.h"

#include "arch/x86_64/io.h"
#include "boot/loader/error.h"

static paddr_t rsdp; /* as the monitor says; 0: it does not */
static bool broken;  /* the monitor's words make no sense: the sentence is set */

static struct platform platform;

static int memory_map(struct memory_map *map)
{
    if (broken || pvh_memory_map(map) < 0)
        return -1;
    platform.blob = pvh_memory_for_blob(map);
    return platform.blob ? 0 : loader_error("There is too little memory for the loader itself. Add memory.");
}

static void find_tables(struct boot_info *info)
{
    i386_find_tables(info);
    if (rsdp)
        info->rsdp = rsdp;
}

/* No firmware, no keyboard: there is nothing to wait for. */
void i386_stop(void)
{
    if (loader_is_virtual())
        outb(BOOT_EXIT_PORT, BOOT_EXIT_LOADER);
    for (;;)
        __asm__ volatile("cli; hlt");
}

static struct platform platform = {
    .firmware = BOOT_FIRMWARE_PVH,
    .medium = "disk image (the initial RAM disk)",
    .limit = GIB(4),
    .memory_map = memory_map,
    .find_tables = find_tables,
    .leave = pvh_leave,
    .enter = i386_enter,
    .stop = i386_stop,
};

void pvh_main(const struct hvm_start_info *start)
{
    i386_fault_init();
    if (pvh_text_open()) {
        platform.print = pvh_text_print;
        platform.set_video = pvh_text_describe;
    }
    broken = pvh_memory_open(start) < 0 || pvh_disk_open(&platform.disk, start) < 0;
    if (!broken)
        rsdp = start->rsdp;
    loader_main(&platform);
    i386_stop();
}
