/*
 * Files and descriptors: open, read, write, seek, vectors, attributes, links; each with its errors.
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define BAD ((void *)16)
#define KERNEL ((void *)0xffff800000000000ul)

static char name[64];

static void contents(void)
{
    char buffer[64] = "";
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0640);
    CHECK(fd > 2);
    CHECK(write(fd, "0123456789", 10) == 10);
    CHECK(lseek(fd, 0, SEEK_CUR) == 10);
    CHECK(lseek(fd, -4, SEEK_END) == 6);
    CHECK(read(fd, buffer, sizeof buffer) == 4 && memcmp(buffer, "6789", 4) == 0);
    CHECK(read(fd, buffer, sizeof buffer) == 0);
    FAILS(EINVAL, lseek(fd, -1, SEEK_SET));
    FAILS(EINVAL, lseek(fd, 0, 99));
    struct iovec out[3] = {{"ab", 2}, {NULL, 0}, {"cde", 3}}, in[2] = {{buffer, 3}, {buffer + 10, 5}};
    CHECK(lseek(fd, 2, SEEK_SET) == 2 && writev(fd, out, 3) == 5);
    CHECK(lseek(fd, 0, SEEK_SET) == 0 && readv(fd, in, 2) == 8);
    CHECK(memcmp(buffer, "01a", 3) == 0 && memcmp(buffer + 10, "bcde7", 5) == 0);
    FAILS(EINVAL, writev(fd, out, -1));
    FAILS(EINVAL, readv(fd, in, IOV_MAX + 1));
    FAILS(EFAULT, writev(fd, BAD, 1));
    FAILS(EFAULT, write(fd, BAD, 5));
    FAILS(EFAULT, write(fd, KERNEL, 5));
    CHECK(lseek(fd, 0, SEEK_SET) == 0);
    FAILS(EFAULT, read(fd, KERNEL, 5));
    struct stat st;
    CHECK(fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 0777) == 0640 && st.st_size == 10);
    CHECK(st.st_nlink == 1 && st.st_uid == getuid() && st.st_blksize >= 512);
    FAILS(EFAULT, syscall(SYS_fstat, fd, KERNEL));
    CHECK(close(fd) == 0);
    FAILS(EBADF, close(fd));
    FAILS(EBADF, read(fd, buffer, 1));
    FAILS(EBADF, write(-1, buffer, 1));
    FAILS(EBADF, fstat(1000000, &st));
    CHECK(stat(name, &st) == 0 && st.st_size == 10);
}

static void opening(void)
{
    char byte;
    FAILS(ENOENT, open("/no/such/file", O_RDONLY));
    FAILS(ENOENT, open("", O_RDONLY));
    FAILS(EFAULT, open(BAD, O_RDONLY));
    FAILS(EEXIST, open(name, O_RDWR | O_CREAT | O_EXCL, 0600));
    FAILS(EISDIR, open("/", O_WRONLY));
    FAILS(ENOTDIR, openat(1, "relative", O_RDONLY));
    FAILS(EBADF, openat(999, "relative", O_RDONLY));
    int root = open("/", O_RDONLY | O_DIRECTORY), fd = openat(root, name + 1, O_RDONLY | O_CLOEXEC);
    CHECK(root >= 0 && fd > root);
    FAILS(EISDIR, read(root, &byte, 1));
    FAILS(EBADF, write(fd, "x", 1));
    CHECK(close(root) == 0);
    int again = open(name, O_WRONLY);
    CHECK(again == root);
    FAILS(EBADF, read(again, &byte, 1));
    CHECK(close(again) == 0 && close(fd) == 0);
    char *path = malloc(PATH_MAX + 10);
    memset(path, 'a', PATH_MAX + 9);
    path[PATH_MAX + 9] = '\0';
    FAILS(ENAMETOOLONG, open(path, O_RDONLY));
    free(path);
}

static void names(void)
{
    char directory[80], inner[96];
    struct stat st;
    snprintf(directory, sizeof directory, "%s.d", name);
    snprintf(inner, sizeof inner, "%s/x", directory);
    CHECK(mkdir(directory, 0751) == 0);
    FAILS(EEXIST, mkdir(directory, 0751));
    CHECK(lstat(directory, &st) == 0 && S_ISDIR(st.st_mode) && (st.st_mode & 0777) == 0751);
    int fd = open(inner, O_WRONLY | O_CREAT, 0666);
    CHECK(fd >= 0 && close(fd) == 0 && stat(inner, &st) == 0 && (st.st_mode & 0777) == 0644);
    CHECK(access(inner, R_OK | W_OK) == 0 && access(inner, F_OK) == 0);
    FAILS(EACCES, access(inner, X_OK));
    FAILS(EINVAL, access(inner, 8));
    FAILS(ENOENT, access("/no/such/file", F_OK));
    FAILS(ENOTEMPTY, rmdir(directory));
    FAILS(EISDIR, unlink(directory));
    FAILS(ENOTDIR, rmdir(inner));
    CHECK(unlink(inner) == 0);
    FAILS(ENOENT, unlink(inner));
    CHECK(rmdir(directory) == 0);
    FAILS(ENOENT, stat(directory, &st));
}

static void descriptors(void)
{
    char byte;
    int fd = open(name, O_RDONLY | O_CLOEXEC), copy = dup(fd);
    CHECK(fd >= 0 && copy > fd);
    CHECK(fcntl(fd, F_GETFD) == FD_CLOEXEC && fcntl(copy, F_GETFD) == 0);
    CHECK(fcntl(copy, F_SETFD, FD_CLOEXEC) == 0 && fcntl(copy, F_GETFD) == FD_CLOEXEC);
    CHECK((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY);
    CHECK(fcntl(fd, F_DUPFD, 50) == 50 && dup2(fd, 51) == 51 && dup2(fd, fd) == fd);
    CHECK(lseek(fd, 3, SEEK_SET) == 3 && lseek(51, 0, SEEK_CUR) == 3 && lseek(50, 0, SEEK_CUR) == 3);
    CHECK(dup2(copy, 51) == 51 && close(copy) == 0 && close(fd) == 0 && read(51, &byte, 1) == 1);
    FAILS(EBADF, dup(fd));
    FAILS(EBADF, dup2(fd, 51));
    FAILS(EBADF, dup2(51, -1));
    FAILS(EBADF, fcntl(fd, F_GETFD));
    FAILS(EINVAL, fcntl(51, F_DUPFD, -1));
    FAILS(EINVAL, fcntl(51, 12345));
    CHECK(close(50) == 0 && close(51) == 0);
}

static void others(void)
{
    char buffer[256];
    struct stat st;
    struct winsize size;
    CHECK(getcwd(buffer, sizeof buffer) && buffer[0] == '/');
    CHECK(getcwd(buffer, 1) == NULL && errno == ERANGE);
    FAILS(EINVAL, readlink("/", buffer, sizeof buffer));
    FAILS(ENOENT, readlink("/no/such/link", buffer, sizeof buffer));
    CHECK(fstatat(AT_FDCWD, "/", &st, 0) == 0 && S_ISDIR(st.st_mode));
    FAILS(EINVAL, fstatat(AT_FDCWD, "/", &st, 0x40000000));
    int fd = open(name, O_RDONLY);
    FAILS(ENOTTY, ioctl(fd, TIOCGWINSZ, &size));
    int block = 0;
    CHECK(ioctl(fd, 2 /* FIGETBSZ */, &block) == 0 && block >= 512);
    FAILS(EBADF, ioctl(fd, 0x40049409 /* FICLONE */, 999));
    FAILS(EBADF, ioctl(999, TIOCGWINSZ, &size));
    CHECK(close(fd) == 0);
}

int main(void)
{
    snprintf(name, sizeof name, "/guest-files-%d", (int)getpid());
    if (access("/tmp", W_OK) == 0)
        snprintf(name, sizeof name, "/tmp/guest-files-%d", (int)getpid());
    contents();
    opening();
    names();
    descriptors();
    others();
    unlink(name);
    return done();
}
