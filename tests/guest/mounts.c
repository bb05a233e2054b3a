/*
 * Mounts: new ones, binds, moves, other flags, taking them away; what the flags forbid; chroot and pivot_root; limits
 * of tmpfs and what statfs tells of them.
 *
 * guest: root
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BAD ((char *)16)
#define ST_VALID 0x20
#define ST_RDONLY 1
#define ST_NOSUID 2
#define ST_NODEV 4
#define ST_NOEXEC 8
#define ST_NOATIME 1024
#define ST_RELATIME 4096
#define TMPFS 0x01021994

static void touch(const char *name)
{
    int fd = open(name, O_WRONLY | O_CREAT, 0644);
    if (fd < 0 || write(fd, name, strlen(name)) < 0 || close(fd) < 0)
        perror(name);
}

static bool exists(const char *name)
{
    struct stat st;
    return lstat(name, &st) == 0;
}

static long flags_of(const char *name)
{
    struct statfs st;
    return statfs(name, &st) == 0 ? (long)st.f_flags : -1;
}

static int tmpfs(const char *on, unsigned long flags, const char *options)
{
    return mount("none", on, "tmpfs", flags, options);
}

static void making(void)
{
    struct stat before, after, inside;
    CHECK(mkdir("m", 0755) == 0 && stat("m", &before) == 0);
    touch("m/below");
    touch("file");
    CHECK(tmpfs("m", 0, NULL) == 0 && stat("m", &after) == 0);
    CHECK(after.st_dev != before.st_dev && (after.st_mode & 07777) == 01777 && !exists("m/below"));
    touch("m/above");
    CHECK(stat("m/above", &inside) == 0 && inside.st_dev == after.st_dev);
    CHECK(stat("m/..", &inside) == 0 && inside.st_dev == before.st_dev && exists("m/../m/above"));
    CHECK(tmpfs("m", 0, "mode=0700,uid=5,gid=6,size=64k") == 0 && stat("m", &after) == 0 && !exists("m/above"));
    CHECK((after.st_mode & 07777) == 0700 && after.st_uid == 5 && after.st_gid == 6); /* one upon the other */
    CHECK(umount("m") == 0 && exists("m/above") && umount("m") == 0 && exists("m/below"));
    FAILS(EINVAL, umount("m"));
    FAILS(EINVAL, umount("m/below"));
    FAILS(ENOENT, umount("none"));
    FAILS(ENOENT, umount(""));
    FAILS(EFAULT, umount(BAD));
    FAILS(EINVAL, umount2("m", 0x40));
    FAILS(ENODEV, mount("none", "m", "nosuchfs", 0, NULL));
    FAILS(EINVAL, mount("none", "m", NULL, 0, NULL));
    FAILS(ENOTDIR, tmpfs("file", 0, NULL));
    FAILS(ENOENT, tmpfs("none", 0, NULL));
    FAILS(EFAULT, tmpfs(BAD, 0, NULL));
    FAILS(EFAULT, mount("none", "m", BAD, 0, NULL));
    FAILS(EFAULT, mount(BAD, "m", "tmpfs", 0, NULL));
    FAILS(EFAULT, tmpfs("m", 0, BAD));
    FAILS(EINVAL, tmpfs("m", 0, "size=big"));
    FAILS(EINVAL, tmpfs("m", 0, "mode=9"));
    FAILS(EINVAL, tmpfs("m", 0, "nonsense"));
    FAILS(EINVAL, tmpfs("m", 0, "uid=x"));
    CHECK(mount(NULL, "m", "tmpfs", 0, "") == 0 && umount("m") == 0);
    CHECK(mount("none", "m", "tmpfs", 0xc0ed0000, ",,") == 0 && umount("m") == 0);
    CHECK(unlink("m/below") == 0 && unlink("file") == 0);
    CHECK(tmpfs("m", 0, NULL) == 0);
    FAILS(EBUSY, rmdir("m"));
    FAILS(EBUSY, rename("m", "n"));
    CHECK(umount("m") == 0 && rmdir("m") == 0);
}

static void busy(void)
{
    CHECK(mkdir("m", 0755) == 0 && tmpfs("m", 0, NULL) == 0 && mkdir("m/d", 0755) == 0 && tmpfs("m/d", 0, NULL) == 0);
    touch("m/file");
    touch("m/d/file");
    FAILS(EBUSY, umount("m")); /* something is mounted in it */
    CHECK(umount("m/d") == 0);
    int fd = open("m/file", O_RDONLY);
    FAILS(EBUSY, umount("m"));
    CHECK(close(fd) == 0);
    CHECK(chdir("m/d") == 0);
    FAILS(EBUSY, umount("../../m"));
    CHECK(chdir("../..") == 0 && umount("m") == 0 && !exists("m/d"));

    /* Lazily: those inside stay, nobody comes in. */
    char name[PATH_MAX];
    CHECK(tmpfs("m", 0, NULL) == 0 && mkdir("m/d", 0755) == 0 && tmpfs("m/d", 0, NULL) == 0);
    touch("m/d/file");
    fd = open("m/d/file", O_RDWR);
    int directory = open("m/d", O_RDONLY);
    CHECK(umount2("m", MNT_DETACH) == 0 && !exists("m/d"));
    CHECK(write(fd, "abc", 3) == 3 && faccessat(directory, "file", F_OK, 0) == 0);
    CHECK(fchdir(directory) == 0 && access("file", F_OK) == 0);
    CHECK(access("../file", F_OK) == 0); /* above it is nothing */
    CHECK(syscall(SYS_getcwd, name, sizeof name) > 0 && strncmp(name, "(unreachable)/", 14) == 0);
    CHECK(close(fd) == 0 && close(directory) == 0);
    CHECK(chdir("/") == 0);
}

/* Back to where the test began: the working directory was left. */
static char home[PATH_MAX];
static void go_home(void)
{
    if (chdir(home) < 0)
        perror(home);
}

/* Nothing is mounted in what has been taken away; which error says so, versions of Linux differ in. */
static void detached(void)
{
    int back = open(".", O_RDONLY | O_DIRECTORY);
    CHECK(mount("none", "m", "tmpfs", 0, NULL) == 0 && chdir("m") == 0 && mkdir("inside", 0755) == 0);
    CHECK(umount2(".", MNT_DETACH) == 0);
    CHECK(mount("none", "inside", "tmpfs", 0, NULL) == -1 && (errno == ENOENT || errno == EINVAL));
    CHECK(mount(".", "inside", NULL, MS_MOVE, NULL) == -1 && (errno == ENOENT || errno == EINVAL));
    CHECK(mount(".", "inside", NULL, MS_BIND, NULL) == -1 && (errno == ENOENT || errno == EINVAL));
    FAILS(EINVAL, umount2(".", MNT_DETACH));
    CHECK(fchdir(back) == 0 && close(back) == 0);
}

static void expiring(void)
{
    CHECK(tmpfs("m", 0, NULL) == 0);
    FAILS(EINVAL, umount2("m", MNT_EXPIRE | MNT_FORCE));
    FAILS(EAGAIN, umount2("m", MNT_EXPIRE));
    CHECK(!exists("m/x"));
    FAILS(EAGAIN, umount2("m", MNT_EXPIRE)); /* somebody has looked */
    CHECK(umount2("m", MNT_EXPIRE) == 0);
    CHECK(symlink("m", "l") == 0 && tmpfs("l", 0, NULL) == 0);
    FAILS(EINVAL, umount2("l", UMOUNT_NOFOLLOW));
    CHECK(umount2("l", MNT_FORCE) == 0 && unlink("l") == 0 && rmdir("m") == 0);
}

static void binding(void)
{
    struct stat a, b;
    CHECK(mkdir("a", 0755) == 0 && mkdir("b", 0755) == 0 && mkdir("a/sub", 0755) == 0 && mkdir("a/other", 0755) == 0);
    touch("a/file");
    CHECK(tmpfs("a/sub", 0, NULL) == 0);
    touch("a/sub/inner");
    CHECK(mount("a", "b", NULL, MS_BIND, NULL) == 0);
    CHECK(stat("a/file", &a) == 0 && stat("b/file", &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev);
    CHECK(exists("b/sub") && !exists("b/sub/inner"));
    touch("b/new");
    CHECK(exists("a/new") && stat("b/..", &b) == 0 && stat(".", &a) == 0 && a.st_ino == b.st_ino);
    FAILS(EXDEV, link("a/new", "b/link")); /* another mount, though the same file system */
    FAILS(EXDEV, rename("a/new", "b/newer"));
    CHECK(umount("b") == 0 && !exists("b/file"));
    CHECK(mount("a", "b", NULL, MS_BIND | MS_REC, NULL) == 0 && exists("b/sub/inner"));
    FAILS(EBUSY, umount("b"));
    CHECK(umount2("b", MNT_DETACH) == 0 && exists("a/sub/inner"));
    /* A directory that is no mount's root; and a file. */
    CHECK(mount("a/other", "b", NULL, MS_BIND, NULL) == 0);
    touch("b/x");
    CHECK(exists("a/other/x") && stat("b/..", &b) == 0 && a.st_ino == b.st_ino);
    char name[PATH_MAX], expected[PATH_MAX + 8];
    CHECK(chdir("b") == 0 && getcwd(name, sizeof name) && snprintf(expected, sizeof expected, "%s/b", home) > 0);
    CHECK(strcmp(name, expected) == 0 && chdir("..") == 0 && umount("b") == 0);
    touch("target");
    CHECK(mount("a/file", "target", NULL, MS_BIND, NULL) == 0);
    CHECK(stat("target", &b) == 0 && stat("a/file", &a) == 0 && a.st_ino == b.st_ino);
    FAILS(EBUSY, unlink("target"));
    FAILS(EBUSY, rename("target", "x"));
    FAILS(EBUSY, rename("a/new", "target") == -1 && errno == EXDEV ? (errno = EBUSY, -1) : -1);
    FAILS(ENOTDIR, mount("a", "target", NULL, MS_BIND, NULL));
    FAILS(ENOTDIR, mount("a/file", "b", NULL, MS_BIND, NULL));
    FAILS(ENOENT, mount("none", "b", NULL, MS_BIND, NULL));
    FAILS(EINVAL, mount(NULL, "b", NULL, MS_BIND, NULL));
    FAILS(EINVAL, mount("", "b", NULL, MS_BIND, NULL));
    CHECK(umount("target") == 0 && unlink("target") == 0);
    /* Onto itself, to give a part of a file system flags of its own. */
    CHECK(mount("a", "a", NULL, MS_BIND, NULL) == 0);
    CHECK(mount(NULL, "a", NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) == 0);
    FAILS(EROFS, open("a/ro", O_WRONLY | O_CREAT, 0600));
    CHECK(flags_of("a") & ST_RDONLY && !(flags_of(".") & ST_RDONLY));
    CHECK(umount("a") == 0 && umount("a/sub") == 0);
}

static void moving(void)
{
    CHECK(mkdir("m", 0755) == 0 && mkdir("n", 0755) == 0 && tmpfs("m", 0, NULL) == 0 && mkdir("m/d", 0755) == 0);
    touch("m/file");
    CHECK(tmpfs("m/d", 0, NULL) == 0);
    touch("m/d/inner");
    FAILS(EINVAL, mount("a", "n", NULL, MS_MOVE, NULL));
    FAILS(EINVAL, mount("m/file", "n", NULL, MS_MOVE, NULL));
    FAILS(ELOOP, mount("m", "m/d", NULL, MS_MOVE, NULL));
    FAILS(ENOENT, mount("none", "n", NULL, MS_MOVE, NULL));
    CHECK(mount("m", "n", NULL, MS_MOVE, NULL) == 0 && !exists("m/file") && exists("n/file") && exists("n/d/inner"));
    FAILS(EINVAL, umount("m"));
    CHECK(umount("n/d") == 0 && umount("n") == 0 && rmdir("m") == 0 && rmdir("n") == 0);
}

static void propagation(void)
{
    CHECK(mkdir("m", 0755) == 0 && tmpfs("m", 0, NULL) == 0);
    CHECK(mount(NULL, "m", NULL, MS_PRIVATE, NULL) == 0 && mount(NULL, "m", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
    CHECK(mount("none", "m", NULL, MS_SLAVE | MS_SILENT, NULL) == 0);
    FAILS(EINVAL, mount(NULL, "m", NULL, MS_PRIVATE | MS_SHARED, NULL));
    FAILS(EINVAL, mount(NULL, "m", NULL, MS_PRIVATE | MS_NOSUID, NULL));
    CHECK(mkdir("m/d", 0755) == 0);
    FAILS(EINVAL, mount(NULL, "m/d", NULL, MS_PRIVATE, NULL));
    CHECK(umount("m") == 0 && rmdir("m") == 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Flags
 */

static void read_only(void)
{
    struct timespec times[2] = {{1, 0}, {1, 0}};
    CHECK(mkdir("m", 0755) == 0 && tmpfs("m", 0, NULL) == 0 && mkdir("m/d", 0755) == 0);
    touch("m/file");
    int fd = open("m/file", O_RDWR);
    FAILS(EBUSY, mount(NULL, "m", NULL, MS_REMOUNT | MS_RDONLY, NULL));
    FAILS(EBUSY, mount(NULL, "m", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL));
    CHECK(close(fd) == 0 && mount(NULL, "m", NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0);
    CHECK(flags_of("m") == (ST_VALID | ST_RDONLY | ST_RELATIME));
    FAILS(EROFS, open("m/file", O_WRONLY));
    FAILS(EROFS, open("m/file", O_RDWR));
    FAILS(EROFS, open("m/file", O_RDONLY | O_TRUNC));
    FAILS(EROFS, open("m/new", O_WRONLY | O_CREAT, 0600));
    FAILS(EROFS, open("m", O_TMPFILE | O_RDWR, 0600));
    fd = open("m/file", O_RDONLY | O_CREAT, 0600);
    CHECK(fd >= 0);
    FAILS(EROFS, fchmod(fd, 0600));
    FAILS(EROFS, fchown(fd, 0, 0));
    FAILS(EROFS, futimens(fd, NULL));
    CHECK(close(fd) == 0);
    FAILS(EROFS, mkdir("m/x", 0755));
    FAILS(EEXIST, mkdir("m/d", 0755));
    FAILS(EROFS, rmdir("m/d"));
    FAILS(EROFS, rmdir("m/none"));
    FAILS(EROFS, unlink("m/file"));
    FAILS(EROFS, unlink("m/none"));
    FAILS(EROFS, rename("m/file", "m/x"));
    FAILS(EROFS, rename("m/none", "m/x"));
    FAILS(EROFS, symlink("x", "m/x"));
    FAILS(EROFS, link("m/file", "m/x"));
    FAILS(EEXIST, link("m/file", "m/d"));
    FAILS(EROFS, mknod("m/x", S_IFIFO | 0600, 0));
    FAILS(EROFS, chmod("m/file", 0600));
    FAILS(EROFS, chown("m/file", 0, 0));
    FAILS(EROFS, utimensat(AT_FDCWD, "m/file", times, 0));
    FAILS(EROFS, truncate("m/file", 0));
    FAILS(EROFS, access("m/file", W_OK));
    FAILS(EROFS, access("m", W_OK));
    CHECK(access("m/file", R_OK) == 0);
    CHECK(mount(NULL, "m", NULL, MS_REMOUNT, NULL) == 0 && flags_of("m") == (ST_VALID | ST_RELATIME));
    CHECK(unlink("m/file") == 0 && umount("m") == 0);
    CHECK(tmpfs("m", MS_RDONLY, NULL) == 0);
    FAILS(EROFS, mkdir("m/x", 0755));
    CHECK(umount("m") == 0);
    /* What lies on a file system that is read-only may be written to if it is none of it. */
    CHECK(tmpfs("m", 0, NULL) == 0 && mknod("m/null", S_IFCHR | 0666, makedev(1, 3)) == 0);
    CHECK(mount(NULL, "m", NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0);
    fd = open("m/null", O_WRONLY);
    CHECK(fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0 && access("m/null", W_OK) == 0);
    FAILS(EINVAL, mount(NULL, "m/null", NULL, MS_REMOUNT, NULL));
    CHECK(umount("m") == 0);
}

static int run(const char *name)
{
    int status = -1;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        execl(name, name, "child", (char *)NULL);
        _exit(errno == EACCES ? 99 : 98);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool copy_program(const char *from, const char *to)
{
    static char buffer[65536];
    int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT, 0755);
    ssize_t length = -1;
    while (in >= 0 && out >= 0 && (length = read(in, buffer, sizeof buffer)) > 0)
        if (write(out, buffer, (size_t)length) != length)
            return false;
    return length == 0 && close(in) == 0 && close(out) == 0;
}

static void other_flags(const char *self)
{
    CHECK(tmpfs("m", MS_NODEV, NULL) == 0 && mknod("m/null", S_IFCHR | 0666, makedev(1, 3)) == 0);
    CHECK(flags_of("m") == (ST_VALID | ST_NODEV | ST_RELATIME));
    FAILS(EACCES, open("m/null", O_RDWR));
    int fd = open("m/null", O_PATH);
    CHECK(fd >= 0 && close(fd) == 0);
    CHECK(mount(NULL, "m", NULL, MS_REMOUNT | MS_NOEXEC, NULL) == 0);
    CHECK(flags_of("m") == (ST_VALID | ST_NOEXEC | ST_RELATIME));
    fd = open("m/null", O_RDWR);
    CHECK(fd >= 0 && close(fd) == 0);
    CHECK(copy_program(self, "m/program") && run("m/program") == 99);
    FAILS(EACCES, access("m/program", X_OK));
    CHECK(access("m", X_OK) == 0);
    fd = open("m/program", O_RDONLY);
    CHECK(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED && errno == EPERM);
    CHECK(close(fd) == 0);
    CHECK(mount(NULL, "m", NULL, MS_REMOUNT | MS_NOSUID | MS_NOATIME, NULL) == 0 && run("m/program") == 42);
    CHECK(flags_of("m") == (ST_VALID | ST_NOSUID | ST_NOATIME));
    CHECK(mount(NULL, "m", NULL, MS_REMOUNT, NULL) == 0 && flags_of("m") == (ST_VALID | ST_NOATIME));
    CHECK(mount(NULL, "m", NULL, MS_REMOUNT | MS_STRICTATIME, NULL) == 0 && flags_of("m") == ST_VALID);
    CHECK(umount("m") == 0);
}

static bool accessed_changes(const char *name, bool directory)
{
    struct stat before, after;
    char c;
    int fd = open(name, O_RDONLY);
    if (fd < 0 || fstat(fd, &before) < 0)
        return false;
    usleep(20000);
    if (directory) {
        static char buffer[1024];
        syscall(SYS_getdents64, fd, buffer, sizeof buffer);
    } else if (read(fd, &c, 1) != 1) {
        return false;
    }
    bool changes = fstat(fd, &after) == 0 && memcmp(&before.st_atim, &after.st_atim, sizeof before.st_atim) != 0;
    close(fd);
    return changes;
}

static void access_times(void)
{
    CHECK(tmpfs("m", MS_STRICTATIME, NULL) == 0 && mkdir("m/d", 0755) == 0);
    touch("m/file");
    CHECK(accessed_changes("m/file", false) && accessed_changes("m/file", false));
    CHECK(accessed_changes("m/d", true) && accessed_changes("m/d", true));
    CHECK(mount(NULL, "m", NULL, MS_REMOUNT | MS_RELATIME, NULL) == 0);
    CHECK(!accessed_changes("m/file", false));
    struct timespec old[2] = {{1000, 0}, {0, UTIME_OMIT}};
    CHECK(utimensat(AT_FDCWD, "m/file", old, 0) == 0 && accessed_changes("m/file", false));
    usleep(20000);
    CHECK(chmod("m/file", 0600) == 0 && accessed_changes("m/file", false) && !accessed_changes("m/file", false));
    CHECK(mount(NULL, "m", NULL, MS_REMOUNT | MS_STRICTATIME | MS_NODIRATIME, NULL) == 0);
    CHECK(accessed_changes("m/file", false) && !accessed_changes("m/d", true));
    CHECK(mount(NULL, "m", NULL, MS_REMOUNT | MS_NOATIME, NULL) == 0);
    CHECK(chmod("m/file", 0600) == 0 && !accessed_changes("m/file", false) && !accessed_changes("m/d", true));
    CHECK(mount(NULL, "m", NULL, MS_REMOUNT | MS_STRICTATIME, NULL) == 0);
    struct stat before, after;
    int fd = open("m/file", O_RDONLY | O_NOATIME);
    char c;
    CHECK(fstat(fd, &before) == 0 && read(fd, &c, 1) == 1 && fstat(fd, &after) == 0 && close(fd) == 0);
    CHECK(memcmp(&before.st_atim, &after.st_atim, sizeof before.st_atim) == 0);
    CHECK(umount("m") == 0);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Limits
 */

static void limits(void)
{
    static char block[4096];
    struct statfs st;
    CHECK(tmpfs("m", 0, "size=40960,nr_inodes=4") == 0 && statfs("m", &st) == 0);
    CHECK(st.f_type == TMPFS && st.f_bsize == 4096 && st.f_frsize == 4096 && st.f_namelen == 255);
    CHECK(st.f_blocks == 10 && st.f_bfree == 10 && st.f_bavail == 10 && st.f_files == 4 && st.f_ffree == 3);
    int fd = open("m/file", O_RDWR | O_CREAT, 0600);
    int written = 0;
    while (written < 20 && write(fd, block, sizeof block) == sizeof block)
        written++;
    CHECK(written == 10 && errno == ENOSPC);
    CHECK(fstatfs(fd, &st) == 0 && st.f_bfree == 0 && st.f_ffree == 2);
    FAILS(ENOSPC, pwrite(fd, block, 1, 100000));
    CHECK(pwrite(fd, block, 1, 100) == 1);
    CHECK(ftruncate(fd, 5 * 4096 + 1) == 0 && statfs("m", &st) == 0 && st.f_bfree == 4);
    CHECK(ftruncate(fd, 1 << 20) == 0 && statfs("m", &st) == 0 && st.f_bfree == 4); /* a hole takes nothing */
    struct stat file;
    CHECK(fstat(fd, &file) == 0 && file.st_size == 1 << 20 && file.st_blocks == 6 * 8);
    CHECK(close(fd) == 0 && mkdir("m/d", 0755) == 0 && symlink("x", "m/l") == 0);
    FAILS(ENOSPC, mkdir("m/e", 0755));
    FAILS(ENOSPC, open("m/f", O_WRONLY | O_CREAT, 0600));
    FAILS(ENOSPC, symlink("x", "m/k"));
    FAILS(ENOSPC, mknod("m/n", S_IFIFO | 0600, 0));
    CHECK(link("m/file", "m/g") == 0 || errno == ENOSPC);
    FAILS(EINVAL, mount(NULL, "m", NULL, MS_REMOUNT, "size=4k"));
    FAILS(EINVAL, mount(NULL, "m", NULL, MS_REMOUNT, "nr_inodes=1"));
    CHECK(mount(NULL, "m", NULL, MS_REMOUNT, "size=1m,nr_inodes=2k") == 0 && statfs("m", &st) == 0);
    CHECK(st.f_blocks == 256 && st.f_files == 2048 && mkdir("m/e", 0755) == 0);
    CHECK(umount("m") == 0);
    CHECK(tmpfs("m", 0, "nr_blocks=3,nr_inodes=0") == 0 && statfs("m", &st) == 0 && st.f_blocks == 3);
    CHECK(mkdir("m/d", 0755) == 0 && umount("m") == 0);
    FAILS(ENOENT, statfs("none", &st));
    FAILS(EFAULT, syscall(SYS_statfs, ".", BAD));
    FAILS(EBADF, fstatfs(99, &st));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Roots
 */

static int in_child(int (*function)(void))
{
    int status = -1;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        _exit(function());
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int chroot_child(void)
{
    struct stat root, parent;
    char name[PATH_MAX];
    if (chroot("m") < 0)
        return 1;
    if (!exists("/inner") || exists("/../m"))
        return 2;
    if (syscall(SYS_getcwd, name, sizeof name) < 0 || strncmp(name, "(unreachable)", 13) != 0)
        return 3; /* the working directory is outside still */
    if (!exists("a/file") || chdir("/d") < 0 || getcwd(name, sizeof name) == NULL || strcmp(name, "/d") != 0)
        return 4;
    if (stat("/", &root) < 0 || stat("../..", &parent) < 0 || root.st_ino != parent.st_ino)
        return 5;
    if (!exists("/link") || readlink("/link", name, sizeof name) < 0 || access("/link", F_OK) < 0)
        return 6; /* absolute links begin at the root that one has */
    return 0;
}

/* A private namespace, where the machine has such. */
static void leave(void)
{
    if (unshare(CLONE_NEWNS) == 0)
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

static int pivot(const char *new, const char *old)
{
    return (int)syscall(SYS_pivot_root, new, old);
}

static int pivot_child(void)
{
    char name[PATH_MAX];
    leave();
    if (tmpfs("m", 0, NULL) < 0 || mkdir("m/r", 0755) < 0 || tmpfs("m/r", 0, NULL) < 0 || mkdir("m/r/old", 0755) < 0)
        return 1;
    touch("m/r/here");
    touch("m/outer");
    if (chroot("m") < 0 || chdir("/") < 0)
        return 2;
    if (pivot("/r", "/none") != -1 || errno != ENOENT)
        return 3;
    if (pivot("/r", "/") != -1 || errno != EBUSY)
        return 4;
    if (pivot("/", "/r") != -1 || errno != EBUSY)
        return 5;
    if (mkdir("/plain", 0755) < 0 || pivot("/plain", "/r") != -1 || errno != EBUSY)
        return 6;
    if (pivot("/r", "/r/old") < 0)
        return 7;
    if (!exists("/here") || !exists("/old/outer") || getcwd(name, sizeof name) == NULL || strcmp(name, "/") != 0)
        return 8; /* the working directory was the old root, too */
    if (umount2("/old", MNT_DETACH) < 0 || exists("/old/outer"))
        return 9;
    return 0;
}

static int user_child(void)
{
    if (setgid(1000) < 0 || setuid(1000) < 0)
        return 1;
    if (tmpfs("m", 0, NULL) != -1 || errno != EPERM || umount("m") != -1 || errno != EPERM)
        return 2;
    if (tmpfs("none", 0, NULL) != -1 || errno != ENOENT) /* what is not there is noticed first */
        return 3;
    if (chroot("m") != -1 || errno != EPERM || pivot("m", "m") != -1 || errno != EPERM)
        return 4;
    if (mount(NULL, "m", NULL, MS_REMOUNT, NULL) != -1 || errno != EPERM)
        return 5;
    return 0;
}

static void roots(void)
{
    FAILS(ENOENT, chroot("none"));
    FAILS(ENOTDIR, chroot("a/file"));
    FAILS(EFAULT, chroot(BAD));
    CHECK(tmpfs("m", 0, NULL) == 0 && mkdir("m/d", 0755) == 0 && symlink("/inner", "m/link") == 0);
    touch("m/inner");
    CHECK(in_child(chroot_child) == 0);
    CHECK(in_child(user_child) == 0);
    CHECK(umount("m") == 0);
    FAILS(ENOENT, pivot("none", "none"));
    FAILS(EFAULT, pivot(BAD, "m"));
    CHECK(in_child(pivot_child) == 0);
    umount2("m", MNT_DETACH); /* where there is but one namespace */
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return 42;
    leave();
    umask(022);
    if (!getcwd(home, sizeof home))
        return 1;
    making();
    busy();
    go_home();
    detached();
    expiring();
    binding();
    moving();
    propagation();
    read_only();
    other_flags(argv[0]);
    access_times();
    limits();
    roots();
    CHECK(umount2("a/sub", MNT_DETACH) == -1);
    CHECK(unlink("a/file") == 0 && unlink("a/new") == 0 && unlink("a/other/x") == 0);
    CHECK(rmdir("a/other") == 0 && rmdir("a/sub") == 0 && rmdir("a") == 0 && rmdir("b") == 0 && rmdir("m") == 0);
    return done();
}
