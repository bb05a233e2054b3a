/*
 * Namespaces of names of the system, of System V IPC and of mounts: made by unshare and clone, entered by setns through
 * files of /proc/PID/ns and through process descriptors, kept by open files and by mounts of them.
 *
 * guest: root
 */
#include "guest.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mount.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEY 0x5acec0de
#define NSFS_MAGIC 0x6e736673
#define NS_GET_PARENT 0xb702
#define NS_GET_NSTYPE 0xb703

/* What CHILD returns: 0, or the number of its step that went wrong. */
static int in_child(int (*child)(void))
{
    int status;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        _exit(child());
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return -1;
    if (status)
        printf("# status %#x\n", (unsigned)status);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

static const char *node(void)
{
    static struct utsname names;
    return uname(&names) == 0 ? names.nodename : "";
}

static ino_t number(const char *name)
{
    struct stat stat_of;
    return stat(name, &stat_of) == 0 ? stat_of.st_ino : 0;
}

static int open_ns(const char *kind)
{
    char name[64];
    snprintf(name, sizeof name, "/proc/self/ns/%s", kind);
    return open(name, O_RDONLY | O_CLOEXEC);
}

static bool exists(const char *name)
{
    return access(name, F_OK) == 0;
}

static void touch(const char *name)
{
    close(open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Files
 */

static void files(void)
{
    struct stat one, two;
    struct statfs of;
    char text[64], expected[64];
    int fd = open_ns("uts"), again = open_ns("uts");
    CHECK(fd >= 0 && again >= 0 && fstat(fd, &one) == 0 && fstat(again, &two) == 0);
    CHECK(one.st_ino == two.st_ino && one.st_dev == two.st_dev && S_ISREG(one.st_mode) && (one.st_mode & 0777) == 0444);
    ssize_t length = readlink("/proc/self/ns/uts", text, sizeof text - 1);
    text[length < 0 ? 0 : length] = '\0';
    snprintf(expected, sizeof expected, "uts:[%lu]", (unsigned long)one.st_ino);
    CHECK(strcmp(text, expected) == 0);
    snprintf(expected, sizeof expected, "/proc/self/fd/%d", fd);
    length = readlink(expected, text, sizeof text - 1);
    text[length < 0 ? 0 : length] = '\0';
    CHECK(strncmp(text, "uts:[", 5) == 0);
    CHECK(fstatfs(fd, &of) == 0 && of.f_type == NSFS_MAGIC);
    CHECK(ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWUTS);
    FAILS(EINVAL, ioctl(fd, NS_GET_PARENT));
    FAILS(ENOTTY, ioctl(fd, 0xb7ff));
    FAILS(EINVAL, read(fd, text, 1));
    CHECK(number("/proc/self/ns/mnt") != 0 && number("/proc/self/ns/mnt") != number("/proc/self/ns/uts"));
    CHECK(setns(fd, 0) == 0 && setns(fd, CLONE_NEWUTS) == 0);
    FAILS(EINVAL, setns(fd, CLONE_NEWIPC));
    FAILS(EBADF, setns(-1, 0));
    FAILS(EBADF, setns(999, CLONE_NEWUTS));
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    FAILS(EINVAL, setns(null, 0));
    close(null);
    close(fd);
    close(again);
    fd = open_ns("net");
    CHECK(fd >= 0 && setns(fd, CLONE_NEWNET) == 0);
    close(fd);
    FAILS(EINVAL, unshare(0x40));
    FAILS(EINVAL, unshare(CLONE_SETTLS | CLONE_NEWUTS));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Names
 */

static int names_child(void)
{
    int old = open_ns("uts");
    ino_t before = number("/proc/self/ns/uts");
    char name[65];
    snprintf(name, sizeof name, "%s", node());
    if (unshare(CLONE_NEWUTS) < 0)
        return 1;
    if (strcmp(node(), name) != 0 || number("/proc/self/ns/uts") == before)
        return 2;
    if (sethostname("apart", 5) < 0 || strcmp(node(), "apart") != 0)
        return 3;
    int new = open_ns("uts");
    if (setns(old, CLONE_NEWUTS) < 0 || strcmp(node(), name) != 0)
        return 4;
    if (number("/proc/self/ns/uts") != before)
        return 5;
    if (setns(new, 0) < 0 || strcmp(node(), "apart") != 0) /* the file alone has kept it */
        return 6;
    pid_t child = fork();
    if (child == 0)
        _exit(strcmp(node(), "apart") != 0);
    int status;
    return waitpid(child, &status, 0) == child && status == 0 ? 0 : 7;
}

static int clone_body(void *argument)
{
    (void)argument;
    return sethostname("cloned", 6) == 0 && strcmp(node(), "cloned") == 0 ? 0 : 1;
}

static char stack[65536] __attribute__((aligned(16)));

static int clone_child(void)
{
    char name[65];
    int status;
    snprintf(name, sizeof name, "%s", node());
    pid_t pid = clone(clone_body, stack + sizeof stack, CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNS | SIGCHLD, NULL);
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        return 1;
    return strcmp(node(), name) == 0 ? 0 : 2;
}

static int plain_child(void)
{
    if (setgid(1000) < 0 || setuid(1000) < 0)
        return 1;
    int fd = open_ns("uts");
    if (fd < 0 || setns(fd, 0) != -1 || errno != EPERM)
        return 2;
    if (unshare(CLONE_NEWUTS) != -1 || errno != EPERM || unshare(CLONE_NEWIPC) != -1 || errno != EPERM)
        return 3;
    if (clone(clone_body, stack + sizeof stack, CLONE_NEWUTS | SIGCHLD, NULL) != -1 || errno != EPERM)
        return 4;
    if (readlink("/proc/1/ns/uts", (char[8]){0}, 8) != -1 || errno != EACCES)
        return 5;
    return 0;
}

/* By the descriptor of a process, and what it cannot be. */
static int process_child(void)
{
    int ready[2], hold[2];
    char byte;
    if (pipe(ready) < 0 || pipe(hold) < 0)
        return 1;
    pid_t pid = fork();
    if (pid == 0) {
        close(hold[1]);
        if (unshare(CLONE_NEWUTS | CLONE_NEWIPC) < 0 || sethostname("other", 5) < 0 || write(ready[1], "x", 1) != 1)
            _exit(1);
        _exit(read(hold[0], &byte, 1) < 0);
    }
    int fd = (int)syscall(SYS_pidfd_open, pid, 0), status, wrong = 0;
    if (read(ready[0], &byte, 1) != 1 || fd < 0)
        return 2;
    if (setns(fd, 0) != -1 || errno != EINVAL || setns(fd, CLONE_NEWUTS | CLONE_FILES) != -1 || errno != EINVAL)
        wrong = 3;
    ino_t ipc = number("/proc/self/ns/ipc");
    if (!wrong && (setns(fd, CLONE_NEWUTS | CLONE_NEWIPC) < 0 || strcmp(node(), "other") != 0))
        wrong = 4;
    if (!wrong && number("/proc/self/ns/ipc") == ipc)
        wrong = 5;
    close(hold[1]);
    if (waitpid(pid, &status, 0) != pid || status != 0)
        wrong = 6;
    if (!wrong && (setns(fd, CLONE_NEWUTS) != -1 || errno != ESRCH))
        wrong = 7;
    return wrong;
}

static void names(void)
{
    CHECK(in_child(names_child) == 0);
    CHECK(in_child(clone_child) == 0);
    CHECK(in_child(plain_child) == 0);
    CHECK(in_child(process_child) == 0);
    FAILS(EINVAL, clone(clone_body, stack + sizeof stack, CLONE_NEWNS | CLONE_FS | SIGCHLD, NULL));
    FAILS(EINVAL, clone(clone_body, stack + sizeof stack, CLONE_NEWIPC | CLONE_SYSVSEM | SIGCHLD, NULL));
}

/* ------------------------------------------------------------------------------------------------------------------
 * System V IPC
 */

static int ipc_child(void)
{
    struct sembuf up = {.sem_op = 1, .sem_flg = SEM_UNDO};
    int first = open_ns("ipc");
    if (unshare(CLONE_NEWIPC) < 0) /* whatever the machine has is out of sight */
        return 1;
    int outer = open_ns("ipc"), set = semget(KEY, 1, IPC_CREAT | IPC_EXCL | 0600);
    int segment = shmget(KEY, 4096, IPC_CREAT | IPC_EXCL | 0600), queue = msgget(KEY, IPC_CREAT | IPC_EXCL | 0600);
    if (set < 0 || segment < 0 || queue < 0 || semop(set, &up, 1) < 0 || semctl(set, 0, GETVAL) != 1)
        return 2;
    char *memory = shmat(segment, NULL, 0);
    if (memory == (void *)-1)
        return 3;
    strcpy(memory, "kept");
    if (unshare(CLONE_NEWIPC) < 0)
        return 4;
    if (semget(KEY, 1, 0) != -1 || errno != ENOENT || shmget(KEY, 1, 0) != -1 || errno != ENOENT ||
        msgget(KEY, 0) != -1 || errno != ENOENT)
        return 5;
    if (semctl(set, 0, GETVAL) != -1 || errno != EINVAL)
        return 6;
    if (strcmp(memory, "kept") != 0)
        return 7;
    int inner = shmget(KEY, 8192, IPC_CREAT | IPC_EXCL | 0600);
    if (inner < 0 || setns(outer, CLONE_NEWIPC) < 0)
        return 8;
    if (semctl(set, 0, GETVAL) != 0) /* SEM_UNDO was done when it left */
        return 9;
    if (shmget(KEY, 4096, 0) != segment || shmget(KEY, 8192, 0) != -1 || errno != EINVAL)
        return 10;
    if (close(outer) < 0 || setns(first, 0) < 0) /* nobody is in it any more: all of it goes, but what is attached */
        return 11;
    return strcmp(memory, "kept") == 0 && shmdt(memory) == 0 ? 0 : 12;
}

/* Many come and go, with something left in them each. */
static int ipc_many_child(void)
{
    for (int i = 0; i < 50; i++) {
        if (unshare(CLONE_NEWIPC) < 0)
            return 1;
        int queue = msgget(IPC_PRIVATE, 0600);
        if (semget(IPC_PRIVATE, 100, 0600) < 0 || shmget(IPC_PRIVATE, 100000, 0600) < 0 || queue < 0)
            return 2;
        struct {
            long type;
            char text[100];
        } message = {1, "left"};
        if (msgsnd(queue, &message, sizeof message.text, 0) < 0)
            return 3;
    }
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Mounts
 */

static int mounts_child(void)
{
    char here[4096];
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return 1;
    if (mkdir("m", 0755) < 0 || mount("none", "m", "tmpfs", 0, NULL) < 0)
        return 2;
    touch("m/outer");
    int outer = open_ns("mnt");
    ino_t before = number("/proc/self/ns/mnt");
    if (getcwd(here, sizeof here) == NULL || unshare(CLONE_NEWNS) < 0)
        return 3;
    if (number("/proc/self/ns/mnt") == before || !exists("m/outer"))
        return 4; /* the copy shows the same file systems */
    char name[4096];
    if (getcwd(name, sizeof name) == NULL || strcmp(name, here) != 0)
        return 5; /* the working directory has come along */
    if (mount("none", "m", "tmpfs", 0, NULL) < 0 || exists("m/outer"))
        return 6;
    touch("m/inner");
    int inner = open_ns("mnt");
    if (setns(outer, CLONE_NEWNS) < 0 || chdir(here) < 0)
        return 7;
    if (!exists("m/outer") || exists("m/inner"))
        return 8;
    if (umount("m") < 0 || exists("m/outer"))
        return 9;
    if (setns(inner, CLONE_NEWNS) < 0 || getcwd(name, sizeof name) == NULL || strcmp(name, "/") != 0)
        return 10; /* whoever comes in begins at the root */
    if (chdir(here) < 0 || !exists("m/inner") || umount("m") < 0 || !exists("m/outer"))
        return 11;
    return 0;
}

/* What lies in another tree can be used, but not changed. */
static int foreign_child(void)
{
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return 1;
    if (mkdir("f", 0755) < 0 || mkdir("g", 0755) < 0 || mount("none", "f", "tmpfs", 0, NULL) < 0)
        return 2;
    touch("f/file");
    int directory = open("f", O_RDONLY | O_DIRECTORY | O_CLOEXEC), kept = open_ns("mnt");
    if (kept < 0 || mkdir("f/sub", 0755) < 0 || unshare(CLONE_NEWNS) < 0 || fchdir(directory) < 0)
        return 3;
    if (!exists("file"))
        return 4;
    if (mount("none", "sub", "tmpfs", 0, NULL) != -1 || errno != EINVAL)
        return 5;
    if (umount2(".", MNT_DETACH) != -1 || errno != EINVAL)
        return 6;
    if (mount(".", "sub", NULL, MS_BIND, NULL) != -1 || errno != EINVAL)
        return 7;
    if (mount(NULL, ".", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) != -1 || errno != EINVAL)
        return 8;
    return 0;
}

/* The file of a namespace gets a name; that of one's own mounts does not. */
static int named_child(void)
{
    struct statfs of;
    if (unshare(CLONE_NEWNS | CLONE_NEWUTS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return 1;
    touch("name");
    ino_t is = number("/proc/self/ns/uts");
    if (mount("/proc/self/ns/uts", "name", NULL, MS_BIND, NULL) < 0 || number("name") != is)
        return 2;
    if (statfs("name", &of) < 0 || of.f_type != NSFS_MAGIC || sethostname("named", 5) < 0 || unshare(CLONE_NEWUTS) < 0)
        return 3;
    if (sethostname("later", 5) < 0)
        return 4;
    int fd = open("name", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWUTS) < 0 || strcmp(node(), "named") != 0)
        return 5;
    char line[4096];
    bool told = false;
    FILE *mounts = fopen("/proc/self/mountinfo", "r");
    while (mounts && fgets(line, sizeof line, mounts))
        told |= strstr(line, " uts:[") && strstr(line, " - nsfs nsfs rw");
    if (mounts)
        fclose(mounts);
    if (!told)
        return 6;
    if (close(fd) < 0 || umount("name") < 0 || number("name") == is)
        return 7;
    if (mount("/proc/self/ns/mnt", "name", NULL, MS_BIND, NULL) != -1 || errno != EINVAL)
        return 8;
    return 0;
}

static int shared_paths(void *argument)
{
    (void)argument;
    int fd = open_ns("mnt");
    return setns(fd, CLONE_NEWNS) == -1 && errno == EINVAL ? 0 : 1;
}

static int sharing_child(void)
{
    int status;
    pid_t pid = clone(shared_paths, stack + sizeof stack, CLONE_FS | SIGCHLD, NULL);
    return waitpid(pid, &status, 0) == pid && status == 0 ? 0 : 1;
}

/* Each keeps the next one, by a mount of its file: the last one goes with the first. */
static int chained_child(void)
{
    char from[64], name[4096];
    if (getcwd(name, sizeof name - 8) == NULL || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return 1;
    strcat(name, "/chain");
    close(open(name, O_CREAT | O_WRONLY, 0644));
    if (unshare(CLONE_NEWNS) < 0)
        return 2;
    int first = open_ns("mnt"), here = dup(first);
    for (int i = 0; i < 100; i++) {
        if (unshare(CLONE_NEWNS) < 0)
            return 3;
        int next = open_ns("mnt");
        snprintf(from, sizeof from, "/proc/self/fd/%d", next);
        if (setns(here, CLONE_NEWNS) < 0 || mount(from, name, NULL, MS_BIND, NULL) < 0)
            return 4;
        if (setns(next, CLONE_NEWNS) < 0)
            return 5;
        close(here);
        here = next;
    }
    close(first);
    close(here);
    return unlink(name) == 0 ? 0 : 6;
}

/* Many at a time, in several processes. */
static int many_child(void)
{
    for (int i = 0; i < 40; i++)
        if (unshare(CLONE_NEWNS | CLONE_NEWUTS) < 0 || mount("none", ".", "tmpfs", 0, NULL) < 0)
            return 1;
    return 0;
}

static void mounts(void)
{
    CHECK(in_child(mounts_child) == 0);
    CHECK(!exists("m/outer") && !exists("m/inner"));
    CHECK(in_child(foreign_child) == 0);
    CHECK(in_child(named_child) == 0);
    CHECK(in_child(sharing_child) == 0);
    CHECK(in_child(chained_child) == 0);
    pid_t children[4];
    bool well = true;
    fflush(stdout);
    for (int i = 0; i < 4; i++) {
        children[i] = fork();
        if (children[i] == 0)
            _exit(many_child());
    }
    for (int i = 0; i < 4; i++) {
        int status;
        well &= waitpid(children[i], &status, 0) == children[i] && status == 0;
    }
    CHECK(well);
}

int main(void)
{
    files();
    names();
    CHECK(in_child(ipc_child) == 0);
    CHECK(in_child(ipc_many_child) == 0);
    mounts();
    return done();
}
