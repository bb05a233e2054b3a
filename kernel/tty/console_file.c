/*
 * /dev/console: see console_file.h. A reader waits in `readers`, which both sources of input wake.
 *
 * Source: ioctl_tty(2).
 */
#include "tty/console_file.h"

#include "arch/x86_64/user.h"
#include "drivers/serial.h"
#include "fs/device.h"
#include "lib/errno.h"
#include "sched/wait.h"
#include "tty/console.h"
#include "tty/terminal.h"

#define TIOCGWINSZ 0x5413u

#define PIECE 256 /* bytes that are moved at once */

struct window_size {
    uint16_t rows, columns, x_pixels, y_pixels;
};

static struct wait_queue readers = WAIT_QUEUE_INIT(readers);

static void wake_readers(void *queue)
{
    wait_queue_wake_all(queue);
}

static bool has_input(void)
{
    struct terminal *terminal = terminal_shown();
    return serial_has_input() || (terminal && terminal_has_input(terminal));
}

static size_t take_input(char *bytes, size_t size)
{
    struct terminal *terminal = terminal_shown();
    size_t taken = serial_read(bytes, size);
    if (taken == 0 && terminal)
        taken = terminal_read(terminal, bytes, size);
    for (size_t i = 0; i < taken; i++)
        if (bytes[i] == '\r')
            bytes[i] = '\n';
    return taken;
}

static long read(struct file *file, struct iov *to, uint64_t *position)
{
    char bytes[PIECE];
    if (to->left == 0)
        return 0;
    size_t taken;
    while ((taken = take_input(bytes, min_u64(sizeof bytes, to->left))) == 0) {
        if (file->flags & O_NONBLOCK)
            return -EAGAIN;
        wait_event(&readers, has_input());
    }
    return iov_copy_out(to, bytes, taken) == taken ? (long)taken : -EFAULT;
}

static long write(struct file *file, struct iov *from, uint64_t *position)
{
    char bytes[PIECE];
    long written = 0;
    while (from->left > 0) {
        size_t wanted = min_u64(sizeof bytes, from->left), taken = iov_copy_in(from, bytes, wanted);
        console_write(bytes, taken);
        written += (long)taken;
        if (taken < wanted)
            return written > 0 ? written : -EFAULT;
    }
    return written;
}

static long ioctl(struct file *file, unsigned command, uintptr_t argument)
{
    struct terminal *terminal = terminal_shown();
    unsigned columns = 80, rows = 25;
    if (command != TIOCGWINSZ)
        return -ENOTTY;
    if (terminal)
        terminal_size(terminal, &columns, &rows);
    struct window_size size = {.rows = (uint16_t)rows, .columns = (uint16_t)columns};
    return copy_to_user(argument, &size);
}

void console_file_init(void)
{
    static const struct file_ops ops = {.read = read, .write = write, .ioctl = ioctl, .stream = true};
    device_register(DEVICE_CONSOLE, &ops);
    serial_set_notify(wake_readers, &readers);
    if (terminal_shown())
        terminal_set_notify(terminal_shown(), wake_readers, &readers);
}
