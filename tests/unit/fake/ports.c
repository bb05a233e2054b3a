/*
 * I/O ports with nothing behind them, for the tests that do not define their own.
 */
#include "arch/x86_64/io.h"

__attribute__((weak)) void fake_outb(uint16_t port, uint8_t value) {}

__attribute__((weak)) uint8_t fake_inb(uint16_t port)
{
    return 0xff;
}
