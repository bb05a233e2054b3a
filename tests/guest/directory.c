/*
 * Directories: reading them, whole and in pieces, while they change; the working directory and its name; umask.
 */
#include "tests/guest/guest.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define BAD ((void *)16)
#define MANY 3000

struct entry {
    uint64_t inode;
    int64_t next;
    uint16_t size;
    uint8_t type;
    char name[];
};

struct old_entry {
    unsigned long inode, next;
    unsigned short size;
    char name[];
};

static char buffer[32768] __attribute__((aligned(8)));

static long get(int fd, void *to, size_t size)
{
    return syscall(SYS_getdents64, fd, to, size);
}

static bool touch(const char *name)
{
    int fd = open(name, O_WRONLY | O_CREAT, 0600);
    return fd >= 0 && close(fd) == 0;
}

/* The entry of that name in what was read; NULL: there is none. */
static const struct entry *find(long length, const char *name)
{
    for (long at = 0; at < length;) {
        const struct entry *entry = (const struct entry *)(buffer + at);
        if (strcmp(entry->name, name) == 0)
            return entry;
        at += entry->size;
    }
    return NULL;
}

static bool is_sound(long length)
{
    for (long at = 0; at < length;) {
        const struct entry *entry = (const struct entry *)(buffer + at);
        if (entry->size % 8 || entry->size < 24 || at + entry->size > length || entry->inode == 0)
            return false;
        if (19 + strlen(entry->name) + 1 > entry->size)
            return false;
        at += entry->size;
    }
    return true;
}

static void records(void)
{
    struct stat st;
    CHECK(mkdir("d", 0755) == 0 && mkdir("d/sub", 0755) == 0 && touch("d/file") && symlink("file", "d/link") == 0);
    CHECK(mkfifo("d/fifo", 0600) == 0 && mknod("d/socket", S_IFSOCK | 0600, 0) == 0);
    int fd = open("d", O_RDONLY | O_DIRECTORY);
    long length = get(fd, buffer, sizeof buffer);
    CHECK(length > 0 && is_sound(length) && find(length, ".") && find(length, "..") &&
          get(fd, buffer, sizeof buffer) == 0);
    CHECK(lseek(fd, 0, SEEK_SET) == 0 && get(fd, buffer, sizeof buffer) == length);
    CHECK(strcmp(((struct entry *)buffer)->name, ".") == 0 && find(length, ".")->type == DT_DIR);
    CHECK(find(length, "sub")->type == DT_DIR && find(length, "file")->type == DT_REG);
    CHECK(find(length, "link")->type == DT_LNK && find(length, "fifo")->type == DT_FIFO);
    CHECK(find(length, "socket")->type == DT_SOCK && !find(length, "none"));
    CHECK(stat("d/file", &st) == 0 && find(length, "file")->inode == st.st_ino);
    CHECK(stat("d", &st) == 0 && find(length, ".")->inode == st.st_ino);
    CHECK(stat(".", &st) == 0 && find(length, "..")->inode == st.st_ino);
    /* In pieces: each takes up where the one before has left, also after lseek to where it says. */
    CHECK(lseek(fd, 0, SEEK_SET) == 0);
    int count = 0;
    bool same = true;
    while ((length = get(fd, buffer, 40)) > 0) {
        const struct entry *entry = (const struct entry *)buffer;
        count += length / entry->size;
        same &= lseek(fd, 0, SEEK_CUR) == entry->next && lseek(fd, entry->next, SEEK_SET) == entry->next;
    }
    CHECK(length == 0 && count == 7 && same);
    CHECK(lseek(fd, 0, SEEK_SET) == 0);
    FAILS(EINVAL, get(fd, buffer, 10));
    FAILS(EINVAL, get(fd, buffer, 0));
    FAILS(EFAULT, get(fd, BAD, 1000));
    CHECK(get(fd, buffer, 24) == 24); /* none was lost */
    FAILS(EINVAL, lseek(fd, 0, SEEK_END));
    FAILS(EINVAL, lseek(fd, -1, SEEK_SET));
    FAILS(EBADF, get(99, buffer, 1000));
    int file = open("d/file", O_RDWR), path = open("d", O_PATH);
    FAILS(ENOTDIR, get(file, buffer, 1000));
    FAILS(EBADF, get(path, buffer, 1000));
    FAILS(EISDIR, read(fd, buffer, 1));
    FAILS(EISDIR, pread(fd, buffer, 1, 0));
    FAILS(EBADF, write(fd, buffer, 1));
    CHECK(lseek(fd, 0, SEEK_SET) == 0);
    length = syscall(SYS_getdents, fd, buffer, sizeof buffer);
    count = 0;
    for (long at = 0; at < length; count++) {
        const struct old_entry *entry = (const struct old_entry *)(buffer + at);
        if (strcmp(entry->name, "link") == 0)
            same &= buffer[at + entry->size - 1] == DT_LNK;
        at += entry->size;
    }
    CHECK(count == 7 && same);
    CHECK(close(file) == 0 && close(path) == 0 && close(fd) == 0);
    CHECK(unlink("d/file") == 0 && unlink("d/link") == 0 && unlink("d/fifo") == 0 && unlink("d/socket") == 0);
    CHECK(rmdir("d/sub") == 0);
}

/* Whoever reads while names come and go sees each name that was there all the time exactly once. */
static void changing(void)
{
    static unsigned char seen[MANY];
    char name[300];
    bool made = true;
    for (int i = 0; i < MANY; i++) {
        sprintf(name, "d/file-with-a-name-of-some-length-%d", i);
        made &= touch(name);
    }
    CHECK(made);
    DIR *directory = opendir("d");
    struct dirent *entry;
    int number, read = 0;
    while (directory && (entry = readdir(directory)) != NULL) {
        if (sscanf(entry->d_name, "file-with-a-name-of-some-length-%d", &number) != 1)
            continue;
        seen[number]++;
        if (read++ % 3 == 0) { /* remove one that was seen, and make one */
            sprintf(name, "d/%s", entry->d_name);
            unlink(name);
            sprintf(name, "d/new-%d", read);
            touch(name);
        }
    }
    bool once = true;
    for (int i = 0; i < MANY; i++)
        once &= seen[i] == 1;
    CHECK(once && read == MANY);
    rewinddir(directory);
    int left = 0;
    long position = -1;
    char *at = NULL;
    while ((entry = readdir(directory)) != NULL)
        if (left++ == 1500) {
            position = telldir(directory);
            entry = readdir(directory);
            at = strdup(entry->d_name);
            left++;
        }
    CHECK(left == MANY + 2);
    seekdir(directory, position);
    entry = readdir(directory);
    CHECK(entry && at && strcmp(entry->d_name, at) == 0);
    free(at);
    rewinddir(directory);
    bool gone = true;
    while ((entry = readdir(directory)) != NULL) { /* rm -r */
        sprintf(name, "d/%s", entry->d_name);
        if (entry->d_name[0] != '.')
            gone &= unlink(name) == 0;
    }
    CHECK(gone && closedir(directory) == 0 && rmdir("d") == 0);
}

static void working(void)
{
    char name[PATH_MAX], home[PATH_MAX], expected[PATH_MAX + 64];
    struct stat here, there;
    CHECK(getcwd(home, sizeof home) && home[0] == '/' && mkdir("d", 0755) == 0 && mkdir("d/e", 0755) == 0);
    CHECK(syscall(SYS_getcwd, name, sizeof name) == (long)strlen(home) + 1);
    FAILS(ERANGE, syscall(SYS_getcwd, name, strlen(home)));
    FAILS(ERANGE, syscall(SYS_getcwd, name, 0));
    FAILS(EFAULT, syscall(SYS_getcwd, BAD, PATH_MAX));
    sprintf(expected, "%s/d/e", home);
    CHECK(chdir("d/e") == 0 && getcwd(name, sizeof name) && strcmp(name, expected) == 0);
    CHECK(rename("../../d", "../../moved") == 0 && chdir("..") == 0);
    sprintf(expected, "%s/moved", home);
    CHECK(getcwd(name, sizeof name) && strcmp(name, expected) == 0);
    CHECK(symlink("moved", "../l") == 0 && chdir("../l") == 0 && getcwd(name, sizeof name) &&
          strcmp(name, expected) == 0);
    int fd = open(".", O_RDONLY);
    CHECK(chdir("/") == 0 && getcwd(name, sizeof name) && strcmp(name, "/") == 0 && fchdir(fd) == 0);
    CHECK(getcwd(name, sizeof name) && strcmp(name, expected) == 0 && chdir("..") == 0);
    FAILS(ENOENT, chdir("none"));
    FAILS(ENOENT, chdir(""));
    FAILS(EFAULT, chdir(BAD));
    FAILS(EBADF, fchdir(99));
    CHECK(touch("f"));
    int file = open("f", O_RDONLY);
    FAILS(ENOTDIR, chdir("f"));
    FAILS(ENOTDIR, fchdir(file));
    /* A child's is its own. */
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        _exit(chdir("moved") || umask(077) != 022);
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0 && getcwd(name, sizeof name) && strcmp(name, home) == 0);
    /* One that is gone. */
    CHECK(mkdir("gone", 0755) == 0 && stat("gone", &here) == 0 && chdir("gone") == 0 && rmdir("../gone") == 0);
    FAILS(ENOENT, syscall(SYS_getcwd, name, sizeof name));
    CHECK(stat(".", &there) == 0 && there.st_ino == here.st_ino && there.st_nlink == 0);
    FAILS(ENOENT, mkdir("x", 0755));
    FAILS(ENOENT, open("x", O_WRONLY | O_CREAT, 0600));
    int empty = open(".", O_RDONLY);
    FAILS(ENOENT, get(empty, buffer, sizeof buffer));
    CHECK(close(empty) == 0 && chdir("..") == 0 && getcwd(name, sizeof name) && strcmp(name, home) == 0);
    CHECK(close(fd) == 0 && close(file) == 0 && unlink("f") == 0 && unlink("l") == 0);
    CHECK(rmdir("moved/e") == 0 && rmdir("moved") == 0);
    CHECK(umask(0) == 022 && umask(01777) == 0 && umask(022) == 0777);
}

/* Names of every length that fits, and many of them in one place. */
static void lengths(void)
{
    char name[300] = "d/";
    bool fine = mkdir("d", 0755) == 0;
    for (int length = 1; length <= 255; length++) {
        name[length + 1] = (char)('a' + length % 26);
        name[length + 2] = '\0';
        fine &= touch(name) && access(name, F_OK) == 0;
    }
    CHECK(fine);
    int fd = open("d", O_RDONLY), count = 0;
    long length;
    while ((length = get(fd, buffer, 1000)) > 0) {
        fine &= is_sound(length);
        for (long at = 0; at < length; count++)
            at += ((struct entry *)(buffer + at))->size;
    }
    CHECK(fine && length == 0 && count == 257 && close(fd) == 0);
    for (int i = 255; i >= 1; i--) {
        name[i + 2] = '\0';
        fine &= unlink(name) == 0;
    }
    CHECK(fine && rmdir("d") == 0);
}

/* As deep as one likes: the path to it may be longer than a path may be. */
static void depth(void)
{
    static char name[120];
    char where[PATH_MAX];
    bool fine = true;
    int home = open(".", O_RDONLY), depth = 0;
    memset(name, 'd', sizeof name - 1);
    for (; depth < 60 && fine; depth++)
        fine = mkdir(name, 0755) == 0 && chdir(name) == 0;
    CHECK(fine && depth == 60);
    FAILS(ENAMETOOLONG, syscall(SYS_getcwd, where, sizeof where));
    CHECK(touch("deep") && access("deep", F_OK) == 0 && unlink("deep") == 0);
    for (; depth > 0; depth--)
        fine &= chdir("..") == 0 && rmdir(name) == 0;
    struct stat a, b;
    CHECK(fine && fstat(home, &a) == 0 && stat(".", &b) == 0 && a.st_ino == b.st_ino && close(home) == 0);
}

int main(void)
{
    umask(022);
    records();
    changing();
    working();
    lengths();
    depth();
    return done();
}
