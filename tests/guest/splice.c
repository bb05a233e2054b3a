/*
 * splice, tee, vmsplice: from files to pipes, back, and between pipes; positions, ends, errors.
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE 200000

static char data[SIZE], got[SIZE];
static int file, fds[2], more[2];

static void begin(void)
{
    CHECK(pipe2(fds, O_NONBLOCK) == 0 && pipe2(more, O_NONBLOCK) == 0 && lseek(file, 0, SEEK_SET) == 0);
}

static void end(void)
{
    for (int i = 0; i < 2; i++) {
        close(fds[i]);
        close(more[i]);
    }
}

static int holds(int fd)
{
    int bytes;
    return ioctl(fd, FIONREAD, &bytes) < 0 ? -1 : bytes;
}

static void from_file(void)
{
    begin();
    CHECK(splice(file, NULL, fds[1], NULL, 10000, 0) == 10000 && lseek(file, 0, SEEK_CUR) == 10000);
    CHECK(holds(fds[0]) == 10000 && read(fds[0], got, SIZE) == 10000 && memcmp(got, data, 10000) == 0);
    loff_t at = 150000;
    CHECK(splice(file, &at, fds[1], NULL, SIZE, 0) == 50000 && at == SIZE && lseek(file, 0, SEEK_CUR) == 10000);
    CHECK(read(fds[0], got, SIZE) == 50000 && memcmp(got, data + 150000, 50000) == 0);
    CHECK(splice(file, &at, fds[1], NULL, 100, 0) == 0 && holds(fds[0]) == 0);
    CHECK(write(fds[1], "xy", 2) == 2 && splice(file, NULL, fds[1], NULL, 3, 0) == 3 && write(fds[1], "z", 1) == 1);
    CHECK(read(fds[0], got, SIZE) == 6 && memcmp(got, "xy", 2) == 0 && memcmp(got + 2, data + 10000, 3) == 0);
    CHECK(got[5] == 'z');
    at = 0;
    CHECK(splice(file, &at, fds[1], NULL, SIZE, SPLICE_F_NONBLOCK) == 65536);
    FAILS(EAGAIN, splice(file, &at, fds[1], NULL, SIZE, SPLICE_F_NONBLOCK));
    CHECK(at == 65536);
    end();
}

static void to_file(void)
{
    int out = open("out", O_RDWR | O_CREAT | O_TRUNC, 0600);
    begin();
    CHECK(write(fds[1], data, 30000) == 30000);
    CHECK(splice(fds[0], NULL, out, NULL, 5, 0) == 5 && splice(fds[0], NULL, out, NULL, 20000, 0) == 20000);
    CHECK(lseek(out, 0, SEEK_CUR) == 20005 && holds(fds[0]) == 9995);
    loff_t at = 100;
    CHECK(splice(fds[0], NULL, out, &at, SIZE, 0) == 9995 && at == 10095 && lseek(out, 0, SEEK_CUR) == 20005);
    CHECK(pread(out, got, SIZE, 0) == 20005 && memcmp(got, data, 100) == 0);
    CHECK(memcmp(got + 100, data + 20005, 9995) == 0 && memcmp(got + 10095, data + 10095, 9910) == 0);
    FAILS(EAGAIN, splice(fds[0], NULL, out, NULL, 1, 0));
    close(fds[1]);
    CHECK(splice(fds[0], NULL, out, NULL, 1, 0) == 0);
    close(out);
    end();
}

static void between(void)
{
    begin();
    CHECK(write(fds[1], data, 10000) == 10000);
    CHECK(tee(fds[0], more[1], 6000, 0) == 6000 && holds(fds[0]) == 10000 && holds(more[0]) == 6000);
    CHECK(write(more[1], "tail", 4) == 4 && write(fds[1], "TAIL", 4) == 4);
    CHECK(read(more[0], got, SIZE) == 6004 && memcmp(got, data, 6000) == 0 && memcmp(got + 6000, "tail", 4) == 0);
    CHECK(splice(fds[0], NULL, more[1], NULL, 5000, 0) == 5000 && holds(fds[0]) == 5004);
    CHECK(read(more[0], got, SIZE) == 5000 && memcmp(got, data, 5000) == 0);
    CHECK(splice(fds[0], NULL, more[1], NULL, SIZE, 0) == 5004 && holds(fds[0]) == 0);
    CHECK(
        read(more[0], got, SIZE) == 5004 && memcmp(got, data + 5000, 5000) == 0 && memcmp(got + 5000, "TAIL", 4) == 0);
    FAILS(EAGAIN, tee(fds[0], more[1], 1, 0));
    FAILS(EAGAIN, splice(fds[0], NULL, more[1], NULL, 1, 0));
    CHECK(write(fds[1], data, SIZE) == 65536 && tee(fds[0], more[1], SIZE, 0) == 65536);
    FAILS(EAGAIN, tee(fds[0], more[1], SIZE, 0));
    CHECK(read(more[0], got, SIZE) == 65536 && memcmp(got, data, 65536) == 0);
    CHECK(read(fds[0], got, SIZE) == 65536 && memcmp(got, data, 65536) == 0);
    close(fds[1]);
    CHECK(tee(fds[0], more[1], 1, 0) == 0 && splice(fds[0], NULL, more[1], NULL, 1, 0) == 0);
    end();
}

static void memory(void)
{
    struct iovec out[2] = {{data, 10}, {data + 100, 5000}}, in[2] = {{got, 3}, {got + 3, 9000}};
    begin();
    CHECK(vmsplice(fds[1], out, 2, 0) == 5010);
    CHECK(vmsplice(fds[0], in, 2, 0) == 5010 && memcmp(got, data, 10) == 0 && memcmp(got + 10, data + 100, 5000) == 0);
    CHECK(fcntl(fds[0], F_SETFL, 0) == 0 && fcntl(fds[1], F_SETFL, 0) == 0);
    FAILS(EAGAIN, vmsplice(fds[0], in, 2, SPLICE_F_NONBLOCK));
    CHECK(vmsplice(fds[1], out, 0, 0) == 0);
    FAILS(EBADF, vmsplice(file, out, 1, 0));
    FAILS(EBADF, vmsplice(99, out, 1, 0));
    FAILS(EINVAL, vmsplice(fds[1], out, 1, 99));
    FAILS(EFAULT, vmsplice(fds[1], (void *)16, 1, 0));
    end();
}

static void errors(void)
{
    loff_t zero = 0;
    int append = open("out", O_WRONLY | O_APPEND), directory = open(".", O_RDONLY);
    begin();
    CHECK(write(fds[1], "x", 1) == 1);
    FAILS(EINVAL, splice(file, NULL, file, NULL, 1, 0));
    FAILS(EINVAL, splice(fds[0], NULL, fds[1], NULL, 1, 0));
    FAILS(EINVAL, tee(fds[0], fds[1], 1, 0));
    FAILS(EINVAL, tee(file, fds[1], 1, 0));
    FAILS(EINVAL, splice(fds[0], NULL, append, NULL, 1, 0));
    FAILS(EINVAL, splice(directory, NULL, fds[1], NULL, 1, 0));
    FAILS(EINVAL, splice(file, NULL, fds[1], NULL, 1, 99));
    FAILS(ESPIPE, splice(fds[0], &zero, file, NULL, 1, 0));
    FAILS(ESPIPE, splice(file, NULL, fds[1], &zero, 1, 0));
    FAILS(ESPIPE, splice(fds[0], NULL, more[1], &zero, 1, 0));
    FAILS(EBADF, splice(fds[1], NULL, file, NULL, 1, 0));
    FAILS(EBADF, splice(file, NULL, fds[0], NULL, 1, 0));
    FAILS(EBADF, splice(99, NULL, fds[1], NULL, 1, 0));
    CHECK(splice(99, NULL, 99, NULL, 0, 0) == 0);
    FAILS(EFAULT, splice(file, (void *)16, fds[1], NULL, 1, 0));
    signal(SIGPIPE, SIG_IGN);
    close(more[0]);
    FAILS(EPIPE, splice(file, NULL, more[1], NULL, 1, 0));
    FAILS(EPIPE, splice(fds[0], NULL, more[1], NULL, 1, 0));
    close(append);
    close(directory);
    end();
}

/* A whole file through two pipes and three processes, with ends that wait. */
static void chain(void)
{
    int status, out = open("out", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(pipe(fds) == 0 && pipe(more) == 0 && lseek(file, 0, SEEK_SET) == 0);
    pid_t first = fork();
    if (first == 0) {
        close(fds[0]);
        ssize_t n;
        while ((n = splice(file, NULL, fds[1], NULL, 7777, 0)) > 0)
            ;
        _exit(n != 0);
    }
    close(fds[1]);
    pid_t second = fork();
    if (second == 0) {
        close(more[0]);
        ssize_t n;
        while ((n = splice(fds[0], NULL, more[1], NULL, 5001, 0)) > 0)
            ;
        _exit(n != 0);
    }
    close(fds[0]);
    close(more[1]);
    ssize_t n, total = 0;
    while ((n = splice(more[0], NULL, out, NULL, 12345, 0)) > 0)
        total += n;
    CHECK(n == 0 && total == SIZE);
    CHECK(waitpid(first, &status, 0) == first && status == 0 && waitpid(second, &status, 0) == second && status == 0);
    CHECK(pread(out, got, SIZE, 0) == SIZE && memcmp(got, data, SIZE) == 0);
    close(more[0]);
    close(out);
}

/* Several readers of one pipe, of which some splice: each byte arrives once. */
static void crowd(void)
{
    enum { READERS = 4 };
    int null = open("sink", O_WRONLY | O_CREAT, 0600), counts[2], failed = 0;
    long total = 0, one;
    pid_t children[READERS];
    CHECK(pipe(fds) == 0 && pipe(counts) == 0);
    for (int i = 0; i < READERS; i++)
        if ((children[i] = fork()) == 0) {
            char buffer[3000];
            ssize_t n;
            loff_t at = 0;
            close(fds[1]);
            one = 0;
            while ((n = i % 2 ? read(fds[0], buffer, sizeof buffer) : splice(fds[0], NULL, null, &at, 3000, 0)) > 0)
                one += n;
            _exit(n != 0 || write(counts[1], &one, sizeof one) != sizeof one);
        }
    close(fds[0]);
    for (int i = 0; i < 20; i++)
        failed += write(fds[1], data, 50000) != 50000;
    close(fds[1]);
    for (int i = 0; i < READERS; i++) {
        int status;
        failed += waitpid(children[i], &status, 0) != children[i] || status != 0;
        failed += read(counts[0], &one, sizeof one) != sizeof one;
        total += one;
    }
    CHECK(failed == 0 && total == 1000000);
    close(counts[0]);
    close(counts[1]);
    close(null);
}

int main(void)
{
    for (int i = 0; i < SIZE; i++)
        data[i] = (char)(i * 7 + i / 4096);
    file = open("file", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(write(file, data, SIZE) == SIZE);
    from_file();
    to_file();
    between();
    memory();
    errors();
    chain();
    crowd();
    return done();
}
