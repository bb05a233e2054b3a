/*
 * A pseudo-terminal of the host's, for comparing with a terminal of ours. Separate from tty_machine.h, because the
 * names of the kernel's headers are the C library's too.
 */
#ifndef CORRODE_TESTS_TTY_LINUX_H
#define CORRODE_TESTS_TTY_LINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tty_linux {
    int master, slave;
};

/* False: the host has none to give. */
bool tty_linux_open(struct tty_linux *pty);
void tty_linux_close(struct tty_linux *pty);

/* Bytes or -errno. SETTINGS: the kernel's struct termios; TCSETS and the like. */
long tty_linux_type(struct tty_linux *pty, const void *bytes, size_t size);
long tty_linux_read(struct tty_linux *pty, void *bytes, size_t size);
long tty_linux_write(struct tty_linux *pty, const void *bytes, size_t size);
long tty_linux_ioctl(struct tty_linux *pty, unsigned command, void *argument);

/* Appends what the terminal has sent to SENT, which holds *SIZE bytes: waits until there are at least WANTED. */
void tty_linux_sent(struct tty_linux *pty, char *sent, size_t *size, size_t most, size_t wanted);

/*
 * Waits until as many bytes as WANTED can be read; if there are some, so that there may be more to come, also for PAUSE
 * microseconds.
 */
void tty_linux_settle(struct tty_linux *pty, int wanted, unsigned pause);

#endif
