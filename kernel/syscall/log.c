/*
 * syslog(2): the kernel's log for programs, line by line, as "<6>[    0.123456] mm: text\n".
 *
 * There are two readers' places, both everybody's: READ takes lines away, so that each is read once, by whoever comes
 * first (a line may be read in pieces); READ_ALL begins where CLEAR was last asked for. The log itself (debug/log.c)
 * keeps no places, and overwrites what is oldest.
 *
 * Locks: `lock` (sleeping, rank SUBSYSTEM) guards the places and the console's level as it was.
 *
 * Source: syslog(2); capabilities(7), CAP_SYSLOG; Linux Documentation/admin-guide/sysctl/kernel.rst, dmesg_restrict.
 */
#include "log.h"
#include "fs/kmsg.h"
#include "lib/printf.h"
#include "mm/slab.h"
#include "syscall/handlers.h"

enum action {
    CLOSE,
    OPEN,
    READ,
    READ_ALL,
    READ_CLEAR,
    CLEAR,
    CONSOLE_OFF,
    CONSOLE_ON,
    CONSOLE_LEVEL,
    SIZE_UNREAD,
    SIZE_BUFFER
};

/* A message has as many lines as it has, each with its time before it. */
#define LINE_HEAD 32
#define MESSAGE_TEXT_MAX (LOG_MESSAGE_MAX / 2 * LINE_HEAD + LOG_MESSAGE_MAX)

static struct mutex lock = MUTEX_INIT(lock, SUBSYSTEM);
static uint64_t unread;       /* where READ goes on */
static size_t unread_skip;    /* bytes of that message's lines that have been read */
static uint64_t cleared;      /* where READ_ALL begins */
static int level_before = -1; /* of the console, before CONSOLE_OFF; -1: it is not off */

static int check_permission(int action)
{
    bool restricted = __atomic_load_n(&log_restricted, __ATOMIC_RELAXED);
    if (!restricted && (action == READ_ALL || action == SIZE_BUFFER))
        return 0;
    const struct credentials *credentials = task_current()->credentials;
    return credentials_capable(credentials, CAP_SYSLOG) || credentials_capable(credentials, CAP_SYS_ADMIN) ? 0 : -EPERM;
}

/* One line of the message, from START on, into TEXT; returns how long it has become. */
static size_t put_line(char *text, size_t room, const struct log_message *message, size_t start, size_t end)
{
    uint64_t us = message->time / 1000;
    return (size_t)snprintf(text, room, "<%u>[%5lu.%06lu] %.*s\n", message->facility << 3 | (unsigned)message->level,
        us / 1000000, us % 1000000, (int)(end - start), message->text + start);
}

/* All of its lines; TEXT may be NULL, for who only wants to know how long they are. */
static size_t put_message(char *text, const struct log_message *message)
{
    size_t length = 0, start = 0;
    while (start <= message->length) {
        size_t end = start;
        while (end < message->length && message->text[end] != '\n')
            end++;
        length += put_line(text ? text + length : NULL, text ? MESSAGE_TEXT_MAX + 1 - length : 0, message, start, end);
        start = end + 1;
    }
    return length;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Reading
 */

/* As much of the messages from `unread` on as fits; *text has room for one. The lock is held. */
static long read_unread(uaddr_t to, size_t size, char *text, struct log_message *message)
{
    size_t done = 0;
    while (done < size) {
        uint64_t cursor = unread;
        if (!log_read(&cursor, message))
            break;
        if (message->lost > 0)
            unread_skip = 0;
        size_t length = put_message(text, message), skip = min_u64(unread_skip, length);
        size_t piece = min_u64(length - skip, size - done);
        if (user_write(to + done, text + skip, piece) != 0)
            return done ? (long)done : -EFAULT;
        done += piece;
        unread_skip = skip + piece;
        if (unread_skip == length) {
            unread = cursor;
            unread_skip = 0;
        }
    }
    return (long)done;
}

/* Waits until there is something. */
static long read_and_take(uaddr_t to, size_t size, char *text, struct log_message *message)
{
    for (;;) {
        mutex_lock(&lock);
        long result = read_unread(to, size, text, message);
        uint64_t cursor = unread;
        mutex_unlock(&lock);
        if (result != 0)
            return result;
        int error = kmsg_wait(cursor);
        if (error)
            return error;
    }
}

/* How much all messages from CURSOR on are. */
static size_t measure(uint64_t cursor, struct log_message *message)
{
    size_t length = 0;
    while (log_read(&cursor, message))
        length += put_message(NULL, message);
    return length;
}

/* The last of them that fit, whole ones. */
static long read_all(uaddr_t to, size_t size, bool clear, char *text, struct log_message *message)
{
    mutex_lock(&lock);
    uint64_t cursor = cleared;
    size_t left = measure(cursor, message), done = 0;
    long result = 0;
    while (result == 0 && log_read(&cursor, message)) {
        size_t length = put_message(text, message);
        bool fits = left <= size;
        left -= min_u64(left, length);
        if (!fits)
            continue;
        if (length > size - done)
            break; /* more has come since it was measured */
        result = user_write(to + done, text, length) == 0 ? 0 : -EFAULT;
        done += length;
    }
    if (clear && result == 0)
        cleared = __atomic_load_n(&log_ring.next, __ATOMIC_RELAXED);
    mutex_unlock(&lock);
    return result ? result : (long)done;
}

static long read_log(int action, uaddr_t to, int size)
{
    if (to == 0 || size < 0)
        return -EINVAL;
    if (size == 0)
        return 0;
    struct log_message *message = kmalloc(sizeof *message, 0);
    char *text = kmalloc(MESSAGE_TEXT_MAX + 1, 0);
    long result = -ENOMEM;
    if (message && text)
        result = action == READ ? read_and_take(to, (size_t)size, text, message)
                                : read_all(to, (size_t)size, action == READ_CLEAR, text, message);
    kfree(text);
    kfree(message);
    return result;
}

static long count_unread(void)
{
    struct log_message *message = kmalloc(sizeof *message, 0);
    if (message == NULL)
        return -ENOMEM;
    mutex_lock(&lock);
    size_t length = measure(unread, message);
    length -= min_u64(unread_skip, length);
    mutex_unlock(&lock);
    kfree(message);
    return (long)min_u64(length, INT32_MAX);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The console
 */

static long clear_log(void)
{
    mutex_lock(&lock);
    cleared = __atomic_load_n(&log_ring.next, __ATOMIC_RELAXED);
    mutex_unlock(&lock);
    return 0;
}

static long switch_console(bool on)
{
    mutex_lock(&lock);
    if (!on && level_before < 0) {
        level_before = (int)log_get_level();
        log_set_level(LOG_EMERGENCY);
    } else if (on && level_before >= 0) {
        log_set_level((enum log_level)level_before);
        level_before = -1;
    }
    mutex_unlock(&lock);
    return 0;
}

/* What is below LEVEL appears. */
static long set_level(int level)
{
    if (level < 1 || level > LOG_DEBUG + 1)
        return -EINVAL;
    mutex_lock(&lock);
    log_set_level((enum log_level)(level - 1));
    level_before = -1;
    mutex_unlock(&lock);
    return 0;
}

long sys_syslog(const uint64_t a[6])
{
    int action = (int)a[0], size = (int)a[2];
    int error = check_permission(action);
    if (error)
        return error;
    switch (action) {
    case CLOSE:
    case OPEN: return 0;
    case READ:
    case READ_ALL:
    case READ_CLEAR: return read_log(action, a[1], size);
    case CLEAR: return clear_log();
    case CONSOLE_OFF: return switch_console(false);
    case CONSOLE_ON: return switch_console(true);
    case CONSOLE_LEVEL: return set_level(size);
    case SIZE_UNREAD: return count_unread();
    case SIZE_BUFFER: return LOG_RECORDS * sizeof(struct log_record);
    default: return -EINVAL;
    }
}
