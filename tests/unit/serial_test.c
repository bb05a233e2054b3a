/*
 * The serial driver with interrupts (kernel/drivers/serial.c) against a model of a 16550 that raises them, and against
 * UARTs that lose or never raise them.
 */
#include "tests/unit/unit.h"

#include "arch/x86_64/interrupt.h"
#include "arch/x86_64/io.h"
#include "arch/x86_64/machine.h"
#include "drivers/serial.h"
#include "lib/errno.h"
#include "log.h"
#include "time/clock.h"
#include "tty/console.h"

#include <string.h>

#define PORT 0x3f8

static struct {
    bool no_interrupts; /* the line leads nowhere */
    bool no_fifo;       /* a 16450 */
    bool stuck;         /* never takes a byte */
    bool raised;        /* the transmit interrupt is pending: the transmitter became empty while it was enabled */
    uint8_t ier, mcr, fcr;
    unsigned fifo;      /* bytes in the transmitter */
    unsigned overflows; /* bytes that came when it was full */
    char sent[100000];
    size_t length;
    struct {
        uint8_t byte, status;
    } received[64];
    unsigned first, count;
    unsigned reads;
    bool handling;
} uart;

static unsigned requested_irq;
static int request_result;
static const struct console_serial *console_side;
static void (*exit_function)(void);

static uint8_t pending(void)
{
    if (uart.count > 0 && (uart.ier & 1))
        return 0x04;
    return uart.raised && (uart.ier & 2) ? 0x02 : 0x01;
}

/* The line, which the host's only thread looks at when serial_init waits for it, and when a test says so. */
static void interrupt(void)
{
    if (pending() == 0x01 || uart.no_interrupts || uart.handling || !(uart.mcr & 0x08))
        return;
    uart.handling = true;
    serial_interrupt(NULL);
    uart.handling = false;
}

/* The transmitter has sent all that it had. */
static void transmit(void)
{
    if (uart.fifo > 0)
        uart.raised = true;
    uart.fifo = 0;
}

void fake_outb(uint16_t port, uint8_t value)
{
    switch (port - PORT) {
    case 0:
        if (uart.fifo == (uart.no_fifo ? 1 : 16))
            uart.overflows++;
        uart.fifo++;
        uart.raised = false;
        assert_true(uart.length < sizeof uart.sent);
        uart.sent[uart.length++] = (char)value;
        break;
    case 1:
        if ((value & 2) && !(uart.ier & 2) && uart.fifo == 0)
            uart.raised = true;
        uart.ier = value;
        break;
    case 2:
        if ((value ^ uart.fcr) & 1)
            uart.count = 0; /* the FIFO forgets what came before it was turned on */
        uart.fcr = value;
        break;
    case 4: uart.mcr = value; break;
    default: fail_msg("wrote register %u", port - PORT);
    }
}

static bool waiting_for_probe; /* serial_init waits by looking at the line status: the interrupt comes meanwhile */
static bool polled_transmits;  /* every look at the line status finds the transmitter empty in the end */

uint8_t fake_inb(uint16_t port)
{
    uart.reads++;
    switch (port - PORT) {
    case 0: {
        uint8_t byte = uart.received[uart.first].byte;
        uart.first = (uart.first + 1) % 64;
        uart.count--;
        return byte;
    }
    case 2: {
        uint8_t id = pending();
        if (id == 0x02)
            uart.raised = false;
        return id | (uart.no_fifo ? 0 : 0xc0);
    }
    case 5: {
        if (waiting_for_probe)
            interrupt();
        if (polled_transmits && !uart.stuck)
            transmit();
        uint8_t status = uart.count > 0 ? uart.received[uart.first].status | 1 : 0;
        return status | (uart.fifo == 0 && !uart.stuck ? 0x60 : 0);
    }
    case 6: return 0;
    default: fail_msg("read register %u", port - PORT); return 0;
    }
}

int interrupt_request_isa(unsigned irq, interrupt_handler *handler, void *argument, const char *name)
{
    requested_irq = irq;
    return request_result;
}

void log_write(enum log_level level, const char *format, ...) {}

void console_set_serial(const struct console_serial *serial)
{
    console_side = serial;
}

void machine_at_exit(void (*function)(void))
{
    exit_function = function;
}

static uint64_t now;
uint64_t clock_monotonic(void)
{
    return now;
}

static unsigned roomy;
static void on_room(void *context)
{
    roomy++;
}

static int start(void)
{
    waiting_for_probe = true;
    int error = serial_init(PORT);
    waiting_for_probe = false;
    return error;
}

static int fresh(void **state)
{
    if (console_side != NULL)
        console_side->close(); /* of the last test */
    memset(&uart, 0, sizeof uart);
    console_side = NULL;
    exit_function = NULL;
    request_result = 0;
    polled_transmits = false;
    serial_set_notify(NULL, NULL, NULL);
    char bytes[SERIAL_INPUT_SIZE];
    enum serial_kind kind;
    while (serial_read(bytes, sizeof bytes, &kind) > 0)
        ;
    return 0;
}

static void check_sent(const char *expected)
{
    uart.sent[uart.length] = '\0';
    assert_string_equal(uart.sent, expected);
    uart.length = 0;
    assert_int_equal(uart.overflows, 0);
}

static void write_text(const char *text)
{
    serial_write(text, strlen(text));
}

static void run_dry(void)
{
    for (unsigned i = 0; i < 10000; i++) {
        transmit();
        interrupt();
    }
}

static void test_output(void **state)
{
    assert_int_equal(start(), 0);
    assert_int_equal(requested_irq, 4);
    assert_non_null(console_side);
    assert_int_equal(uart.ier, 0x05);
    write_text("short");
    check_sent("short");
    assert_int_equal(uart.ier, 0x05); /* nothing more to come */
    write_text(" and");               /* while the UART is busy */
    check_sent("");
    transmit();
    interrupt();
    check_sent(" and");
    transmit();
    write_text("0123456789abcdefghijklmnopqrstuvwxyz");
    assert_int_equal(uart.length, 16);
    write_text("!");
    assert_int_equal(uart.length, 16);
    transmit();
    interrupt();
    assert_int_equal(uart.length, 32);
    run_dry();
    check_sent("0123456789abcdefghijklmnopqrstuvwxyz!");
    assert_int_equal(uart.ier, 0x05);
}

static void test_much_output(void **state)
{
    static char text[3 * SERIAL_OUTPUT_SIZE + 1], expected[sizeof text];
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = (char)('a' + i % 23);
    memcpy(expected, text, sizeof text);
    assert_int_equal(start(), 0);
    polled_transmits = true; /* so that waiting ends */
    write_text(text);
    polled_transmits = false;
    assert_true(uart.length >= 2 * SERIAL_OUTPUT_SIZE);
    run_dry();
    check_sent(expected);
}

static void test_no_fifo(void **state)
{
    uart.no_fifo = true;
    assert_int_equal(start(), 0);
    write_text("one by one");
    assert_int_equal(uart.length, 1);
    run_dry();
    check_sent("one by one");
}

/* Without waiting: what there is room for, and a notice when there is room again. */
static void test_sending(void **state)
{
    static char text[SERIAL_OUTPUT_SIZE + 100];
    memset(text, 'x', sizeof text);
    assert_int_equal(start(), 0);
    roomy = 0;
    serial_set_notify(NULL, on_room, NULL);
    assert_int_equal(serial_send("0123456789abcdef", 16), 16); /* all of it is the UART's */
    assert_int_equal(serial_unsent(), 0);
    size_t most = serial_send(text, sizeof text);
    assert_in_range(most, 16, SERIAL_OUTPUT_SIZE / 4); /* the rest of the ring is the kernel's own */
    assert_int_equal(serial_unsent(), most);
    assert_int_equal(serial_send(text, 1), 0);
    now += 400000000;
    assert_false(serial_is_stuck());
    now += 400000000;
    assert_true(serial_is_stuck());
    transmit();
    interrupt();
    assert_false(serial_is_stuck());
    assert_int_equal(roomy, 0);
    run_dry();
    assert_int_equal(roomy, 1);
    assert_int_equal(uart.length, most + 16);
    assert_int_equal(serial_unsent(), 0);
}

static void test_lost_interrupt(void **state)
{
    assert_int_equal(start(), 0);
    uint64_t rescues = serial_counts().rescues;
    write_text("0123456789abcdef the rest");
    transmit();
    uart.raised = false; /* it never comes */
    interrupt();
    assert_int_equal(uart.length, 16);
    write_text(".");
    run_dry();
    check_sent("0123456789abcdef the rest.");
    assert_int_equal(serial_counts().rescues, rescues + 1);
}

static void test_stuck(void **state)
{
    assert_int_equal(start(), 0);
    uart.stuck = true;
    static char text[SERIAL_OUTPUT_SIZE + 1000];
    memset(text, 'x', sizeof text);
    uart.reads = 0;
    serial_write(text, sizeof text);
    serial_write(text, sizeof text);
    assert_true(uart.reads < 1000000);
    assert_int_equal(uart.length, 0);
    uart.stuck = false;
    run_dry();
    write_text("y"); /* looks whether the UART takes something again */
    run_dry();
    assert_true(uart.length >= SERIAL_OUTPUT_SIZE - 16);
    assert_int_equal(uart.sent[uart.length - 1], 'y');
}

static void give(const char *bytes, uint8_t status)
{
    for (; *bytes != '\0'; bytes++) {
        unsigned at = (uart.first + uart.count++) % 64;
        uart.received[at].byte = (uint8_t)*bytes;
        uart.received[at].status = status;
    }
    interrupt();
}

static unsigned notified;
static void notify(void *context)
{
    notified++;
    assert_null(context);
}

static void check_kind(const char *expected, enum serial_kind expected_kind)
{
    char bytes[SERIAL_INPUT_SIZE + 1];
    enum serial_kind kind;
    size_t length = serial_read(bytes, SERIAL_INPUT_SIZE, &kind);
    bytes[length] = '\0';
    assert_string_equal(bytes, expected);
    assert_int_equal(kind, expected_kind);
}

static void check_read(const char *expected)
{
    check_kind(expected, SERIAL_BYTES);
}

static void test_input(void **state)
{
    uart.received[0].byte = '?'; /* typed ahead */
    uart.count = 1;
    assert_int_equal(start(), 0);
    struct serial_counts before = serial_counts();
    serial_set_notify(notify, NULL, NULL);
    notified = 0;
    check_read("?");
    give("hello", 0);
    assert_int_equal(notified, 1);
    give(" world", 0);
    check_read("hello world");
    check_read("");
    give("a", 0);
    give("\xff", 0x10); /* a break */
    give("b", 0x02);    /* something was lost before it */
    give("#", 0x08);    /* no stop bit */
    give("c", 0);
    check_read("a");
    check_kind("\xff", SERIAL_BREAK);
    check_read("b");
    check_kind("#", SERIAL_BAD);
    check_read("c");
    struct serial_counts after = serial_counts();
    assert_int_equal(after.breaks, before.breaks + 1);
    assert_int_equal(after.overruns, before.overruns + 1);
    assert_int_equal(after.errors, before.errors + 1);
    for (unsigned i = 0; i < SERIAL_INPUT_SIZE + 5; i++)
        give("x", 0);
    assert_int_equal(serial_counts().dropped, before.dropped + 5);
}

static void test_both_ways(void **state)
{
    assert_int_equal(start(), 0);
    write_text("0123456789abcdefXYZ");
    transmit();
    give("in", 0);
    run_dry();
    check_sent("0123456789abcdefXYZ");
    check_read("in");
}

static void test_no_interrupt(void **state)
{
    uart.no_interrupts = true;
    assert_int_equal(start(), -ENODEV);
    assert_null(console_side);
    assert_null(exit_function);
    write_text("nowhere");
    assert_int_equal(uart.length, 0);
    fresh(NULL);
    request_result = -EBUSY;
    assert_int_equal(start(), -EBUSY);
    assert_null(console_side);
    assert_int_equal(serial_init(0), -ENODEV);
}

static void test_panic(void **state)
{
    assert_int_equal(start(), 0);
    write_text("0123456789abcdef the rest");
    polled_transmits = true;
    console_side->close();
    check_sent("0123456789abcdef the rest");
    assert_int_equal(uart.ier, 0);
    write_text("no more");
    check_sent("");
}

static void test_exit(void **state)
{
    assert_int_equal(start(), 0);
    write_text("0123456789abcdef the rest");
    polled_transmits = true;
    roomy = 0;
    serial_set_notify(NULL, on_room, NULL);
    exit_function();
    check_sent("0123456789abcdef the rest");
    assert_int_equal(roomy, 1); /* for what else there may be */
}

#define FRESH(test) cmocka_unit_test_setup(test, fresh)
UNIT_MAIN(FRESH(test_output), FRESH(test_much_output), FRESH(test_no_fifo), FRESH(test_sending),
    FRESH(test_lost_interrupt), FRESH(test_input), FRESH(test_both_ways), FRESH(test_no_interrupt), FRESH(test_panic),
    FRESH(test_exit), FRESH(test_stuck))
