/*
 * The log line by line: see syslog.h. The log itself (debug/log.c) keeps no places, and overwrites what is oldest.
 *
 * Locks: `lock` (sleeping, rank SUBSYSTEM) guards the places.
 */
#include "fs/syslog.h"

#include "fs/kmsg.h"
#include "lib/errno.h"
#include "lib/printf.h"
#include "log.h"
#include "mm/slab.h"
#include "sched/mutex.h"

/* A message has as many lines as it has, each with its time before it. */
#define LINE_HEAD 32
#define MESSAGE_TEXT_MAX (LOG_MESSAGE_MAX / 2 * LINE_HEAD + LOG_MESSAGE_MAX)

static struct mutex lock = MUTEX_INIT(lock, SUBSYSTEM);
static uint64_t unread;    /* where syslog_read goes on */
static size_t unread_skip; /* bytes of that message's lines that have been read */
static uint64_t cleared;   /* where syslog_read_all begins */

/* Where a message is read to and made into lines. */
struct lines {
    struct log_message message;
    char text[MESSAGE_TEXT_MAX + 1];
};

int syslog_may(const struct credentials *credentials, bool everybody)
{
    if (everybody && !__atomic_load_n(&log_restricted, __ATOMIC_RELAXED))
        return 0;
    return credentials_capable(credentials, CAP_SYSLOG) || credentials_capable(credentials, CAP_SYS_ADMIN) ? 0 : -EPERM;
}

/* One line of the message, its text from START to END; returns how long it has become. */
static size_t put_line(char *text, size_t room, const struct log_message *message, size_t start, size_t end)
{
    uint64_t us = message->time / 1000;
    return (size_t)snprintf(text, room, "<%u>[%5lu.%06lu] %.*s\n", message->facility << 3 | (unsigned)message->level,
        us / 1000000, us % 1000000, (int)(end - start), message->text + start);
}

/* The message as lines in `text`; returns their length. */
static size_t make_lines(struct lines *lines)
{
    const struct log_message *message = &lines->message;
    size_t length = 0, start = 0;
    while (start <= message->length) {
        size_t end = start;
        while (end < message->length && message->text[end] != '\n')
            end++;
        length += put_line(lines->text + length, sizeof lines->text - length, message, start, end);
        start = end + 1;
    }
    return length;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Taking lines away
 */

/* From `unread` on. The lock is held. */
static long take(struct iov *to, struct lines *lines)
{
    size_t done = 0;
    while (to->left > 0) {
        uint64_t cursor = unread;
        if (!log_read(&cursor, &lines->message))
            break;
        if (lines->message.lost > 0) { /* the one that was being read, too */
            unread = lines->message.number;
            unread_skip = 0;
        }
        size_t length = make_lines(lines), skip = min_u64(unread_skip, length);
        size_t piece = min_u64(length - skip, to->left), copied = iov_copy_out(to, lines->text + skip, piece);
        done += copied;
        unread_skip = skip + copied;
        if (unread_skip == length) {
            unread = cursor;
            unread_skip = 0;
        }
        if (copied < piece)
            return done ? (long)done : -EFAULT;
    }
    return (long)done;
}

long syslog_read(struct iov *to, bool no_wait)
{
    struct lines *lines = kmalloc(sizeof *lines, 0);
    long result = lines ? 0 : -ENOMEM;
    while (result == 0) {
        mutex_lock(&lock);
        result = take(to, lines);
        uint64_t cursor = unread;
        mutex_unlock(&lock);
        if (result != 0)
            break;
        result = no_wait ? -EAGAIN : kmsg_wait(cursor);
    }
    kfree(lines);
    return result;
}

unsigned syslog_poll(struct poll_table *table)
{
    return kmsg_poll(__atomic_load_n(&unread, __ATOMIC_RELAXED), table);
}

/* ------------------------------------------------------------------------------------------------------------------
 * All of it
 */

/* How long the lines from CURSOR on are. */
static size_t measure(uint64_t cursor, struct lines *lines)
{
    size_t length = 0;
    while (log_read(&cursor, &lines->message))
        length += make_lines(lines);
    return length;
}

/* The lock is held. */
static long copy_last(struct iov *to, struct lines *lines)
{
    uint64_t cursor = cleared;
    size_t left = measure(cursor, lines), done = 0;
    while (log_read(&cursor, &lines->message)) {
        size_t length = make_lines(lines);
        bool fits = left <= to->left;
        left -= min_u64(left, length);
        if (done == 0 && !fits)
            continue; /* too old */
        if (length > to->left)
            break; /* more has come since it was measured */
        if (iov_copy_out(to, lines->text, length) < length)
            return -EFAULT;
        done += length;
    }
    return (long)done;
}

long syslog_read_all(struct iov *to, bool clear)
{
    struct lines *lines = kmalloc(sizeof *lines, 0);
    if (lines == NULL)
        return -ENOMEM;
    mutex_lock(&lock);
    long result = copy_last(to, lines);
    if (clear && result >= 0)
        cleared = __atomic_load_n(&log_ring.next, __ATOMIC_RELAXED);
    mutex_unlock(&lock);
    kfree(lines);
    return result;
}

void syslog_clear(void)
{
    mutex_lock(&lock);
    cleared = __atomic_load_n(&log_ring.next, __ATOMIC_RELAXED);
    mutex_unlock(&lock);
}

long syslog_unread(void)
{
    struct lines *lines = kmalloc(sizeof *lines, 0);
    if (lines == NULL)
        return -ENOMEM;
    mutex_lock(&lock);
    size_t length = measure(unread, lines);
    length -= min_u64(unread_skip, length);
    mutex_unlock(&lock);
    kfree(lines);
    return (long)min_u64(length, INT32_MAX);
}
