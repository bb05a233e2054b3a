/*
 * What the parts of the line discipline share. `_locked`: input_lock is held.
 */
#ifndef CORRODE_TTY_INTERNAL_H
#define CORRODE_TTY_INTERNAL_H

#include "lib/signals.h"
#include "tty/tty.h"

extern const struct tty_jobs *tty_jobs; /* tty_session.c; never NULL */

/* file->position of a file on a terminal: how often that had been hung up when it was opened. */
#define TTY_NEVER_DEAD UINT64_MAX
static inline struct tty *tty_of(const struct file *file)
{
    return file->data;
}
static inline bool tty_is_dead(const struct file *file)
{
    return file->position != TTY_NEVER_DEAD &&
           file->position != __atomic_load_n(&tty_of(file)->hang_ups, __ATOMIC_RELAXED);
}

static inline bool tty_input_flag(const struct tty *tty, uint32_t flag)
{
    return tty->termios.c_iflag & flag;
}
static inline bool tty_output_flag(const struct tty *tty, uint32_t flag)
{
    return tty->termios.c_oflag & flag;
}
static inline bool tty_local_flag(const struct tty *tty, uint32_t flag)
{
    return tty->termios.c_lflag & flag;
}

/* Is C the control character of that index (VINTR ...)? */
static inline bool tty_is(const struct tty *tty, unsigned index, uint8_t c)
{
    return tty->termios.c_cc[index] == c && c != CC_DISABLED;
}

/* C as the kernel's C library would have it, in Latin-1. */
static inline bool tty_is_control(uint8_t c)
{
    return c < ' ' || c == 0x7f;
}
static inline bool tty_is_upper(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7);
}
static inline bool tty_is_lower(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 0xdf && c != 0xf7);
}

/* The second or a later byte of a character in UTF-8. */
static inline bool tty_is_continuation(const struct tty *tty, uint8_t c)
{
    return tty_input_flag(tty, IUTF8) && (c & 0xc0) == 0x80;
}

static inline uint8_t tty_input_at(const struct tty *tty, uint32_t count)
{
    return tty->input[count % TTY_INPUT_SIZE];
}

/* Is there something for a reader? A hint without the lock. MOST: that many bytes, if lines do not matter. */
bool tty_has_input(const struct tty *tty, unsigned least);

/* tty_output.c. echo_raw: as output processing has it; echo: control characters visibly, with ECHOCTL. */
void tty_echo_raw_locked(struct tty *tty, uint8_t c);
void tty_echo_locked(struct tty *tty, uint8_t c);
void tty_echo_tab_back_locked(struct tty *tty, unsigned columns, bool after_tab);
void tty_put_locked(struct tty *tty, uint8_t c); /* as it is */
bool tty_send_locked(struct tty *tty);           /* to the driver, as far as it goes; whether the ring is empty now */
size_t tty_write_locked(
    struct tty *tty, const uint8_t *data, size_t size); /* a program's; how many there was room for */
void tty_discard_output_locked(struct tty *tty);
void tty_stop_locked(struct tty *tty);
void tty_start_locked(struct tty *tty);
static inline void tty_tell_locked(struct tty *tty, enum tty_event event)
{
    if (tty->driver->event)
        tty->driver->event(tty, event);
}
static inline bool tty_can_write(const struct tty *tty)
{
    return __atomic_load_n(&tty->output_head, __ATOMIC_RELAXED) ==
               __atomic_load_n(&tty->output_tail, __ATOMIC_RELAXED) &&
           !__atomic_load_n(&tty->stopped, __ATOMIC_RELAXED);
}

/* After input_lock has been let go, when something may have been sent. */
static inline void tty_written(struct tty *tty)
{
    if (tty->driver->written)
        tty->driver->written(tty);
}
size_t tty_unsent(struct tty *tty);
int tty_drain(struct tty *tty); /* waits until all is sent; 0 or -ERESTARTSYS */

/* tty_input.c, tty_erase.c, tty_read.c. */
void tty_erase_locked(struct tty *tty, uint8_t c); /* what VERASE, VWERASE or VKILL take away */
void tty_finish_erasing_locked(struct tty *tty);
void tty_discard_input_locked(struct tty *tty);
long tty_read(struct file *file, struct iov *to, uint64_t *position);
uint32_t tty_input_count(struct tty *tty); /* FIONREAD */
void tty_input_taken(struct tty *tty);     /* there may be room again: whoever waits for that hears of it. No lock */

/* tty_settings.c: new settings take effect. tty->lock is held. */
void tty_apply(struct tty *tty, const struct termios *termios);
void tty_mark_special(struct tty *tty);
long tty_settings_ioctl(struct tty *tty, unsigned command, uintptr_t argument); /* -ENOTTY: none of them */

/* tty_session.c. */
int tty_check_background(struct tty *tty, int signal);
void tty_adopt(struct tty *tty, const struct file *file); /* becomes the controlling terminal if it may */
long tty_session_ioctl(struct tty *tty, struct file *file, unsigned command, uintptr_t argument);
void tty_signal_locked(struct tty *tty, int signal); /* to the foreground group */

/* tty_ioctl.c. tty_shared_ioctl: what may be asked of a terminal's other side, too; -ENOTTY: something else. */
long tty_shared_ioctl(struct tty *tty, struct file *file, unsigned command, uintptr_t argument);
long tty_ioctl(struct file *file, unsigned command, uintptr_t argument);

#endif
