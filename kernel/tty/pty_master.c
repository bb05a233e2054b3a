/*
 * /dev/ptmx: the master side of pseudo-terminals as files. file->data is the struct pty, whose terminal the file holds.
 *
 * Reads take what the terminal has sent; when nobody has it open any more, after somebody had, they fail with EIO. In
 * packet mode (TIOCPKT) each begins with a byte that says whether data follow or something has happened to the
 * terminal. Writes wait while the terminal's input is full; what they bring then is looked through for keys that send
 * signals, so that a program that does not read can be interrupted.
 *
 * Source: pty(7), ioctl_tty(2); TIOCGPTPEER: Linux 4.13.
 */
#include "arch/x86_64/user.h"
#include "fs/mount.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "tty/pty_internal.h"
#include "tty/tty_internal.h"

#define TIOCSIG 0x40045436u

#define PIECE 512 /* bytes that are moved at once */

/* ------------------------------------------------------------------------------------------------------------------
 * Reading
 */

static bool has_output(const struct pty *pty)
{
    return __atomic_load_n(&pty->head, __ATOMIC_RELAXED) != __atomic_load_n(&pty->tail, __ATOMIC_RELAXED);
}

static bool has_status(const struct pty *pty)
{
    return pty->packets && __atomic_load_n(&pty->status, __ATOMIC_RELAXED) != 0;
}

/* One packet, or bytes as they are. 0: there is nothing. */
static size_t take(struct pty *pty, char *bytes, size_t size)
{
    size_t count = 0;
    spin_lock(&pty->tty->input_lock);
    uint32_t first = pty->tail % PTY_RING_SIZE;
    if (pty->packets && (pty->status || has_output(pty)))
        bytes[count++] = (char)pty->status;
    if (!pty->packets || pty->status == TIOCPKT_DATA) {
        size_t data = min_u64(size - count, pty->head - pty->tail), to_end = min_u64(data, PTY_RING_SIZE - first);
        memcpy(bytes + count, &pty->ring[first], to_end);
        memcpy(bytes + count + to_end, pty->ring, data - to_end);
        pty->tail += (uint32_t)data;
        count += data;
    }
    pty->status = 0;
    spin_unlock(&pty->tty->input_lock);
    return count;
}

static long wait_for_output(struct pty *pty, const struct file *file)
{
    if (pty_is_left(pty))
        return -EIO;
    if (file->flags & O_NONBLOCK)
        return -EAGAIN;
    return wait_event_interruptible(&pty->masters, has_output(pty) || has_status(pty) || pty_is_left(pty));
}

static long read(struct file *file, struct iov *to, uint64_t *position)
{
    struct pty *pty = file->data;
    char bytes[PIECE];
    long done = 0;
    while (to->left > 0) {
        size_t taken = take(pty, bytes, min_u64(sizeof bytes, to->left));
        if (taken == 0 && done > 0)
            break;
        if (taken == 0) {
            long error = wait_for_output(pty, file);
            if (error)
                return error;
            continue;
        }
        size_t copied = iov_copy_out(to, bytes, taken);
        done += (long)copied;
        if (copied < taken)
            return done > 0 ? done : -EFAULT;
        if (pty->packets)
            break;
    }
    tty_writable(pty->tty);
    return done;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Writing
 */

/* Types what there is room for; *done: how much of it. */
static int type(struct pty *pty, const struct file *file, const uint8_t *bytes, size_t size, size_t *done)
{
    for (*done = 0;;) {
        *done += tty_receive(pty->tty, bytes + *done, size - *done);
        if (*done < size)
            *done += tty_look_ahead(pty->tty, bytes + *done, size - *done);
        if (*done == size)
            return 0;
        if (file->flags & O_NONBLOCK)
            return -EAGAIN;
        int error = wait_event_interruptible(&pty->masters, tty_input_room(pty->tty) > 0);
        if (error)
            return error;
    }
}

static long write(struct file *file, struct iov *from, uint64_t *position)
{
    struct pty *pty = file->data;
    uint8_t bytes[PIECE];
    long written = 0;
    int error = 0;
    while (from->left > 0 && error == 0) {
        size_t wanted = min_u64(sizeof bytes, from->left), taken = iov_copy_in(from, bytes, wanted), done;
        error = type(pty, file, bytes, taken, &done);
        written += (long)done;
        if (error == 0 && taken < wanted)
            error = -EFAULT;
        if (error == 0 && from->left > 0 && thread_is_interrupted())
            break;
    }
    return written > 0 ? written : error;
}

static unsigned poll(struct file *file, struct poll_table *table)
{
    struct pty *pty = file->data;
    unsigned events = 0;
    poll_wait(table, &pty->masters);
    if (has_output(pty))
        events |= POLLIN | POLLRDNORM;
    if (has_status(pty))
        events |= POLLPRI | POLLIN | POLLRDNORM;
    if (tty_input_room(pty->tty) > 0)
        events |= POLLOUT | POLLWRNORM;
    return pty_is_left(pty) ? events | POLLHUP : events;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Requests
 */

static long put_number(uaddr_t to, uint32_t number)
{
    return copy_to_user(to, &number);
}

static long set_lock(struct pty *pty, uaddr_t from)
{
    int32_t lock;
    if (copy_from_user(&lock, from))
        return -EFAULT;
    __atomic_store_n(&pty->locked, lock != 0, __ATOMIC_RELEASE);
    return 0;
}

static long set_packets(struct pty *pty, uaddr_t from)
{
    int32_t packets;
    if (copy_from_user(&packets, from))
        return -EFAULT;
    spin_lock(&pty->tty->input_lock);
    if (!pty->packets)
        pty->status = 0;
    pty->packets = packets != 0;
    spin_unlock(&pty->tty->input_lock);
    return 0;
}

static long send_signal(struct pty *pty, uintptr_t signal)
{
    if (signal != SIGINT && signal != SIGQUIT && signal != SIGTSTP)
        return -EINVAL;
    spin_lock(&pty->tty->input_lock);
    tty_signal_locked(pty->tty, (int)signal);
    spin_unlock(&pty->tty->input_lock);
    return 0;
}

static long flush(struct pty *pty, uintptr_t what)
{
    if (what > TCIOFLUSH)
        return -EINVAL;
    spin_lock(&pty->tty->input_lock);
    if (what != TCOFLUSH)
        pty->tail = pty->head;
    spin_unlock(&pty->tty->input_lock);
    tty_writable(pty->tty);
    return 0;
}

/* The terminal, found by the name that it has where devpts is usually mounted. */
static long open_peer(struct pty *pty, uintptr_t flags)
{
    char name[32];
    struct walk walk;
    int error;
    fs_root_walk(&walk);
    snprintf(name, sizeof name, "/dev/pts/%u", pty->number);
    struct file *file = file_open(&walk, name, (unsigned)flags & (O_ACCMODE | O_NOCTTY | O_NONBLOCK), 0, &error);
    if (file == NULL)
        return error;
    long result = file->inode == pty->inode ? tty_jobs->add_file(file, flags & O_CLOEXEC) : -ENODEV;
    if (result < 0)
        file_put(file);
    return result;
}

static long ioctl(struct file *file, unsigned command, uintptr_t argument)
{
    struct pty *pty = file->data;
    switch (command) {
    case TIOCGPTN: return put_number(argument, pty->number);
    case TIOCSPTLCK: return set_lock(pty, argument);
    case TIOCGPTLCK: return put_number(argument, pty->locked);
    case TIOCPKT: return set_packets(pty, argument);
    case TIOCGPKT: return put_number(argument, pty->packets);
    case TIOCSIG: return send_signal(pty, argument);
    case TIOCGPTPEER: return open_peer(pty, argument);
    case FIONREAD: return put_number(argument, pty->head - pty->tail);
    case TIOCOUTQ: return put_number(argument, 0);
    case TCFLSH: return flush(pty, argument);
    case TCXONC: return argument <= TCION ? 0 : -EINVAL; /* only the terminal's own output can be stopped */
    case TIOCSTI: return -EIO;
    default: return tty_shared_ioctl(pty->tty, file, command, argument);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Opening and closing
 */

static void release(struct file *file)
{
    pty_close_master(file->data);
}

int pty_master_open(struct file *file)
{
    static const struct file_ops ops = {
        .release = release,
        .read = read,
        .write = write,
        .poll = poll,
        .ioctl = ioctl,
        .stream = true,
    };
    int error;
    struct pty *pty = pty_create(&error);
    if (pty == NULL)
        return error;
    file->ops = &ops;
    file->data = pty;
    return 0;
}
