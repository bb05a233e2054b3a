/*
 * timerfd: once and again, relative and absolute, how often it has come, poll, errors.
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define KERNEL ((void *)0xffff800000000000ul)
#define MS 1000000l
#define SECOND 1000000000l

static long now(int clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * SECOND + time.tv_nsec;
}

static struct itimerspec spec(long value, long interval)
{
    return (struct itimerspec){
        .it_value = {value / SECOND, value % SECOND}, .it_interval = {interval / SECOND, interval % SECOND}};
}

static int set(int fd, int flags, long value, long interval)
{
    struct itimerspec new = spec(value, interval);
    return timerfd_settime(fd, flags, &new, NULL);
}

static long left(int fd)
{
    struct itimerspec current;
    return timerfd_gettime(fd, &current) < 0 ? -1 : current.it_value.tv_sec * SECOND + current.it_value.tv_nsec;
}

static uint64_t ticks(int fd)
{
    uint64_t value;
    return read(fd, &value, sizeof value) == sizeof value ? value : 0;
}

static int events_of(int fd, int ms)
{
    struct pollfd one = {.fd = fd, .events = -1 & ~POLLNVAL};
    return poll(&one, 1, ms) < 0 ? -errno : one.revents;
}

static void once(int clock)
{
    uint64_t value;
    int fd = timerfd_create(clock, TFD_NONBLOCK | TFD_CLOEXEC);
    CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC && (fcntl(fd, F_GETFL) & O_NONBLOCK));
    FAILS(EAGAIN, read(fd, &value, 8));
    CHECK(events_of(fd, 0) == 0 && left(fd) == 0);
    long begin = now(CLOCK_MONOTONIC);
    CHECK(set(fd, 0, 50 * MS, 0) == 0);
    long rest = left(fd);
    CHECK(rest > 0 && rest <= 50 * MS);
    CHECK(events_of(fd, 10000) == POLLIN && now(CLOCK_MONOTONIC) - begin >= 50 * MS);
    CHECK(left(fd) == 0 && ticks(fd) == 1 && events_of(fd, 0) == 0);
    FAILS(EAGAIN, read(fd, &value, 8));
    begin = now(clock);
    CHECK(set(fd, TFD_TIMER_ABSTIME, begin + 30 * MS, 0) == 0 && events_of(fd, 10000) == POLLIN);
    CHECK(now(clock) - begin >= 30 * MS && ticks(fd) == 1);
    CHECK(set(fd, TFD_TIMER_ABSTIME, 1, 0) == 0 && events_of(fd, 10000) == POLLIN && ticks(fd) == 1);
    /* What has come is forgotten when it is set anew, or not at all. */
    CHECK(set(fd, 0, 1, 0) == 0 && events_of(fd, 10000) == POLLIN && set(fd, 0, 100 * SECOND, 0) == 0);
    CHECK(events_of(fd, 0) == 0 && left(fd) > 90 * SECOND);
    struct itimerspec old, none = spec(0, 3 * SECOND);
    CHECK(timerfd_settime(fd, 0, &none, &old) == 0 && old.it_value.tv_sec >= 90 && old.it_interval.tv_sec == 0);
    CHECK(timerfd_gettime(fd, &old) == 0 && old.it_value.tv_sec == 0 && old.it_interval.tv_sec == 3);
    CHECK(events_of(fd, 20) == 0);
    close(fd);
}

static void again(void)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, 0);
    long begin = now(CLOCK_MONOTONIC);
    CHECK(set(fd, 0, 20 * MS, 10 * MS) == 0 && ticks(fd) >= 1 && now(CLOCK_MONOTONIC) - begin >= 20 * MS);
    CHECK(ticks(fd) >= 1 && now(CLOCK_MONOTONIC) - begin >= 30 * MS);
    poll(NULL, 0, 55);
    uint64_t come = ticks(fd);
    long passed = now(CLOCK_MONOTONIC) - begin;
    CHECK(come >= 4 && (long)come <= passed / (10 * MS));
    long rest = left(fd);
    CHECK(rest > 0 && rest <= 10 * MS);
    /* As often as there are nanoseconds. */
    begin = now(CLOCK_MONOTONIC);
    CHECK(set(fd, 0, 1, 1) == 0);
    poll(NULL, 0, 20);
    come = ticks(fd);
    passed = now(CLOCK_MONOTONIC) - begin;
    CHECK(come >= 20 * MS && (long)come <= passed);
    CHECK(set(fd, 0, 0, 0) == 0 && left(fd) == 0);
    struct itimerspec far = {.it_value.tv_sec = 10000000000, .it_interval.tv_sec = 9000000000};
    CHECK(
        timerfd_settime(fd, 0, &far, NULL) == 0 && timerfd_gettime(fd, &far) == 0 && far.it_value.tv_sec > 1000000000);
    close(fd);
}

static void errors(void)
{
    char few[7];
    struct itimerspec new = spec(SECOND, 0);
    int fd = timerfd_create(CLOCK_MONOTONIC, 0), file = open(".", O_RDONLY);
    FAILS(EINVAL, timerfd_create(2, 0));
    FAILS(EINVAL, timerfd_create(99, 0));
    FAILS(EINVAL, timerfd_create(CLOCK_MONOTONIC, 1));
    FAILS(EINVAL, read(fd, few, sizeof few));
    FAILS(EINVAL, write(fd, few, sizeof few));
    FAILS(EINVAL, timerfd_settime(fd, 4, &new, NULL));
    FAILS(EINVAL, timerfd_settime(file, 0, &new, NULL));
    FAILS(EINVAL, timerfd_gettime(file, &new));
    FAILS(EBADF, timerfd_settime(99, 0, &new, NULL));
    FAILS(EBADF, timerfd_gettime(99, &new));
    FAILS(EFAULT, syscall(SYS_timerfd_settime, fd, 0, KERNEL, NULL));
    FAILS(EFAULT, syscall(SYS_timerfd_settime, fd, 0, NULL, NULL));
    FAILS(EFAULT, syscall(SYS_timerfd_gettime, fd, KERNEL));
    new.it_value.tv_nsec = SECOND;
    FAILS(EINVAL, timerfd_settime(fd, 0, &new, NULL));
    new = spec(SECOND, 0);
    new.it_interval.tv_nsec = -1;
    FAILS(EINVAL, timerfd_settime(fd, 0, &new, NULL));
    new = spec(SECOND, 0);
    new.it_value.tv_sec = -1;
    FAILS(EINVAL, timerfd_settime(fd, 0, &new, NULL));
    close(file);
    close(fd);
}

/* Many at once, closed while they run. */
static void many(void)
{
    enum { COUNT = 60 };
    int fds[COUNT], failed = 0;
    for (int i = 0; i < COUNT; i++) {
        fds[i] = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
        failed += set(fds[i], 0, (i % 7 + 1) * MS, (i % 3) * MS) != 0;
    }
    poll(NULL, 0, 30);
    for (int i = 0; i < COUNT; i++)
        failed += i % 2 && ticks(fds[i]) == 0;
    for (int i = 0; i < COUNT; i++)
        failed += close(fds[i]) != 0;
    CHECK(failed == 0);
}

int main(void)
{
    once(CLOCK_MONOTONIC);
    once(CLOCK_REALTIME);
    once(CLOCK_BOOTTIME);
    again();
    errors();
    many();
    return done();
}
