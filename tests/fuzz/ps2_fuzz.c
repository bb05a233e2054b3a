/*
 * Fuzzes the PS/2 driver and its decoder (kernel/drivers/ps2.c, ps2_keys.c): every read of a port gives the next byte
 * of the input, during set-up and afterwards. Nothing may crash or hang, and a key that is released was pressed before.
 */
#include "arch/acpi/acpi.h"
#include "arch/x86_64/interrupt.h"
#include "arch/x86_64/io.h"
#include "drivers/ps2.h"
#include "drivers/ps2_keys.h"
#include "log.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *next, *end;

uint8_t fake_inb(uint16_t port)
{
    return next < end ? *next++ : 0x01; /* in the end: ready, and a byte to read */
}

bool acpi_has_8042(void)
{
    return true;
}

int interrupt_request_isa(unsigned irq, interrupt_handler *handler, void *argument, const char *name)
{
    return 0;
}

void log_write(enum log_level level, const char *format, ...) {}

static unsigned down; /* modifier keys */

static void on_key(const struct key_event *event)
{
    if (event->key > KEY_SCROLL_LOCK || (event->key != KEY_NONE && event->character != 0))
        abort();
    if (event->key == KEY_NONE && (event->character < ' ' || event->character > '~'))
        abort();
}

static void on_decoded(void *context, const struct key_event *event)
{
    on_key(event);
    if (event->key == KEY_SHIFT || event->key == KEY_CONTROL || event->key == KEY_ALT) {
        if (event->pressed ? ++down > 6 : down-- == 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct ps2_decoder decoder;
    ps2_decoder_init(&decoder, data[0] & 1 ? PS2_SET_1 : PS2_SET_2, on_decoded, NULL);
    down = 0;
    for (size_t i = 1; i < size; i++)
        ps2_decode(&decoder, data[i]);
    ps2_decoder_reset(&decoder);
    if (down != 0 || decoder.held != 0)
        abort();

    next = data;
    end = data + size;
    if (ps2_init(on_key) < 0)
        return 0;
    while (next < end)
        ps2_interrupt(NULL);
    return 0;
}
