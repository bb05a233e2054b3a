/*
 * What the parts of the virtual consoles share.
 */
#ifndef CORRODE_TTY_VIRTUAL_CONSOLE_INTERNAL_H
#define CORRODE_TTY_VIRTUAL_CONSOLE_INTERNAL_H

#include "tty/feed.h"
#include "tty/terminal.h"
#include "tty/virtual_console.h"

/* Modes of the keyboard: <linux/kd.h>. */
#define K_RAW 0
#define K_XLATE 1
#define K_MEDIUMRAW 2
#define K_UNICODE 3
#define K_OFF 4

struct virtual_console {
    struct terminal *terminal; /* NULL: not made yet */
    struct tty *tty;           /* the same */
    struct feed feed;
    uint8_t keyboard_mode;                         /* K_*; with K_OFF keys go nowhere */
    uint8_t meta_mode, locks, lights, screen_mode; /* as programs have set them; nothing depends on them */
};

/* From 1 on: which is shown, and do programs use that one? */
unsigned virtual_console_shown(void);
bool virtual_console_is_used(unsigned number);

/* Makes it if need be, and shows it. Thread context. 0, -ENOMEM. */
int virtual_console_activate(unsigned number);
void virtual_console_lock(bool locked);                      /* nobody switches, or may again */
int virtual_console_wait(unsigned number);                   /* until it is shown; -ERESTARTSYS */
struct virtual_console *virtual_console_of(unsigned number); /* one that is made */

long virtual_console_tty_ioctl(struct tty *tty, unsigned command, uintptr_t argument); /* tty_driver.ioctl */

#endif
