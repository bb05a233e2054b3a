/*
 * See tty_linux.h. The host's terminals receive in a thread of the kernel's own, so what has been typed may take a
 * while to have an effect; a read that finds nothing waits for that thread.
 */
#include "tests/unit/tty_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 500

bool tty_linux_open(struct tty_linux *pty)
{
    pty->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (pty->master < 0)
        return false;
    if (grantpt(pty->master) < 0 || unlockpt(pty->master) < 0) {
        close(pty->master);
        return false;
    }
    pty->slave = open(ptsname(pty->master), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (pty->slave < 0)
        close(pty->master);
    return pty->slave >= 0;
}

void tty_linux_close(struct tty_linux *pty)
{
    close(pty->slave);
    close(pty->master);
}

long tty_linux_type(struct tty_linux *pty, const void *bytes, size_t size)
{
    ssize_t result = write(pty->master, bytes, size);
    return result < 0 ? -errno : result;
}

long tty_linux_read(struct tty_linux *pty, void *bytes, size_t size)
{
    ssize_t result = read(pty->slave, bytes, size);
    return result < 0 ? -errno : result;
}

long tty_linux_write(struct tty_linux *pty, const void *bytes, size_t size)
{
    ssize_t result = write(pty->slave, bytes, size);
    return result < 0 ? -errno : result;
}

long tty_linux_ioctl(struct tty_linux *pty, unsigned command, void *argument)
{
    int result = ioctl(pty->slave, command, argument);
    return result < 0 ? -errno : result;
}

static long milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void pause_briefly(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
}

void tty_linux_sent(struct tty_linux *pty, char *sent, size_t *size, size_t most, size_t wanted)
{
    long end = milliseconds() + PATIENCE_MS;
    for (;;) {
        ssize_t got = read(pty->master, sent + *size, most - *size);
        if (got > 0) {
            *size += (size_t)got;
            continue;
        }
        if (*size >= wanted || milliseconds() > end)
            return;
        pause_briefly();
    }
}

void tty_linux_settle(struct tty_linux *pty, int wanted, unsigned pause)
{
    long end = milliseconds() + PATIENCE_MS;
    for (;;) {
        int count = -1;
        struct pollfd poller = {.fd = pty->slave, .events = POLLIN};
        bool waited = poll(&poller, 1, 0) == 0;
        ioctl(pty->slave, FIONREAD, &count);
        if (count == wanted || milliseconds() > end) {
            if (!waited && pause > 0)
                usleep(pause);
            return;
        }
        pause_briefly();
    }
}
