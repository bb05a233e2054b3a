/*
 * The registers of a 16550, for the driver that polls (uart16550.c) and the one that is interrupted (serial.c). They
 * are at these distances from the port's address.
 *
 * Source: National Semiconductor PC16550D data sheet, section 8.
 */
#ifndef CORRODE_DRIVERS_UART16550_REGISTERS_H
#define CORRODE_DRIVERS_UART16550_REGISTERS_H

/* Registers, by their names in the data sheet. */
#define RBR 0 /* receiver buffer; when read */
#define THR 0 /* transmitter holding register */
#define DLL 0 /* divisor latch, low byte; while LCR_DLAB is set */
#define DLM 1 /* divisor latch, high byte; while LCR_DLAB is set */
#define IER 1 /* interrupt enable */
#define IIR 2 /* interrupt identification; when read */
#define FCR 2 /* FIFO control */
#define LCR 3 /* line control */
#define MCR 4 /* modem control */
#define LSR 5 /* line status */
#define MSR 6 /* modem status */
#define SCR 7 /* scratch */

#define IER_RECEIVED 0x01
#define IER_TRANSMITTED 0x02
#define IER_LINE_STATUS 0x04
#define IIR_NONE 0x01 /* no interrupt pending */
#define IIR_ID 0x0e   /* which one */
#define IIR_TRANSMITTED 0x02
#define IIR_FIFOS 0xc0 /* both bits: there are FIFOs, and they work */
#define FIFO_SIZE 16
#define FCR_ENABLE 0x01
#define FCR_TRIGGER_8 0x80 /* interrupt at 8 bytes; also after a pause of four bytes' time */
#define FCR_ENABLE_AND_CLEAR 0x07
#define LCR_8N1 0x03
#define LCR_DLAB 0x80
#define MCR_DTR 0x01
#define MCR_RTS 0x02
#define MCR_OUT2 0x08
#define MCR_LOOP 0x10
#define LSR_DR 0x01   /* a byte to read */
#define LSR_OE 0x02   /* overrun: bytes were lost before the one to read */
#define LSR_PE 0x04   /* the one to read has the wrong parity */
#define LSR_FE 0x08   /* the one to read has no stop bit */
#define LSR_BI 0x10   /* it is no byte, but a break */
#define LSR_THRE 0x20 /* room for a byte */
#define LSR_TEMT 0x40 /* nothing left to send */
#define MSR_LINES 0xf0
#define MSR_CTS 0x10
#define MSR_DCD 0x80

#endif
