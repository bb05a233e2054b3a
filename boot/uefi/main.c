/*
 * BOOTX64.EFI: what UEFI offers, as a struct platform for boot/loader.
 *
 * The firmware calls efi_main() in 64-bit mode, with interrupts on and memory mapped one to one, and it goes on running
 * beside the loader until uefi_leave(). If the boot fails before, efi_main() returns to it, and it tries the next entry
 * of its boot order.
 *
 * Source: UEFI 2.10, 2.3.4 (x64 platforms), 4.1 (the entry point), 7.5 (watchdog), 12.3 and 12.4 (console).
 */
#include "boot/uefi/uefi.h"

#include "arch/x86_64/io.h"
#include "tty/font.h"

#define POLL_MICROSECONDS 20000

struct uefi uefi;

void *uefi_protocol(efi_handle_t handle, const struct efi_guid *protocol)
{
    void *interface = NULL;
    return handle && !EFI_ERROR(uefi.boot->handle_protocol(handle, protocol, &interface)) ? interface : NULL;
}

void *uefi_any_protocol(const struct efi_guid *protocol)
{
    void *interface = NULL;
    return EFI_ERROR(uefi.boot->locate_protocol(protocol, NULL, &interface)) ? NULL : interface;
}

/* The console wants UCS-2, ended by a zero, and lines that end like a teletype's. */
static void print(const char *text, size_t length)
{
    struct efi_text_output *output = uefi.system->output;
    uint16_t line[64 + 2];
    size_t used = 0;
    if (!uefi.boot || !output)
        return;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\n')
            line[used++] = '\r';
        line[used++] = (uint8_t)text[i] < 0x80 ? (uint8_t)text[i] : '?';
        if (used >= 64 || i + 1 == length) {
            line[used] = 0;
            output->output_string(output, line);
            used = 0;
        }
    }
}

static const uint8_t *font(void)
{
    return font_glyphs[0];
}

/* On the keyboard, or on the serial line that the firmware cannot hear at the moment. */
static void wait_for_key(void)
{
    struct efi_text_input *input = uefi.system->input;
    struct efi_input_key key;
    if (input)
        input->reset(input, false); /* what was typed before is no answer */
    while ((!input || EFI_ERROR(input->read_key(input, &key))) && !uefi_serial_read())
        uefi.boot->stall(POLL_MICROSECONDS);
}

/* What was allocated stays so: the firmware tells whatever boots next that it is free after boot. */
static void stop(void)
{
    if (loader_is_virtual())
        outb(BOOT_EXIT_PORT, BOOT_EXIT_LOADER);
    if (!uefi.boot)
        for (;;)
            __asm__ volatile("cli; hlt");
    loader_print("Press a key to return to the firmware.\n");
    wait_for_key();
    uefi_serial_give_back(); /* not before: a terminal begins by clearing its screen */
}

static struct platform platform = {
    .firmware = BOOT_FIRMWARE_UEFI,
    .medium = "system partition",
    .is_partition = true,
    .print = print,
    .memory_map = uefi_memory_map,
    .allocate = uefi_allocate,
    .set_video = uefi_set_video,
    .font = font,
    .find_tables = uefi_find_tables,
    .entropy = uefi_entropy,
    .leave = uefi_leave,
    .enter = uefi_enter,
    .stop = stop,
};

efi_status_t efi_main(efi_handle_t image, struct efi_system_table *system)
{
    uefi = (struct uefi){.image = image, .system = system, .boot = system->boot};
    uefi.boot->set_watchdog_timer(0, 0, 0, NULL);
    uefi_serial_take();
    uefi_disk_open(&platform.disk);
    loader_main(&platform);
    return EFI_LOAD_ERROR;
}
