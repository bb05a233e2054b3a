/*
 * The loader's main line: from a platform that can read its boot disk to a running kernel. Each step is a function that
 * returns 0, or -1 after it has set an error sentence; the first failure is shown and ends the boot.
 *
 * Nothing is printed when all goes well: the screen is the kernel's.
 */
#include "boot/loader/loader.h"

#include "arch/x86_64/io.h"
#include "boot/loader/error.h"
#include "boot/loader/loader_internal.h"
#include "drivers/uart16550.h"
#include "lib/printf.h"
#include "lib/string.h"

static struct loader loader;

/* ------------------------------------------------------------------------------------------------------------------
 * Telling
 */

static void print_write(struct format_sink *sink, const char *text, size_t length)
{
    if (loader.platform && loader.platform->print) /* a fault may come before loader_main */
        loader.platform->print(text, length);
    for (size_t i = 0; loader.info.serial.port && i < length; i++) {
        if (text[i] == '\n')
            uart_write(loader.info.serial.port, '\r');
        uart_write(loader.info.serial.port, (uint8_t)text[i]);
    }
}

void loader_print(const char *format, ...)
{
    struct format_sink sink = {.write = print_write};
    va_list arguments;
    va_start(arguments, format);
    format_sink_vprintf(&sink, format, arguments);
    va_end(arguments);
}

static void serial_open(uint16_t port, uint32_t baud)
{
    loader.info.serial = (struct boot_serial){0};
    if (port && uart_init(port, baud))
        loader.info.serial = (struct boot_serial){.port = port, .baud = baud};
}

/* ------------------------------------------------------------------------------------------------------------------
 * The steps
 */

static int read_memory_map(void)
{
    if (loader.platform->memory_map(&loader.map) < 0)
        return -1;
    memory_map_refresh(&loader.map);
    if (memory_map_total(&loader.map, BOOT_MEMORY_USABLE) == 0)
        return loader_error("The firmware reports no usable memory, so there is nowhere to load a kernel.");
    return 0;
}

static int mount(void)
{
    uint32_t sector;
    if (loader_find_volume(loader.platform, &sector) < 0)
        return -1;
    return fat_mount(&loader.fat, &loader.platform->disk, sector);
}

static int read_config(void)
{
    static char text[CONFIG_MAX_SIZE + 1];
    struct fat_file file;

    if (fat_open(&loader.fat, LAYOUT_CONFIG_PATH, &file) < 0)
        return -1;
    if (file.size > CONFIG_MAX_SIZE)
        return loader_error("corrode.conf has %u bytes; the limit is %d.", file.size, CONFIG_MAX_SIZE);
    if (fat_read(&file, 0, text, file.size) < 0 || config_parse(text, file.size, &loader.config) < 0)
        return -1;
    if (loader.config.serial.set)
        serial_open(loader.config.serial.port, loader.config.serial.baud);
    return 0;
}

static int boot(void)
{
    if (cpu_check() < 0)
        return -1;
    loader.info.tsc_at_entry = cpu_tsc();
    if (read_memory_map() < 0 || mount() < 0 || read_config() < 0)
        return -1;
    entropy_gather(&loader);
    if (loader_load_kernel(&loader) < 0 || loader_load_modules(&loader) < 0)
        return -1;
    return loader_hand_off(&loader);
}

void loader_main(struct platform *platform)
{
    loader.platform = platform;
    serial_open(UART_COM1, UART_DEFAULT_BAUD);
    boot();
    loader_print("\nCorrode cannot boot: %s\n", loader_error_text());
    platform->stop();
}
