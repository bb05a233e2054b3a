/*
 * The serial port as a terminal: /dev/ttyS0.
 */
#ifndef CORRODE_TTY_SERIAL_TTY_H
#define CORRODE_TTY_SERIAL_TTY_H

#include "tty/tty.h"

/* After serial_init, whose notices it takes. False: there is not enough memory. */
bool serial_tty_init(void);

/* NULL: there is no port. */
struct tty *serial_tty(void);

/*
 * What comes in goes to TTY, the console, while nobody has /dev/ttyS0 open: tty_receive on it, after TYPED; TTY hears
 * of room for output too.
 */
void serial_tty_share(struct tty *tty, void (*typed)(void));

#endif
