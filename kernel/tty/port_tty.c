/*
 * /dev/hvc0: the line discipline on top of a port of the virtio console device (drivers/virtio/virtio_console.h).
 *
 * What has come stays in the port's buffers while the terminal has no room for it, which in the end stops whoever
 * sends; what interrupts a program is looked for there, too. The size of the terminal at the other end is told by
 * whoever knows it, through TIOCSWINSZ.
 */
#include "tty/port_tty.h"

#include "drivers/virtio/virtio_console.h"
#include "fs/device.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "tty/feed.h"
#include "tty/tty.h"

#define DEVICE_HVC DEVICE_NUMBER(229, 0)
#define SPEED 38400
#define ROWS 24
#define COLUMNS 80

static struct tty *terminal; /* NULL: there is no port */
static struct virtio_port *port;
static struct feed feed;

/* Of what waits, all up to the last key that interrupts is done with. */
static void look_ahead(void)
{
    const uint8_t *bytes;
    size_t length, before = 0, done = 0;
    for (unsigned i = 0; (bytes = virtio_port_peek(port, i, &length)) != NULL; i++) {
        size_t dealt_with = tty_look_ahead(terminal, bytes, length);
        if (dealt_with > 0)
            done = before + dealt_with;
        before += length;
    }
    virtio_port_skip(port, done);
}

static void take_input(void *context)
{
    const uint8_t *bytes;
    size_t length;
    while ((bytes = virtio_port_peek(port, 0, &length)) != NULL) {
        size_t taken = tty_receive(terminal, bytes, length);
        virtio_port_skip(port, taken);
        if (taken < length) {
            look_ahead();
            return;
        }
    }
}

static void on_input(void *context)
{
    feed_run(&feed, take_input, NULL);
}

static void on_room(void *context)
{
    tty_writable(terminal);
}

static size_t write(struct tty *tty, const char *data, size_t size)
{
    size_t sent = 0;
    char *buffer;
    while (sent < size && (buffer = virtio_port_room(port)) != NULL) {
        size_t part = min_u64(size - sent, VIRTIO_PORT_BUFFER);
        memcpy(buffer, data + sent, part);
        virtio_port_send(port, buffer, part);
        sent += part;
    }
    return sent;
}

static size_t unsent(struct tty *tty)
{
    return virtio_port_is_sent(port) ? 0 : 1; /* or more */
}

static void input_room(struct tty *tty)
{
    on_input(NULL);
}

static int open(struct file *file)
{
    return tty_open(terminal, file);
}

bool port_tty_init(void)
{
    static const struct tty_driver driver = {.name = "hvc", .write = write, .unsent = unsent, .input_room = input_room};
    static const struct file_ops ops = {.open = open};
    port = virtio_port(0);
    if (port == NULL || !virtio_port_is_terminal(port))
        return true;
    terminal = tty_create(&driver, 0, DEVICE_HVC, NULL);
    if (terminal == NULL || virtio_port_open(port) < 0)
        return false;
    struct termios termios = terminal->termios;
    termios.c_cflag = B38400 | CS8 | CREAD | HUPCL | CLOCAL;
    tty_set_defaults(terminal, &termios, SPEED);
    terminal->size = (struct winsize){.rows = ROWS, .columns = COLUMNS};
    device_register(DEVICE_HVC, "hvc0", 0600, &ops);
    virtio_port_set_notify(port, on_input, on_room, NULL);
    on_input(NULL);
    return true;
}
