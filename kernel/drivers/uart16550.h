/*
 * The 16550 serial port, polled: enough for a loader's sentences and a kernel's first and last words. Every wait is
 * bounded and a missing port costs nothing, for many PCs have none.
 * Source: National Semiconductor PC16550D data sheet, section 8.
 */
#ifndef CORRODE_DRIVERS_UART16550_H
#define CORRODE_DRIVERS_UART16550_H

#include <stdbool.h>
#include <stdint.h>

#define UART_COM1 0x3f8
#define UART_DEFAULT_BAUD 115200

/*
 * Looks whether a UART answers at PORT (scratch register and loop-back test) and sets it to BAUD, 8N1, FIFO on; but
 * while a byte waits there to be read the FIFO stays as it is, for turning it on loses that.
 */
bool uart_init(uint16_t port, uint32_t baud);

/*
 * Sends one byte as it is. Gives up on a byte that the UART does not take within about a tenth of a second; after that
 * it looks once a byte, until the UART takes one again.
 */
void uart_write(uint16_t port, uint8_t byte);

#endif
