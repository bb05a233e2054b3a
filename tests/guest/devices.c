/*
 * The devices that need no hardware: what reading, writing, seeking, mapping and waiting does with each; and the log.
 *
 * guest: root
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define RNDGETENTCNT _IOR('R', 0, int) /* <linux/random.h>, which musl does not have */
#define RNDADDTOENTCNT _IOW('R', 1, int)
#define RNDADDENTROPY _IOW('R', 3, int[2])
#define BAD ((void *)16)
#define ALL_EVENTS (POLLIN | POLLOUT | POLLPRI | POLLRDNORM | POLLWRNORM)

static char buffer[8192];

static short events(int fd)
{
    struct pollfd one = {.fd = fd, .events = ALL_EVENTS};
    return poll(&one, 1, 0) < 0 ? -1 : one.revents;
}

static bool is_zero(const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i])
            return false;
    return true;
}

static bool is_device(const char *name, unsigned mode, unsigned minor)
{
    struct stat st;
    return stat(name, &st) == 0 && S_ISCHR(st.st_mode) && (st.st_mode & 0777) == mode &&
           st.st_rdev == makedev(1, minor) && st.st_size == 0;
}

/* What holds for all of them. */
static void common(int fd)
{
    struct termios settings;
    int count;
    CHECK(lseek(fd, 100, SEEK_SET) == 0 && lseek(fd, 100, SEEK_CUR) == 0 && lseek(fd, -5, SEEK_END) == 0);
    CHECK(fsync(fd) == -1 && errno == EINVAL && fdatasync(fd) == -1 && errno == EINVAL);
    FAILS(EINVAL, ftruncate(fd, 0));
    errno = 0;
    CHECK(ioctl(fd, TCGETS, &settings) == -1 && isatty(fd) == 0);
    CHECK(ioctl(fd, FIONREAD, &count) == -1);
    FAILS(ENOTDIR, fchdir(fd));
    CHECK(write(fd, "", 0) == 0 && read(fd, buffer, 0) == 0);
}

static void null(void)
{
    CHECK(is_device("/dev/null", 0666, 3));
    int fd = open("/dev/null", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(fd > 2 && read(fd, buffer, 10) == 0 && pread(fd, buffer, 10, 5) == 0);
    CHECK(write(fd, buffer, 10) == 10 && pwrite(fd, buffer, 10, 5) == 10 && write(fd, BAD, 10) == 10);
    CHECK(read(fd, BAD, 10) == 0);
    CHECK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED && errno == ENODEV);
    CHECK(events(fd) == (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM));
    struct termios settings;
    FAILS(ENOTTY, ioctl(fd, TCGETS, &settings));
    common(fd);
    CHECK(close(fd) == 0);
}

static void zero(void)
{
    CHECK(is_device("/dev/zero", 0666, 5));
    int fd = open("/dev/zero", O_RDWR);
    memset(buffer, 1, sizeof buffer);
    CHECK(fd > 2 && read(fd, buffer, 5000) == 5000 && is_zero(buffer, 5000) && buffer[5000] == 1);
    CHECK(write(fd, buffer, 10) == 10 && write(fd, BAD, 10) == 10);
    FAILS(EFAULT, read(fd, BAD, 10));
    char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 4096);
    CHECK(map != MAP_FAILED && is_zero(map, 8192));
    map[5000] = 7;
    CHECK(map[5000] == 7 && munmap(map, 8192) == 0);
    CHECK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 100) == MAP_FAILED && errno == EINVAL);
    int reader = open("/dev/zero", O_RDONLY);
    map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE, reader, 0);
    CHECK(map != MAP_FAILED && munmap(map, 4096) == 0 && close(reader) == 0);
    CHECK(events(fd) == (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM));
    common(fd);
    CHECK(close(fd) == 0);
}

static void full(void)
{
    CHECK(is_device("/dev/full", 0666, 7));
    int fd = open("/dev/full", O_RDWR);
    CHECK(fd > 2 && read(fd, buffer, 100) == 100 && is_zero(buffer, 100));
    FAILS(ENOSPC, write(fd, buffer, 10));
    FAILS(ENOSPC, pwrite(fd, buffer, 10, 0));
    FAILS(ENOSPC, write(fd, BAD, 10));
    CHECK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED && errno == ENODEV);
    CHECK(events(fd) == (POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM));
    CHECK(lseek(fd, 100, SEEK_SET) == 0);
    CHECK(close(fd) == 0);
}

static void random_numbers(const char *name, unsigned minor, short expected)
{
    char other[256];
    int bits = -1;
    CHECK(is_device(name, 0666, minor));
    int fd = open(name, O_RDWR);
    memset(buffer, 0, sizeof buffer);
    CHECK(fd > 2 && read(fd, buffer, 5000) == 5000 && !is_zero(buffer + 4900, 100) && is_zero(buffer + 5000, 100));
    CHECK(pread(fd, other, sizeof other, 5) == sizeof other && memcmp(buffer, other, sizeof other) != 0);
    CHECK(write(fd, buffer, 300) == 300);
    FAILS(EFAULT, write(fd, BAD, 10));
    FAILS(EFAULT, read(fd, BAD, 10));
    CHECK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED && errno == ENODEV);
    CHECK(events(fd) == expected);
    struct termios settings;
    FAILS(EINVAL, ioctl(fd, TCGETS, &settings));
    CHECK(ioctl(fd, RNDGETENTCNT, &bits) == 0 && bits == 256);
    FAILS(EFAULT, ioctl(fd, RNDGETENTCNT, BAD));
    bits = -1;
    FAILS(EINVAL, ioctl(fd, RNDADDTOENTCNT, &bits));
    struct {
        int bits, size;
        char bytes[8];
    } pool = {8, 8, "12345678"};
    CHECK(ioctl(fd, RNDADDENTROPY, &pool) == 0);
    pool.bits = -1;
    FAILS(EINVAL, ioctl(fd, RNDADDENTROPY, &pool));
    common(fd);
    CHECK(close(fd) == 0);
}

/* Reads records until one contains TEXT, which is cut to that line. */
static bool find_record(int fd, const char *text)
{
    for (int i = 0; i < 2000; i++) {
        ssize_t length = read(fd, buffer, sizeof buffer - 1);
        if (length < 0 && errno == EPIPE)
            continue;
        if (length <= 0)
            return false;
        buffer[length] = '\0';
        if (strstr(buffer, text))
            return true;
    }
    return false;
}

static void records(void)
{
    CHECK(is_device("/dev/kmsg", 0644, 11));
    int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK), out = open("/dev/kmsg", O_WRONLY);
    CHECK(fd > 2 && out > fd);
    CHECK(events(fd) == (POLLIN | POLLRDNORM));
    FAILS(EINVAL, read(fd, buffer, 5));
    CHECK(lseek(fd, 0, SEEK_END) == 0 && lseek(fd, 0, SEEK_SET) == 0 && lseek(fd, 0, SEEK_END) == 0);
    FAILS(ESPIPE, lseek(fd, 1, SEEK_SET));
    FAILS(EINVAL, lseek(fd, 0, SEEK_CUR));
    FAILS(EBADF, write(fd, "x", 1));
    CHECK(write(out, "<30>guest: one\n", 15) == 15);
    CHECK(find_record(fd, "guest: one") && strncmp(buffer, "30,", 3) == 0);
    unsigned long number = 0, time = 0;
    char flag = 0, text[64] = "";
    CHECK(sscanf(buffer, "30,%lu,%lu,%c;%60[^\n]", &number, &time, &flag, text) == 4);
    CHECK(number > 0 && time > 0 && flag == '-' && strcmp(text, "guest: one") == 0 && strchr(buffer, '\n')[1] == '\0');
    CHECK(write(out, "guest: \\ \t \x01 two\n", 17) == 17);
    CHECK(find_record(fd, "two") && strncmp(buffer, "12,", 3) == 0);
    CHECK(strstr(buffer, ";guest: \\x5c \\x09 \\x01 two\n") != NULL);
    CHECK(write(out, "<7>guest: three\n", 16) == 16 && find_record(fd, "three") && strncmp(buffer, "15,", 3) == 0);
    CHECK(write(out, "", 0) == 0);
    FAILS(EFAULT, write(out, BAD, 10));
    memset(buffer, 'x', sizeof buffer);
    FAILS(EINVAL, write(out, buffer, 1025));
    FAILS(EINVAL, fsync(fd));
    FAILS(EINVAL, ftruncate(out, 0));
    struct termios settings;
    FAILS(ENOTTY, ioctl(fd, TCGETS, &settings));
    CHECK(lseek(fd, 0, SEEK_END) == 0 && read(fd, buffer, sizeof buffer) == -1 && errno == EAGAIN);
    struct pollfd waiting = {.fd = fd, .events = POLLIN};
    CHECK(poll(&waiting, 1, 20) == 0);
    if (fork() == 0) {
        usleep(100000);
        _exit(write(out, "guest: late\n", 12) != 12);
    }
    bool found = false; /* the kernel may have said something, too */
    while (!found && poll(&waiting, 1, 60000) == 1 && waiting.revents == POLLIN)
        found = find_record(fd, "late");
    CHECK(found);
    if (fork() == 0) {
        usleep(100000);
        _exit(write(out, "guest: later\n", 13) != 13);
    }
    int patient = open("/dev/kmsg", O_RDONLY);
    CHECK(lseek(patient, 0, SEEK_END) == 0 && find_record(patient, "later"));
    CHECK(wait(NULL) > 0 && wait(NULL) > 0);
    CHECK(close(patient) == 0 && close(fd) == 0 && close(out) == 0);
}

int main(void)
{
    null();
    zero();
    full();
    random_numbers("/dev/random", 8, POLLIN | POLLRDNORM);
    random_numbers("/dev/urandom", 9, POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM);
    records();
    return done();
}
