/*
 * The two 8259 interrupt controllers of the PC/AT, which are there to be silenced: the I/O APICs do their work. Masked
 * lines can still cause a "spurious" interrupt of the lowest priority (7 and 15), so their vectors must be moved away
 * from the exceptions, where a BIOS has them.
 *
 * Source: Intel 8259A data sheet (ICW1 to ICW4, OCW1).
 */
#include "arch/x86_64/interrupt_internal.h"
#include "arch/x86_64/io.h"

#define PIC1_COMMAND 0x20
#define PIC1_DATA 0x21
#define PIC2_COMMAND 0xa0
#define PIC2_DATA 0xa1
#define ICW1_INIT 0x11 /* cascaded, ICW4 follows */
#define ICW4_8086 0x01
#define CASCADE_LINE 2
#define MASK_ALL 0xff

static void set_up(uint16_t command, uint16_t data, uint8_t first_vector, uint8_t cascade)
{
    outb(command, ICW1_INIT);
    outb(data, first_vector);
    outb(data, cascade);
    outb(data, ICW4_8086);
    outb(data, MASK_ALL);
}

void pic_silence(void)
{
    set_up(PIC1_COMMAND, PIC1_DATA, PIC_FIRST_VECTOR, 1 << CASCADE_LINE);
    set_up(PIC2_COMMAND, PIC2_DATA, PIC_FIRST_VECTOR + 8, CASCADE_LINE);
}
