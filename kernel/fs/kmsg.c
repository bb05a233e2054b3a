/*
 * /dev/kmsg: see kmsg.h. A read gets one record, as
 *
 *     30,1234,5678901,-;text
 *
 * facility * 8 + level, number, microseconds since the start, and the text, in which bytes that are not printable are
 * \x and two digits. A write is a record: "<30>text", or only text, for facility 1 (user) and level 4.
 *
 * Whoever logs can hold any lock, so he wakes nobody. While somebody waits, a timer looks every now and then whether
 * something has come.
 *
 * Source: Linux Documentation/ABI/testing/dev-kmsg.
 */
#include "fs/kmsg.h"

#include "fs/device.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "log.h"

#define LOOK_NS (50 * NS_PER_MS)
#define WRITE_MAX 992 /* as Linux */
#define PRIORITY_DEFAULT (1u << 3 | LOG_WARNING)

static struct wait_queue waiting = WAIT_QUEUE_INIT(waiting);
static struct timer timer;
static bool ticking;  /* set by who waits first, cleared by the timer when nobody does */
static uint64_t seen; /* log_ring.next when the timer looked last */

/* ------------------------------------------------------------------------------------------------------------------
 * Waiting
 */

static void look(struct timer *self)
{
    uint64_t next = __atomic_load_n(&log_ring.next, __ATOMIC_RELAXED);
    if (next != seen) {
        seen = next;
        wait_queue_wake_all(&waiting);
    }
    if (!wait_queue_is_empty(&waiting)) {
        timer_start(self, clock_monotonic() + LOOK_NS);
        return;
    }
    __atomic_store_n(&ticking, false, __ATOMIC_SEQ_CST);
}

/* Somebody has entered the queue, or is about to: then he looks at the log once more. */
static void begin_to_look(void)
{
    if (!__atomic_exchange_n(&ticking, true, __ATOMIC_SEQ_CST)) {
        seen = 0; /* what has come since is told in any case */
        timer_start(&timer, clock_monotonic() + LOOK_NS);
    }
}

int kmsg_wait(uint64_t cursor)
{
    int error = 0;
    while (!error && !log_has(cursor)) {
        begin_to_look();
        error = wait_event_interruptible_until(&waiting, log_has(cursor), clock_monotonic() + 4 * LOOK_NS);
        if (error == -ETIMEDOUT)
            error = 0;
    }
    return error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Reading: file->position is the cursor
 */

/* The record as programs read it; returns its length, or that of more than SIZE if it is longer. */
static size_t format(const struct log_message *message, char *line, size_t size)
{
    unsigned priority = message->facility << 3 | (unsigned)message->level;
    size_t length = (size_t)snprintf(line, size, "%u,%lu,%lu,-;", priority, (unsigned long)message->number,
        (unsigned long)(message->time / NS_PER_US));
    for (size_t i = 0; i < message->length && length < size - 6; i++) {
        unsigned char c = (unsigned char)message->text[i];
        if (c < ' ' || c >= 127 || c == '\\')
            length += (size_t)snprintf(line + length, size - length, "\\x%02x", c);
        else
            line[length++] = (char)c;
    }
    line[length++] = '\n';
    return length;
}

/* Moves the cursor past what may be read next. */
static long next_message(struct file *file, struct log_message *message)
{
    for (;;) {
        uint64_t cursor = file->position;
        if (log_read(&cursor, message)) {
            bool missed = message->lost > 0 && file->position > 0;
            file->position = missed ? message->number : cursor;
            return missed ? -EPIPE : 0; /* once; then it goes on at what there is */
        }
        if (file->flags & O_NONBLOCK)
            return -EAGAIN;
        int error = kmsg_wait(file->position);
        if (error)
            return error;
    }
}

static long read(struct file *file, struct iov *to, uint64_t *position)
{
    struct log_message message;
    char line[4 * LOG_MESSAGE_MAX + 64];
    mutex_lock(&file->position_lock);
    uint64_t before = file->position;
    long result = next_message(file, &message);
    if (result == 0) {
        size_t length = format(&message, line, sizeof line);
        result = length > to->left ? -EINVAL : iov_copy_out(to, line, length) < length ? -EFAULT : (long)length;
        if (result < 0)
            file->position = before;
    }
    mutex_unlock(&file->position_lock);
    return result;
}

/* To the oldest record, or behind the newest. */
static long seek(struct file *file, int64_t offset, int whence)
{
    if (offset != 0)
        return -ESPIPE;
    if (whence == SEEK_CUR || whence < SEEK_SET || whence > SEEK_DATA)
        return -EINVAL;
    mutex_lock(&file->position_lock);
    file->position = whence == SEEK_END ? __atomic_load_n(&log_ring.next, __ATOMIC_RELAXED) : 0;
    mutex_unlock(&file->position_lock);
    return 0;
}

unsigned kmsg_poll(uint64_t cursor, struct poll_table *table)
{
    poll_wait(table, &waiting);
    if (table)
        begin_to_look();
    return log_has(cursor) ? POLLIN | POLLRDNORM : 0;
}

static unsigned poll(struct file *file, struct poll_table *table)
{
    return kmsg_poll(file->position, table);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Writing
 */

/* "<30>" before the text: its length; 0: there is none. */
static size_t read_priority(const char *text, size_t length, unsigned *priority)
{
    size_t at = 1;
    unsigned number = 0;
    if (length < 3 || text[0] != '<')
        return 0;
    while (at < length && at < 5 && text[at] >= '0' && text[at] <= '9')
        number = number * 10 + (unsigned)(text[at++] - '0');
    if (at == 1 || at == length || text[at] != '>')
        return 0;
    *priority = number >> 3 ? number : 1u << 3 | (number & 7); /* only the kernel speaks for the kernel */
    return at + 1;
}

static long write(struct file *file, struct iov *from, uint64_t *position)
{
    char text[LOG_MESSAGE_MAX + 8];
    size_t whole = from->left, length = min_u64(whole, sizeof text);
    unsigned priority = PRIORITY_DEFAULT;
    if (whole > WRITE_MAX)
        return -EINVAL;
    if (iov_copy_in(from, text, length) < length)
        return -EFAULT;
    size_t skip = read_priority(text, length, &priority);
    log_write_for(priority, text + skip, length - skip);
    return (long)whole;
}

void kmsg_init(void)
{
    static const struct file_ops ops = {.read = read, .write = write, .seek = seek, .poll = poll, .stream = true};
    timer_init(&timer, look);
    device_register(DEVICE_KMSG, "kmsg", 0644, &ops);
}
