/*
 * Address line 20, which a PC holds at 0 until someone frees it, so that 1 MiB looks like 0.
 *
 * The test writes two values above 1 MiB and looks whether the byte at the same place below changes too. Then come the
 * methods, the politest first, each followed by the test.
 *
 * Sources: Ralf Brown's Interrupt List, INT 15h AX=2401h; IBM PC AT technical reference (keyboard controller, output
 * port bit 1); port 92h, bit 1 ("fast A20").
 */
#include "boot/bios/bios.h"

#include "arch/x86_64/io.h"
#include "boot/loader/error.h"

#define KEYBOARD_DATA 0x60
#define KEYBOARD_COMMAND 0x64
#define KEYBOARD_OUTPUT_FULL 1
#define KEYBOARD_INPUT_FULL 2
#define WAIT_LIMIT 100000
#define SETTLE_LIMIT 1000

/* 0:600h is free; 1 MiB above it must be another byte. */
static bool is_enabled(void)
{
    volatile uint8_t *low = (uint8_t *)0x600, *high = (uint8_t *)0x100600;
    uint8_t saved_low = *low, saved_high = *high;
    bool enabled = true;
    for (int i = 0; i < 2; i++) {
        *low = i ? 0xaa : 0x55;
        *high = i ? 0x55 : 0xaa;
        cpu_pause();
        if (*low == *high)
            enabled = false;
    }
    *high = saved_high;
    *low = saved_low;
    return enabled;
}

/* The line may take a moment; the limit keeps a dead one from hanging the machine. */
static bool settles(void)
{
    for (int i = 0; i < SETTLE_LIMIT; i++)
        if (is_enabled())
            return true;
    return false;
}

static void wait_keyboard(uint8_t bit, bool set)
{
    for (int i = 0; i < WAIT_LIMIT && ((inb(KEYBOARD_COMMAND) & bit) != 0) != set; i++)
        ;
}

static void keyboard_command(uint8_t command)
{
    wait_keyboard(KEYBOARD_INPUT_FULL, false);
    outb(KEYBOARD_COMMAND, command);
}

static void by_bios(void)
{
    struct bios_registers r = {.eax = 0x2401};
    bios_call(0x15, &r);
}

static void by_keyboard_controller(void)
{
    keyboard_command(0xad); /* keyboard off */
    keyboard_command(0xd0); /* read the output port */
    wait_keyboard(KEYBOARD_OUTPUT_FULL, true);
    uint8_t port = inb(KEYBOARD_DATA);
    keyboard_command(0xd1); /* write it */
    wait_keyboard(KEYBOARD_INPUT_FULL, false);
    outb(KEYBOARD_DATA, port | 2);
    keyboard_command(0xae); /* keyboard on */
    wait_keyboard(KEYBOARD_INPUT_FULL, false);
}

static void by_port_92(void)
{
    uint8_t value = inb(0x92);
    if (!(value & 2))
        outb(0x92, (value | 2) & ~1); /* bit 0 would reset the machine */
}

int a20_enable(void)
{
    static void (*const methods[])(void) = {by_bios, by_keyboard_controller, by_port_92};
    if (is_enabled())
        return 0;
    for (size_t i = 0; i < ARRAY_LENGTH(methods); i++) {
        methods[i]();
        if (settles())
            return 0;
    }
    return loader_error(
        "Address line A20 stays off, so memory above 1 MiB cannot be used. Look for an A20 or \"gate A20\" "
        "setting in the BIOS setup.");
}
