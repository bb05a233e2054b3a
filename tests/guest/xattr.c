/*
 * Extended attributes on a tmpfs: all twelve calls, names, sizes, namespaces, who may do what, and what becomes of
 * them.
 *
 * guest: root
 */
#include "tests/guest/as_user.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

static char big[70000];

static int make(const char *name, mode_t mode)
{
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0 && fchmod(fd, mode) == 0);
    return fd;
}

/* Is NAME in a list of LENGTH bytes? */
static bool is_listed(const char *list, ssize_t length, const char *name)
{
    for (const char *at = list; at < list + length; at += strlen(at) + 1)
        if (strcmp(at, name) == 0)
            return true;
    return false;
}

static void check_values(void)
{
    char value[64] = "";
    int fd = make("file", 0644);
    FAILS(ENODATA, getxattr("file", "user.one", value, sizeof value));
    CHECK(listxattr("file", value, sizeof value) == 0);
    CHECK(setxattr("file", "user.one", "first", 5, 0) == 0);
    CHECK(getxattr("file", "user.one", NULL, 0) == 5);
    CHECK(getxattr("file", "user.one", value, sizeof value) == 5 && memcmp(value, "first", 5) == 0);
    CHECK(fgetxattr(fd, "user.one", value, 5) == 5);
    FAILS(ERANGE, getxattr("file", "user.one", value, 4));
    CHECK(fsetxattr(fd, "user.one", "changed", 7, 0) == 0 && getxattr("file", "user.one", value, 64) == 7);
    FAILS(EEXIST, setxattr("file", "user.one", "x", 1, XATTR_CREATE));
    FAILS(ENODATA, setxattr("file", "user.two", "x", 1, XATTR_REPLACE));
    FAILS(EEXIST, setxattr("file", "user.one", "x", 1, XATTR_CREATE | XATTR_REPLACE));
    CHECK(setxattr("file", "user.one", "again", 5, XATTR_REPLACE) == 0);
    CHECK(setxattr("file", "user.empty", NULL, 0, XATTR_CREATE) == 0);
    CHECK(getxattr("file", "user.empty", value, sizeof value) == 0);
    ssize_t length = listxattr("file", value, sizeof value);
    CHECK(length == 9 + 11 && is_listed(value, length, "user.one") && is_listed(value, length, "user.empty"));
    CHECK(listxattr("file", NULL, 0) == 20 && flistxattr(fd, value, 20) == 20);
    FAILS(ERANGE, listxattr("file", value, 19));
    CHECK(removexattr("file", "user.one") == 0 && fremovexattr(fd, "user.empty") == 0);
    FAILS(ENODATA, removexattr("file", "user.one"));
    CHECK(listxattr("file", value, sizeof value) == 0);
    close(fd);
}

static void check_arguments(void)
{
    char value[16], *nowhere = (char *)8, name[300] = "user.";
    int fd = make("file", 0644);
    FAILS(EINVAL, setxattr("file", "user.x", "x", 1, 4));
    FAILS(E2BIG, setxattr("file", "user.x", big, 65537, 0));
    FAILS(ERANGE, setxattr("file", "", "x", 1, 0));
    FAILS(EINVAL, setxattr("file", "user.", "x", 1, 0));
    FAILS(EOPNOTSUPP, setxattr("file", "noprefix", "x", 1, 0));
    FAILS(EOPNOTSUPP, getxattr("file", "noprefix", value, 1));
    FAILS(EOPNOTSUPP, removexattr("file", "other.x"));
    FAILS(EFAULT, setxattr("file", nowhere, "x", 1, 0));
    FAILS(EFAULT, setxattr("file", "user.x", nowhere, 1, 0));
    CHECK(setxattr("file", "user.x", "x", 1, 0) == 0);
    FAILS(EFAULT, getxattr("file", "user.x", nowhere, 8));
    FAILS(EFAULT, listxattr("file", nowhere, 8));
    FAILS(ENOENT, getxattr("none", "user.x", value, 1));
    FAILS(EBADF, fgetxattr(-1, "user.x", value, 1));
    int place = open("file", O_PATH);
    FAILS(EBADF, fgetxattr(place, "user.x", value, 1));
    close(place);
    memset(name + 5, 'n', 251);
    FAILS(ERANGE, setxattr("file", name, "x", 1, 0));
    name[255] = '\0';
    CHECK(setxattr("file", name, "x", 1, 0) == 0 && listxattr("file", NULL, 0) == 7 + 256);
    memset(big, 'b', sizeof big);
    CHECK(setxattr("file", "user.big", big, 65536, 0) == 0);
    memset(big, 0, sizeof big);
    CHECK(getxattr("file", "user.big", big, sizeof big) == 65536 && big[0] == 'b' && big[65535] == 'b');
    close(fd);
    unlink("file");
}

static void check_list_limit(void)
{
    char name[256];
    bool all = true;
    int fd = make("many", 0644);
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "user.%03d%0240d", i, 0);
        all &= fsetxattr(fd, name, "", 0, 0) == 0;
    }
    CHECK(all && flistxattr(fd, NULL, 0) == 300l * 249);
    FAILS(E2BIG, flistxattr(fd, big, sizeof big));
    FAILS(ERANGE, flistxattr(fd, big, 1000));
    close(fd);
    unlink("many");
}

static void check_kinds(void)
{
    char value[64];
    CHECK(mkdir("dir", 0755) == 0 && symlink("dir", "link") == 0 && mkfifo("fifo", 0644) == 0);
    CHECK(setxattr("dir", "user.d", "d", 1, 0) == 0 && setxattr("link", "user.l", "l", 1, 0) == 0);
    CHECK(getxattr("dir", "user.l", value, 64) == 1 && listxattr("link", value, 64) == 14);
    FAILS(EPERM, lsetxattr("link", "user.l", "l", 1, 0));
    FAILS(ENODATA, lgetxattr("link", "user.l", value, 64));
    FAILS(EPERM, lremovexattr("link", "user.l"));
    CHECK(lsetxattr("link", "trusted.l", "l", 1, 0) == 0 && lgetxattr("link", "trusted.l", value, 64) == 1);
    CHECK(llistxattr("link", value, 64) == 10 && lremovexattr("link", "trusted.l") == 0);
    FAILS(EPERM, setxattr("fifo", "user.f", "f", 1, 0));
    FAILS(ENODATA, getxattr("fifo", "user.f", value, 64));
    CHECK(setxattr("fifo", "security.f", "f", 1, 0) == 0 && getxattr("fifo", "security.f", value, 64) == 1);
    CHECK(rmdir("dir") == 0 && unlink("link") == 0 && unlink("fifo") == 0);
    FAILS(EOPNOTSUPP, getxattr("/proc/self/status", "user.x", value, 64));
}

static void check_changes(void)
{
    struct stat before, after;
    char events[512];
    int fd = make("file", 0644), watch = inotify_init1(IN_NONBLOCK);
    CHECK(inotify_add_watch(watch, "file", IN_ATTRIB) > 0);
    CHECK(fsetxattr(fd, "user.keep", "kept", 4, 0) == 0);
    CHECK(read(watch, events, sizeof events) == sizeof(struct inotify_event));
    CHECK(fstat(fd, &before) == 0 && usleep(20000) == 0 && fsetxattr(fd, "user.keep", "KEPT", 4, 0) == 0);
    CHECK(fstat(fd, &after) == 0 && after.st_ctime >= before.st_ctime && after.st_mtime == before.st_mtime);
    CHECK(before.st_ctim.tv_nsec != after.st_ctim.tv_nsec);
    CHECK(rename("file", "moved") == 0 && link("moved", "file") == 0 && unlink("moved") == 0);
    CHECK(getxattr("file", "user.keep", events, 64) == 4 && memcmp(events, "KEPT", 4) == 0);
    close(watch);
    close(fd);
    unlink("file");
}

static void check_capability(void)
{
    static const unsigned char good[20] = {1, 0, 0, 2}, bad[20] = {1, 0, 0, 9};
    int fd = make("file", 0644);
    FAILS(EINVAL, fsetxattr(fd, "security.capability", bad, 20, 0));
    FAILS(EINVAL, fsetxattr(fd, "security.capability", good, 19, 0));
    CHECK(fsetxattr(fd, "security.capability", good, 20, 0) == 0);
    CHECK(fremovexattr(fd, "security.capability") == 0);
    close(fd);
    unlink("file");
}

static void check_as_user(void)
{
    char value[64] = {1, 0, 0, 2};
    FAILS(EPERM, setxattr("theirs", "security.capability", value, 20, 0));
    FAILS(EPERM, setxattr("theirs", "trusted.x", "x", 1, 0));
    FAILS(ENODATA, getxattr("theirs", "trusted.t", value, 64));
    FAILS(EPERM, removexattr("theirs", "trusted.t"));
    FAILS(EPERM, setxattr("theirs", "security.x", "x", 1, 0));
    CHECK(getxattr("theirs", "security.s", value, 64) == 1);
    CHECK(getxattr("theirs", "user.u", value, 64) == 1);
    FAILS(EACCES, setxattr("theirs", "user.u", "x", 1, 0));
    FAILS(EACCES, removexattr("theirs", "user.u"));
    ssize_t length = listxattr("theirs", value, sizeof value);
    CHECK(is_listed(value, length, "user.u") && is_listed(value, length, "security.s"));
    CHECK(length > 0 && !is_listed(value, length, "trusted.t"));
    FAILS(EACCES, getxattr("secret", "user.u", value, 64));
    CHECK(listxattr("secret", value, 64) == 7);
    FAILS(EPERM, setxattr("sticky", "user.u", "x", 1, 0));
    int fd = open("sticky/mine", O_RDWR | O_CREAT, 0600);
    CHECK(fd >= 0 && fsetxattr(fd, "user.mine", "m", 1, 0) == 0 && fgetxattr(fd, "user.mine", value, 64) == 1);
    close(fd);
}

static void check_rights(void)
{
    close(make("theirs", 0644));
    close(make("secret", 0600));
    CHECK(mkdir("sticky", 0700) == 0 && chmod("sticky", 01777) == 0 && chmod(".", 0755) == 0);
    CHECK(setxattr("theirs", "user.u", "u", 1, 0) == 0 && setxattr("secret", "user.u", "u", 1, 0) == 0);
    CHECK(setxattr("theirs", "trusted.t", "t", 1, 0) == 0 && setxattr("theirs", "security.s", "s", 1, 0) == 0);
    as_user(check_as_user);
    unlink("theirs");
    unlink("secret");
    unlink("sticky/mine");
    rmdir("sticky");
}

/* What attributes take is taken from the inodes that there may be, and comes back. */
static void check_limit(void)
{
    CHECK(mkdir("small", 0755) == 0 && mount("none", "small", "tmpfs", 0, "nr_inodes=40") == 0);
    int fd = make("small/file", 0644);
    FAILS(ENOSPC, fsetxattr(fd, "user.big", big, 65536, 0));
    CHECK(fsetxattr(fd, "user.some", big, 30000, 0) == 0);
    FAILS(ENOSPC, fsetxattr(fd, "user.more", big, 30000, 0));
    CHECK(fremovexattr(fd, "user.some") == 0);
    CHECK(fsetxattr(fd, "user.more", big, 30000, 0) == 0);
    close(fd);
    CHECK(unlink("small/file") == 0);
    fd = make("small/other", 0644);
    CHECK(fsetxattr(fd, "user.more", big, 30000, 0) == 0);
    close(fd);
    CHECK(mount("none", "small", "tmpfs", MS_REMOUNT | MS_RDONLY, NULL) == 0);
    FAILS(EROFS, setxattr("small/other", "user.x", "x", 1, 0));
    FAILS(EROFS, removexattr("small/other", "user.more"));
    CHECK(getxattr("small/other", "user.more", NULL, 0) == 30000);
    CHECK(umount("small") == 0 && rmdir("small") == 0);
}

int main(void)
{
    check_values();
    check_arguments();
    check_list_limit();
    check_kinds();
    check_changes();
    check_capability();
    check_rights();
    check_limit();
    return done();
}
