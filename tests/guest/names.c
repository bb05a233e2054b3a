/*
 * Names: making, linking, moving and removing them, what paths mean, and every error of it.
 *
 * guest: root
 */
#include "tests/guest/as_user.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define BAD ((char *)16)
#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#define RENAME_EXCHANGE 2
#endif

static char long_name[300], long_path[5000];

static int rename2(int from, const char *old, int to, const char *new, unsigned flags)
{
    return (int)syscall(SYS_renameat2, from, old, to, new, flags);
}

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

static bool contains(const char *name, const char *text)
{
    char buffer[300] = "";
    int fd = open(name, O_RDONLY);
    bool same = fd >= 0 && read(fd, buffer, sizeof buffer - 1) == (ssize_t)strlen(text) && strcmp(buffer, text) == 0;
    close(fd);
    return same;
}

static unsigned links(const char *name)
{
    struct stat st;
    return lstat(name, &st) == 0 ? (unsigned)st.st_nlink : 9999;
}

static ino_t inode(const char *name)
{
    struct stat st;
    return lstat(name, &st) == 0 ? st.st_ino : 0;
}

static void directories(void)
{
    struct stat st;
    umask(027);
    CHECK(mkdir("d", 07777) == 0 && stat("d", &st) == 0 && (st.st_mode & 07777) == 01750);
    CHECK(st.st_nlink == 2);
    CHECK(umask(022) == 027);
    CHECK(mkdirat(AT_FDCWD, "d/e/", 0755) == 0 && links("d") == 3);
    int fd = open("d", O_RDONLY | O_DIRECTORY);
    CHECK(fd >= 0 && mkdirat(fd, "f", 0700) == 0 && links("d") == 4);
    FAILS(EEXIST, mkdir("d", 0755));
    FAILS(EEXIST, mkdir("/", 0755));
    FAILS(EEXIST, mkdir(".", 0755));
    FAILS(EEXIST, mkdir("d/..", 0755));
    FAILS(ENOENT, mkdir("none/x", 0755));
    FAILS(ENOENT, mkdir("", 0755));
    FAILS(EFAULT, mkdir(BAD, 0755));
    FAILS(ENAMETOOLONG, mkdir(long_name, 0755));
    FAILS(ENAMETOOLONG, mkdir(long_path, 0755));
    touch("file");
    FAILS(ENOTDIR, mkdir("file/x", 0755));
    FAILS(EBADF, mkdirat(77, "x", 0755));
    int file = open("file", O_RDONLY);
    FAILS(ENOTDIR, mkdirat(file, "x", 0755));
    CHECK(mkdirat(-1, "/tmp/../proc/../tmp/names-absolute", 0755) == 0 || errno == EEXIST || errno == ENOENT);
    rmdir("/tmp/names-absolute");
    close(file);
    FAILS(EINVAL, rmdir("d/."));
    FAILS(ENOTEMPTY, rmdir("d/e/.."));
    FAILS(ENOTEMPTY, rmdir("d"));
    FAILS(EBUSY, rmdir("/"));
    FAILS(ENOTDIR, rmdir("file"));
    FAILS(ENOTDIR, rmdir("file/"));
    FAILS(ENOENT, rmdir("none"));
    FAILS(EINVAL, unlinkat(fd, "e", 1));
    CHECK(unlinkat(fd, "e", AT_REMOVEDIR) == 0 && links("d") == 3);
    FAILS(EISDIR, unlinkat(fd, "f", 0));
    CHECK(rmdir("d/f/") == 0 && rmdir("d") == 0);
    FAILS(ENOENT, mkdirat(fd, "x", 0755)); /* in a directory that is gone */
    CHECK(fstat(fd, &st) == 0 && st.st_nlink == 0);
    FAILS(ENOENT, openat(fd, "x", O_CREAT | O_WRONLY, 0600));
    CHECK(close(fd) == 0);
    long_name[255] = '\0';
    CHECK(mkdir(long_name, 0755) == 0 && rmdir(long_name) == 0);
    long_name[255] = 'n';
    CHECK(unlink("file") == 0);
}

static void removing(void)
{
    touch("a");
    CHECK(mkdir("d", 0755) == 0);
    FAILS(EISDIR, unlink("d"));
    FAILS(EISDIR, unlink("d/"));
    FAILS(EISDIR, unlink("."));
    FAILS(EISDIR, unlink("d/.."));
    FAILS(EISDIR, unlink("/"));
    FAILS(ENOTDIR, unlink("a/"));
    FAILS(ENOTDIR, unlink("a/b"));
    FAILS(ENOENT, unlink("none"));
    FAILS(ENOENT, unlink("none/"));
    FAILS(ENOENT, unlink(""));
    FAILS(EFAULT, unlink(BAD));
    FAILS(ENAMETOOLONG, unlink(long_name));
    int fd = open("a", O_RDWR);
    struct stat st;
    char c;
    CHECK(unlink("a") == 0 && fstat(fd, &st) == 0 && st.st_nlink == 0);
    CHECK(read(fd, &c, 1) == 1 && c == 'a' && write(fd, "more", 4) == 4);
    FAILS(ENOENT, open("a", O_RDONLY));
    touch("a"); /* another file of that name */
    struct stat other;
    CHECK(stat("a", &other) == 0 && other.st_ino != st.st_ino);
    CHECK(close(fd) == 0 && unlink("a") == 0 && rmdir("d") == 0);
}

static void hard_links(void)
{
    touch("a");
    CHECK(mkdir("d", 0755) == 0);
    CHECK(link("a", "d/b") == 0 && links("a") == 2 && inode("a") == inode("d/b"));
    FAILS(EEXIST, link("a", "d/b"));
    FAILS(EEXIST, link("a", "d"));
    FAILS(EPERM, link("d", "e"));
    FAILS(EEXIST, link("d", "a"));
    FAILS(ENOENT, link("none", "x"));
    FAILS(ENOENT, link("a", "none/x"));
    FAILS(ENOENT, link("a", "x/"));
    FAILS(ENOTDIR, link("a/", "x"));
    FAILS(ENOTDIR, link("a", "a/x"));
    FAILS(ENOENT, link("", "x"));
    FAILS(ENOENT, link("a", ""));
    FAILS(EFAULT, link(BAD, "x"));
    FAILS(EFAULT, link("a", BAD));
    FAILS(ENAMETOOLONG, link("a", long_name));
    FAILS(EXDEV, link("/dev/null", "x"));
    FAILS(EINVAL, linkat(AT_FDCWD, "a", AT_FDCWD, "x", 1));
    CHECK(symlink("a", "s") == 0);
    CHECK(link("s", "s2") == 0 && links("s") == 2 && links("a") == 2);
    CHECK(linkat(AT_FDCWD, "s", AT_FDCWD, "a2", AT_SYMLINK_FOLLOW) == 0 && links("a") == 3);
    int fd = open("a", O_RDONLY), directory = open("d", O_RDONLY);
    FAILS(ENOENT, linkat(fd, "", AT_FDCWD, "a3", 0));
    CHECK(linkat(fd, "", directory, "a3", AT_EMPTY_PATH) == 0 && links("a") == 4 && exists("d/a3"));
    CHECK(unlink("a") == 0 && unlink("a2") == 0 && unlink("d/a3") == 0 && links("d/b") == 1);
    CHECK(unlink("d/b") == 0);
    FAILS(ENOENT, linkat(fd, "", AT_FDCWD, "back", AT_EMPTY_PATH)); /* nothing brings it back */
    CHECK(close(fd) == 0 && close(directory) == 0);
    CHECK(unlink("s") == 0 && unlink("s2") == 0 && rmdir("d") == 0);
}

static void symbolic_links(void)
{
    char buffer[PATH_MAX];
    struct stat st;
    CHECK(mkdir("d", 0755) == 0 && mkdir("d/e", 0755) == 0);
    touch("d/file");
    CHECK(symlink("d/file", "l") == 0 && lstat("l", &st) == 0 && S_ISLNK(st.st_mode) && st.st_size == 6);
    CHECK((st.st_mode & 07777) == 0777 && st.st_nlink == 1);
    CHECK(stat("l", &st) == 0 && S_ISREG(st.st_mode));
    CHECK(readlink("l", buffer, sizeof buffer) == 6 && memcmp(buffer, "d/file", 6) == 0);
    CHECK(readlink("l", buffer, 3) == 3);
    FAILS(EINVAL, syscall(SYS_readlink, "l", buffer, 0));
    FAILS(EINVAL, readlink("d", buffer, sizeof buffer));
    FAILS(EFAULT, syscall(SYS_readlink, "l", BAD, 100));
    FAILS(ENOENT, readlink("", buffer, sizeof buffer));
    FAILS(EEXIST, symlink("x", "l"));
    FAILS(EEXIST, symlink("x", "d"));
    FAILS(ENOENT, symlink("", "x"));
    FAILS(ENOENT, symlink("x", ""));
    FAILS(ENOENT, symlink("x", "y/"));
    FAILS(EFAULT, symlink(BAD, "x"));
    FAILS(ENAMETOOLONG, symlink(long_path, "x"));
    FAILS(ENAMETOOLONG, symlink("x", long_name));
    int fd = open("d", O_RDONLY);
    CHECK(symlinkat("file", fd, "l2") == 0 && contains("d/l2", "d/file"));
    CHECK(readlinkat(fd, "l2", buffer, sizeof buffer) == 4);
    int link_fd = openat(fd, "l2", O_PATH | O_NOFOLLOW);
    CHECK(readlinkat(link_fd, "", buffer, sizeof buffer) == 4 && fstat(link_fd, &st) == 0 && S_ISLNK(st.st_mode));
    FAILS(EINVAL, readlinkat(fd, "file", buffer, sizeof buffer));
    CHECK(close(fd) == 0 && close(link_fd) == 0);

    /* What is behind a link, and with a slash after it. */
    CHECK(symlink("d", "ld") == 0 && symlink("nowhere", "dangling") == 0 && symlink("d/", "ld2") == 0);
    CHECK(contains("ld/file", "d/file") && contains("ld2/file", "d/file") && contains("ld/../ld/./file", "d/file"));
    CHECK(lstat("ld/", &st) == 0 && S_ISDIR(st.st_mode));
    FAILS(ENOTDIR, lstat("l/", &st));
    FAILS(ENOENT, stat("dangling", &st));
    FAILS(ENOTDIR, unlink("ld/") == -1 && errno == EISDIR ? (errno = ENOTDIR, -1) : unlink("ld/"));
    FAILS(ENOTDIR, rmdir("ld"));
    FAILS(ENOTDIR, rmdir("ld/"));
    FAILS(EEXIST, mkdir("dangling", 0755));
    FAILS(EEXIST, mkdir("dangling/", 0755));
    FAILS(EEXIST, open("dangling", O_CREAT | O_EXCL | O_WRONLY, 0600));
    fd = open("dangling", O_CREAT | O_WRONLY, 0600); /* makes what it names */
    CHECK(fd >= 0 && close(fd) == 0 && exists("nowhere") && unlink("nowhere") == 0);
    CHECK(symlink("dangling", "dangling2") == 0 && symlink("../d/made", "d/dangling3") == 0);
    fd = open("dangling2", O_CREAT | O_WRONLY, 0600);
    CHECK(fd >= 0 && close(fd) == 0 && unlink("nowhere") == 0);
    fd = open("ld/dangling3", O_CREAT | O_WRONLY, 0600);
    CHECK(fd >= 0 && close(fd) == 0 && unlink("d/made") == 0 && unlink("d/dangling3") == 0);
    FAILS(ELOOP, open("dangling", O_CREAT | O_NOFOLLOW | O_WRONLY, 0600));
    FAILS(ELOOP, open("l", O_NOFOLLOW | O_RDONLY));
    FAILS(ENOTDIR, open("ld", O_NOFOLLOW | O_DIRECTORY | O_RDONLY));
    CHECK(unlink("dangling") == 0 && unlink("dangling2") == 0);
    CHECK(symlink("self", "self") == 0);
    FAILS(ELOOP, stat("self", &st));
    FAILS(ELOOP, stat("self/x", &st));
    FAILS(ELOOP, open("self", O_CREAT | O_WRONLY, 0600));
    CHECK(unlink("self") == 0 && unlink("l") == 0 && unlink("ld") == 0 && unlink("ld2") == 0);
    CHECK(unlink("d/l2") == 0 && unlink("d/file") == 0 && rmdir("d/e") == 0 && rmdir("d") == 0);
}

/* 40 links may be followed, one after the other, or each within the next. */
static void many_links(void)
{
    char name[32], target[64];
    struct stat st;
    CHECK(mkdir("d", 0755) == 0);
    touch("d/0");
    bool made = true;
    for (int i = 1; i <= 41; i++) {
        sprintf(name, "d/%d", i);
        sprintf(target, "%d", i - 1);
        made &= symlink(target, name) == 0;
    }
    CHECK(made);
    CHECK(stat("d/40", &st) == 0 && S_ISREG(st.st_mode));
    FAILS(ELOOP, stat("d/41", &st));
    for (int i = 1; i <= 41; i++) {
        sprintf(name, "d/%d", i);
        unlink(name);
    }
    CHECK(symlink(".", "d/n0") == 0);
    for (int i = 1; i <= 40; i++) { /* a component more after each */
        sprintf(name, "d/n%d", i);
        sprintf(target, "n%d/./", i - 1);
        made &= symlink(target, name) == 0;
    }
    CHECK(made && stat("d/n39/0", &st) == 0);
    FAILS(ELOOP, stat("d/n40/0", &st));
    CHECK(symlink("..//d/././0", "d/z") == 0 && contains("d/n30/n5/z", "d/0"));
    for (int i = 0; i <= 40; i++) {
        sprintf(name, "d/n%d", i);
        unlink(name);
    }
    CHECK(unlink("d/z") == 0 && unlink("d/0") == 0 && rmdir("d") == 0);
}

static void renaming(void)
{
    touch("a");
    touch("b");
    CHECK(mkdir("d", 0755) == 0 && mkdir("d/e", 0755) == 0 && mkdir("f", 0755) == 0);
    ino_t number = inode("a");
    CHECK(rename("a", "d/a") == 0 && !exists("a") && inode("d/a") == number);
    CHECK(rename("d/a", "b") == 0 && contains("b", "a") && inode("b") == number);
    CHECK(link("b", "c") == 0 && rename("b", "c") == 0 && exists("b") && exists("c")); /* one file: nothing happens */
    CHECK(unlink("c") == 0);
    FAILS(ENOENT, rename("none", "x"));
    FAILS(ENOENT, rename("b", "none/x"));
    FAILS(ENOENT, rename("", "x"));
    FAILS(ENOENT, rename("b", ""));
    FAILS(EFAULT, rename(BAD, "x"));
    FAILS(EFAULT, rename("b", BAD));
    FAILS(ENAMETOOLONG, rename("b", long_name));
    FAILS(EISDIR, rename("b", "d"));
    FAILS(ENOTDIR, rename("d", "b"));
    FAILS(ENOTDIR, rename("b", "x/"));
    FAILS(ENOTDIR, rename("b/", "x"));
    FAILS(EINVAL, rename("d", "d/e/x"));
    FAILS(EINVAL, rename("d", "d/x"));
    FAILS(ENOTEMPTY, rename("f", "d"));
    FAILS(ENOTEMPTY, rename("d/e", "d"));
    FAILS(EBUSY, rename("d/.", "x"));
    FAILS(EBUSY, rename("d/e/..", "x"));
    FAILS(EBUSY, rename("f", "d/."));
    FAILS(EXDEV, rename("/dev/null", "x"));
    CHECK(links("d") == 3 && links("f") == 2);
    CHECK(rename("d/e", "f/e") == 0 && links("d") == 2 && links("f") == 3);
    CHECK(rename("d/", "f/e/") == 0 && links("f") == 3 && !exists("d")); /* onto an empty directory */
    CHECK(rename("f/e", "d") == 0 && links("f") == 2);

    FAILS(EINVAL, rename2(AT_FDCWD, "b", AT_FDCWD, "x", 8));
    FAILS(EINVAL, rename2(AT_FDCWD, "b", AT_FDCWD, "x", RENAME_NOREPLACE | RENAME_EXCHANGE));
    FAILS(EEXIST, rename2(AT_FDCWD, "b", AT_FDCWD, "f", RENAME_NOREPLACE));
    FAILS(EEXIST, rename2(AT_FDCWD, "b", AT_FDCWD, "b", RENAME_NOREPLACE));
    FAILS(EEXIST, rename2(AT_FDCWD, "b", AT_FDCWD, ".", RENAME_NOREPLACE));
    CHECK(rename2(AT_FDCWD, "b", AT_FDCWD, "a", RENAME_NOREPLACE) == 0 && !exists("b"));
    FAILS(ENOENT, rename2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_EXCHANGE));
    touch("b");
    number = inode("a");
    ino_t other = inode("b");
    CHECK(rename2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_EXCHANGE) == 0 && inode("b") == number && inode("a") == other);
    CHECK(mkdir("d/x", 0755) == 0);
    touch("f/a name that does not fit into what is set aside for short ones");
    CHECK(rename2(AT_FDCWD, "d/x", AT_FDCWD, "f/a name that does not fit into what is set aside for short ones",
              RENAME_EXCHANGE) == 0);
    CHECK(links("d") == 2 && links("f") == 3 && links("d/x") == 1);
    FAILS(EINVAL, rename2(AT_FDCWD, "f", AT_FDCWD, "f/a name that does not fit into what is set aside for short ones",
                      RENAME_EXCHANGE));
    CHECK(rmdir("f/a name that does not fit into what is set aside for short ones") == 0 && unlink("d/x") == 0);
    int from = open("d", O_RDONLY), to = open("f", O_RDONLY);
    touch("d/x");
    CHECK(renameat(from, "x", to, "y") == 0 && exists("f/y"));
    FAILS(EBADF, renameat(99, "x", to, "y"));
    CHECK(close(from) == 0 && close(to) == 0);
    CHECK(unlink("f/y") == 0 && rmdir("d") == 0 && rmdir("f") == 0 && unlink("a") == 0 && unlink("b") == 0);
}

static void nodes(void)
{
    struct stat st;
    CHECK(mknod("regular", 0640, 0) == 0 && stat("regular", &st) == 0 && st.st_mode == (S_IFREG | 0640));
    CHECK(mknod("fifo", S_IFIFO | 0600, 0) == 0 && stat("fifo", &st) == 0 && S_ISFIFO(st.st_mode));
    CHECK(mknod("socket", S_IFSOCK | 0600, 0) == 0 && stat("socket", &st) == 0 && S_ISSOCK(st.st_mode));
    CHECK(mknodat(AT_FDCWD, "null", S_IFCHR | 0666, makedev(1, 3)) == 0 && stat("null", &st) == 0);
    CHECK(S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3));
    CHECK(mknod("large", S_IFCHR | 0600, makedev(300, 70000)) == 0 && stat("large", &st) == 0);
    CHECK(major(st.st_rdev) == 300 && minor(st.st_rdev) == 70000);
    CHECK(mknod("block", S_IFBLK | 0600, makedev(253, 9)) == 0 && stat("block", &st) == 0 && S_ISBLK(st.st_mode));
    FAILS(ENXIO, open("large", O_RDONLY));
    FAILS(ENXIO, open("block", O_RDONLY));
    FAILS(ENXIO, open("socket", O_RDONLY));
    FAILS(ENXIO, open("socket", O_RDWR));
    FAILS(EPERM, mknod("x", S_IFDIR | 0700, 0));
    FAILS(EINVAL, mknod("x", S_IFLNK | 0700, 0));
    FAILS(EINVAL, mknod("x", 0150000, 0));
    FAILS(EEXIST, mknod("fifo", S_IFREG | 0700, 0));
    FAILS(ENOENT, mknod("x/", S_IFREG | 0700, 0));
    FAILS(EEXIST, mknod("/", S_IFREG | 0700, 0));
    FAILS(EFAULT, mknod(BAD, S_IFREG | 0700, 0));
    int fd = open("null", O_RDWR);
    CHECK(fd >= 0 && write(fd, "x", 1) == 1 && close(fd) == 0);
    const char *const all[] = {"regular", "fifo", "socket", "null", "large", "block"};
    bool gone = true;
    for (unsigned i = 0; i < sizeof all / sizeof *all; i++)
        gone &= unlink(all[i]) == 0;
    CHECK(gone);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Permission
 */

static void user_checks(void)
{
    struct stat st;
    FAILS(EACCES, mkdir("closed/x", 0755));
    FAILS(EEXIST, mkdir("closed/d", 0755)); /* what is there is seen first */
    FAILS(EACCES, unlink("closed/file"));
    FAILS(EACCES, rmdir("closed/d"));
    FAILS(EACCES, rmdir("closed/file"));
    FAILS(EACCES, unlink("closed/d"));
    FAILS(ENOENT, unlink("closed/none"));
    FAILS(EACCES, rename("closed/file", "open/x"));
    FAILS(EACCES, rename("open/mine", "closed/x"));
    FAILS(EACCES, link("open/mine", "closed/x"));
    FAILS(EPERM, link("closed/file", "open/x")); /* neither his nor his to write to */
    CHECK(link("open/mine", "open/x") == 0 && unlink("open/x") == 0);
    CHECK(stat("open/link", &st) == 0 && stat("open/my-link", &st) == 0);
    CHECK(stat("sticky/my-link", &st) == 0 && stat("sticky/my-link/", &st) == 0);
    CHECK(lstat("sticky/my-link", &st) == 0 && stat("sticky/links/mine", &st) == 0);
    FAILS(EACCES, symlink("x", "closed/x"));
    FAILS(EACCES, open("closed/x", O_CREAT | O_WRONLY, 0600));
    FAILS(EACCES, stat("locked/file", &st));
    FAILS(EACCES, mkdir("locked/x", 0755));
    FAILS(EACCES, open("locked", O_RDONLY));
    FAILS(EPERM, unlink("sticky/file"));
    FAILS(EPERM, rmdir("sticky/d"));
    FAILS(EPERM, rename("sticky/file", "sticky/x"));
    FAILS(EPERM, rename("sticky/mine", "sticky/file"));
    FAILS(EPERM, mknod("open/node", S_IFCHR | 0600, makedev(1, 3)));
    FAILS(EPERM, mknod("open/node", S_IFBLK | 0600, makedev(1, 3)));
    CHECK(mknod("open/fifo", S_IFIFO | 0600, 0) == 0 && unlink("open/fifo") == 0);
    CHECK(unlink("sticky/mine") == 0);
    CHECK(rename("open/theirs", "open/moved") == 0);           /* a file */
    FAILS(EACCES, rename("open/their-directory", "sticky/x")); /* whose ".." would change */
    CHECK(rename("open/their-directory", "open/x") == 0);
}

static void permissions(void)
{
    CHECK(mkdir("closed", 0755) == 0 && mkdir("closed/d", 0755) == 0 && mkdir("locked", 0700) == 0);
    touch("closed/file");
    touch("locked/file");
    CHECK(mkdir("sticky", 0755) == 0 && chmod("sticky", 01777) == 0 && mkdir("sticky/d", 0755) == 0);
    touch("sticky/file");
    touch("sticky/mine");
    CHECK(chown("sticky/mine", 1000, 1000) == 0);
    CHECK(mkdir("open", 0755) == 0 && chmod("open", 0777) == 0 && mkdir("open/their-directory", 0755) == 0);
    touch("open/theirs");
    touch("open/mine");
    CHECK(chown("open/mine", 1000, 1000) == 0);
    CHECK(symlink("mine", "open/link") == 0 && symlink("mine", "open/my-link") == 0);
    CHECK(symlink("../open", "sticky/my-link") == 0);
    CHECK(symlink("../open", "sticky/links") == 0);
    CHECK(lchown("open/my-link", 1000, 1000) == 0 && lchown("sticky/my-link", 1000, 1000) == 0);
    as_user(user_checks);
    CHECK(unlink("sticky/my-link") == 0 && unlink("sticky/links") == 0);
    CHECK(unlink("open/link") == 0 && unlink("open/my-link") == 0);
    CHECK(unlink("sticky/file") == 0 && unlink("open/moved") == 0 && unlink("open/mine") == 0 && rmdir("open/x") == 0);
    CHECK(unlink("closed/file") == 0 && unlink("locked/file") == 0 && rmdir("closed/d") == 0 && rmdir("sticky/d") == 0);
    CHECK(rmdir("closed") == 0 && rmdir("locked") == 0 && rmdir("sticky") == 0 && rmdir("open") == 0);
}

static void paths(void)
{
    struct stat st;
    char *path = long_path, *deep;
    CHECK(mkdir("d", 0755) == 0);
    touch("d/file");
    CHECK(stat("d//./../d/././file", &st) == 0);
    CHECK(stat("/../../", &st) == 0 && st.st_ino == inode("/"));
    FAILS(ENOTDIR, stat("d/file/", &st));
    FAILS(ENOTDIR, stat("d/file/.", &st));
    FAILS(ENOTDIR, stat("d/file/..", &st));
    FAILS(ENOENT, stat("d/none/..", &st));
    FAILS(ENOENT, stat("d/none/", &st));
    CHECK(fstatat(AT_FDCWD, "", &st, AT_EMPTY_PATH) == 0 && st.st_ino == inode("."));
    /* A path of 4095 characters is fine, one of 4096 is not. */
    deep = path;
    memset(deep, '/', PATH_MAX);
    memcpy(deep + PATH_MAX - 7, "d/file", 7);
    memcpy(deep, "./", 2);
    CHECK(strlen(deep) == PATH_MAX - 1 && stat(deep, &st) == 0);
    memset(deep, '/', PATH_MAX + 1);
    memcpy(deep + PATH_MAX - 6, "d/file", 7);
    memcpy(deep, "./", 2);
    CHECK(strlen(deep) == PATH_MAX);
    FAILS(ENAMETOOLONG, stat(deep, &st));
    FAILS(ENAMETOOLONG, stat(long_name, &st));
    memset(deep, 'p', sizeof long_path - 1);
    CHECK(unlink("d/file") == 0 && rmdir("d") == 0);
}

int main(void)
{
    memset(long_name, 'n', sizeof long_name - 1);
    memset(long_path, 'p', sizeof long_path - 1);
    umask(022);
    directories();
    removing();
    hard_links();
    symbolic_links();
    many_links();
    renaming();
    nodes();
    permissions();
    paths();
    return done();
}
