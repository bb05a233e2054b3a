/*
 * Virtual consoles: /dev/tty1 to /dev/tty6, of which the machine's screen shows one at a time and the keyboard types to
 * that one; /dev/tty0 is whichever is shown. Alt (or Control and Alt) with F1 to F6 switches, Shift
 * with Page Up and Page Down shows what has left the screen.
 *
 * The first one is the terminal in which the kernel's own messages appear; the others are made when they are opened or
 * shown for the first time.
 */
#ifndef CORRODE_TTY_VIRTUAL_CONSOLE_H
#define CORRODE_TTY_VIRTUAL_CONSOLE_H

#include "tty/key.h"
#include "tty/tty.h"

#define VIRTUAL_CONSOLES 6

/* After terminal_init. False: there is not enough memory. Without a screen there are none. */
bool virtual_consoles_init(void);

/* What a keyboard driver reports. Any context; before virtual_consoles_init too. */
void virtual_console_key(const struct key_event *event);

/* By number, from 1 on; 0: the one that is shown. Made if need be. NULL: no memory, or there is no such one. */
struct tty *virtual_console(unsigned number);

/*
 * For the console that shares the first one's screen and, while nobody has /dev/tty1 open, its keyboard: keys go to
 * TTY, after TYPED. virtual_console_put: what TTY's driver writes. virtual_console_look: takes what the terminal has
 * answered (tty_driver.written). virtual_console_mute: it does not answer any more, or again.
 */
void virtual_console_share(struct tty *tty, void (*typed)(void));
void virtual_console_put(const char *data, size_t size);
void virtual_console_look(void);
void virtual_console_mute(bool mute);

/* What only virtual consoles know, of the one with that number; TTY: who is asked, the console or its own terminal. */
long virtual_console_ioctl(struct tty *tty, unsigned number, unsigned command, uintptr_t argument);

#endif
