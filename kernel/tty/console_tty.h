/*
 * The console as a terminal, /dev/console: where process 1 begins. It is the screen (the first virtual console) and the
 * serial line at once, if there are both: what is written appears on both, and what is typed on either is read.
 * `console=tty0` and `console=ttyS0` on the command line choose one of them; then /dev/console is that terminal.
 */
#ifndef CORRODE_TTY_CONSOLE_TTY_H
#define CORRODE_TTY_CONSOLE_TTY_H

/* After terminal_init and serial_init: makes all terminals of the machine, and their devices. */
void ttys_init(void);

/* What the variable TERM should say to programs on the console. */
const char *console_term(void);

#endif
