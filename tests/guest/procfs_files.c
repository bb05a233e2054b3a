/*
 * Files and directories of processes in /proc: open files, where a process is, what it has locked and with whom it
 * talks; and the directories themselves.
 *
 * guest: root
 */
#include "tests/guest/guest.h"
#include "tests/guest/slurp.h"

#include <dirent.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

/* Where a link leads, or "". */
static const char *target(const char *path)
{
    static char text[4096];
    ssize_t length = readlink(path, text, sizeof text - 1);
    text[length < 0 ? 0 : length] = '\0';
    return text;
}

static const char *fd_path(int fd)
{
    static char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return path;
}

static bool is_link(const char *path, mode_t mode)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISLNK(st.st_mode) && (st.st_mode & 07777) == mode;
}

static unsigned count_entries(const char *path)
{
    unsigned count = 0;
    DIR *directory = opendir(path);
    while (directory && readdir(directory))
        count++;
    if (directory)
        closedir(directory);
    return count;
}

static void test_descriptors(void)
{
    char cwd[256], expected[300], text[16];
    unsigned before = count_entries("/proc/self/fd");
    int pipes[2], fd = open("open file", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(getcwd(cwd, sizeof cwd) && fd >= 0 && write(fd, "0123456789", 10) == 10);
    snprintf(expected, sizeof expected, "%s/open file", cwd);
    CHECK(strcmp(target(fd_path(fd)), expected) == 0);
    CHECK(is_link(fd_path(fd), 0700));
    int again = open(fd_path(fd), O_RDONLY);
    CHECK(again >= 0 && read(again, text, 4) == 4 && memcmp(text, "0123", 4) == 0); /* a position of its own */
    CHECK(is_link(fd_path(again), 0500));
    CHECK(lseek(fd, 3, SEEK_SET) == 3);
    CHECK(file_lines_match("/proc/self/fdinfo/0", "[a-z_]+:\t[0-9]+"));
    snprintf(text, sizeof text, "%d", fd);
    char info[64];
    snprintf(info, sizeof info, "/proc/self/fdinfo/%d", fd);
    CHECK(file_matches(info, "pos:\t3\nflags:\t0100002\nmnt_id:\t[0-9]+\nino:\t[0-9]+\n"));
    CHECK(unlink("open file") == 0);
    strcat(expected, " (deleted)");
    CHECK(strcmp(target(fd_path(fd)), expected) == 0);
    int third = open(fd_path(fd), O_WRONLY | O_CLOEXEC);
    CHECK(third >= 0 && pwrite(third, "x", 1, 0) == 1 && pread(fd, text, 1, 0) == 1 && text[0] == 'x');
    CHECK(is_link(fd_path(third), 0300));
    CHECK(count_entries("/proc/self/fd") == before + 3);
    close(again);
    close(third);
    FAILS(ENOENT, open(fd_path(third), O_RDONLY));
    FAILS(ENOENT, open("/proc/self/fd/x", O_RDONLY));
    FAILS(ENOENT, open("/proc/self/fd/00", O_RDONLY));
    FAILS(ENOENT, open("/proc/self/fd/-1", O_RDONLY));

    CHECK(pipe(pipes) == 0 && matches(target(fd_path(pipes[0])), "pipe:\\[[0-9]+\\]"));
    int writer = open(fd_path(pipes[0]), O_WRONLY);
    CHECK(writer >= 0 && write(writer, "hello", 5) == 5 && read(pipes[0], text, sizeof text) == 5);
    close(writer);
    close(pipes[0]);
    close(pipes[1]);
    int directory = open(".", O_PATH);
    CHECK(strcmp(target(fd_path(directory)), cwd) == 0);
    close(directory);
    close(fd);
}

static void test_places(char **argv)
{
    char cwd[256], expected[300];
    struct stat st, other;
    CHECK(getcwd(cwd, sizeof cwd) != NULL);
    CHECK(strcmp(target("/proc/self/cwd"), cwd) == 0 && strcmp(target("/proc/self/root"), "/") == 0);
    CHECK(strcmp(target("/proc/self/exe"), argv[0]) == 0);
    CHECK(stat("/proc/self/exe", &st) == 0 && stat(argv[0], &other) == 0 && st.st_ino == other.st_ino);
    CHECK(stat("/proc/self/cwd", &st) == 0 && stat(".", &other) == 0 && st.st_ino == other.st_ino);
    CHECK(mkdir("gone", 0755) == 0 && chdir("gone") == 0 && rmdir("../gone") == 0);
    snprintf(expected, sizeof expected, "%s/gone (deleted)", cwd);
    CHECK(strcmp(target("/proc/self/cwd"), expected) == 0);
    CHECK(chdir("/proc/self/cwd/..") == -1 || chdir(cwd) == 0);
    CHECK(chdir(cwd) == 0);
    snprintf(expected, sizeof expected, "%d", getpid());
    CHECK(strcmp(target("/proc/self"), expected) == 0);
    snprintf(expected, sizeof expected, "%d/task/%d", getpid(), getpid());
    CHECK(strcmp(target("/proc/thread-self"), expected) == 0);
    CHECK(matches(target("/proc/self/ns/pid"), "pid:\\[[0-9]+\\]") &&
          matches(target("/proc/self/ns/mnt"), "mnt:\\[[0-9]+\\]"));
    CHECK(strcmp(target("/proc/mounts"), "self/mounts") == 0);
    CHECK(stat("/proc/self", &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == 0 && st.st_size == 0);
    CHECK(stat("/proc/self/stat", &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 07777) == 0444 && st.st_size == 0);
    CHECK(stat("/proc/self/stat", &other) == 0 && st.st_ino == other.st_ino);
    CHECK(
        chdir("/proc") == 0 && stat("self/status", &st) == 0 && chdir("self") == 0 && stat("../self/status", &st) == 0);
    CHECK(chdir(cwd) == 0);
}

static void test_directories(void)
{
    bool found = false, types = true;
    struct dirent *entry;
    DIR *directory = opendir("/proc");
    while (directory && (entry = readdir(directory)) != NULL) {
        bool number = entry->d_name[strspn(entry->d_name, "0123456789")] == '\0';
        found |= number && atoi(entry->d_name) == getpid();
        types &= !number || entry->d_type == DT_DIR;
        types &= strcmp(entry->d_name, "self") != 0 || entry->d_type == DT_LNK;
        types &= strcmp(entry->d_name, "uptime") != 0 || entry->d_type == DT_REG;
    }
    closedir(directory);
    CHECK(found && types);
    CHECK(count_entries("/proc/self/task") == 3);
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", getpid());
    CHECK(slurp(path, NULL) && atoi(slurp(path, NULL)) == getpid());
    FAILS(ENOENT, access("/proc/self/task/1000000", F_OK));
    FAILS(ENOENT, access("/proc/0", F_OK));
    FAILS(ENOENT, access("/proc/01", F_OK));
    FAILS(ENOENT, access("/proc/99999999999999999999", F_OK));
    FAILS(ENOENT, mkdir("/proc/made", 0755));
    FAILS(ENOENT, open("/proc/made", O_RDWR | O_CREAT, 0644));
    FAILS(ENOENT, mkdir("/proc/self/made", 0755));
    FAILS(EPERM, unlink("/proc/uptime"));
    FAILS(EPERM, rmdir("/proc/self/fd"));
    FAILS(EISDIR, open("/proc/self", O_RDWR));
    FAILS(ENOTDIR, open("/proc/uptime/x", O_RDONLY));
    FAILS(ELOOP, open("/proc/self", O_RDONLY | O_NOFOLLOW));
}

static void test_io(void)
{
    char *text = slurp("/proc/self/io", NULL), block[1000];
    CHECK(matches(text, "rchar: [0-9]+\nwchar: [0-9]+\nsyscr: [0-9]+\nsyscw: [0-9]+\nread_bytes: [0-9]+\n"
                        "write_bytes: [0-9]+\ncancelled_write_bytes: [0-9]+\n"));
    long written = value_of(text, "wchar"), writes = value_of(text, "syscw"), reads = value_of(text, "syscr");
    int fd = open("io", O_RDWR | O_CREAT, 0600);
    memset(block, 1, sizeof block);
    CHECK(write(fd, block, sizeof block) == sizeof block && pwrite(fd, block, sizeof block, 0) == sizeof block);
    CHECK(pread(fd, block, 1, 0) == 1);
    close(fd);
    unlink("io");
    text = slurp("/proc/self/io", NULL);
    CHECK(value_of(text, "wchar") == written + 2000 && value_of(text, "syscw") == writes + 2);
    CHECK(value_of(text, "syscr") > reads && value_of(text, "rchar") > 0);
}

static void test_locks(void)
{
    struct stat st;
    char expected[128];
    int fd = open("locked", O_RDWR | O_CREAT, 0600), other = open("locked", O_RDWR);
    struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 20};
    CHECK(fcntl(fd, F_SETLK, &range) == 0 && flock(other, LOCK_SH) == 0 && fstat(fd, &st) == 0);
    char *text = slurp("/proc/locks", NULL);
    CHECK(lines_match(text, "[0-9]+: (-> )?(POSIX |FLOCK |OFDLCK|LEASE |DELEG )  ?(ADVISORY |ACTIVE   |BREAKING) "
                            " ?(READ|WRITE|UNLCK)  ?-?[0-9]+ [0-9a-f]{2,}:[0-9a-f]{2,}:[0-9]+ [0-9]+ ([0-9]+|EOF)"));
    snprintf(expected, sizeof expected, ": POSIX  ADVISORY  WRITE %d %02x:%02x:%lu 10 29\n", getpid(), major(st.st_dev),
        minor(st.st_dev), (unsigned long)st.st_ino);
    CHECK(text && strstr(text, expected));
    snprintf(expected, sizeof expected, ": FLOCK  ADVISORY  READ %d %02x:%02x:%lu 0 EOF\n", getpid(), major(st.st_dev),
        minor(st.st_dev), (unsigned long)st.st_ino);
    CHECK(text && strstr(text, expected));
    close(other);
    close(fd);
    unlink("locked");
}

static void test_sockets(void)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "socket"};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0), pair[2];
    struct stat st;
    char expected[128];
    CHECK(bind(fd, (struct sockaddr *)&name, sizeof name) == 0 && listen(fd, 1) == 0 && fstat(fd, &st) == 0);
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
    snprintf(expected, sizeof expected, "socket:[%lu]", (unsigned long)st.st_ino);
    CHECK(strcmp(target(fd_path(fd)), expected) == 0);
    char *text = slurp("/proc/net/unix", NULL);
    CHECK(lines_match(
        text, "Num .*|[0-9a-f]{16}: [0-9A-Fa-f]{8} [0-9A-F]{8} [0-9A-F]{8} [0-9]{4} [0-9]{2} +[0-9]+( .*)?"));
    snprintf(expected, sizeof expected, " 00000000 00010000 0001 01 %5lu socket\n", (unsigned long)st.st_ino);
    CHECK(text && strstr(text, expected));
    CHECK(fstat(pair[1], &st) == 0);
    snprintf(expected, sizeof expected, " 00000000 00000000 0002 03 %5lu\n", (unsigned long)st.st_ino);
    CHECK(text && strstr(text, expected));
    close(fd);
    close(pair[0]);
    close(pair[1]);
    unlink("socket");
}

int main(int argc, char **argv)
{
    test_descriptors();
    test_places(argv);
    test_directories();
    test_io();
    test_locks();
    test_sockets();
    return done();
}
