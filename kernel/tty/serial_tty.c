/*
 * /dev/ttyS0: the line discipline on top of drivers/serial.h.
 *
 * What is received waits in a ring of our own while the terminal's is full: a page of text that somebody pastes while
 * the shell is busy is not lost. Line settings other than the characters' are kept and told, but the line stays as the
 * loader has set it up: 8 bits, no parity, at the speed that the machine's other end expects.
 */
#include "tty/serial_tty.h"

#include "drivers/serial.h"
#include "fs/device.h"
#include "lib/errno.h"
#include "lib/ring.h"
#include "mm/slab.h"
#include "tty/feed.h"

#define DEVICE_SERIAL DEVICE_NUMBER(4, 64)
#define SPEED 115200
#define PIECE 64
#define WAITING_SIZE 16384
#define ROWS 24
#define COLUMNS 80

static struct tty *line;   /* NULL: there is no port */
static struct tty *sharer; /* the console; NULL: nobody shares the line */
static void (*on_typed)(void);
static struct feed feed;
static struct byte_ring waiting; /* what the terminal had no room for; feed guards it */

static struct tty *receiver(void)
{
    return sharer && __atomic_load_n(&line->files, __ATOMIC_RELAXED) == 0 ? sharer : line;
}

/* Hands over what waits; false: there is no room for all of it. */
static bool hand_over(struct tty *tty)
{
    while (waiting.count > 0) {
        size_t size = min_u64(waiting.count, waiting.size - waiting.first);
        const uint8_t *bytes = (const uint8_t *)&waiting.bytes[waiting.first];
        size_t taken = tty_receive(tty, bytes, size);
        byte_ring_skip(&waiting, taken);
        if (taken < size)
            return false;
    }
    return true;
}

/* They come behind what waits, or in place of it. */
static void wait_for_room(struct tty *tty, const char *bytes, size_t size)
{
    size_t done = tty_look_ahead(tty, (const uint8_t *)bytes, size);
    if (done > 0)
        byte_ring_skip(&waiting, waiting.count);
    byte_ring_put(&waiting, bytes + done, size - done);
}

static void receive(struct tty *tty, const char *bytes, size_t size)
{
    size_t taken = hand_over(tty) ? tty_receive(tty, (const uint8_t *)bytes, size) : 0;
    if (taken == size)
        return;
    wait_for_room(tty, bytes + taken, size - taken);
    hand_over(tty);
}

static void take_input(void *context)
{
    struct tty *tty = receiver();
    char bytes[PIECE];
    enum serial_kind kind;
    size_t size;
    hand_over(tty);
    while ((size = serial_read(bytes, sizeof bytes, &kind)) > 0) {
        if (tty == sharer)
            on_typed();
        switch (kind) {
        case SERIAL_BYTES: receive(tty, bytes, size); break;
        case SERIAL_BAD: tty_receive_bad(tty, (uint8_t)bytes[0]); break;
        case SERIAL_BREAK: tty_receive_break(tty); break;
        }
    }
}

static void on_input(void *context)
{
    feed_run(&feed, take_input, NULL);
}

static void on_room(void *context)
{
    tty_writable(line);
    if (sharer)
        tty_writable(sharer);
}

void serial_tty_share(struct tty *tty, void (*typed)(void))
{
    on_typed = typed;
    __atomic_store_n(&sharer, tty, __ATOMIC_RELEASE);
    on_input(NULL); /* what was typed ahead */
}

/* ------------------------------------------------------------------------------------------------------------------
 * The terminal's side
 */

static size_t write(struct tty *tty, const char *data, size_t size)
{
    return serial_send(data, size);
}

static size_t unsent(struct tty *tty)
{
    return serial_unsent();
}

static void input_room(struct tty *tty)
{
    on_input(NULL);
}

/* The port's rows are for all who have it open: whoever opens it gets what has been typed ahead. */
static int open(struct file *file)
{
    if (line == NULL)
        return -ENXIO;
    int error = tty_open(line, file);
    if (error == 0)
        on_input(NULL);
    return error;
}

struct tty *serial_tty(void)
{
    return line;
}

bool serial_tty_init(void)
{
    static const struct tty_driver driver = {
        .name = "ttyS",
        .write = write,
        .unsent = unsent,
        .input_room = input_room,
        .is_line = true,
    };
    static const struct file_ops ops = {.open = open};
    if (!serial_is_open())
        return true;
    line = tty_create(&driver, 0, DEVICE_SERIAL, NULL);
    waiting = (struct byte_ring){.bytes = kmalloc(WAITING_SIZE, 0), .size = WAITING_SIZE};
    if (line == NULL || waiting.bytes == NULL)
        return false;
    struct termios termios = line->termios;
    termios.c_cflag = B115200 | CS8 | CREAD | HUPCL | CLOCAL;
    tty_set_defaults(line, &termios, SPEED);
    line->size = (struct winsize){.rows = ROWS, .columns = COLUMNS};
    serial_set_notify(on_input, on_room, NULL);
    device_register(DEVICE_SERIAL, "ttyS0", 0600, &ops);
    return true;
}
