/*
 * The serial port with interrupts: output goes through a ring that the UART empties at its own pace, input into a ring
 * that a reader empties at its. Before serial_init, and in a panic, the console polls the port by itself
 * (uart16550.h).
 *
 *     serial_init(info->serial.port);                 with interrupts on
 *     serial_write(bytes, length);
 *     size = serial_read(bytes, sizeof bytes);
 *
 * There is one port: that of the console. All functions may be called in any context.
 */
#ifndef CORRODE_DRIVERS_SERIAL_H
#define CORRODE_DRIVERS_SERIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERIAL_OUTPUT_SIZE 8192
#define SERIAL_INPUT_SIZE 1024

/*
 * Sees whether the UART at PORT, which uart_init has set up, really interrupts, and lets the console's output go
 * through it from then on. -ENODEV: there is no port, or it does not; -EBUSY and the like: its interrupt is not to be
 * had. All stays as it was then.
 */
int serial_init(uint16_t port);

/*
 * Never waits for long: while the ring is full the UART is fed by polling, and bytes that it does not take for a tenth
 * of a second are dropped, as uart_write does.
 */
void serial_write(const char *bytes, size_t length);

/*
 * The same without waiting at all: takes what there is room for, and returns how much that was. There is less room than
 * for serial_write, so that what a terminal sends does not run far ahead of the line. serial_is_stuck: the
 * UART has not taken a byte for half a second, though there are some: nothing is connected, perhaps.
 */
size_t serial_send(const char *bytes, size_t length);
bool serial_is_stuck(void);
bool serial_is_open(void);

size_t serial_unsent(void); /* bytes in the ring */

/*
 * Takes up to SIZE bytes of what was received, all of one kind; 0 when there is nothing. Of the kinds that are no usual
 * bytes, one at a time. serial_has_input tells whether there is some.
 */
enum serial_kind {
    SERIAL_BYTES,
    SERIAL_BAD,   /* a byte with a wrong parity or without a stop bit */
    SERIAL_BREAK, /* no byte: the line was low for longer than any */
};
size_t serial_read(char *bytes, size_t size, enum serial_kind *kind);
bool serial_has_input(void);

/*
 * With no lock held, in any context: INPUT is called after something has come, ROOM after serial_send took less than it
 * was given and there is room again, or when all is sent. NULL: nobody wants to know.
 */
void serial_set_notify(void (*input)(void *context), void (*room)(void *context), void *context);

/* How often since the start. */
struct serial_counts {
    uint64_t overruns; /* the UART lost bytes */
    uint64_t dropped;  /* we did: no one reads */
    uint64_t errors;   /* bytes with a wrong parity or without a stop bit */
    uint64_t breaks;
    uint64_t rescues; /* output was stuck until someone looked: interrupts get lost */
};
struct serial_counts serial_counts(void);

/* The interrupt handler; for tests. */
void serial_interrupt(void *argument);

#endif
