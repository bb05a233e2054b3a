/*
 * The serial driver (kernel/drivers/uart16550.c) against a model of a 16550, and against ports where something else is,
 * or nothing.
 */
#include "tests/unit/unit.h"

#include "arch/x86_64/io.h"
#include "drivers/uart16550.h"

#include <string.h>

#define PORT 0x2f8

/* What is plugged in. */
static struct {
    bool present;
    bool no_scratch;   /* an 8250, or something that is no UART */
    bool no_loop_back; /* something that is no UART, but has memory */
    bool stuck;        /* never takes a byte */
    bool waiting;      /* a byte has come in */
    uint8_t ier, lcr, mcr, fcr, scratch, divisor_low, divisor_high;
    char sent[64];
    size_t length;
    unsigned reads; /* of the line status */
} uart;

static void plug_in(void)
{
    memset(&uart, 0, sizeof uart);
    uart.present = true;
    uart.ier = 0x0f;
}

void fake_outb(uint16_t port, uint8_t value)
{
    assert_in_range(port, PORT, PORT + 7);
    bool latch = uart.lcr & 0x80;
    switch (port - PORT) {
    case 0:
        if (latch) {
            uart.divisor_low = value;
        } else {
            assert_false(uart.stuck);
            assert_in_range(uart.length, 0, sizeof uart.sent - 1);
            uart.sent[uart.length++] = (char)value;
        }
        break;
    case 1: *(latch ? &uart.divisor_high : &uart.ier) = value; break;
    case 2: uart.fcr = value; break;
    case 3: uart.lcr = value; break;
    case 4: uart.mcr = value; break;
    case 7: uart.scratch = value; break;
    }
}

uint8_t fake_inb(uint16_t port)
{
    assert_in_range(port, PORT, PORT + 7);
    if (!uart.present)
        return 0xff;
    switch (port - PORT) {
    case 5: uart.reads++; return (uart.stuck ? 0x00 : 0x60) | uart.waiting;
    case 6:
        /* In loop-back: DTR appears as DSR, RTS as CTS, OUT1 as RI, OUT2 as DCD. */
        if ((uart.mcr & 0x10) && !uart.no_loop_back)
            return (uint8_t)((uart.mcr & 1) << 5 | (uart.mcr & 2) << 3 | (uart.mcr & 4) << 4 | (uart.mcr & 8) << 4);
        return 0xb0;
    case 7: return uart.no_scratch ? 0xff : uart.scratch;
    default: return 0;
    }
}

static void test_set_up(void **state)
{
    plug_in();
    assert_true(uart_init(PORT, 115200));
    assert_int_equal(uart.divisor_low | uart.divisor_high << 8, 1);
    assert_int_equal(uart.lcr, 0x03); /* 8N1 */
    assert_int_equal(uart.ier, 0);
    assert_int_equal(uart.fcr & 1, 1);
    assert_int_equal(uart.mcr & 0x13, 0x03); /* DTR and RTS, out of loop-back */
    assert_int_equal(uart.length, 0);        /* the test of the port says nothing on the line */
}

/* Turning the FIFO on would lose what somebody has typed ahead. */
static void test_typed_ahead(void **state)
{
    plug_in();
    uart.waiting = true;
    assert_true(uart_init(PORT, 115200));
    assert_int_equal(uart.fcr, 0);
}

static void test_divisors(void **state)
{
    static const struct {
        uint32_t baud;
        unsigned divisor;
    } cases[] = {{9600, 12}, {38400, 3}, {57600, 2}, {110, 1047}, {1, 0xffff}, {230400, 1}, {UINT32_MAX, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        plug_in();
        assert_true(uart_init(PORT, cases[i].baud));
        assert_int_equal(uart.divisor_low | uart.divisor_high << 8, cases[i].divisor);
    }
}

static void test_nothing_there(void **state)
{
    plug_in();
    uart.present = false;
    assert_false(uart_init(PORT, 115200));
    plug_in();
    assert_false(uart_init(0, 115200));
    assert_false(uart_init(PORT, 0));
}

static void test_something_else_there(void **state)
{
    plug_in();
    uart.no_scratch = true;
    assert_false(uart_init(PORT, 115200));
    plug_in();
    uart.no_loop_back = true;
    assert_false(uart_init(PORT, 115200));
}

static void test_writing(void **state)
{
    plug_in();
    assert_true(uart_init(PORT, 115200));
    for (const char *p = "Hello\r\n\xff"; *p != '\0'; p++)
        uart_write(PORT, (uint8_t)*p);
    assert_memory_equal(uart.sent, "Hello\r\n\xff", 8);
    assert_int_equal(uart.length, 8);
}

/* A UART that stops costs its time once, then next to nothing, and is used again as soon as it answers. */
static void test_stuck(void **state)
{
    plug_in();
    assert_true(uart_init(PORT, 115200));
    uart.stuck = true;
    uart.reads = 0;
    uart_write(PORT, 'x');
    assert_in_range(uart.reads, 2, 1000000);
    uart.reads = 0;
    for (unsigned i = 0; i < 1000; i++)
        uart_write(PORT, 'x');
    assert_in_range(uart.reads, 1000, 2000);
    assert_int_equal(uart.length, 0);

    uart.stuck = false;
    uart_write(PORT, 'y');
    uart_write(PORT, 'z');
    assert_int_equal(uart.length, 2);
    assert_memory_equal(uart.sent, "yz", 2);
    uart.stuck = true;
    uart.reads = 0;
    uart_write(PORT, 'x');
    assert_true(uart.reads > 100); /* patient again */
}

UNIT_MAIN(cmocka_unit_test(test_set_up), cmocka_unit_test(test_typed_ahead), cmocka_unit_test(test_divisors),
    cmocka_unit_test(test_nothing_there), cmocka_unit_test(test_something_else_there), cmocka_unit_test(test_writing),
    cmocka_unit_test(test_stuck))
