/*
 * syslog(2): reading the kernel's log (fs/syslog.h), and what of it appears on the console.
 *
 * Locks: `lock` (sleeping, rank SUBSYSTEM) guards the console's level as it was.
 *
 * Source: syslog(2).
 */
#include "log.h"
#include "fs/syslog.h"
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

static struct mutex lock = MUTEX_INIT(lock, SUBSYSTEM);
static int level_before = -1; /* of the console, before CONSOLE_OFF; -1: it is not off */

static long read_log(int action, uaddr_t to, int size)
{
    struct iov iov;
    if (to == 0 || size < 0)
        return -EINVAL;
    if (size == 0)
        return 0;
    iov_init_user(&iov, (void *)to, (size_t)size);
    return action == READ ? syslog_read(&iov, false) : syslog_read_all(&iov, action == READ_CLEAR);
}

static long clear_log(void)
{
    syslog_clear();
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
    int error = syslog_may(task_current()->credentials, action == READ_ALL || action == SIZE_BUFFER);
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
    case SIZE_UNREAD: return syslog_unread();
    case SIZE_BUFFER: return LOG_RECORDS * sizeof(struct log_record);
    default: return -EINVAL;
    }
}
