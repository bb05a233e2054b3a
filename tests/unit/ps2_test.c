/*
 * The PS/2 driver (kernel/drivers/ps2.c) against a model of an 8042 with a keyboard, and against ports where less is.
 */
#include "tests/unit/unit.h"

#include "arch/acpi/acpi.h"
#include "arch/x86_64/interrupt.h"
#include "arch/x86_64/io.h"
#include "drivers/ps2.h"
#include "lib/errno.h"
#include "log.h"

#include <string.h>

static struct {
    bool absent;         /* the bus floats */
    bool dead;           /* never takes or gives a byte */
    bool no_self_test;   /* does not know the command */
    bool bad_self_test;  /* fails it */
    bool no_translation; /* the bit does not stick */
    bool no_keyboard;
    bool full;        /* there is always a byte to read */
    unsigned resends; /* how many bytes to the keyboard are to be sent again */

    uint8_t config, command; /* command: that waits for its data */
    uint8_t output[64];
    unsigned first, count;
    uint8_t told[64]; /* what came to the keyboard */
    unsigned told_count, reads;
} model;

static void give(uint8_t byte)
{
    if (model.count < sizeof model.output)
        model.output[(model.first + model.count++) % sizeof model.output] = byte;
}

static void controller_command(uint8_t byte)
{
    switch (byte) {
    case 0x20: give(model.config); break;
    case 0x60: model.command = byte; break;
    case 0xa7: model.config |= 0x20; break;
    case 0xaa:
        if (!model.no_self_test)
            give(model.bad_self_test ? 0xfc : 0x55);
        break;
    case 0xab: give(0); break;
    case 0xad: model.config |= 0x10; break;
    case 0xae: model.config &= ~0x10; break;
    default: fail_msg("command %#x", byte);
    }
}

static void keyboard_byte(uint8_t byte)
{
    if (model.no_keyboard)
        return;
    if (model.resends > 0) {
        model.resends--;
        give(0xfe);
        return;
    }
    assert_in_range(model.told_count, 0, 63);
    model.told[model.told_count++] = byte;
    give(0xfa);
}

void fake_outb(uint16_t port, uint8_t value)
{
    assert_false(model.dead);
    if (port == 0x64) {
        controller_command(value);
    } else if (model.command == 0x60) {
        model.config = model.no_translation ? value & ~0x40 : value;
        model.command = 0;
    } else {
        assert_int_equal(port, 0x60);
        keyboard_byte(value);
    }
}

uint8_t fake_inb(uint16_t port)
{
    model.reads++;
    if (model.absent)
        return 0xff;
    if (port == 0x64)
        return model.dead ? 0x02 : model.count > 0 || model.full ? 0x01 : 0x00;
    assert_int_equal(port, 0x60);
    if (model.count == 0)
        return 0x1e;
    uint8_t byte = model.output[model.first];
    model.first = (model.first + 1) % sizeof model.output;
    model.count--;
    return byte;
}

static bool has_8042 = true;
static int request_result;
static unsigned requested_irq;

bool acpi_has_8042(void)
{
    return has_8042;
}

int interrupt_request_isa(unsigned irq, interrupt_handler *handler, void *argument, const char *name)
{
    assert_ptr_equal(handler, ps2_interrupt);
    requested_irq = irq;
    return request_result;
}

void log_write(enum log_level level, const char *format, ...) {}

static uint32_t typed[16];
static unsigned typed_count;

static void on_key(const struct key_event *event)
{
    if (event->pressed && event->key == KEY_NONE && typed_count < 16)
        typed[typed_count++] = event->character;
}

static int fresh(void **state)
{
    memset(&model, 0, sizeof model);
    model.config = 0x37; /* both ports off, both with interrupts, as some firmware leaves it */
    has_8042 = true;
    request_result = 0;
    requested_irq = typed_count = 0;
    return 0;
}

static void type(const char *bytes)
{
    for (; *bytes != '\0'; bytes++)
        give((uint8_t)*bytes);
    ps2_interrupt(NULL);
}

static void check_typed(const char *expected)
{
    assert_int_equal(typed_count, strlen(expected));
    for (unsigned i = 0; i < typed_count; i++)
        assert_int_equal(typed[i], expected[i]);
    typed_count = 0;
}

static void test_set_up(void **state)
{
    give(0x1c); /* the firmware has left a byte */
    assert_int_equal(ps2_init(on_key), 0);
    assert_int_equal(requested_irq, 1);
    assert_int_equal(model.config, 0x65); /* translating, the second port off, interrupts of the first */
    assert_int_equal(model.count, 0);
    assert_memory_equal(model.told, "\xf0\x02\xed\x00\xf4", 5);
    check_typed("");
    type("\x1e\x9e\x30\xb0");
    check_typed("ab");
}

static void test_lights(void **state)
{
    assert_int_equal(ps2_init(on_key), 0);
    model.told_count = 0;
    type("\x3a\xba"); /* caps lock */
    ps2_interrupt(NULL);
    ps2_interrupt(NULL);
    assert_int_equal(model.told_count, 2);
    assert_memory_equal(model.told, "\xed\x04", 2);
    model.resends = 2;
    type("\x1e\x9e\x3a\xba\x1e");
    check_typed("Aa");
    assert_memory_equal(model.told + 2, "\xed\x00", 2);
    model.resends = 100; /* a keyboard that never understands is left alone */
    type("\x3a\xba\x30");
    check_typed("B");
    assert_int_equal(model.told_count, 4);
    assert_true(model.resends > 90);
}

static void test_liars(void **state)
{
    model.bad_self_test = true;
    assert_int_equal(ps2_init(on_key), 0);
    type("\x1e");
    check_typed("a");

    fresh(NULL);
    model.no_self_test = true;
    model.resends = 2;
    assert_int_equal(ps2_init(on_key), 0);
    type("\x1e");
    check_typed("a");

    fresh(NULL);
    model.no_translation = true; /* then it is set 2 that comes */
    assert_int_equal(ps2_init(on_key), 0);
    type("\x1c\xf0\x1c\x32");
    check_typed("ab");
}

static void test_no_keyboard(void **state)
{
    model.no_keyboard = true;
    assert_int_equal(ps2_init(on_key), 0);
    model.no_keyboard = false; /* plugged in: it says that its test has passed */
    type("\xaa\x1e");
    check_typed("a");
}

static void test_nothing_there(void **state)
{
    model.absent = true;
    assert_int_equal(ps2_init(on_key), -ENODEV);
    assert_true(model.reads < 10);

    fresh(NULL);
    model.dead = true;
    assert_int_equal(ps2_init(on_key), -ENODEV);
    assert_true(model.reads < 1000000);

    fresh(NULL);
    has_8042 = false;
    assert_int_equal(ps2_init(on_key), -ENODEV);
    assert_int_equal(model.reads, 0);

    fresh(NULL);
    request_result = -EBUSY;
    assert_int_equal(ps2_init(on_key), -EBUSY);
}

/* A port that always has a byte may not hold anyone for ever. */
static void test_never_empty(void **state)
{
    model.full = true;
    ps2_init(on_key);
    assert_true(model.reads < 1000000);
    model.reads = 0;
    ps2_interrupt(NULL);
    assert_true(model.reads < 100);
}

#define FRESH(test) cmocka_unit_test_setup(test, fresh)
UNIT_MAIN(FRESH(test_set_up), FRESH(test_lights), FRESH(test_liars), FRESH(test_no_keyboard), FRESH(test_nothing_there),
    FRESH(test_never_empty))
