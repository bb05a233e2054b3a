/*
 * What the tests of terminals share: a pseudo-terminal to be at both ends of.
 */
#ifndef CORRODE_TESTS_GUEST_TTY_H
#define CORRODE_TESTS_GUEST_TTY_H

#include "tests/guest/guest.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define KERNEL ((void *)0xffff800000000000ul)

static int master, slave;
static char slave_name[64];

static inline void nap(unsigned milliseconds)
{
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000l};
    nanosleep(&time, NULL);
}

static inline double seconds(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Where nobody has mounted the terminals' names, we do. */
static inline void mount_names(void)
{
    struct stat status;
    if (stat("/dev/pts/ptmx", &status) == 0)
        return;
    mkdir("/dev/pts", 0755);
    mount("devpts", "/dev/pts", "devpts", 0, "mode=620");
}

/* A new pair, the terminal open. */
static inline bool open_pair(int flags)
{
    int unlock = 0;
    unsigned number;
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | flags);
    if (master < 0 || ioctl(master, TIOCSPTLCK, &unlock) != 0 || ioctl(master, TIOCGPTN, &number) != 0)
        return false;
    snprintf(slave_name, sizeof slave_name, "/dev/pts/%u", number);
    slave = open(slave_name, O_RDWR | O_NOCTTY | flags);
    return slave >= 0;
}

static inline void close_pair(void)
{
    close(slave);
    close(master);
}

static inline void type(const char *text)
{
    if (write(master, text, strlen(text)) < 0)
        perror("# type");
}

/* What comes out at an end within a while of silence; the answer is static. */
static inline const char *hear(int end)
{
    static char heard[20000];
    size_t size = 0;
    struct pollfd poller = {.fd = end, .events = POLLIN};
    while (size < sizeof heard - 1 && poll(&poller, 1, size > 0 ? 40 : 300) > 0 && poller.revents & POLLIN) {
        ssize_t got = read(end, heard + size, sizeof heard - 1 - size);
        if (got <= 0)
            break;
        size += (size_t)got;
    }
    heard[size] = '\0';
    return heard;
}

/* The same, until it ends in TEXT, or too much time has passed. */
static inline bool hears(int end, const char *text)
{
    static char heard[20000];
    size_t size = 0, length = strlen(text);
    struct pollfd poller = {.fd = end, .events = POLLIN};
    while (size < sizeof heard - 1 && poll(&poller, 1, 5000) > 0 && poller.revents & POLLIN) {
        ssize_t got = read(end, heard + size, sizeof heard - 1 - size);
        if (got <= 0)
            break;
        size += (size_t)got;
        if (size >= length && memcmp(heard + size - length, text, length) == 0)
            return true;
    }
    printf("# heard %zu bytes: %.*s\n", size, (int)size, heard);
    return false;
}

/* Changes flags of the terminal's settings. */
static inline void set_local(tcflag_t set, tcflag_t clear)
{
    struct termios termios;
    tcgetattr(slave, &termios);
    termios.c_lflag = (termios.c_lflag & ~clear) | set;
    tcsetattr(slave, TCSANOW, &termios);
}

static inline void set_raw(cc_t least, cc_t time)
{
    struct termios termios;
    tcgetattr(slave, &termios);
    termios.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
    termios.c_cc[VMIN] = least;
    termios.c_cc[VTIME] = time;
    tcsetattr(slave, TCSANOW, &termios);
}

#endif
