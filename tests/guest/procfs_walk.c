/*
 * Everything below /proc and /sys is opened, read, followed and written to, by root and by a user, while processes come
 * and go: the kernel stands it, a user sees no more than he may, and nothing is left open or in memory. On the host
 * only a harmless part is walked: the whole of another's machine is not ours to write to.
 *
 * guest: root
 * guest: seconds=120
 */
#include "tests/guest/guest.h"
#include "tests/guest/slurp.h"

#include <dirent.h>
#include <grp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>

static bool inside;
static unsigned files, links, directories, refused, odd;

static void use_file(const char *path)
{
    char text[300];
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    ssize_t n = -1;
    files++;
    refused += fd < 0 && (errno == EACCES || errno == EPERM);
    odd += fd < 0 && errno != EACCES && errno != EPERM && errno != ENOENT && errno != ESRCH && errno != EIO;
    if (fd >= 0) {
        for (int i = 0; i < 2000 && (n = read(fd, text, sizeof text)) > 0; i++)
            ;
        odd += n < 0 && errno != EACCES && errno != ESRCH && errno != EIO && errno != EINVAL && errno != EAGAIN &&
               errno != EPERM && errno != ENOENT;
        lseek(fd, 0, SEEK_SET);
        for (int i = 0; i < 40 && read(fd, text, 1) == 1; i++)
            ;
        pread(fd, text, 7, 13);
        odd += mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) != MAP_FAILED;
        close(fd);
    }
    fd = inside ? open(path, O_WRONLY | O_TRUNC | O_NONBLOCK) : -1;
    if (fd >= 0) {
        (void)!write(fd, "nonsense\n", 9);
        (void)!write(fd, "", 0);
        (void)!write(fd, (void *)16, 8);
        (void)!pwrite(fd, "-1", 2, 100);
        close(fd);
    }
}

static void use_link(const char *path)
{
    char text[300];
    struct stat st;
    links++;
    (void)!readlink(path, text, sizeof text);
    (void)!readlink(path, text, 1);
    (void)!stat(path, &st);
    int fd = open(path, O_PATH);
    if (fd >= 0)
        close(fd);
}

static void use_directory(const char *path, int depth)
{
    char name[600];
    struct dirent *entry;
    DIR *directory = opendir(path);
    directories++;
    if (directory == NULL)
        return;
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        if (entry->d_type == DT_DIR && depth < 8)
            use_directory(name, depth + 1);
        else
            (entry->d_type == DT_LNK ? use_link : use_file)(name);
    }
    closedir(directory);
}

static void use_everything(void)
{
    files = links = directories = refused = odd = 0;
    use_directory(inside ? "/proc" : "/proc/self/fdinfo", 0);
    use_directory(inside ? "/sys" : "/sys/class/mem", 0);
    if (odd)
        printf("# %u files gave errors that they should not\n", odd);
}

/* Processes that begin and end, with something to see of them. */
static pid_t start_comers(void)
{
    pid_t comers = fork();
    while (comers == 0) {
        int pipes[2];
        if (pipe(pipes) == 0) {
            pid_t child = fork();
            if (child == 0) {
                mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
                usleep(1000);
                _exit(0);
            }
            close(pipes[0]);
            close(pipes[1]);
            waitpid(child, NULL, 0);
        }
    }
    return comers;
}

/* What the kernel counts, when all is quiet. */
struct counts {
    long files, inodes, dentries;
};

static struct counts count(void)
{
    struct counts counts = {0};
    counts.files = strtol(slurp("/proc/sys/fs/file-nr", NULL), NULL, 10);
    counts.inodes = strtol(slurp("/proc/sys/fs/inode-nr", NULL), NULL, 10);
    counts.dentries = strtol(slurp("/proc/sys/fs/dentry-state", NULL), NULL, 10);
    return counts;
}

static bool as_before(const struct counts *before)
{
    struct counts now = {0};
    for (int i = 0; i < 100; i++) {
        now = count();
        if (now.files <= before->files && now.inodes <= before->inodes && now.dentries <= before->dentries)
            return true;
        usleep(20000);
    }
    printf("# files %ld -> %ld, inodes %ld -> %ld, dentries %ld -> %ld\n", before->files, now.files, before->inodes,
        now.inodes, before->dentries, now.dentries);
    return !inside;
}

static void walk_as_user(void)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (setgroups(0, NULL) || setgid(1000) || setuid(1000))
            _exit(1);
        use_everything();
        _exit(odd ? 2 : inside && refused < 20 ? 3 : 0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    if (status)
        printf("# status %#x\n", status);
}

int main(void)
{
    struct utsname uts;
    uname(&uts);
    inside = strstr(uts.version, "Corrode") != NULL;
    use_everything(); /* once, for what stays in caches */
    struct counts before = count();
    pid_t comers = start_comers();
    for (int round = 0; round < 3; round++) {
        use_everything();
        /* drop_caches is for nobody to read */
        CHECK(odd == 0 && files > 2 && directories > 1 && (!inside || (files > 150 && links > 20 && refused <= 1)));
        printf("# %u files, %u links, %u directories\n", files, links, directories);
    }
    walk_as_user();
    kill(comers, SIGKILL);
    CHECK(waitpid(comers, NULL, 0) == comers);
    while (waitpid(-1, NULL, 0) > 0)
        ;
    CHECK(as_before(&before));
    CHECK(!inside || sethostname(uts.nodename, strlen(uts.nodename)) == 0);
    return done();
}
