/*
 * Attributes: what stat, statx and access tell; mode, owner and times, who may change them, and what changes by itself.
 *
 * guest: root
 */
#include "tests/guest/as_user.h"

#include <fcntl.h>
#include <grp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

#define BAD ((void *)16)

static struct stat st;

static void make(const char *name, unsigned mode)
{
    int fd = open(name, O_WRONLY | O_CREAT, 0600);
    if (fd < 0 || write(fd, "contents", 8) != 8 || fchmod(fd, mode) < 0 || close(fd) < 0)
        perror(name);
}

static unsigned mode_of(const char *name)
{
    return lstat(name, &st) == 0 ? (unsigned)st.st_mode & 07777 : 0xffff;
}

static bool owned(const char *name, unsigned uid, unsigned gid)
{
    return lstat(name, &st) == 0 && st.st_uid == uid && st.st_gid == gid;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Telling
 */

struct statx_time {
    int64_t seconds;
    uint32_t nanoseconds;
    int32_t pad;
};
struct statx_result {
    uint32_t mask, block_size;
    uint64_t attributes;
    uint32_t links, uid, gid;
    uint16_t mode, pad;
    uint64_t inode, size, blocks, attributes_mask;
    struct statx_time accessed, created, changed, modified;
    uint32_t node_major, node_minor, major, minor;
    uint64_t mount, more[13];
};

static int extended(int directory, const char *name, int flags, unsigned mask, void *result)
{
    return (int)syscall(SYS_statx, directory, name, flags, mask, result);
}

static void telling(void)
{
    struct statx_result x;
    struct stat self, root;
    make("a", 0640);
    CHECK(chown("a", 5, 6) == 0 && symlink("a", "l") == 0 && stat("a", &self) == 0);
    CHECK(self.st_size == 8 && self.st_nlink == 1 && self.st_mode == (S_IFREG | 0640) && self.st_uid == 5);
    CHECK(self.st_gid == 6 && self.st_blocks == 8 && self.st_blksize == 4096 && self.st_rdev == 0 && self.st_ino != 0);
    CHECK(extended(AT_FDCWD, "a", 0, 0xfff, &x) == 0 && (x.mask & 0x7ff) == 0x7ff && x.mode == self.st_mode);
    CHECK(x.size == 8 && x.links == 1 && x.uid == 5 && x.gid == 6 && x.inode == self.st_ino && x.blocks == 8);
    CHECK(makedev(x.major, x.minor) == self.st_dev && x.node_major == 0 && x.node_minor == 0 && x.block_size == 4096);
    CHECK(x.modified.seconds == self.st_mtim.tv_sec && x.modified.nanoseconds == (uint32_t)self.st_mtim.tv_nsec);
    CHECK(x.accessed.seconds == self.st_atim.tv_sec && x.changed.nanoseconds == (uint32_t)self.st_ctim.tv_nsec);
    CHECK((x.mask & 0x800) && x.created.seconds > 1000000000 && x.created.seconds <= x.changed.seconds);
    CHECK((x.attributes_mask & 0x2000) && !(x.attributes & 0x2000));
    CHECK(extended(AT_FDCWD, "l", AT_SYMLINK_NOFOLLOW, 0, &x) == 0 && S_ISLNK(x.mode) && x.size == 1);
    CHECK(extended(AT_FDCWD, "l", 0, 0, &x) == 0 && S_ISREG(x.mode));
    CHECK(extended(AT_FDCWD, "/", 0, 0, &x) == 0 && stat("/", &root) == 0 && x.inode == root.st_ino);
    CHECK(x.attributes & 0x2000);
    CHECK(extended(AT_FDCWD, "/dev/null", 0, 0x7ff, &x) == 0 && x.node_major == 1 && x.node_minor == 3);
    int fd = open("a", O_RDONLY), path = open("l", O_PATH | O_NOFOLLOW);
    CHECK(extended(fd, "", AT_EMPTY_PATH, 0x7ff, &x) == 0 && x.inode == self.st_ino);
    CHECK(extended(path, "", AT_EMPTY_PATH, 0x7ff, &x) == 0 && S_ISLNK(x.mode));
    CHECK(extended(AT_FDCWD, "a", 0x4000, 0x7ff, &x) == 0 && extended(AT_FDCWD, "a", 0x2000, 0x7ff, &x) == 0);
    FAILS(EINVAL, extended(AT_FDCWD, "a", 0x6000, 0x7ff, &x));
    FAILS(EINVAL, extended(AT_FDCWD, "a", 0x1, 0x7ff, &x));
    FAILS(EINVAL, extended(AT_FDCWD, "a", 0, 0x80000000, &x));
    FAILS(ENOENT, extended(AT_FDCWD, "", 0, 0x7ff, &x));
    FAILS(ENOENT, extended(AT_FDCWD, "none", 0, 0x7ff, &x));
    FAILS(EBADF, extended(99, "a", 0, 0x7ff, &x));
    FAILS(EBADF, extended(99, "", AT_EMPTY_PATH, 0x7ff, &x));
    FAILS(ENOTDIR, extended(fd, "a", 0, 0x7ff, &x));
    FAILS(EFAULT, extended(AT_FDCWD, "a", 0, 0x7ff, BAD));
    FAILS(EFAULT, extended(AT_FDCWD, BAD, 0, 0x7ff, &x));
    FAILS(EFAULT, syscall(SYS_stat, "a", BAD));
    FAILS(EFAULT, syscall(SYS_fstat, fd, BAD));
    FAILS(EINVAL, syscall(SYS_newfstatat, AT_FDCWD, "a", &st, 0x200));
    CHECK(fstatat(fd, "", &st, AT_EMPTY_PATH) == 0 && st.st_ino == self.st_ino);
    CHECK(mkdir("d", 0755) == 0 && stat("d", &st) == 0 && st.st_nlink == 2 && st.st_size == 40);
    make("d/x", 0600);
    CHECK(stat("d", &st) == 0 && st.st_size == 60 && st.st_nlink == 2 && unlink("d/x") == 0);
    CHECK(stat("d", &st) == 0 && st.st_size == 40 && rmdir("d") == 0);
    CHECK(close(fd) == 0 && close(path) == 0 && unlink("a") == 0 && unlink("l") == 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Mode
 */

static void user_modes(void)
{
    FAILS(EPERM, chmod("theirs", 0666));
    CHECK(chmod("mine", 0755) == 0 && mode_of("mine") == 0755);
    CHECK(chmod("mine", 06755) == 0 && mode_of("mine") == 06755);
    CHECK(chmod("my-other", 02755) == 0 && mode_of("my-other") == 02755); /* of a group that he is in */
    CHECK(chmod("my-foreign", 06755) == 0 && mode_of("my-foreign") == 04755);
    CHECK(chmod("my-foreign-directory", 02755) == 0 && mode_of("my-foreign-directory") == 0755);
    FAILS(EPERM, chmod("directory", 0777));
    FAILS(EACCES, chmod("locked/x", 0666));
    /* Writing takes the bits that give rights. */
    int fd = open("mine", O_WRONLY);
    CHECK(fd >= 0 && write(fd, "x", 1) == 1 && mode_of("mine") == 0755 && chmod("mine", 06745) == 0);
    CHECK(write(fd, "x", 1) == 1 && mode_of("mine") == 02745 && chmod("mine", 06755) == 0);
    CHECK(ftruncate(fd, 3) == 0 && mode_of("mine") == 0755 && chmod("mine", 06755) == 0 && close(fd) == 0);
    CHECK(chown("mine", -1, 2000) == 0 && mode_of("mine") == 0755);
    CHECK(chown("mine", -1, 1000) == 0);
}

static void modes(void)
{
    make("a", 0600);
    CHECK(mkdir("directory", 0755) == 0 && symlink("a", "l") == 0);
    CHECK(chmod("a", 07777) == 0 && mode_of("a") == 07777 && chmod("a", 0) == 0 && mode_of("a") == 0);
    CHECK(chmod("l", 0640) == 0 && mode_of("a") == 0640 && mode_of("l") == 0777);
    CHECK(chmod("a", 0170640) == 0 && lstat("a", &st) == 0 && st.st_mode == (S_IFREG | 0640));
    int fd = open("a", O_RDONLY), directory = open(".", O_RDONLY);
    CHECK(fchmod(fd, 0444) == 0 && mode_of("a") == 0444 && fchmodat(directory, "a", 0600, 0) == 0 &&
          mode_of("a") == 0600);
    FAILS(ENOENT, chmod("none", 0600));
    FAILS(ENOENT, chmod("", 0600));
    FAILS(EFAULT, chmod(BAD, 0600));
    FAILS(ENOTDIR, chmod("a/x", 0600));
    FAILS(EBADF, syscall(SYS_fchmod, 99, 0600));
    FAILS(EBADF, syscall(SYS_fchmodat, 99, "a", 0600));
    /* Root keeps the bits when it writes. */
    CHECK(chmod("a", 06755) == 0);
    int writer = open("a", O_WRONLY);
    CHECK(write(writer, "x", 1) == 1 && mode_of("a") == 06755 && close(writer) == 0);

    make("theirs", 0600);
    make("mine", 0600);
    make("my-other", 0600);
    make("my-foreign", 0600);
    CHECK(mkdir("my-foreign-directory", 0755) == 0 && mkdir("locked", 0700) == 0);
    CHECK(chown("mine", 1000, 1000) == 0 && chown("my-other", 1000, 2000) == 0 && chown("my-foreign", 1000, 3000) == 0);
    CHECK(chown("my-foreign-directory", 1000, 3000) == 0);
    as_user(user_modes);
    CHECK(unlink("theirs") == 0 && unlink("mine") == 0 && unlink("my-other") == 0 && unlink("my-foreign") == 0);
    CHECK(rmdir("my-foreign-directory") == 0 && rmdir("locked") == 0 && rmdir("directory") == 0);
    CHECK(close(fd) == 0 && close(directory) == 0 && unlink("a") == 0 && unlink("l") == 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Owner
 */

static void user_owners(void)
{
    FAILS(EPERM, chown("theirs", 1000, -1));
    FAILS(EPERM, chown("theirs", -1, 1000));
    FAILS(EPERM, chown("mine", 0, -1));
    FAILS(EPERM, chown("mine", -1, 3000));
    CHECK(chown("mine", 1000, 2000) == 0 && owned("mine", 1000, 2000));
    CHECK(chown("mine", -1, 1000) == 0 && chown("mine", 1000, -1) == 0 && chown("mine", -1, -1) == 0);
    CHECK(chown("theirs", -1, -1) == 0);
    FAILS(EPERM, chown("their-program", -1, -1)); /* it would lose its bits */
    CHECK(mode_of("their-program") == 06755);
    CHECK(lchown("my-link", -1, 2000) == 0 && owned("my-link", 1000, 2000));
}

static void owners(void)
{
    make("a", 0600);
    CHECK(symlink("a", "l") == 0 && chown("a", 7, 8) == 0 && owned("a", 7, 8) && chown("a", -1, 9) == 0);
    CHECK(
        owned("a", 7, 9) && chown("a", 6, -1) == 0 && owned("a", 6, 9) && chown("a", -1, -1) == 0 && owned("a", 6, 9));
    CHECK(chown("l", 1, 1) == 0 && owned("a", 1, 1) && owned("l", 0, 0));
    CHECK(lchown("l", 2, 3) == 0 && owned("l", 2, 3) && owned("a", 1, 1));
    int fd = open("a", O_RDONLY), directory = open(".", O_RDONLY), path = open("l", O_PATH | O_NOFOLLOW);
    CHECK(fchown(fd, 4, 5) == 0 && owned("a", 4, 5) && fchownat(directory, "a", 0, 0, 0) == 0 && owned("a", 0, 0));
    CHECK(fchownat(directory, "l", 7, 7, AT_SYMLINK_NOFOLLOW) == 0 && owned("l", 7, 7));
    CHECK(fchownat(fd, "", 8, 8, AT_EMPTY_PATH) == 0 && owned("a", 8, 8));
    CHECK(fchownat(path, "", 9, 9, AT_EMPTY_PATH) == 0 && owned("l", 9, 9));
    FAILS(EINVAL, fchownat(directory, "a", 0, 0, 1));
    FAILS(ENOENT, fchownat(directory, "", 0, 0, 0));
    FAILS(ENOENT, chown("none", 0, 0));
    FAILS(EFAULT, chown(BAD, 0, 0));
    FAILS(EBADF, syscall(SYS_fchown, 99, 0, 0));
    /* Who gets a file does not get its bits with it. */
    CHECK(chmod("a", 06755) == 0 && chown("a", 1, 1) == 0 && mode_of("a") == 0755);
    CHECK(chmod("a", 06745) == 0 && chown("a", 1, 1) == 0 && mode_of("a") == 02745);
    CHECK(mkdir("d", 0755) == 0 && chmod("d", 06755) == 0 && chown("d", 1, 1) == 0 && mode_of("d") == 06755);

    make("theirs", 0600);
    make("mine", 0600);
    make("their-program", 06755);
    CHECK(chown("mine", 1000, 1000) == 0 && symlink("mine", "my-link") == 0 && lchown("my-link", 1000, 1000) == 0);
    as_user(user_owners);
    CHECK(unlink("theirs") == 0 && unlink("mine") == 0 && unlink("my-link") == 0 && unlink("their-program") == 0);
    CHECK(close(fd) == 0 && close(directory) == 0 && close(path) == 0);
    CHECK(unlink("a") == 0 && unlink("l") == 0 && rmdir("d") == 0);
}

/* A directory with the set-group-ID bit gives its group on. */
static void user_groups(void)
{
    CHECK(mkdir("g/d", 0755) == 0 && owned("g/d", 1000, 3000) && mode_of("g/d") == 02755);
    make("g/f", 0644);
    CHECK(owned("g/f", 1000, 3000) && symlink("x", "g/l") == 0 && owned("g/l", 1000, 3000));
    int fd = open("g/p", O_WRONLY | O_CREAT, 02755);
    CHECK(fd >= 0 && mode_of("g/p") == 0755 && close(fd) == 0); /* he is not in that group */
    fd = open("g/q", O_WRONLY | O_CREAT, 02745);
    CHECK(fd >= 0 && mode_of("g/q") == 02745 && close(fd) == 0);
    CHECK(mkdir("plain/d", 0777) == 0 && owned("plain/d", 1000, 1000));
}

static void groups(void)
{
    CHECK(mkdir("g", 0755) == 0 && chown("g", 0, 3000) == 0 && chmod("g", 02777) == 0);
    CHECK(mkdir("plain", 0755) == 0 && chown("plain", 0, 3000) == 0 && chmod("plain", 0777) == 0);
    int fd = open("g/r", O_WRONLY | O_CREAT, 02755);
    CHECK(fd >= 0 && mode_of("g/r") == 02755 && owned("g/r", 0, 3000) && close(fd) == 0);
    as_user(user_groups);
    CHECK(unlink("g/f") == 0 && unlink("g/l") == 0 && unlink("g/p") == 0 && unlink("g/q") == 0 && unlink("g/r") == 0);
    CHECK(rmdir("g/d") == 0 && rmdir("g") == 0 && rmdir("plain/d") == 0 && rmdir("plain") == 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Times
 */

static bool times_are(const char *name, long accessed, long accessed_ns, long modified, long modified_ns)
{
    return lstat(name, &st) == 0 && st.st_atim.tv_sec == accessed && st.st_atim.tv_nsec == accessed_ns &&
           st.st_mtim.tv_sec == modified && st.st_mtim.tv_nsec == modified_ns;
}

static bool is_now(struct timespec time)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return time.tv_sec >= now.tv_sec - 20 && time.tv_sec <= now.tv_sec + 1;
}

static void user_times(void)
{
    const struct timespec now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}}, set[2] = {{5, 0}, {6, 0}};
    const struct timespec part[2] = {{0, UTIME_NOW}, {0, UTIME_OMIT}}, none[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};
    FAILS(EACCES, utimensat(AT_FDCWD, "theirs", NULL, 0));
    FAILS(EACCES, utimensat(AT_FDCWD, "theirs", now, 0));
    FAILS(EPERM, utimensat(AT_FDCWD, "theirs", set, 0));
    FAILS(EPERM, utimensat(AT_FDCWD, "theirs", part, 0));
    CHECK(utimensat(AT_FDCWD, "theirs", none, 0) == 0);
    CHECK(utimensat(AT_FDCWD, "shared", NULL, 0) == 0 && utimensat(AT_FDCWD, "shared", now, 0) == 0);
    FAILS(EPERM, utimensat(AT_FDCWD, "shared", set, 0));
    CHECK(utimensat(AT_FDCWD, "mine", set, 0) == 0 && times_are("mine", 5, 0, 6, 0));
}

static void times(void)
{
    const struct timespec set[2] = {{1000, 123456789}, {2000, 999999999}};
    const struct timespec first[2] = {{3000, 1}, {0, UTIME_OMIT}}, second[2] = {{77, UTIME_OMIT}, {-5, 500000000}};
    const struct timespec now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}}, none[2] = {{0, UTIME_OMIT}, {0, UTIME_OMIT}};
    const struct timespec wrong[2] = {{0, 1000000000}, {0, 0}}, negative[2] = {{0, 0}, {0, -1}};
    make("a", 0600);
    CHECK(symlink("a", "l") == 0 && lstat("a", &st) == 0 && is_now(st.st_atim) && is_now(st.st_mtim) &&
          is_now(st.st_ctim));
    CHECK(utimensat(AT_FDCWD, "a", set, 0) == 0 && times_are("a", 1000, 123456789, 2000, 999999999));
    CHECK(is_now(st.st_ctim));
    CHECK(utimensat(AT_FDCWD, "a", first, 0) == 0 && times_are("a", 3000, 1, 2000, 999999999));
    CHECK(utimensat(AT_FDCWD, "a", second, 0) == 0 && times_are("a", 3000, 1, -5, 500000000));
    CHECK(utimensat(AT_FDCWD, "l", set, AT_SYMLINK_NOFOLLOW) == 0 && times_are("l", 1000, 123456789, 2000, 999999999));
    CHECK(times_are("a", 3000, 1, -5, 500000000) && utimensat(AT_FDCWD, "l", set, 0) == 0);
    CHECK(times_are("a", 1000, 123456789, 2000, 999999999));
    CHECK(utimensat(AT_FDCWD, "a", now, 0) == 0 && lstat("a", &st) == 0 && is_now(st.st_atim) && is_now(st.st_mtim));
    CHECK(utimensat(AT_FDCWD, "a", set, 0) == 0 && utimensat(AT_FDCWD, "a", NULL, 0) == 0 && lstat("a", &st) == 0);
    CHECK(is_now(st.st_atim) && is_now(st.st_mtim));
    int fd = open("a", O_RDONLY), path = open("l", O_PATH | O_NOFOLLOW), directory = open(".", O_RDONLY);
    CHECK(futimens(fd, set) == 0 && times_are("a", 1000, 123456789, 2000, 999999999));
    CHECK(syscall(SYS_utimensat, fd, NULL, first, 0) == 0 && times_are("a", 3000, 1, 2000, 999999999));
    CHECK(utimensat(fd, "", set, AT_EMPTY_PATH) == 0 && times_are("a", 1000, 123456789, 2000, 999999999));
    CHECK(utimensat(AT_FDCWD, "none", none, 0) == 0 && syscall(SYS_utimensat, 99, NULL, none, 0) == 0);
    FAILS(EINVAL, syscall(SYS_utimensat, fd, NULL, set, AT_SYMLINK_NOFOLLOW));
    FAILS(EBADF, syscall(SYS_utimensat, 99, NULL, set, 0));
    FAILS(EBADF, syscall(SYS_utimensat, path, NULL, set, 0));
    FAILS(EFAULT, syscall(SYS_utimensat, AT_FDCWD, NULL, set, 0));
    FAILS(EINVAL, utimensat(AT_FDCWD, "a", wrong, 0));
    FAILS(EINVAL, utimensat(AT_FDCWD, "a", negative, 0));
    FAILS(EINVAL, utimensat(AT_FDCWD, "a", set, 1));
    FAILS(EFAULT, syscall(SYS_utimensat, AT_FDCWD, "a", BAD, 0));
    FAILS(EFAULT, syscall(SYS_utimensat, AT_FDCWD, BAD, set, 0));
    FAILS(ENOENT, utimensat(AT_FDCWD, "none", set, 0));
    const long old[4] = {100, 5, 200, 6}, wrong_old[4] = {100, 1000000, 200, 0}, seconds[2] = {300, 400};
    CHECK(syscall(SYS_utimes, "a", old) == 0 && times_are("a", 100, 5000, 200, 6000));
    CHECK(syscall(SYS_utime, "a", seconds) == 0 && times_are("a", 300, 0, 400, 0));
    CHECK(syscall(SYS_futimesat, directory, "a", old) == 0 && times_are("a", 100, 5000, 200, 6000));
    CHECK(syscall(SYS_futimesat, fd, NULL, NULL) == 0 && lstat("a", &st) == 0 && is_now(st.st_mtim));
    FAILS(EINVAL, syscall(SYS_utimes, "a", wrong_old));
    FAILS(EFAULT, syscall(SYS_utimes, "a", BAD));
    FAILS(EFAULT, syscall(SYS_utime, "a", BAD));
    FAILS(ENOENT, syscall(SYS_utime, "none", NULL));
    make("theirs", 0644);
    make("mine", 0400);
    make("shared", 0666);
    CHECK(chown("mine", 1000, 1000) == 0);
    as_user(user_times);
    CHECK(unlink("theirs") == 0 && unlink("mine") == 0 && unlink("shared") == 0);
    CHECK(close(fd) == 0 && close(path) == 0 && close(directory) == 0 && unlink("l") == 0 && unlink("a") == 0);
}

/* Which of the three times of NAME are not 1000 any more, as a string; and sets them to that. */
static const char *changes(const char *name)
{
    static char text[8];
    static const struct timespec old[2] = {{1000, 0}, {1000, 0}};
    static struct timespec changed;
    char *at = text;
    if (lstat(name, &st) < 0)
        return "?";
    if (st.st_atim.tv_sec != 1000)
        *at++ = 'a';
    if (st.st_mtim.tv_sec != 1000)
        *at++ = 'm';
    if (memcmp(&st.st_ctim, &changed, sizeof changed) != 0)
        *at++ = 'c';
    *at = '\0';
    utimensat(AT_FDCWD, name, old, AT_SYMLINK_NOFOLLOW);
    usleep(15000); /* clocks of file systems tick */
    lstat(name, &st);
    changed = st.st_ctim;
    return text;
}
#define CHANGES(name, what) (strcmp(changes(name), what) == 0)

/* Each call changes the times that POSIX says, and no others. */
static void by_themselves(void)
{
    char buffer[1000];
    make("a", 0600);
    int fd = open("a", O_RDWR);
    changes("a");
    CHECK(CHANGES("a", "") && pread(fd, buffer, 1, 0) == 1 && CHANGES("a", "a"));
    CHECK(pwrite(fd, "x", 1, 0) == 1 && CHANGES("a", "mc"));
    CHECK(ftruncate(fd, 3) == 0 && CHANGES("a", "mc") && ftruncate(fd, 3) == 0 && CHANGES("a", "mc"));
    CHECK(truncate("a", 3) == 0 && CHANGES("a", "mc"));
    CHECK(chmod("a", 0644) == 0 && CHANGES("a", "c") && chown("a", -1, -1) == 0 && CHANGES("a", "c"));
    CHECK(link("a", "b") == 0 && CHANGES("a", "c") && unlink("b") == 0 && CHANGES("a", "c"));
    CHECK(rename("a", "b") == 0 && CHANGES("b", "c") && rename("b", "a") == 0 && CHANGES("a", "c"));
    int other = open("a", O_RDWR | O_TRUNC);
    CHECK(other >= 0 && CHANGES("a", "mc") && close(other) == 0 && CHANGES("a", ""));
    CHECK(stat("a", &st) == 0 && access("a", R_OK) == 0 && CHANGES("a", ""));
    CHECK(close(fd) == 0);

    CHECK(mkdir("d", 0755) == 0 && mkdir("e", 0755) == 0);
    changes("d");
    make("d/x", 0600);
    CHECK(CHANGES("d", "mc") && chmod("d/x", 0644) == 0 && CHANGES("d", ""));
    CHECK(mkdir("d/s", 0755) == 0 && CHANGES("d", "mc") && rmdir("d/s") == 0 && CHANGES("d", "mc"));
    CHECK(rename("d/x", "d/y") == 0 && CHANGES("d", "mc") && symlink("y", "d/l") == 0 && CHANGES("d", "mc"));
    changes("e");
    changes("d");
    CHECK(rename("d/y", "e/y") == 0 && CHANGES("d", "mc"));
    changes("e");
    changes("e");
    CHECK(rename("e/y", "d/y") == 0 && CHANGES("e", "mc") && unlink("d/l") == 0 && (changes("d"), unlink("d/y")) == 0);
    CHECK(CHANGES("d", "mc"));
    fd = open("d", O_RDONLY);
    CHECK(syscall(SYS_getdents64, fd, buffer, sizeof buffer) > 0 && CHANGES("d", "a") && close(fd) == 0);
    CHECK(symlink("d", "l") == 0);
    changes("l");
    CHECK(readlink("l", buffer, sizeof buffer) == 1 && CHANGES("l", "a") && chdir("l") == 0 && chdir("..") == 0);
    CHECK(CHANGES("l", "a") && unlink("l") == 0);
    CHECK(unlink("a") == 0 && rmdir("d") == 0 && rmdir("e") == 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * access
 */

static int access2(int directory, const char *name, int mode, int flags)
{
    return (int)syscall(SYS_faccessat2, directory, name, mode, flags);
}

static void user_access(void)
{
    CHECK(access("public", R_OK) == 0 && access("mine", R_OK | W_OK) == 0 && access("group", R_OK) == 0);
    FAILS(EACCES, access("public", W_OK));
    FAILS(EACCES, access("public", X_OK));
    FAILS(EACCES, access("secret", R_OK));
    CHECK(access("secret", F_OK) == 0);
    FAILS(EACCES, access("group", W_OK));
    FAILS(EACCES, access("locked/x", F_OK));
    FAILS(EACCES, access("own-nothing", R_OK)); /* his bits count, not those of the others */
    FAILS(EACCES, access("group-nothing", R_OK));
}

static int real_child(void)
{
    if (setresuid(1000, 0, 0) < 0)
        return 1;
    if (access("secret", R_OK) != -1 || errno != EACCES)
        return 2; /* the real user asks */
    if (access2(AT_FDCWD, "secret", R_OK, AT_EACCESS) != 0)
        return 3; /* the effective one may */
    return open("secret", O_RDONLY) < 0 ? 4 : 0;
}

static void permissions(void)
{
    make("public", 0644);
    make("secret", 0600);
    make("mine", 0600);
    make("group", 0640);
    make("own-nothing", 0077);
    make("group-nothing", 0707);
    CHECK(mkdir("locked", 0700) == 0 && chown("mine", 1000, 1000) == 0 && chown("group", 0, 2000) == 0);
    CHECK(chown("own-nothing", 1000, 1000) == 0 && chown("group-nothing", 0, 2000) == 0);
    CHECK(access("secret", R_OK | W_OK) == 0 && access("own-nothing", R_OK | W_OK | X_OK) == 0);
    FAILS(EACCES, access("secret", X_OK)); /* nobody may execute it: not even root */
    FAILS(EINVAL, access("secret", 8));
    FAILS(EINVAL, access2(AT_FDCWD, "secret", R_OK, 1));
    FAILS(EFAULT, access(BAD, R_OK));
    FAILS(EBADF, access2(99, "x", R_OK, 0));
    int fd = open("secret", O_RDONLY);
    CHECK(access2(fd, "", R_OK, AT_EMPTY_PATH) == 0);
    CHECK(symlink("none", "dangling") == 0 && access2(AT_FDCWD, "dangling", F_OK, AT_SYMLINK_NOFOLLOW) == 0);
    FAILS(ENOENT, access("dangling", F_OK));
    as_user(user_access);
    int status = -1;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        _exit(real_child());
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    const char *const all[] = {"public", "secret", "mine", "group", "own-nothing", "group-nothing", "dangling"};
    bool gone = close(fd) == 0 && rmdir("locked") == 0;
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
        gone &= unlink(all[i]) == 0;
    CHECK(gone);
}

int main(void)
{
    umask(022);
    telling();
    modes();
    owners();
    groups();
    times();
    by_themselves();
    permissions();
    return done();
}
