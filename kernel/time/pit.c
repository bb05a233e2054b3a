/*
 * Channel 2 of the programmable interval timer, the loudspeaker's: 16 bits, counting down, which wrap after 55 ms. Its
 * gate is a bit of port 61h; the loudspeaker itself stays off. A reading takes three accesses, between which no one
 * else may read: it serves for measuring, on one CPU with interrupts off.
 *
 * Source: Intel 82C54 data sheet (modes, counter latch command); port 61h: any PC chip set's "NMI status and control".
 */
#include "arch/x86_64/io.h"
#include "time/source.h"

#define PIT_HZ 1193182
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define COMMAND_LATCH2 0x80
#define COMMAND_CHANNEL2_MODE2 0xb4 /* low byte, then high; mode 2: counts down by one, over and over */

#define PORT_61 0x61
#define PORT_61_GATE2 1u
#define PORT_61_SPEAKER 2u

static uint64_t pit_read(void)
{
    outb(PIT_COMMAND, COMMAND_LATCH2);
    uint32_t low = inb(PIT_CHANNEL2);
    uint32_t high = inb(PIT_CHANNEL2);
    return (0x10000 - (high << 8 | low)) & 0xffff;
}

static bool pit_find(struct clock_source *source)
{
    outb(PORT_61, (uint8_t)((inb(PORT_61) & 0x0f & ~PORT_61_SPEAKER) | PORT_61_GATE2));
    outb(PIT_COMMAND, COMMAND_CHANNEL2_MODE2);
    outb(PIT_CHANNEL2, 0); /* 65536 */
    outb(PIT_CHANNEL2, 0);
    source->hz = PIT_HZ;
    source->mask = 0xffff;
    return true;
}

struct clock_source clock_pit = {.name = "pit", .rating = 0, .find = pit_find, .read = pit_read};
