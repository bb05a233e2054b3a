/*
 * What is in files: reading and writing at offsets and in ranges, appending, sizes and holes, limits, copying from file
 * to file, and how open's flags bear on it.
 *
 * guest: root
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define BAD ((void *)16)
#ifndef FALLOC_FL_KEEP_SIZE
#define FALLOC_FL_KEEP_SIZE 1
#define FALLOC_FL_PUNCH_HOLE 2
#endif
#ifndef RWF_APPEND
#define RWF_APPEND 16
#endif

static char buffer[65536], other[65536];

static int make(const char *name, const char *contents)
{
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
    size_t length = strlen(contents);
    if (fd < 0 || write(fd, contents, length) != (ssize_t)length || lseek(fd, 0, SEEK_SET) != 0)
        perror(name);
    return fd;
}

static bool holds(int fd, const char *contents)
{
    struct stat st;
    size_t length = strlen(contents);
    return fstat(fd, &st) == 0 && st.st_size == (off_t)length && pread(fd, buffer, length + 1, 0) == (ssize_t)length &&
           memcmp(buffer, contents, length) == 0;
}

static long blocks(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 ? (long)st.st_blocks : -1;
}

static long size(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 ? (long)st.st_size : -1;
}

static void offsets(void)
{
    int fd = make("a", "0123456789"), pipes[2];
    CHECK(pread(fd, buffer, 4, 3) == 4 && memcmp(buffer, "3456", 4) == 0 && lseek(fd, 0, SEEK_CUR) == 0);
    CHECK(pread(fd, buffer, 4, 8) == 2 && pread(fd, buffer, 4, 10) == 0 && pread(fd, buffer, 4, 1000) == 0);
    CHECK(pwrite(fd, "ab", 2, 1) == 2 && holds(fd, "0ab3456789") && lseek(fd, 0, SEEK_CUR) == 0);
    FAILS(EINVAL, pread(fd, buffer, 1, -1));
    FAILS(EINVAL, pwrite(fd, buffer, 1, -1));
    FAILS(EINVAL, pread(fd, buffer, 2, INT64_MAX));
    FAILS(EFAULT, pread(fd, BAD, 1, 0));
    FAILS(EFAULT, pwrite(fd, BAD, 1, 0));
    FAILS(EBADF, pread(99, buffer, 1, 0));
    FAILS(EINVAL, syscall(SYS_pread64, 99, buffer, 1, -1L));
    CHECK(pipe(pipes) == 0);
    FAILS(ESPIPE, pread(pipes[0], buffer, 1, 0));
    FAILS(ESPIPE, pwrite(pipes[1], buffer, 1, 0));
    struct iovec in[3] = {{buffer, 2}, {buffer + 100, 0}, {buffer + 10, 3}};
    CHECK(preadv(fd, in, 3, 4) == 5 && memcmp(buffer, "45", 2) == 0 && memcmp(buffer + 10, "678", 3) == 0);
    struct iovec out[2] = {{"xy", 2}, {"z", 1}};
    CHECK(pwritev(fd, out, 2, 9) == 3 && holds(fd, "0ab345678xyz") && lseek(fd, 0, SEEK_CUR) == 0);
    FAILS(EINVAL, preadv(fd, in, 3, -1));
    FAILS(EINVAL, preadv(fd, in, IOV_MAX + 1, 0));
    FAILS(EFAULT, preadv(fd, BAD, 1, 0));
    FAILS(ESPIPE, preadv(pipes[0], in, 1, 0));
    CHECK(syscall(SYS_preadv2, fd, in, 3, -1L, 0, 0) == 5 && lseek(fd, 0, SEEK_CUR) == 5);
    CHECK(syscall(SYS_pwritev2, fd, out, 2, 0L, 0, RWF_APPEND) == 3 && holds(fd, "0ab345678xyzxyz"));
    FAILS(EOPNOTSUPP, syscall(SYS_preadv2, fd, in, 3, 0L, 0, 0x10000));
    FAILS(EINVAL, syscall(SYS_preadv2, fd, in, 3, -2L, 0, 0));
    FAILS(EFAULT, read(fd, (void *)0xffff800000000000ul, 1));
    /* Only a part is there: so much is moved. */
    char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(munmap(map + 4096, 4096) == 0 && pread(fd, map + 4090, 15, 0) == 6);
    memset(map + 4090, 'q', 6);
    CHECK(pwrite(fd, map + 4090, 15, 0) == 6 && holds(fd, "qqqqqq678xyzxyz"));
    CHECK(munmap(map, 4096) == 0 && close(fd) == 0 && close(pipes[0]) == 0 && close(pipes[1]) == 0);
}

/* Four processes append 500 lines each; no line is lost or torn. */
static void appending(void)
{
    int fd = make("log", ""), status;
    char line[40];
    fflush(stdout);
    for (int i = 0; i < 4; i++)
        if (fork() == 0) {
            int own = open("log", O_WRONLY | O_APPEND);
            for (int j = 0; j < 500; j++) {
                int length = snprintf(line, sizeof line, "%d says %d and %.*s\n", i, j, j % 20, "abcdefghijklmnopqrst");
                if (write(own, line, (size_t)length) != length)
                    _exit(1);
            }
            _exit(0);
        }
    bool fine = true;
    for (int i = 0; i < 4; i++)
        fine &= wait(&status) > 0 && status == 0;
    CHECK(fine);
    FILE *file = fopen("log", "r");
    int next[4] = {0}, who, number;
    while (file && fgets(buffer, 100, file))
        fine &= sscanf(buffer, "%d says %d and", &who, &number) == 2 && who >= 0 && who < 4 && next[who]++ == number;
    CHECK(fine && next[0] == 500 && next[1] == 500 && next[2] == 500 && next[3] == 500);
    fclose(file);
    close(fd);
    fd = open("a", O_RDWR | O_APPEND | O_TRUNC);
    CHECK(write(fd, "abc", 3) == 3 && lseek(fd, 0, SEEK_SET) == 0 && write(fd, "def", 3) == 3 && holds(fd, "abcdef"));
    CHECK(lseek(fd, 0, SEEK_CUR) == 6 && pwrite(fd, "x", 1, 0) == 1 && holds(fd, "abcdefx")); /* whatever the offset */
    CHECK(close(fd) == 0 && unlink("log") == 0);
}

static void sizes(void)
{
    int fd = make("a", "0123456789"), reader = open("a", O_RDONLY), directory = open(".", O_RDONLY), pipes[2];
    CHECK(pipe(pipes) == 0 && ftruncate(fd, 4) == 0 && holds(fd, "0123"));
    CHECK(ftruncate(fd, 8) == 0 && size(fd) == 8 && pread(fd, buffer, 8, 0) == 8 &&
          memcmp(buffer, "0123\0\0\0\0", 8) == 0);
    CHECK(truncate("a", 2) == 0 && holds(fd, "01"));
    CHECK(ftruncate(fd, 100000) == 0 && blocks(fd) == 8 && pread(fd, buffer, 100, 99950) == 50);
    CHECK(pwrite(fd, "x", 1, 99999) == 1 && blocks(fd) == 16 && size(fd) == 100000);
    CHECK(lseek(fd, 50000, SEEK_SET) == 50000 && write(fd, "y", 1) == 1 && blocks(fd) == 24);
    FAILS(EINVAL, ftruncate(fd, -1));
    FAILS(EINVAL, truncate("a", -1));
    FAILS(EINVAL, ftruncate(reader, 0));
    FAILS(EINVAL, ftruncate(directory, 0));
    FAILS(EINVAL, ftruncate(pipes[1], 0));
    FAILS(EBADF, ftruncate(99, 0));
    FAILS(EISDIR, truncate(".", 0));
    FAILS(ENOENT, truncate("none", 0));
    FAILS(EINVAL, truncate("/dev/null", 0));
    FAILS(EFAULT, truncate(BAD, 0));
    CHECK(ftruncate(fd, INT64_MAX) == 0 && size(fd) == INT64_MAX && ftruncate(fd, 0) == 0 && blocks(fd) == 0);
    CHECK(lseek(fd, INT64_MAX, SEEK_SET) == INT64_MAX);
    FAILS(EINVAL, write(fd, "xy", 2));
    FAILS(EINVAL, read(fd, buffer, 2));
    CHECK(write(fd, "", 0) == 0 && size(fd) == 0);
    FAILS(EINVAL, lseek(fd, 1, SEEK_CUR));
    CHECK(
        close(fd) == 0 && close(reader) == 0 && close(directory) == 0 && close(pipes[0]) == 0 && close(pipes[1]) == 0);
}

/* A map sees at once what is written, and the other way round; what is cut off is gone. */
static void maps(void)
{
    int fd = make("a", "0123456789");
    char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(map != MAP_FAILED && memcmp(map, "0123456789", 11) == 0);
    CHECK(pwrite(fd, "ab", 2, 3) == 2 && memcmp(map, "012ab56789", 10) == 0);
    map[0] = 'X';
    CHECK(holds(fd, "X12ab56789"));
    CHECK(pwrite(fd, map, 10, 5000) == 10 && size(fd) == 5010 && memcmp(map + 5000, "X12ab56789", 10) == 0);
    CHECK(pwrite(fd, map + 4096, 4096, 0) == 4096 && read(fd, map, 100) == 100); /* between the file and its own map */
    char *copy = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    copy[0] = 'P';
    CHECK(copy != MAP_FAILED && map[0] != 'P' && copy[4999] == map[4999]);
    CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 8192) == 0);
    CHECK(map[1] == 0 && map[5001] == 0 && copy[0] == 'P' && size(fd) == 5010);
    CHECK(munmap(map, 8192) == 0 && munmap(copy, 8192) == 0 && close(fd) == 0);
}

static void allocating(void)
{
    int fd = make("a", "0123456789"), reader = open("a", O_RDONLY), directory = open(".", O_RDONLY), pipes[2];
    CHECK(pipe(pipes) == 0 && fallocate(fd, 0, 0, 10000) == 0 && size(fd) == 10000 && blocks(fd) == 24);
    CHECK(pread(fd, buffer, 20, 0) == 20 && memcmp(buffer, "0123456789\0\0", 12) == 0);
    CHECK(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 100000) == 0 && size(fd) == 10000 && blocks(fd) == 200);
    FAILS(EOPNOTSUPP, fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 100));
    memset(other, 'o', sizeof other);
    CHECK(pwrite(fd, other, 12288, 0) == 12288);
    CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4000, 4300) == 0 && blocks(fd) == 192);
    CHECK(pread(fd, buffer, 12288, 0) == 12288 && buffer[3999] == 'o' && buffer[4000] == 0 && buffer[8299] == 0);
    CHECK(buffer[8300] == 'o' && buffer[12287] == 'o' && size(fd) == 12288);
    CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 100, 50) == 0);
    CHECK(pread(fd, buffer, 200, 0) == 200 && buffer[99] == 'o' && buffer[100] == 0 && buffer[149] == 0);
    CHECK(buffer[150] == 'o');
    FAILS(EOPNOTSUPP, fallocate(fd, 0x10, 0, 100));
    FAILS(EOPNOTSUPP, fallocate(fd, 0x8, 0, 4096));
    FAILS(EOPNOTSUPP, fallocate(fd, 0x80, 0, 4096));
    FAILS(EINVAL, fallocate(fd, 0, -1, 10));
    FAILS(EINVAL, fallocate(fd, 0, 0, 0));
    FAILS(EINVAL, fallocate(fd, 0, 0, -1));
    FAILS(EFBIG, fallocate(fd, 0, INT64_MAX, 1));
    FAILS(ENOSPC, fallocate(fd, 0, 0, 1l << 60));
    CHECK(size(fd) == 12288);
    FAILS(EBADF, fallocate(reader, 0, 0, 1));
    FAILS(EBADF, fallocate(directory, 0, 0, 1));
    FAILS(ESPIPE, fallocate(pipes[1], 0, 0, 1));
    FAILS(EBADF, fallocate(99, 0, 0, 1));
    CHECK(
        close(fd) == 0 && close(reader) == 0 && close(directory) == 0 && close(pipes[0]) == 0 && close(pipes[1]) == 0);
}

static void holes(void)
{
    int fd = open("a", O_RDWR | O_TRUNC), pipes[2], directory = open(".", O_RDONLY);
    CHECK(pipe(pipes) == 0 && pwrite(fd, "x", 1, 8192) == 1 && pwrite(fd, "y", 1, 20000) == 1 &&
          ftruncate(fd, 40000) == 0);
    CHECK(lseek(fd, 0, SEEK_DATA) == 8192 && lseek(fd, 0, SEEK_CUR) == 8192 && lseek(fd, 8192, SEEK_DATA) == 8192);
    CHECK(lseek(fd, 9000, SEEK_DATA) == 9000 && lseek(fd, 12288, SEEK_DATA) == 16384);
    CHECK(lseek(fd, 0, SEEK_HOLE) == 0 && lseek(fd, 8192, SEEK_HOLE) == 12288 && lseek(fd, 20001, SEEK_HOLE) == 20480);
    FAILS(ENXIO, lseek(fd, 20480, SEEK_DATA));
    FAILS(ENXIO, lseek(fd, 40000, SEEK_DATA));
    FAILS(ENXIO, lseek(fd, 40000, SEEK_HOLE));
    FAILS(ENXIO, lseek(fd, -1, SEEK_HOLE));
    CHECK(lseek(fd, 39999, SEEK_HOLE) == 39999 && ftruncate(fd, 20001) == 0 && lseek(fd, 20000, SEEK_HOLE) == 20001);
    FAILS(EINVAL, lseek(directory, 0, SEEK_DATA));
    FAILS(ESPIPE, lseek(pipes[0], 0, SEEK_HOLE));
    FAILS(EINVAL, lseek(fd, 0, 5));
    FAILS(EINVAL, lseek(fd, 0, -1));
    CHECK(close(fd) == 0 && close(pipes[0]) == 0 && close(pipes[1]) == 0 && close(directory) == 0);
}

static void keeping(void)
{
    int fd = make("a", "x"), reader = open("a", O_RDONLY), directory = open(".", O_RDONLY), pipes[2];
    CHECK(pipe(pipes) == 0 && fsync(fd) == 0 && fdatasync(fd) == 0 && fsync(reader) == 0 && fsync(directory) == 0);
    FAILS(EINVAL, fsync(pipes[0]));
    FAILS(EINVAL, fdatasync(pipes[1]));
    FAILS(EBADF, fsync(99));
    CHECK(syncfs(fd) == 0 && syncfs(pipes[0]) == 0);
    FAILS(EBADF, syncfs(99));
    sync();
    CHECK(syscall(SYS_sync_file_range, fd, 0L, 0L, 7) == 0);
    FAILS(EINVAL, syscall(SYS_sync_file_range, fd, 0L, 0L, 8));
    FAILS(EINVAL, syscall(SYS_sync_file_range, fd, -1L, 0L, 0));
    FAILS(EINVAL, syscall(SYS_sync_file_range, fd, 1L, INT64_MAX, 0));
    FAILS(ESPIPE, syscall(SYS_sync_file_range, pipes[0], 0L, 0L, 0));
    CHECK(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL) == 0 && posix_fadvise(fd, 5, 10, POSIX_FADV_DONTNEED) == 0);
    CHECK(posix_fadvise(fd, 0, 0, 9) == EINVAL && posix_fadvise(fd, 0, -1, 0) == EINVAL);
    CHECK(posix_fadvise(pipes[0], 0, 0, 0) == ESPIPE && posix_fadvise(99, 0, 0, 0) == EBADF);
    CHECK(readahead(fd, 0, 100) == 0);
    int writer = open("a", O_WRONLY);
    FAILS(EBADF, readahead(writer, 0, 100));
    FAILS(EINVAL, readahead(directory, 0, 100));
    FAILS(EINVAL, readahead(pipes[0], 0, 100));
    CHECK(close(writer) == 0 && close(fd) == 0 && close(reader) == 0);
    CHECK(close(directory) == 0 && close(pipes[0]) == 0 && close(pipes[1]) == 0);
}

static void sending(void)
{
    int from = make("a", "0123456789"), to = make("b", ""), append = open("b", O_WRONLY | O_APPEND), pipes[2];
    int reader = open("a", O_RDONLY), writer = open("b", O_WRONLY), directory = open(".", O_RDONLY);
    int null = open("/dev/null", O_RDWR);
    off_t offset = 2;
    CHECK(pipe(pipes) == 0 && sendfile(to, from, NULL, 4) == 4 && lseek(from, 0, SEEK_CUR) == 4 && holds(to, "0123"));
    CHECK(sendfile(to, from, &offset, 100) == 8 && offset == 10 && lseek(from, 0, SEEK_CUR) == 4);
    CHECK(holds(to, "012323456789") && lseek(to, 0, SEEK_CUR) == 12 && sendfile(to, from, &offset, 100) == 0);
    CHECK(sendfile(null, from, NULL, 100) == 6 && lseek(from, 0, SEEK_CUR) == 10);
    offset = 0;
    CHECK(sendfile(pipes[1], from, &offset, 10) == 10 && read(pipes[0], buffer, 100) == 10);
    CHECK(memcmp(buffer, "0123456789", 10) == 0 && sendfile(to, from, NULL, 0) == 0);
    FAILS(EINVAL, sendfile(to, pipes[0], NULL, 10));
    FAILS(ESPIPE, sendfile(to, pipes[0], &offset, 10));
    FAILS(EINVAL, sendfile(to, null, NULL, 10));
    FAILS(EINVAL, sendfile(to, directory, NULL, 10));
    FAILS(EBADF, sendfile(directory, from, &offset, 10));
    FAILS(EINVAL, sendfile(append, from, &offset, 10));
    FAILS(EBADF, sendfile(reader, from, &offset, 10));
    FAILS(EBADF, sendfile(to, writer, &offset, 10));
    FAILS(EBADF, sendfile(99, from, &offset, 10));
    FAILS(EBADF, sendfile(to, 99, &offset, 10));
    FAILS(EFAULT, sendfile(to, from, BAD, 10));
    offset = -1;
    FAILS(EINVAL, sendfile(to, from, &offset, 10));
    /* More than fits into one piece, with a hole in it. */
    memset(other, 'o', sizeof other);
    CHECK(pwrite(from, other, 65536, 200000) == 65536 && lseek(from, 0, SEEK_SET) == 0);
    CHECK(ftruncate(to, 0) == 0 && lseek(to, 0, SEEK_SET) == 0 && sendfile(to, from, NULL, 1000000) == 265536);
    CHECK(size(to) == 265536 && pread(to, buffer, 65536, 200000) == 65536 && memcmp(buffer, other, 65536) == 0);
    CHECK(pread(to, buffer, 100, 100000) == 100 && buffer[0] == 0 && buffer[99] == 0);
    const int all[] = {from, to, append, reader, writer, directory, null, pipes[0], pipes[1]};
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
        close(all[i]);
}

static ssize_t copy_range(int in, loff_t *in_at, int out, loff_t *out_at, size_t length, unsigned flags)
{
    return syscall(SYS_copy_file_range, in, in_at, out, out_at, length, flags);
}

static void copying(void)
{
    int from = make("a", "0123456789"), to = make("b", ""), append = open("b", O_WRONLY | O_APPEND), pipes[2];
    int reader = open("a", O_RDONLY), writer = open("b", O_WRONLY), directory = open(".", O_RDONLY);
    loff_t a = 0, b = 0;
    CHECK(pipe(pipes) == 0 && copy_range(from, &a, to, &b, 5, 0) == 5 && a == 5 && b == 5 && holds(to, "01234"));
    CHECK(copy_range(from, &a, to, &b, 500, 0) == 5 && copy_range(from, &a, to, &b, 500, 0) == 0);
    CHECK(lseek(from, 0, SEEK_CUR) == 0 && lseek(to, 0, SEEK_CUR) == 0 && holds(to, "0123456789"));
    CHECK(copy_range(from, NULL, to, &b, 3, 0) == 3 && lseek(from, 0, SEEK_CUR) == 3 && holds(to, "0123456789012"));
    CHECK(copy_range(from, NULL, to, NULL, 2, 0) == 2 && lseek(to, 0, SEEK_CUR) == 2 && holds(to, "3423456789012"));
    a = 0;
    b = 3;
    FAILS(EINVAL, copy_range(from, &a, from, &b, 5, 0));
    b = 5;
    CHECK(copy_range(from, &a, from, &b, 5, 0) == 5 && holds(from, "0123401234"));
    FAILS(EINVAL, copy_range(from, &a, to, &b, 5, 1));
    FAILS(EISDIR, copy_range(directory, &a, to, &b, 5, 0));
    FAILS(EISDIR, copy_range(from, &a, directory, &b, 5, 0));
    FAILS(EINVAL, copy_range(pipes[0], NULL, to, &b, 5, 0));
    FAILS(EBADF, copy_range(from, &a, append, NULL, 5, 0));
    FAILS(EBADF, copy_range(from, &a, reader, NULL, 5, 0));
    FAILS(EBADF, copy_range(writer, &a, to, NULL, 5, 0));
    FAILS(EBADF, copy_range(99, &a, to, NULL, 5, 0));
    FAILS(EFAULT, copy_range(from, BAD, to, NULL, 5, 0));
    a = -1;
    FAILS(EOVERFLOW, copy_range(from, &a, to, NULL, 5, 0));
    a = INT64_MAX - 2;
    CHECK(copy_range(from, &a, to, NULL, 5, 0) == 0 && copy_range(from, NULL, to, NULL, 0, 0) == 0);
    const int all[] = {from, to, append, reader, writer, directory, pipes[0], pipes[1]};
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
        close(all[i]);
    CHECK(unlink("b") == 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Limits, and what open says
 */

static volatile sig_atomic_t caught;

static void note(int signal)
{
    caught = signal;
}

static void limits(void)
{
    int fd = make("a", "");
    struct rlimit before, limit;
    signal(SIGXFSZ, note);
    CHECK(getrlimit(RLIMIT_FSIZE, &before) == 0);
    limit = (struct rlimit){10000, before.rlim_max};
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0 && write(fd, other, 9000) == 9000 && write(fd, other, 9000) == 1000);
    CHECK(caught == 0);
    FAILS(EFBIG, write(fd, other, 1));
    CHECK(caught == SIGXFSZ && (caught = 0, write(fd, other, 0)) == 0 && caught == 0);
    FAILS(EFBIG, pwrite(fd, other, 1, 10000));
    CHECK(caught == SIGXFSZ && (caught = 0, pwrite(fd, other, 100, 9999)) == 1 && caught == 0);
    FAILS(EFBIG, ftruncate(fd, 10001));
    CHECK(caught == SIGXFSZ && (caught = 0, ftruncate(fd, 10000)) == 0 && caught == 0);
    FAILS(EFBIG, truncate("a", 20000));
    CHECK(caught == SIGXFSZ);
    caught = 0;
    FAILS(EFBIG, fallocate(fd, 0, 0, 10001));
    FAILS(EFBIG, fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 10001));
    CHECK(fallocate(fd, FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE, 0, 20000) == 0);
    int null = open("/dev/null", O_WRONLY);
    caught = 0;
    CHECK(pwrite(null, other, 100, 20000) == 100 && caught == 0 && close(null) == 0); /* it has no size */
    CHECK(setrlimit(RLIMIT_FSIZE, &before) == 0 && pwrite(fd, "x", 1, 20000) == 1 && close(fd) == 0);
    signal(SIGXFSZ, SIG_DFL);
}

struct how {
    uint64_t flags, mode, resolve;
};

static int open2(int directory, const char *name, uint64_t flags, uint64_t mode, uint64_t resolve)
{
    struct how how = {flags, mode, resolve};
    return (int)syscall(SYS_openat2, directory, name, &how, sizeof how);
}

/* The files a and d, which the four parts of it share. */
static void opening_names_only(void)
{
    struct stat st;
    int fd = make("a", "0123456789");
    CHECK(close(fd) == 0 && mkdir("d", 0755) == 0);
    fd = open("a", O_PATH);
    CHECK(fd >= 0 && fstat(fd, &st) == 0 && st.st_size == 10 && (fcntl(fd, F_GETFL) & O_PATH));
    FAILS(EBADF, read(fd, buffer, 1));
    FAILS(EBADF, write(fd, buffer, 1));
    FAILS(EBADF, lseek(fd, 0, SEEK_SET));
    FAILS(EBADF, syscall(SYS_fchmod, fd, 0600)); /* musl would go by /proc */
    FAILS(EBADF, syscall(SYS_fchown, fd, 0, 0));
    FAILS(EBADF, ftruncate(fd, 0));
    FAILS(EBADF, fsync(fd));
    FAILS(EBADF, ioctl(fd, 0x5401, buffer));
    FAILS(EBADF, fcntl(fd, F_SETFL, 0));
    CHECK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED && errno == EBADF);
    int copy = dup(fd);
    CHECK(copy > fd && close(copy) == 0 && close(fd) == 0);
    fd = open("d", O_PATH);
    copy = openat(fd, "x", O_RDWR | O_CREAT, 0600);
    CHECK(copy > fd && close(copy) == 0 && unlink("d/x") == 0 && fchdir(fd) == 0 && chdir("..") == 0 && close(fd) == 0);
}

static void opening_without_name(void)
{
    struct stat st;
    FAILS(EINVAL, open("d", O_TMPFILE | O_RDONLY, 0600));
    FAILS(ENOTDIR, open("a", O_TMPFILE | O_RDWR, 0600));
    FAILS(ENOENT, open("none", O_TMPFILE | O_RDWR, 0600));
    int fd = open("d", O_TMPFILE | O_RDWR, 0640);
    CHECK(fd >= 0 && fstat(fd, &st) == 0 && st.st_nlink == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0777) == 0640);
    CHECK(write(fd, "abc", 3) == 3 && linkat(fd, "", AT_FDCWD, "d/named", AT_EMPTY_PATH) == 0);
    CHECK(fstat(fd, &st) == 0 && st.st_nlink == 1 && close(fd) == 0 && stat("d/named", &st) == 0 && st.st_size == 3);
    fd = open("d", O_TMPFILE | O_RDWR | O_EXCL, 0640);
    FAILS(ENOENT, linkat(fd, "", AT_FDCWD, "d/x", AT_EMPTY_PATH));
    CHECK(close(fd) == 0 && unlink("d/named") == 0 && rmdir("d") == 0 && mkdir("d", 0755) == 0);
}

static void opening_with_flags(void)
{
    struct stat st;
    FAILS(ENOTDIR, open("a", O_RDONLY | O_DIRECTORY));
    FAILS(EISDIR, open("d", O_RDWR));
    FAILS(EISDIR, open("d", O_RDONLY | O_CREAT, 0600));
    FAILS(EISDIR, open("x/", O_RDWR | O_CREAT, 0600));
    FAILS(EISDIR, open("a/", O_RDWR | O_CREAT, 0600));
    FAILS(ENOTDIR, open("a/", O_RDONLY));
    FAILS(EINVAL, open("x", O_RDWR | O_CREAT | O_DIRECTORY, 0600));
    FAILS(EEXIST, open("a", O_RDONLY | O_CREAT | O_EXCL, 0600));
    FAILS(EEXIST, open("d", O_RDONLY | O_CREAT | O_EXCL, 0600));
    FAILS(EEXIST, open(".", O_RDONLY | O_CREAT | O_EXCL, 0600));
    int fd = open("a", 3);
    CHECK(fd >= 0 && (fcntl(fd, F_GETFL) & O_ACCMODE) == 3);
    FAILS(EBADF, read(fd, buffer, 1));
    FAILS(EBADF, write(fd, buffer, 1));
    CHECK(close(fd) == 0);
    fd = open("a", O_RDONLY | O_TRUNC);
    CHECK(fd >= 0 && size(fd) == 0 && close(fd) == 0);
    fd = open("new", O_RDONLY | O_CREAT, 0);
    CHECK(fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & 07777) == 0 && close(fd) == 0 && unlink("new") == 0);
    fd = open("new", O_WRONLY | O_CREAT, 0444); /* what it may not do later it may now */
    CHECK(fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0 && unlink("new") == 0);
    fd = open("new", O_RDWR | O_CREAT | O_SYNC | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0600);
    CHECK((fcntl(fd, F_GETFL) & ~0100000) == (O_RDWR | O_SYNC | O_NONBLOCK) && close(fd) == 0 && unlink("new") == 0);
}

static void opening_within(void)
{
    char name[64];
    CHECK(symlink("a", "l") == 0 && symlink("/", "absolute") == 0 && symlink("..", "d/up") == 0);
    int directory = open(".", O_RDONLY);
    int fd = open2(directory, "a", O_RDWR, 0, 0);
    CHECK(fd >= 0 && close(fd) == 0);
    FAILS(EINVAL, open2(directory, "a", O_RDWR, 0600, 0));
    FAILS(EINVAL, open2(directory, "a", 1ull << 40, 0, 0));
    FAILS(EINVAL, open2(directory, "a", O_RDWR, 0, 0x100));
    FAILS(EINVAL, open2(directory, "a", O_RDWR, 0, 0x18));
    FAILS(EINVAL, syscall(SYS_openat2, directory, "a", name, 8));
    FAILS(EFAULT, syscall(SYS_openat2, directory, "a", BAD, 24));
    struct {
        struct how how;
        uint64_t more;
    } large = {.more = 1};
    FAILS(E2BIG, syscall(SYS_openat2, directory, "a", &large, sizeof large));
    large.more = 0;
    fd = (int)syscall(SYS_openat2, directory, "a", &large, sizeof large);
    CHECK(fd >= 0 && close(fd) == 0);
    FAILS(ELOOP, open2(directory, "l", O_RDONLY, 0, 4));
    FAILS(EXDEV, open2(directory, "/", O_RDONLY, 0, 8));
    FAILS(EXDEV, open2(directory, "..", O_RDONLY, 0, 8));
    FAILS(EXDEV, open2(directory, "d/up/..", O_RDONLY, 0, 8));
    FAILS(EXDEV, open2(directory, "absolute", O_RDONLY, 0, 8));
    fd = open2(directory, "d/up/d/../a", O_RDONLY, 0, 8);
    CHECK(fd >= 0 && close(fd) == 0);
    FAILS(EXDEV, open2(directory, "/dev/null", O_RDONLY, 0, 1));
    FAILS(EXDEV, open2(directory, "absolute/dev/null", O_RDONLY, 0, 1));
    fd = open2(directory, "/../absolute/d/../../a", O_RDONLY, 0, 0x10);
    CHECK(fd >= 0 && close(fd) == 0);
    CHECK(
        close(directory) == 0 && unlink("l") == 0 && unlink("absolute") == 0 && unlink("d/up") == 0 && rmdir("d") == 0);
}

static void opening(void)
{
    opening_names_only();
    opening_without_name();
    opening_with_flags();
    opening_within();
}

/* Writing and executing keep each other out. */
static void programs(const char *self)
{
    int in = open(self, O_RDONLY), out = open("program", O_WRONLY | O_CREAT, 0755), pipes[2], status;
    ssize_t length;
    while ((length = read(in, buffer, sizeof buffer)) > 0)
        if (write(out, buffer, (size_t)length) != length)
            break;
    CHECK(length == 0 && close(in) == 0 && pipe(pipes) == 0);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        execl("./program", "program", (char *)NULL);
        _exit(errno == ETXTBSY ? 9 : 8);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 9);
    CHECK(close(out) == 0);
    fflush(stdout);
    pid = fork();
    if (pid == 0) {
        dup2(pipes[1], 1);
        execl("./program", "program", "wait", (char *)NULL);
        _exit(8);
    }
    CHECK(read(pipes[0], buffer, 1) == 1);
    FAILS(ETXTBSY, open("program", O_WRONLY));
    FAILS(ETXTBSY, open("program", O_RDONLY | O_TRUNC));
    FAILS(ETXTBSY, truncate("program", 0));
    CHECK(rename("program", "moved") == 0 && unlink("moved") == 0);
    kill(pid, SIGKILL);
    CHECK(waitpid(pid, &status, 0) == pid && close(pipes[0]) == 0 && close(pipes[1]) == 0);
}

int main(int argc, char **argv)
{
    if (argc > 1) {
        if (write(1, "x", 1) == 1)
            pause();
        return 0;
    }
    umask(022);
    offsets();
    appending();
    sizes();
    maps();
    allocating();
    holes();
    keeping();
    sending();
    copying();
    limits();
    opening();
    programs(argv[0]);
    CHECK(unlink("a") == 0);
    return done();
}
