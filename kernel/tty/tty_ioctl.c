/*
 * What programs ask of a terminal by ioctl, but for its settings (tty_settings.c) and sessions (tty_session.c).
 *
 * Source: ioctl_tty(2), tcflow, tcflush, tcdrain and tcsendbreak in POSIX.1-2017.
 */
#include "arch/x86_64/user.h"
#include "lib/errno.h"
#include "tty/tty_internal.h"

#define N_TTY 0 /* the line discipline that this is */

#define BREAK_NS 250000000ull
#define TENTH_NS 100000000ull

static long get_size(struct tty *tty, uaddr_t to)
{
    mutex_lock(&tty->lock);
    struct winsize size = tty->size;
    mutex_unlock(&tty->lock);
    return copy_to_user(to, &size);
}

static long set_size(struct tty *tty, uaddr_t from)
{
    struct winsize size;
    if (copy_from_user(&size, from))
        return -EFAULT;
    tty_resize(tty, &size);
    return 0;
}

static long put_number(uaddr_t to, uint32_t number)
{
    return copy_to_user(to, &number);
}

/* As if it had been typed. */
static long type(struct tty *tty, uaddr_t from)
{
    uint8_t byte;
    int32_t session = tty_jobs->session();
    if ((session == 0 || session != tty->session) && !tty_jobs->privileged())
        return -EPERM;
    if (copy_from_user(&byte, from))
        return -EFAULT;
    tty_receive(tty, &byte, 1);
    return 0;
}

static long set_discipline(struct tty *tty, uaddr_t from)
{
    int32_t discipline;
    if (copy_from_user(&discipline, from))
        return -EFAULT;
    return discipline == N_TTY ? 0 : -EINVAL;
}

static long flush(struct tty *tty, uintptr_t what)
{
    long result = tty_check_background(tty, SIGTTOU);
    if (result)
        return result;
    if (what > TCIOFLUSH)
        return -EINVAL;
    spin_lock(&tty->input_lock);
    if (what != TCOFLUSH)
        tty_discard_input_locked(tty);
    if (what != TCIFLUSH)
        tty_discard_output_locked(tty);
    spin_unlock(&tty->input_lock);
    tty_input_taken(tty);
    return 0;
}

/* A control character for the other side, past all that waits. */
static void send_control(struct tty *tty, unsigned index)
{
    const char c = (char)tty->termios.c_cc[index];
    if (c != CC_DISABLED)
        tty->driver->write(tty, &c, 1);
}

static long control_flow(struct tty *tty, uintptr_t what)
{
    long result = tty_check_background(tty, SIGTTOU);
    if (result)
        return result;
    spin_lock(&tty->input_lock);
    switch (what) {
    case TCOOFF:
        tty->held = true;
        tty_stop_locked(tty);
        break;
    case TCOON:
        if (tty->held) {
            tty->held = false;
            tty_start_locked(tty);
        }
        break;
    case TCIOFF: send_control(tty, VSTOP); break;
    case TCION: send_control(tty, VSTART); break;
    default: result = -EINVAL;
    }
    spin_unlock(&tty->input_lock);
    tty_written(tty);
    return result;
}

/* What has to be sent before is. */
static long drain_first(struct tty *tty)
{
    long result = tty_check_background(tty, SIGTTOU);
    return result ? result : tty_drain(tty) ? -EINTR : 0;
}

static long send_break(struct tty *tty, uint64_t ns)
{
    if (tty->driver->send_break)
        tty->driver->send_break(tty, ns);
    return 0;
}

static long hang_up(struct tty *tty)
{
    if (!tty_jobs->privileged())
        return -EPERM;
    tty_hang_up_now(tty);
    return 0;
}

static long set_exclusive(struct tty *tty, bool exclusive)
{
    tty->exclusive = exclusive;
    return 0;
}

/* Those that wait for output to be sent. */
static long drained_ioctl(struct tty *tty, unsigned command, uintptr_t argument)
{
    long result = drain_first(tty);
    if (result)
        return result;
    switch (command) {
    case TCSBRK: return argument ? 0 : send_break(tty, BREAK_NS); /* an argument: only the wait was wanted */
    case TCSBRKP: return send_break(tty, argument ? min_u64(argument, 600) * TENTH_NS : BREAK_NS);
    case TIOCSETD: return set_discipline(tty, argument);
    default: return 0; /* TIOCSBRK: no driver has a break without an end */
    }
}

static long general_ioctl(struct tty *tty, unsigned command, uintptr_t argument)
{
    switch (command) {
    case TIOCGWINSZ: return get_size(tty, argument);
    case TIOCSWINSZ: return set_size(tty, argument);
    case TIOCSTI: return type(tty, argument);
    case TIOCEXCL: return set_exclusive(tty, true);
    case TIOCNXCL: return set_exclusive(tty, false);
    case TIOCGEXCL: return put_number(argument, tty->exclusive);
    case TIOCGETD: return put_number(argument, N_TTY);
    case TIOCGDEV: return put_number(argument, tty->device);
    case TIOCVHANGUP: return hang_up(tty);
    case FIONREAD: return put_number(argument, tty_input_count(tty));
    case TIOCOUTQ: return put_number(argument, (uint32_t)tty_unsent(tty));
    case TCFLSH: return flush(tty, argument);
    case TCXONC: return control_flow(tty, argument);
    case TIOCCBRK: return tty_check_background(tty, SIGTTOU);
    case TCSBRK:
    case TCSBRKP:
    case TIOCSBRK:
    case TIOCSETD: return drained_ioctl(tty, command, argument);
    default: return -ENOTTY;
    }
}

long tty_shared_ioctl(struct tty *tty, struct file *file, unsigned command, uintptr_t argument)
{
    long result = general_ioctl(tty, command, argument);
    if (result == -ENOTTY)
        result = tty_session_ioctl(tty, file, command, argument);
    return result == -ENOTTY ? tty_settings_ioctl(tty, command, argument) : result;
}

long tty_ioctl(struct file *file, unsigned command, uintptr_t argument)
{
    struct tty *tty = tty_of(file);
    if (tty_is_dead(file))
        return command == TIOCSPGRP ? -ENOTTY : -EIO;
    long result = tty_shared_ioctl(tty, file, command, argument);
    if (result == -ENOTTY && tty->driver->ioctl)
        result = tty->driver->ioctl(tty, command, argument);
    return result;
}
