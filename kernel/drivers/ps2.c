/*
 * The 8042: a keyboard controller with a byte each way, a status register, and manners that differ from board to board.
 *
 * Set-up trusts little. The controller's own test may fail or not answer although the keyboard works; firmware that
 * emulates the controller for a USB keyboard ignores commands, and its configuration byte may not be what was written.
 * So every wait is bounded, what fails is logged and passed over, and only a controller of which nothing at all can be
 * read counts as missing. The keyboard is not reset, which takes half a second: the firmware has done that. It is told
 * to use scan code set 2, which the controller translates to set 1, or if it turns out that it does not, is decoded as
 * it is.
 *
 * The second port (a mouse) is turned off. The lights are set by a queue of bytes, one after each acknowledgement of
 * the one before, as nobody may wait in an interrupt handler.
 *
 * `lock` guards everything here, the registers too. Keys are reported under it.
 *
 * Sources: Intel 8042 as IBM used it: IBM PS/2 Hardware Interface Technical Reference, "Keyboard and Auxiliary Device
 * Controller" (ports, status, commands 20h to FEh) and "Keyboards" (commands EDh, F0h, F4h; FAh, FEh).
 */
#include "drivers/ps2.h"
#include "arch/acpi/acpi.h"
#include "arch/x86_64/interrupt.h"
#include "arch/x86_64/spinlock.h"
#include "drivers/ps2_keys.h"
#include "lib/errno.h"
#include "log.h"

#define LOG_NAME "ps2"

#define IRQ 1

#define PORT_DATA 0x60
#define PORT_STATUS 0x64  /* when read */
#define PORT_COMMAND 0x64 /* when written */

#define STATUS_OUTPUT 0x01 /* a byte to read is there */
#define STATUS_INPUT 0x02  /* the byte written last has not been taken */
#define STATUS_MOUSE 0x20  /* the byte to read is the second port's */

#define COMMAND_READ_CONFIG 0x20
#define COMMAND_WRITE_CONFIG 0x60
#define COMMAND_DISABLE_SECOND 0xa7
#define COMMAND_SELF_TEST 0xaa
#define COMMAND_TEST_FIRST 0xab
#define COMMAND_DISABLE_FIRST 0xad
#define COMMAND_ENABLE_FIRST 0xae
#define SELF_TEST_PASSED 0x55

#define CONFIG_INTERRUPT_FIRST 0x01
#define CONFIG_INTERRUPT_SECOND 0x02
#define CONFIG_FIRST_DISABLED 0x10
#define CONFIG_SECOND_DISABLED 0x20
#define CONFIG_TRANSLATE 0x40

#define KEYBOARD_SET_LEDS 0xed
#define KEYBOARD_SCAN_SET 0xf0
#define KEYBOARD_ENABLE 0xf4
#define KEYBOARD_ACKNOWLEDGE 0xfa
#define KEYBOARD_RESEND 0xfe

/* A read of a port takes about a microsecond. */
#define WAIT_CONTROLLER 50000 /* reads */
#define WAIT_KEYBOARD 100000
#define FLUSH_MAX 64  /* more bytes than any buffer holds: a port that floats gives for ever */
#define BYTES_MAX 32  /* per interrupt */
#define RESENDS_MAX 3 /* of one byte */

static struct spinlock lock = SPINLOCK_INIT(DEVICE);
static struct ps2_decoder decoder;
static void (*report_key)(const struct key_event *event);

/* Bytes on their way to the keyboard. */
static struct {
    uint8_t bytes[2];
    unsigned next, count; /* bytes[next] has been sent and not been acknowledged while next < count */
    unsigned resends;
    uint8_t leds; /* what the keyboard shall show */
} queue;

static bool wait_status(uint8_t mask, uint8_t wanted, unsigned reads)
{
    for (; reads > 0; reads--) {
        if ((inb(PORT_STATUS) & mask) == wanted)
            return true;
        cpu_pause();
    }
    return false;
}

static bool write_data(uint8_t byte)
{
    if (!wait_status(STATUS_INPUT, 0, WAIT_CONTROLLER))
        return false;
    outb(PORT_DATA, byte);
    return true;
}

static bool command(uint8_t byte)
{
    if (!wait_status(STATUS_INPUT, 0, WAIT_CONTROLLER))
        return false;
    outb(PORT_COMMAND, byte);
    return true;
}

/* The next byte from there, or -1. */
static int read_data(unsigned reads)
{
    return wait_status(STATUS_OUTPUT, STATUS_OUTPUT, reads) ? inb(PORT_DATA) : -1;
}

static int ask(uint8_t byte)
{
    return command(byte) ? read_data(WAIT_CONTROLLER) : -1;
}

static void flush(void)
{
    for (unsigned i = 0; i < FLUSH_MAX && (inb(PORT_STATUS) & STATUS_OUTPUT); i++)
        inb(PORT_DATA);
}

static bool write_config(uint8_t config)
{
    return command(COMMAND_WRITE_CONFIG) && write_data(config);
}

/* Sends a command byte to the keyboard and waits until it is acknowledged; false when it is not. */
static bool tell_keyboard(uint8_t byte)
{
    for (unsigned tries = 0; tries < RESENDS_MAX; tries++) {
        if (!write_data(byte))
            return false;
        int answer = 0;
        for (unsigned i = 0; i < BYTES_MAX && answer >= 0; i++) { /* keys may come in between */
            answer = read_data(WAIT_KEYBOARD);
            if (answer == KEYBOARD_ACKNOWLEDGE)
                return true;
            if (answer == KEYBOARD_RESEND)
                break;
        }
        if (answer < 0)
            return false;
    }
    return false;
}

/* Leaves the controller with both ports off and no interrupts; its configuration, or -1 when nobody answers. */
static int quiet_controller(void)
{
    if (inb(PORT_STATUS) == 0xff) /* nothing drives the bus */
        return -1;
    command(COMMAND_DISABLE_FIRST);
    command(COMMAND_DISABLE_SECOND);
    flush();
    int config = ask(COMMAND_READ_CONFIG);
    if (config < 0)
        return -1;
    return config & ~(CONFIG_INTERRUPT_FIRST | CONFIG_INTERRUPT_SECOND);
}

/* Passing is no condition: emulated controllers fail what they do not know. */
static void test_controller(void)
{
    int answer = ask(COMMAND_SELF_TEST);
    if (answer != SELF_TEST_PASSED)
        log_info("the controller's self-test says %#x, not 0x55; going on", answer);
    command(COMMAND_DISABLE_SECOND); /* the test may have turned it on */
    answer = ask(COMMAND_TEST_FIRST);
    if (answer != 0)
        log_info("the test of the keyboard's lines says %#x, not 0; going on", answer);
}

static enum ps2_set set_up_keyboard(uint8_t config)
{
    config = (uint8_t)((config & ~CONFIG_FIRST_DISABLED) | CONFIG_SECOND_DISABLED | CONFIG_TRANSLATE);
    write_config(config);
    command(COMMAND_ENABLE_FIRST);
    int now = ask(COMMAND_READ_CONFIG);
    bool translates = now < 0 || (now & CONFIG_TRANSLATE);

    bool answers = tell_keyboard(KEYBOARD_SCAN_SET) && tell_keyboard(2) && tell_keyboard(KEYBOARD_SET_LEDS) &&
                   tell_keyboard(0) && tell_keyboard(KEYBOARD_ENABLE);
    if (!answers)
        log_info("no keyboard answers; one may come later");
    flush();
    write_config(config | CONFIG_INTERRUPT_FIRST);
    return translates ? PS2_SET_1 : PS2_SET_2;
}

/* ------------------------------------------------------------------------------------------------------------------
 * While it runs
 */

static void send_next(void)
{
    /* The controller takes a byte within microseconds; if not, the lights are of no importance. */
    if (queue.next < queue.count && !(inb(PORT_STATUS) & STATUS_INPUT))
        outb(PORT_DATA, queue.bytes[queue.next]);
    else
        queue.next = queue.count = 0;
}

static void set_leds(uint8_t leds)
{
    if (leds == queue.leds)
        return;
    queue.leds = leds;
    queue.bytes[0] = KEYBOARD_SET_LEDS;
    queue.bytes[1] = leds;
    queue.next = queue.resends = 0;
    queue.count = 2;
    send_next();
}

/* Is the byte an answer to what was sent? */
static bool is_answer(uint8_t byte)
{
    if (queue.next == queue.count || (byte != KEYBOARD_ACKNOWLEDGE && byte != KEYBOARD_RESEND))
        return false;
    if (byte == KEYBOARD_ACKNOWLEDGE) {
        queue.next++;
        queue.resends = 0;
    } else if (++queue.resends == RESENDS_MAX) {
        queue.next = queue.count = 0;
    }
    send_next();
    return true;
}

static void on_key(void *context, const struct key_event *event)
{
    report_key(event);
}

void ps2_interrupt(void *argument)
{
    spin_lock(&lock);
    for (unsigned i = 0; i < BYTES_MAX; i++) {
        uint8_t status = inb(PORT_STATUS);
        if (!(status & STATUS_OUTPUT))
            break;
        uint8_t byte = inb(PORT_DATA);
        if (status & STATUS_MOUSE || is_answer(byte))
            continue;
        ps2_decode(&decoder, byte);
        set_leds(decoder.leds);
    }
    spin_unlock(&lock);
}

int ps2_init(void (*key)(const struct key_event *event))
{
    if (!acpi_has_8042()) {
        log_info("the firmware says that there is no PS/2 controller");
        return -ENODEV;
    }
    report_key = key;
    spin_lock(&lock);
    int config = quiet_controller();
    if (config >= 0) {
        test_controller();
        ps2_decoder_init(&decoder, set_up_keyboard((uint8_t)config), on_key, NULL);
    }
    spin_unlock(&lock);
    if (config < 0) {
        log_info("there is no PS/2 controller");
        return -ENODEV;
    }
    int error = interrupt_request_isa(IRQ, ps2_interrupt, NULL, "keyboard");
    if (error < 0) {
        log_warning("no interrupt for the keyboard: error %d", -error);
        return error;
    }
    ps2_interrupt(NULL); /* a byte that came meanwhile would hold up all others: its edge is past */
    return 0;
}
