/*
 * Settings of a terminal: the three shapes in which programs get and set them, and what a change means for input that
 * has come already.
 *
 * Nothing is lost when a program goes from lines to single bytes or back, as line editors do between two commands. What
 * waited in lines can be read byte by byte; what waited in bytes counts as a line, ended as it is.
 *
 * Source: termios(3), ioctl_tty(2).
 */
#include "arch/x86_64/user.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "tty/tty_internal.h"

/* ------------------------------------------------------------------------------------------------------------------
 * New settings
 */

static void mark(struct tty *tty, const uint8_t *indexes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        bitmap_set(tty->special, tty->termios.c_cc[indexes[i]]);
}

void tty_mark_special(struct tty *tty)
{
    static const uint8_t editing[] = {VERASE, VKILL, VEOF, VEOL}, extended[] = {VWERASE, VLNEXT, VEOL2, VREPRINT};
    static const uint8_t flow[] = {VSTART, VSTOP}, signals[] = {VINTR, VQUIT, VSUSP};

    memset(tty->special, 0, sizeof tty->special);
    if (tty_input_flag(tty, IXON))
        mark(tty, flow, ARRAY_LENGTH(flow));
    if (tty_local_flag(tty, ISIG))
        mark(tty, signals, ARRAY_LENGTH(signals));
    if (tty_local_flag(tty, ICANON))
        mark(tty, editing, ARRAY_LENGTH(editing));
    if (tty_local_flag(tty, ICANON) && tty_local_flag(tty, IEXTEN))
        mark(tty, extended, ARRAY_LENGTH(extended));
    bitmap_clear(tty->special, CC_DISABLED);
    if (tty_input_flag(tty, IGNCR | ICRNL))
        bitmap_set(tty->special, '\r');
    if (tty_input_flag(tty, INLCR) || tty_local_flag(tty, ICANON))
        bitmap_set(tty->special, '\n');
}

/* Canonical mode has begun or ended. */
static void renew_lines(struct tty *tty)
{
    memset(tty->line_ends, 0, sizeof tty->line_ends);
    tty->lines_end = tty->tail;
    if (tty_local_flag(tty, ICANON) && tty->head != tty->tail) {
        bitmap_set(tty->line_ends, (tty->head - 1) % TTY_INPUT_SIZE);
        tty->lines_end = tty->head;
    }
    tty->erasing = tty->literal_next = false;
}

/* What TIOCSLCKTRMIOS has locked stays as it is. */
static void keep_locked(struct termios *new, const struct termios *old, const struct termios *locked)
{
    new->c_iflag = (new->c_iflag & ~locked->c_iflag) | (old->c_iflag & locked->c_iflag);
    new->c_oflag = (new->c_oflag & ~locked->c_oflag) | (old->c_oflag & locked->c_oflag);
    new->c_cflag = (new->c_cflag & ~locked->c_cflag) | (old->c_cflag & locked->c_cflag);
    new->c_lflag = (new->c_lflag & ~locked->c_lflag) | (old->c_lflag & locked->c_lflag);
    if (locked->c_line)
        new->c_line = old->c_line;
    for (unsigned i = 0; i < NCCS; i++)
        if (locked->c_cc[i])
            new->c_cc[i] = old->c_cc[i];
}

void tty_apply(struct tty *tty, const struct termios *termios)
{
    spin_lock(&tty->input_lock);
    struct termios old = tty->termios;
    tty->termios = *termios;
    keep_locked(&tty->termios, &old, &tty->locked);
    if ((old.c_lflag ^ tty->termios.c_lflag) & ICANON)
        renew_lines(tty);
    tty_mark_special(tty);
    if (old.c_iflag & IXON && !tty_input_flag(tty, IXON))
        tty_start_locked(tty);
    spin_unlock(&tty->input_lock);
    tty_written(tty);
    if (tty->driver->settings_changed)
        tty->driver->settings_changed(tty, &old);
    wait_queue_wake_all(&tty->readers);
    wait_queue_wake_all(&tty->writers);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Speeds. In c_cflag there is a code; what it means is beside it
 */

static const uint32_t speeds[] = {0, 50, 75, 110, 134, 150, 200, 300, 600, 1200, 1800, 2400, 4800, 9600, 19200, 38400};
static const uint32_t fast_speeds[] = {0, 57600, 115200, 230400, 460800, 500000, 576000, 921600, 1000000, 1152000,
    1500000, 2000000, 2500000, 3000000, 3500000, 4000000};

/* The speed that a code says; GIVEN where it says that the speed stands for itself. */
static uint32_t speed_of_code(uint32_t code, uint32_t given)
{
    if (code == BOTHER)
        return given;
    return code & BOTHER ? fast_speeds[code & 15] : speeds[code & 15];
}

static void set_speeds(struct tty *tty, const struct termios2 *new)
{
    uint32_t cflag = new->termios.c_cflag, input = cflag >> IBSHIFT &CBAUD;
    tty->output_speed = speed_of_code(cflag & CBAUD, new->c_ospeed);
    tty->input_speed = input == 0 ? tty->output_speed : speed_of_code(input, new->c_ispeed);
}

/* ------------------------------------------------------------------------------------------------------------------
 * As programs pass them
 */

enum shape { TERMIO, TERMIOS, TERMIOS2 };

static void get(struct tty *tty, struct termios2 *now)
{
    mutex_lock(&tty->lock);
    now->termios = tty->termios;
    now->c_ispeed = tty->input_speed;
    now->c_ospeed = tty->output_speed;
    mutex_unlock(&tty->lock);
}

static long get_settings(struct tty *tty, enum shape shape, uaddr_t to)
{
    struct termios2 now;
    get(tty, &now);
    if (shape == TERMIOS2)
        return copy_to_user(to, &now);
    if (shape == TERMIOS)
        return copy_to_user(to, &now.termios);
    struct termio old = {
        .c_iflag = (uint16_t)now.termios.c_iflag,
        .c_oflag = (uint16_t)now.termios.c_oflag,
        .c_cflag = (uint16_t)now.termios.c_cflag,
        .c_lflag = (uint16_t)now.termios.c_lflag,
        .c_line = now.termios.c_line,
    };
    memcpy(old.c_cc, now.termios.c_cc, NCC);
    return copy_to_user(to, &old);
}

/* What is not in the program's structure is as in *NEW before. */
static int settings_from_user(struct termios2 *new, enum shape shape, uaddr_t from)
{
    struct termio old;
    if (shape == TERMIOS2)
        return copy_from_user(new, from);
    if (shape == TERMIOS)
        return copy_from_user(&new->termios, from);
    if (copy_from_user(&old, from))
        return -EFAULT;
    new->termios.c_iflag = (new->termios.c_iflag & 0xffff0000) | old.c_iflag;
    new->termios.c_oflag = (new->termios.c_oflag & 0xffff0000) | old.c_oflag;
    new->termios.c_cflag = (new->termios.c_cflag & 0xffff0000) | old.c_cflag;
    new->termios.c_lflag = (new->termios.c_lflag & 0xffff0000) | old.c_lflag;
    new->termios.c_line = old.c_line;
    memcpy(new->termios.c_cc, old.c_cc, NCC);
    return 0;
}

enum when { NOW, DRAIN, FLUSH }; /* TCSETS, TCSETSW, TCSETSF */

static long set_settings(struct tty *tty, enum shape shape, enum when when, uaddr_t from)
{
    struct termios2 new;
    long result = tty_check_background(tty, SIGTTOU);
    if (result)
        return result;
    get(tty, &new);
    result = settings_from_user(&new, shape, from);
    if (result == 0 && when != NOW)
        result = tty_drain(tty);
    if (result)
        return result;
    if (when == FLUSH) {
        spin_lock(&tty->input_lock);
        tty_discard_input_locked(tty);
        spin_unlock(&tty->input_lock);
        tty_input_taken(tty);
    }
    mutex_lock(&tty->lock);
    set_speeds(tty, &new);
    tty_apply(tty, &new.termios);
    mutex_unlock(&tty->lock);
    return 0;
}

static long get_locked(struct tty *tty, uaddr_t to)
{
    mutex_lock(&tty->lock);
    struct termios locked = tty->locked;
    mutex_unlock(&tty->lock);
    return copy_to_user(to, &locked);
}

static long set_locked(struct tty *tty, uaddr_t from)
{
    struct termios locked;
    if (!tty_jobs->privileged())
        return -EPERM;
    if (copy_from_user(&locked, from))
        return -EFAULT;
    mutex_lock(&tty->lock);
    tty->locked = locked;
    mutex_unlock(&tty->lock);
    return 0;
}

static long get_carrier(struct tty *tty, uaddr_t to)
{
    int32_t local = (tty->termios.c_cflag & CLOCAL) != 0;
    return copy_to_user(to, &local);
}

static long set_carrier(struct tty *tty, uaddr_t from)
{
    int32_t local;
    if (copy_from_user(&local, from))
        return -EFAULT;
    mutex_lock(&tty->lock);
    struct termios new = tty->termios;
    new.c_cflag = local ? new.c_cflag | CLOCAL : new.c_cflag & ~CLOCAL;
    tty_apply(tty, &new);
    mutex_unlock(&tty->lock);
    return 0;
}

long tty_settings_ioctl(struct tty *tty, unsigned command, uintptr_t argument)
{
    switch (command) {
    case TCGETA: return get_settings(tty, TERMIO, argument);
    case TCGETS: return get_settings(tty, TERMIOS, argument);
    case TCGETS2: return get_settings(tty, TERMIOS2, argument);
    case TCSETA: return set_settings(tty, TERMIO, NOW, argument);
    case TCSETAW: return set_settings(tty, TERMIO, DRAIN, argument);
    case TCSETAF: return set_settings(tty, TERMIO, FLUSH, argument);
    case TCSETS: return set_settings(tty, TERMIOS, NOW, argument);
    case TCSETSW: return set_settings(tty, TERMIOS, DRAIN, argument);
    case TCSETSF: return set_settings(tty, TERMIOS, FLUSH, argument);
    case TCSETS2: return set_settings(tty, TERMIOS2, NOW, argument);
    case TCSETSW2: return set_settings(tty, TERMIOS2, DRAIN, argument);
    case TCSETSF2: return set_settings(tty, TERMIOS2, FLUSH, argument);
    case TIOCGLCKTRMIOS: return get_locked(tty, argument);
    case TIOCSLCKTRMIOS: return set_locked(tty, argument);
    case TIOCGSOFTCAR: return get_carrier(tty, argument);
    case TIOCSSOFTCAR: return set_carrier(tty, argument);
    default: return -ENOTTY;
    }
}
