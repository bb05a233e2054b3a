/*
 * The PS/2 keyboard, behind the 8042 controller that PCs have had since 1984, and that laptops still have or pretend
 * to.
 */
#ifndef CORRODE_DRIVERS_PS2_H
#define CORRODE_DRIVERS_PS2_H

#include "tty/key.h"

/*
 * Looks for the controller, sets it and the keyboard up, and calls ON_KEY for each key from then on, in the interrupt
 * handler. Takes at most about a second, where everything lies. 0, or -ENODEV when there is no controller; that of
 * interrupt_request_isa when there is no interrupt for it.
 *
 * A keyboard that is not there may be plugged in later.
 */
int ps2_init(void (*on_key)(const struct key_event *event));

/* For the interrupt handler, and for tests: takes what the controller has. */
void ps2_interrupt(void *argument);

#endif
