/*
 * Taking the serial ports from the firmware, which may have a terminal on them: the loader drives COM1 on its own, and
 * two writers on one port print everything twice, or garble it.
 *
 * Only ports of a PC's own are taken, the ACPI device PNP0501; a console on any other serial device stays connected,
 * and the loader's text reaches it through the firmware.
 *
 * Source: UEFI 2.10, 7.3.13 (DisconnectController), 10.3.3 (ACPI device path), 12.8 (serial I/O); PNP0501 is ACPI 6.5's
 * "16550A-compatible COM port", compressed as 19.3.4 (EISAID) says.
 */
#include "boot/uefi/uefi.h"

#include "arch/x86_64/io.h"
#include "drivers/uart16550.h"

#define LINE_STATUS 5 /* register; bit 0: there is a byte. No port there: all bits are set. */
#define PNP0501 0x050141d0

static const struct efi_guid serial_io = EFI_SERIAL_IO_PROTOCOL_GUID;
static const struct efi_guid device_path = EFI_DEVICE_PATH_PROTOCOL_GUID;

static bool is_com_port(efi_handle_t handle)
{
    const struct efi_device_path *node = uefi_protocol(handle, &device_path);
    while (node && node->type != END_DEVICE_PATH && node->length >= 4) {
        if (node->type == ACPI_DEVICE_PATH && node->subtype == ACPI_DP && node->acpi_device == PNP0501)
            return true;
        node = (const struct efi_device_path *)((const uint8_t *)node + node->length);
    }
    return false;
}

static void for_each_port(void (*act)(efi_handle_t handle))
{
    efi_handle_t *handles;
    size_t count;
    if (EFI_ERROR(uefi.boot->locate_handle_buffer(ByProtocol, &serial_io, NULL, &count, &handles)))
        return;
    for (size_t i = 0; i < count; i++)
        if (is_com_port(handles[i]))
            act(handles[i]);
    uefi.boot->free_pool(handles);
}

static void disconnect(efi_handle_t handle)
{
    uefi.boot->disconnect_controller(handle, NULL, NULL);
}

static void connect(efi_handle_t handle)
{
    uefi.boot->connect_controller(handle, NULL, NULL, true);
}

void uefi_serial_take(void)
{
    for_each_port(disconnect);
}

void uefi_serial_give_back(void)
{
    for_each_port(connect);
}

bool uefi_serial_read(void)
{
    uint8_t status = inb(UART_COM1 + LINE_STATUS);
    if (status == 0xff || !(status & 1))
        return false;
    inb(UART_COM1);
    return true;
}
