/*
 * /dev/vport0p1 and so on: ports of the virtio console device as files. They behave as pipes to the machine monitor: a
 * reader gets what has come, and 0 when the other end has been closed and all is read; a writer gets EPIPE, and
 * SIGPIPE, when it has. Other than on Linux, a port may be opened more than once (so that /dev/stdout may be), writing
 * does not wait for somebody to connect, and fsync waits until the other side has taken what was written.
 *
 * Locks: `reader` and `writer` (mutexes, rank PIPE) let one at a time read from a port, or write to it. Whoever waits
 * for the other side does so without them.
 *
 * Source: Linux Documentation/admin-guide/devices.txt for the names; VIRTIO 1.2, 5.3.
 */
#include "drivers/virtio/virtio_console.h"

#include "arch/x86_64/user.h"
#include "fs/device.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "sched/mutex.h"

#define PORT_MAJOR 248
#define FIONREAD 0x541b

static struct port_file {
    struct virtio_port *port;
    struct mutex reader, writer;
    char name[12];
} port_files[VIRTIO_PORTS];

static bool can_read(struct virtio_port *port)
{
    return virtio_port_has_input(port) || !virtio_port_is_connected(port);
}

static bool can_write(struct virtio_port *port)
{
    return !virtio_port_is_connected(port) || virtio_port_has_room(port);
}

/* What is there, as far as it goes. 0: nothing; -EFAULT. */
static long take(struct virtio_port *port, struct iov *to)
{
    const uint8_t *bytes;
    size_t length, taken = 0;
    while (to->left > 0 && (bytes = virtio_port_peek(port, 0, &length)) != NULL) {
        size_t wanted = min_u64(length, to->left), copied = iov_copy_out(to, bytes, wanted);
        virtio_port_skip(port, copied);
        taken += copied;
        if (copied < wanted)
            return taken > 0 ? (long)taken : -EFAULT;
    }
    return (long)taken;
}

static long read(struct file *file, struct iov *to, uint64_t *position)
{
    struct port_file *own = file->data;
    if (to->left == 0)
        return 0;
    for (;;) {
        bool connected = virtio_port_is_connected(own->port); /* first: what came before its end is there then */
        mutex_lock(&own->reader);
        long taken = take(own->port, to);
        mutex_unlock(&own->reader);
        if (taken != 0 || !connected)
            return taken;
        if (file->flags & O_NONBLOCK || to->nonblock)
            return -EAGAIN;
        int error = wait_event_interruptible(virtio_port_readers(own->port), can_read(own->port));
        if (error)
            return error;
    }
}

/* 0: all of it is on its way; -EAGAIN: no room. */
static long put(struct virtio_port *port, struct iov *from, size_t *done)
{
    while (from->left > 0) {
        char *buffer;
        if (!virtio_port_is_connected(port)) {
            from->broken = true;
            return -EPIPE;
        }
        if ((buffer = virtio_port_room(port)) == NULL)
            return -EAGAIN;
        size_t wanted = min_u64(from->left, VIRTIO_PORT_BUFFER), copied = iov_copy_in(from, buffer, wanted);
        virtio_port_send(port, buffer, copied);
        *done += copied;
        if (copied < wanted)
            return -EFAULT;
    }
    return 0;
}

static long write(struct file *file, struct iov *from, uint64_t *position)
{
    struct port_file *own = file->data;
    size_t done = 0;
    for (;;) {
        mutex_lock(&own->writer);
        long error = put(own->port, from, &done);
        mutex_unlock(&own->writer);
        if (error == -EAGAIN && !(file->flags & O_NONBLOCK || from->nonblock)) {
            error = wait_event_interruptible(virtio_port_writers(own->port), can_write(own->port));
            if (error == 0)
                continue;
        }
        return done > 0 ? (long)done : error;
    }
}

static unsigned poll(struct file *file, struct poll_table *table)
{
    struct port_file *own = file->data;
    unsigned events = 0;
    poll_wait(table, virtio_port_readers(own->port));
    poll_wait(table, virtio_port_writers(own->port));
    bool connected = virtio_port_is_connected(own->port);
    if ((file->flags & O_ACCMODE) != O_WRONLY) {
        events |= virtio_port_has_input(own->port) ? POLLIN | POLLRDNORM : 0;
        events |= connected ? 0 : POLLHUP;
    }
    if ((file->flags & O_ACCMODE) != O_RDONLY) {
        events |= virtio_port_has_room(own->port) ? POLLOUT | POLLWRNORM : 0;
        events |= connected ? 0 : POLLERR;
    }
    return events;
}

static int sync(struct file *file, bool data_only)
{
    struct virtio_port *port = ((struct port_file *)file->data)->port;
    return wait_event_interruptible(
        virtio_port_writers(port), virtio_port_is_sent(port) || !virtio_port_is_connected(port));
}

static long ioctl(struct file *file, unsigned command, uintptr_t argument)
{
    struct port_file *own = file->data;
    int bytes = (int)virtio_port_count(own->port);
    return command == FIONREAD ? copy_to_user(argument, &bytes) : -ENOTTY;
}

static void release(struct file *file)
{
    virtio_port_close(((struct port_file *)file->data)->port);
}

static const struct file_ops port_ops = {
    .release = release,
    .read = read,
    .write = write,
    .poll = poll,
    .ioctl = ioctl,
    .sync = sync,
    .stream = true,
};

static int open(struct file *file)
{
    struct port_file *own = &port_files[file->inode->device & 0xff];
    int error = virtio_port_open(own->port);
    if (error)
        return error;
    file->ops = &port_ops;
    file->data = own;
    return 0;
}

void virtio_port_register(struct virtio_port *port, unsigned number)
{
    static const struct file_ops ops = {.open = open};
    struct port_file *own = &port_files[number];
    own->port = port;
    mutex_init(&own->reader, LOCK_RANK_PIPE);
    mutex_init(&own->writer, LOCK_RANK_PIPE);
    snprintf(own->name, sizeof own->name, "vport0p%u", number);
    device_register(DEVICE_NUMBER(PORT_MAJOR, number), own->name, 0600, &ops);
}
