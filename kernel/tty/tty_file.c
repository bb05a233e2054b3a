/*
 * Terminals as files: writing, polling, closing. Reading is in tty_read.c, requests are in tty_ioctl.c.
 *
 * One thread writes at a time (tty->writing), so that what two write with one call each does not get mixed. A writer
 * goes on when the output ring is empty, so what he has written is the driver's, or as good as.
 *
 * Source: write(2), poll(2); POSIX.1-2017, 11.1.4, 11.1.8.
 */
#include "lib/errno.h"
#include "tty/tty_internal.h"

#define PIECE 256 /* bytes that are processed at once, with interrupts off */

/* Now and then a writer looks by himself whether there is room: interrupts of hardware get lost. */
#define LOOK_NS 100000000

static bool is_over(const struct tty *tty, const struct file *file)
{
    return tty_is_dead(file) || __atomic_load_n(&tty->gone, __ATOMIC_RELAXED);
}

static bool claim(struct tty *tty)
{
    return !__atomic_test_and_set(&tty->writing, __ATOMIC_ACQUIRE);
}

static int begin(struct tty *tty, const struct file *file)
{
    bool mine = claim(tty);
    if (!mine && file->flags & O_NONBLOCK)
        return -EAGAIN;
    return mine ? 0 : wait_event_interruptible(&tty->writers, mine || (mine = claim(tty)));
}

static void end(struct tty *tty)
{
    __atomic_clear(&tty->writing, __ATOMIC_RELEASE);
    if (!wait_queue_is_empty(&tty->writers))
        wait_queue_wake_all(&tty->writers);
}

static int wait_for_room(struct tty *tty, const struct file *file)
{
    if (file->flags & O_NONBLOCK)
        return -EAGAIN;
    int result = wait_event_interruptible_until(
        &tty->writers, tty_can_write(tty) || is_over(tty, file), clock_monotonic() + LOOK_NS);
    return result == -ETIMEDOUT ? 0 : result;
}

/* *done: how many bytes were written, also if there is an error. */
static int write_piece(struct tty *tty, const struct file *file, const uint8_t *bytes, size_t size, size_t *done)
{
    for (*done = 0;;) {
        if (is_over(tty, file))
            return -EIO;
        spin_lock(&tty->input_lock);
        *done += tty_write_locked(tty, bytes + *done, size - *done);
        spin_unlock(&tty->input_lock);
        tty_written(tty);
        if (*done == size)
            return 0;
        int error = wait_for_room(tty, file);
        if (error)
            return error;
    }
}

static long write_all(struct tty *tty, const struct file *file, struct iov *from)
{
    uint8_t bytes[PIECE];
    long written = 0;
    int error = 0;
    while (from->left > 0 && error == 0) {
        size_t wanted = min_u64(sizeof bytes, from->left), taken = iov_copy_in(from, bytes, wanted), done = 0;
        error = write_piece(tty, file, bytes, taken, &done);
        written += (long)done;
        if (error == 0 && taken < wanted)
            error = -EFAULT;
        if (error == 0 && from->left > 0 && thread_is_interrupted())
            break;
    }
    return written > 0 ? written : error;
}

static long write(struct file *file, struct iov *from, uint64_t *position)
{
    struct tty *tty = tty_of(file);
    if (is_over(tty, file))
        return -EIO;
    int error = tty_local_flag(tty, TOSTOP) ? tty_check_background(tty, SIGTTOU) : 0;
    if (error == 0)
        error = begin(tty, file);
    if (error)
        return error;
    long result = write_all(tty, file, from);
    end(tty);
    return result;
}

static unsigned poll(struct file *file, struct poll_table *table)
{
    struct tty *tty = tty_of(file);
    poll_wait(table, &tty->readers);
    poll_wait(table, &tty->writers);
    if (tty_is_dead(file))
        return POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDNORM | POLLWRNORM;
    uint8_t least = tty->termios.c_cc[VMIN], time = tty->termios.c_cc[VTIME];
    unsigned events = tty->gone ? POLLHUP : 0;
    if (tty_has_input(tty, time == 0 && least > 0 ? least : 1))
        events |= POLLIN | POLLRDNORM;
    if (tty_can_write(tty))
        events |= POLLOUT | POLLWRNORM;
    return events;
}

static void release(struct file *file)
{
    struct tty *tty = tty_of(file);
    if (__atomic_sub_fetch(&tty->files, 1, __ATOMIC_ACQ_REL) == 0 && tty->driver->closed)
        tty->driver->closed(tty);
    tty_put(tty);
}

const struct file_ops tty_file_ops = {
    .release = release,
    .read = tty_read,
    .write = write,
    .poll = poll,
    .ioctl = tty_ioctl,
    .stream = true,
};
