/*
 * /dev/hvc0: the terminal behind port 0 of a virtio console device, if there is one.
 */
#ifndef CORRODE_TTY_PORT_TTY_H
#define CORRODE_TTY_PORT_TTY_H

#include <stdbool.h>

/* False: no memory. Where there is no such port there is nothing to do. After the devices have been found. */
bool port_tty_init(void);

#endif
