/*
 * The loudspeaker hangs on channel 2 of the interval timer, which makes a square wave of its clock divided by 16 bits;
 * two bits of port 61h open its gate and the way out. A timer of ours ends the tone.
 *
 * While the interval timer is the machine's clock, for want of any better, channel 2 is that and nothing sounds.
 *
 * Source: Intel 82C54 data sheet (mode 3); port 61h: any PC chip set's "NMI status and control".
 */
#include "drivers/speaker.h"
#include "arch/x86_64/io.h"
#include "arch/x86_64/spinlock.h"
#include "lib/string.h"
#include "time/clock.h"
#include "time/timer.h"

#define PIT_HZ 1193182
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define COMMAND_CHANNEL2_MODE3 0xb6 /* low byte, then high; mode 3: a square wave */

#define PORT_61 0x61
#define PORT_61_ENABLES 0x0f /* the others are for reading */
#define PORT_61_TONE 3u      /* gate and loudspeaker */

static struct spinlock lock = SPINLOCK_INIT(SPEAKER);

static void sound(unsigned hz)
{
    unsigned divisor = hz > 0 ? PIT_HZ / hz : 0;
    spin_lock(&lock);
    uint8_t enables = inb(PORT_61) & PORT_61_ENABLES & ~PORT_61_TONE;
    if (divisor > 1 && divisor <= UINT16_MAX) {
        outb(PIT_COMMAND, COMMAND_CHANNEL2_MODE3);
        outb(PIT_CHANNEL2, (uint8_t)divisor);
        outb(PIT_CHANNEL2, (uint8_t)(divisor >> 8));
        enables |= PORT_61_TONE;
    }
    outb(PORT_61, enables);
    spin_unlock(&lock);
}

static void end_tone(struct timer *timer)
{
    sound(0);
}

void speaker_tone(unsigned hz, uint64_t ns)
{
    static struct timer timer = {.function = end_tone};
    if (strcmp(clock_name(), "pit") == 0)
        return;
    sound(hz);
    if (hz > 0 && ns > 0)
        timer_start(&timer, clock_monotonic() + ns);
    else
        timer_stop(&timer);
}
