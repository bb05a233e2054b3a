/*
 * The 16550 serial port, polled. It keeps no state but the port on which it last gave up, so that a UART that has
 * stopped taking bytes costs its time once and not for every byte.
 *
 * Source: National Semiconductor PC16550D data sheet, section 8 (registers), 8.6.7 (scratch), 8.6.6 (loop-back).
 */
#include "drivers/uart16550.h"
#include "arch/x86_64/io.h"
#include "drivers/uart16550_registers.h"

/* The divisor latch divides 1.8432 MHz / 16. */
#define BASE_BAUD 115200

/* A read of the port takes about a microsecond on a PC: a tenth of a second, a hundred bytes' time at 9600 baud. */
#define WAIT_READS 100000

/* The port that last refused a byte, until it takes one again. */
static uint16_t stuck_port;

static bool wait_for(uint16_t port, uint8_t status)
{
    uint32_t reads = port == stuck_port ? 1 : WAIT_READS;
    for (; reads > 0; reads--) {
        if (inb(port + LSR) & status) {
            if (port == stuck_port)
                stuck_port = 0;
            return true;
        }
        cpu_pause();
    }
    stuck_port = port;
    return false;
}

static bool scratch_holds(uint16_t port, uint8_t value)
{
    outb(port + SCR, value);
    return inb(port + SCR) == value;
}

/* In loop-back the modem-control outputs appear on the modem-status inputs. No byte is sent, so no time passes. */
static bool loops_back(uint16_t port)
{
    outb(port + MCR, MCR_LOOP | MCR_RTS | MCR_OUT2);
    uint8_t lines = inb(port + MSR) & MSR_LINES;
    outb(port + MCR, MCR_DTR | MCR_RTS);
    return lines == (MSR_CTS | MSR_DCD);
}

bool uart_init(uint16_t port, uint32_t baud)
{
    if (port == 0 || baud == 0 || !scratch_holds(port, 0x5a) || !scratch_holds(port, 0xa5))
        return false;
    wait_for(port, LSR_TEMT); /* what someone else was sending */
    if (!loops_back(port))
        return false;

    uint32_t divisor = (BASE_BAUD + baud / 2) / baud;
    if (divisor == 0)
        divisor = 1;
    else if (divisor > 0xffff)
        divisor = 0xffff;

    outb(port + IER, 0);
    outb(port + LCR, LCR_DLAB | LCR_8N1);
    outb(port + DLL, (uint8_t)divisor);
    outb(port + DLM, (uint8_t)(divisor >> 8));
    outb(port + LCR, LCR_8N1);
    if (!(inb(port + LSR) & LSR_DR)) /* else somebody has typed ahead: who has a use for that turns the FIFO on */
        outb(port + FCR, FCR_ENABLE_AND_CLEAR);
    return true;
}

void uart_write(uint16_t port, uint8_t byte)
{
    if (wait_for(port, LSR_THRE))
        outb(port + THR, byte);
}
