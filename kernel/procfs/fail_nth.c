/*
 * /proc/PID/fail-nth, in debug kernels: a number N written to it makes the Nth allocation fail that the task asks for
 * from then on (debug/fault_injection.h), and what is read tells how many are to come until then; 0: it has failed, or
 * none is to. So a program can walk through every place of a system call that must survive a lack of memory:
 *
 *     for (n = 1;; n++) {
 *         write N to fail-nth; call; read what is left of it; write 0
 *         if something was left: the call asks for fewer than N
 *     }
 *
 * Reading and writing it asks for no memory itself, so that neither is counted.
 *
 * Source: Linux, Documentation/fault-injection/fault-injection.rst, "/proc/<pid>/fail-nth".
 */
#ifdef DEBUG
#include "procfs/process.h"

#include "debug/fault_injection.h"
#include "lib/errno.h"
#include "lib/printf.h"

#define NUMBER_LENGTH 16

/* Sets the subject's countdown to *VALUE if SET, or tells it. */
static int exchange(const struct file *file, uint32_t *value, bool set)
{
    spin_lock(&processes_lock);
    const struct task *task = subject_task_locked(pseudo_node_of(file->inode));
    uint32_t *countdown = task && task->thread ? &task->thread->fault_countdown : NULL;
    if (countdown && set)
        __atomic_store_n(countdown, *value, __ATOMIC_RELAXED);
    else if (countdown)
        *value = __atomic_load_n(countdown, __ATOMIC_RELAXED);
    spin_unlock(&processes_lock);
    return countdown ? 0 : -ESRCH;
}

static long read(struct file *file, struct iov *to, uint64_t *position)
{
    char text[NUMBER_LENGTH];
    uint32_t value;
    int error = exchange(file, &value, false);
    if (error)
        return error;
    size_t length = (size_t)snprintf(text, sizeof text, "%u\n", value);
    if (*position >= length || to->left == 0)
        return 0;
    uint32_t paused = fault_injection_pause();
    size_t copied = iov_copy_out(to, text + *position, min_u64(length - *position, to->left));
    fault_injection_go_on(paused);
    *position += copied;
    return copied ? (long)copied : -EFAULT;
}

/* Decimal digits, and perhaps a newline. */
static bool parse(const char *text, size_t length, uint32_t *value)
{
    uint64_t sum = 0;
    if (length > 0 && text[length - 1] == '\n')
        length--;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        sum = sum * 10 + (uint64_t)(text[i] - '0');
        if (sum > INT32_MAX)
            return false;
    }
    *value = (uint32_t)sum;
    return length > 0;
}

static long write(struct file *file, struct iov *from, uint64_t *position)
{
    char text[NUMBER_LENGTH];
    uint32_t value;
    size_t length = from->left;
    if (length >= sizeof text)
        return -EINVAL;
    if (iov_copy_in(from, text, length) < length)
        return -EFAULT;
    if (!parse(text, length, &value))
        return -EINVAL;
    fault_injection_start_countdowns();
    int error = exchange(file, &value, true);
    return error ? error : (long)length;
}

const struct file_ops process_fail_nth_ops = {.read = read, .write = write};
#endif
