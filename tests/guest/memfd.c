/*
 * Files in memory without a name: memfd_create, seals, executing one; and /dev/shm, as shm_open and sem_open use it.
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x10
#endif
#define GETFLAGS 0x80086601 /* FS_IOC_ */
#define PAGE 4096ul
#define RW (PROT_READ | PROT_WRITE)
#define NO_MAP(error, call)                                                                                            \
    point((errno = 0, (void *)(call) == MAP_FAILED && errno == (error)), #call " is " #error, __LINE__)

static int sealable(size_t size)
{
    int fd = memfd_create("seals", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return fd >= 0 && ftruncate(fd, (off_t)size) == 0 ? fd : -1;
}

/* What this kind of file refuses, as others may. */
static void check_refusals(void)
{
    char byte = 'x';
    struct iovec one = {.iov_base = &byte, .iov_len = 1};
    int fd = memfd_create("refuses", 0), ends[2], flags = -1;
    CHECK(fd >= 0 && pipe(ends) == 0);
    CHECK(ioctl(fd, GETFLAGS, &flags) == 0 && flags == 0);
    FAILS(EFAULT, ioctl(fd, GETFLAGS, NULL));
    FAILS(ENOTTY, ioctl(ends[1], GETFLAGS, NULL));
    FAILS(ENOTTY, ioctl(ends[0], GETFLAGS, &flags));
    CHECK(fcntl(fd, F_GETLEASE) == F_UNLCK && fcntl(ends[0], F_GETLEASE) == F_UNLCK);
    FAILS(EAGAIN, fcntl(fd, F_SETLEASE, F_WRLCK));
    FAILS(EAGAIN, fcntl(fd, F_SETLEASE, F_UNLCK));
    FAILS(EINVAL, fcntl(fd, F_SETLEASE, 99));
    FAILS(EINVAL, fcntl(ends[0], F_SETLEASE, F_RDLCK));
    FAILS(EOPNOTSUPP, syscall(SYS_pwritev2, fd, &one, 1, 0L, 0L, 8 /* RWF_NOWAIT */));
    FAILS(EOPNOTSUPP, syscall(SYS_preadv2, fd, &one, 1, -1L, 0L, 8 /* RWF_NOWAIT */));
    FAILS(EINVAL, syscall(SYS_preadv2, fd, &one, 1, -2L, 0L, 8 /* RWF_NOWAIT */));
    CHECK(syscall(SYS_preadv2, fd, &one, 0, 0L, 0L, 8 /* RWF_NOWAIT */) == 0);
    close(fd);
    close(ends[0]);
    close(ends[1]);
}

static void check_file(void)
{
    char link[64], target[320], longest[300];
    struct stat status;
    int fd = memfd_create("a name", 0), other = memfd_create("", MFD_CLOEXEC);
    CHECK(fd >= 0 && other >= 0);
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, target, sizeof target - 1);
    target[length > 0 ? length : 0] = '\0';
    CHECK(strcmp(target, "/memfd:a name (deleted)") == 0);
    CHECK(fcntl(fd, F_GETFD) == 0 && fcntl(other, F_GETFD) == FD_CLOEXEC);
    CHECK((fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR);
    CHECK(fstat(fd, &status) == 0 && status.st_mode == (S_IFREG | 0777) && status.st_size == 0);
    CHECK(status.st_nlink == 0 && status.st_uid == getuid() && status.st_gid == getgid());
    CHECK(write(fd, "contents", 8) == 8 && pread(fd, target, 16, 4) == 4 && memcmp(target, "ents", 4) == 0);
    CHECK(ftruncate(fd, 3 * PAGE) == 0 && lseek(fd, 0, SEEK_END) == (off_t)(3 * PAGE));
    CHECK(lseek(fd, 0, SEEK_HOLE) == (off_t)PAGE);
    char *map = mmap(NULL, 3 * PAGE, RW, MAP_SHARED, fd, 0);
    CHECK(map != MAP_FAILED && memcmp(map, "contents", 8) == 0);
    map[2 * PAGE] = 'x';
    CHECK(pread(fd, target, 1, 2 * PAGE) == 1 && target[0] == 'x');
    CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE) == 0 && map[0] == 0);
    int again = open(link, O_RDONLY);
    CHECK(again >= 0 && pread(again, target, 1, 2 * PAGE) == 1 && target[0] == 'x');
    FAILS(EBADF, write(again, "x", 1));
    memset(longest, 'n', sizeof longest);
    longest[249] = '\0';
    int most = memfd_create(longest, 0);
    CHECK(most >= 0);
    snprintf(link, sizeof link, "/proc/self/fd/%d", most);
    CHECK(readlink(link, target, sizeof target) == 249 + 17);
    longest[249] = 'n';
    longest[250] = '\0';
    FAILS(EINVAL, memfd_create(longest, 0));
    FAILS(EINVAL, memfd_create("x", 0x4000));
    FAILS(EINVAL, memfd_create("x", MFD_ALLOW_SEALING | 0x80));
    FAILS(EFAULT, (int)syscall(SYS_memfd_create, NULL, 0));
    FAILS(EFAULT, (int)syscall(SYS_memfd_create, (void *)~0ul, 0));
    munmap(map, 3 * PAGE);
    close(fd);
    close(other);
    close(again);
    close(most);
}

static void check_which(void)
{
    int plain = memfd_create("plain", 0), fd = sealable(PAGE), pipes[2];
    CHECK(fcntl(plain, F_GET_SEALS) == F_SEAL_SEAL);
    FAILS(EPERM, fcntl(plain, F_ADD_SEALS, F_SEAL_WRITE));
    CHECK(fcntl(fd, F_GET_SEALS) == 0);
    FAILS(EINVAL, fcntl(fd, F_ADD_SEALS, 0x100));
    CHECK(fcntl(fd, F_ADD_SEALS, 0) == 0 && fcntl(fd, F_GET_SEALS) == 0);
    CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
    CHECK(fcntl(fd, F_GET_SEALS) == (F_SEAL_GROW | F_SEAL_SHRINK));
    CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) == 0);
    CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL) == 0);
    FAILS(EPERM, fcntl(fd, F_ADD_SEALS, F_SEAL_GROW));
    CHECK(pipe(pipes) == 0);
    FAILS(EINVAL, fcntl(pipes[1], F_ADD_SEALS, 0));
    FAILS(EINVAL, fcntl(pipes[1], F_GET_SEALS));
    FAILS(EPERM, fcntl(pipes[0], F_ADD_SEALS, 0));
    FAILS(EBADF, fcntl(-1, F_GET_SEALS));
    close(pipes[0]);
    close(pipes[1]);
    int named = open("named", O_RDWR | O_CREAT, 0600);
    CHECK(fcntl(named, F_GET_SEALS) == F_SEAL_SEAL); /* a tmpfs's */
    FAILS(EPERM, fcntl(named, F_ADD_SEALS, F_SEAL_GROW));
    close(named);
    unlink("named");
    close(plain);
    close(fd);
}

static void check_size(void)
{
    char bytes[2 * PAGE] = "";
    int fd = sealable(PAGE);
    CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
    FAILS(EPERM, ftruncate(fd, 0));
    CHECK(ftruncate(fd, PAGE) == 0 && ftruncate(fd, 2 * PAGE) == 0);
    CHECK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE) == 0);
    close(fd);
    fd = sealable(PAGE);
    CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) == 0);
    FAILS(EPERM, ftruncate(fd, 2 * PAGE));
    FAILS(EPERM, fallocate(fd, 0, 0, 2 * PAGE));
    FAILS(EPERM, fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 2 * PAGE));
    FAILS(EPERM, pwrite(fd, "x", 1, PAGE));
    CHECK(pwrite(fd, bytes, PAGE, 0) == (ssize_t)PAGE && fallocate(fd, 0, 0, PAGE) == 0);
    CHECK(ftruncate(fd, 100) == 0);
    FAILS(EPERM, pwrite(fd, bytes, 101, 0));
    CHECK(pwrite(fd, bytes, 100, 0) == 100);
    close(fd);
}

static void check_write(void)
{
    int fd = sealable(PAGE);
    char *map = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0), *reader = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
    CHECK(map != MAP_FAILED && reader != MAP_FAILED);
    FAILS(EBUSY, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    munmap(map, PAGE);
    FAILS(EBUSY, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE)); /* mprotect could make it writable */
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    munmap(reader, PAGE);
    FAILS(EBUSY, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE)); /* the child has it */
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    map = mmap(NULL, PAGE, RW, MAP_PRIVATE, fd, 0);
    CHECK(map != MAP_FAILED);
    CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == 0 && fcntl(fd, F_GET_SEALS) == F_SEAL_WRITE);
    map[0] = 'p';
    char byte = 1;
    CHECK(pread(fd, &byte, 1, 0) == 1 && byte == 0);
    FAILS(EPERM, pwrite(fd, "x", 1, 0));
    FAILS(EPERM, fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE));
    NO_MAP(EPERM, mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0));
    CHECK(ftruncate(fd, 2 * PAGE) == 0 && ftruncate(fd, PAGE) == 0);
    munmap(map, PAGE);
    close(fd);
}

static void check_future(void)
{
    int fd = sealable(PAGE);
    char *map = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0), byte = 0;
    CHECK(map != MAP_FAILED && fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) == 0);
    map[5] = 'm';
    CHECK(pread(fd, &byte, 1, 5) == 1 && byte == 'm');
    FAILS(EPERM, pwrite(fd, "x", 1, 0));
    NO_MAP(EPERM, mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0));
    char *reader = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
    CHECK(reader != MAP_FAILED && reader[5] == 'm');
    FAILS(EACCES, mprotect(reader, PAGE, RW));
    CHECK(mprotect(map, PAGE, PROT_READ) == 0 && mprotect(map, PAGE, RW) == 0);
    munmap(map, PAGE);
    munmap(reader, PAGE);
    close(fd);
}

/* This very program, as a copy in memory: with an argument it says so by its status. */
static void check_execute(void)
{
    static char bytes[65536];
    char *const arguments[] = {"memfd", "again", NULL}, *const environment[] = {NULL};
    int fd = memfd_create("program", MFD_CLOEXEC), self = open("/proc/self/exe", O_RDONLY), status = -1;
    ssize_t length, all = 1;
    while ((length = read(self, bytes, sizeof bytes)) > 0)
        all &= write(fd, bytes, (size_t)length) == length;
    CHECK(all && length == 0);
    pid_t child = fork();
    if (child == 0) {
        (void)syscall(SYS_execveat, fd, "", arguments, environment, AT_EMPTY_PATH);
        _exit(1);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 77);
    CHECK(pwrite(fd, "x", 1, 0) == 1 && fchmod(fd, 0600) == 0);
    child = fork();
    if (child == 0) {
        (void)syscall(SYS_execveat, fd, "", arguments, environment, AT_EMPTY_PATH);
        _exit(errno == EACCES ? 3 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 3);
    close(self);
    close(fd);
}

static void check_shm(void)
{
    struct statfs about;
    struct stat status;
    CHECK(statfs("/dev/shm", &about) == 0 && about.f_type == 0x01021994);
    CHECK(stat("/dev/shm", &status) == 0 && (status.st_mode & 07777) == 01777);
    shm_unlink("/guest-memfd");
    int fd = shm_open("/guest-memfd", O_RDWR | O_CREAT | O_EXCL, 0600);
    CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC && ftruncate(fd, PAGE) == 0);
    FAILS(EEXIST, shm_open("/guest-memfd", O_RDWR | O_CREAT | O_EXCL, 0600));
    CHECK(stat("/dev/shm/guest-memfd", &status) == 0 && status.st_size == (off_t)PAGE);
    int *map = mmap(NULL, PAGE, RW, MAP_SHARED, fd, 0);
    pid_t child = fork();
    if (child == 0) {
        map[3] = 33;
        _exit(0);
    }
    CHECK(map != MAP_FAILED && waitpid(child, NULL, 0) == child && map[3] == 33);
    CHECK(shm_unlink("/guest-memfd") == 0);
    FAILS(ENOENT, shm_open("/guest-memfd", O_RDWR, 0));
    close(fd);
}

static void check_semaphore(void)
{
    sem_unlink("/guest-memfd");
    sem_t *semaphore = sem_open("/guest-memfd", O_CREAT | O_EXCL, 0600, 0);
    CHECK(semaphore != SEM_FAILED);
    pid_t child = fork();
    if (child == 0) {
        sem_t *mine = sem_open("/guest-memfd", 0);
        _exit(mine == SEM_FAILED || sem_post(mine) != 0);
    }
    int status = -1, value = -1;
    CHECK(sem_wait(semaphore) == 0 && waitpid(child, &status, 0) == child && status == 0);
    CHECK(sem_getvalue(semaphore, &value) == 0 && value == 0);
    CHECK(sem_close(semaphore) == 0 && sem_unlink("/guest-memfd") == 0);
    CHECK(sem_open("/guest-memfd", 0) == SEM_FAILED && errno == ENOENT);
}

int main(int count, char *arguments[])
{
    if (count > 1 && strcmp(arguments[1], "again") == 0)
        return 77;
    check_file();
    check_refusals();
    check_which();
    check_size();
    check_write();
    check_future();
    check_execute();
    check_shm();
    check_semaphore();
    return done();
}
