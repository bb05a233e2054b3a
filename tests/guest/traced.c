/*
 * What trace=syscall has to tell of: `traced` makes calls of most kinds (tests/system/trace.t knows what is to be said
 * of them), becomes itself again, and ends with 3. It works in the directory where it begins, in which it is `init`.
 * `traced long` asks for what no line has room for; `traced missing` makes calls that are not there, and ends with 0
 * when that is what it is told.
 *
 * guest: apart
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOWHERE ((void *)8)

static void caught(int signal)
{
    (void)signal;
}

/* A signal that waits until it is let in: before the first line that counts, so that none of it depends on time. */
static void prepare(void)
{
    const struct sigaction action = {.sa_handler = caught};
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGALRM);
    sigaction(SIGALRM, &action, NULL);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    raise(SIGALRM);
    syscall(SYS_close_range, 3, ~0u, 0);
    syscall(SYS_umask, 022);
}

static void use_files(void)
{
    char buffer[100];
    static const char bytes[] = "\tA\0018\001x\0\377\"\\\n\v\f\r\033";
    syscall(SYS_open, "file", O_RDWR | O_CREAT | O_EXCL, 0644);
    syscall(SYS_open, "file", O_RDWR | O_CREAT | O_EXCL, 0644);
    syscall(SYS_open, "none", O_RDONLY | O_CLOEXEC, 0644);
    syscall(SYS_openat, AT_FDCWD, NULL, O_WRONLY | O_APPEND | O_NONBLOCK);
    syscall(SYS_openat, 77, "x", O_WRONLY | O_TRUNC | O_SYNC | O_DIRECTORY | O_NOFOLLOW);
    syscall(SYS_write, 3, bytes, sizeof bytes);
    syscall(SYS_write, 3, "thirty-two bytes are shown whole", 32);
    syscall(SYS_write, 3, "thirty-three bytes are not: x is cut", 33);
    syscall(SYS_write, 3, "", 0);
    syscall(SYS_write, 3, NULL, 0);
    syscall(SYS_write, 3, NOWHERE, 5);
    syscall(SYS_lseek, 3, 0x123456789, SEEK_SET);
    syscall(SYS_lseek, 3, -1L, SEEK_SET);
    syscall(SYS_lseek, 3, 0, SEEK_SET);
    syscall(SYS_read, 3, buffer, 16);
    syscall(SYS_read, 3, buffer, sizeof buffer);
    syscall(SYS_read, 3, buffer, sizeof buffer);
    syscall(SYS_read, 3, NOWHERE, 0);
    syscall(SYS_read, 99, NOWHERE, 5);
    syscall(SYS_pread64, 3, buffer, 5, 16);
    syscall(SYS_pread64, 3, buffer, 5, 0x100000000);
    syscall(SYS_preadv, 3, NOWHERE, 1, 0x100000000);
    syscall(SYS_ftruncate, 3, 0x100000000);
    syscall(SYS_fcntl, 3, F_DUPFD_CLOEXEC, 0);
    syscall(SYS_dup2, 3, 5);
    syscall(SYS_dup3, 3, 5, O_CLOEXEC);
    syscall(SYS_getcwd, buffer, 1);
    syscall(SYS_ioctl, 3, TCGETS, NOWHERE);
    syscall(SYS_pipe2, buffer, O_NONBLOCK | O_CLOEXEC);
    syscall(SYS_pipe2, NOWHERE, 0);
    syscall(SYS_close, -1);
}

static void use_names(void)
{
    char buffer[100];
    syscall(SYS_umask, 0);
    syscall(SYS_access, "file", R_OK | W_OK);
    syscall(SYS_access, "file", F_OK);
    syscall(SYS_chmod, "none", 0);
    syscall(SYS_mkdir, "file", 0755);
    syscall(SYS_symlink, "file", "link");
    syscall(SYS_readlink, "link", buffer, 3);
    syscall(SYS_readlink, "none", NOWHERE, 3);
    syscall(SYS_newfstatat, AT_FDCWD, "none", NOWHERE, AT_SYMLINK_NOFOLLOW);
    syscall(SYS_unlinkat, AT_FDCWD, "file", AT_REMOVEDIR);
    syscall(SYS_unlink, "link");
    syscall(SYS_unlink, "file");
    syscall(SYS_open, "a-path-is-shown-whole/however/long/it/may/be/up/to/what/a/line/has/room/for", O_RDONLY);
}

static void use_memory(void)
{
    syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    syscall(SYS_mmap, 0x10000000, 8192, PROT_NONE, MAP_SHARED | MAP_FIXED | MAP_ANONYMOUS, -1, 0x1000);
    syscall(SYS_mprotect, 0x10000000, 4096, PROT_READ | PROT_EXEC);
    syscall(SYS_munmap, 0x10000000, 8192);
    syscall(SYS_mmap, NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    syscall(SYS_munmap, 1, 0);
}

static void use_processes(void)
{
    int status;
    if (syscall(SYS_fork) == 0)
        _exit(3);
    syscall(SYS_wait4, -1, &status, 0, NULL);
    if (syscall(SYS_fork) == 0)
        syscall(SYS_kill, getpid(), SIGKILL);
    syscall(SYS_wait4, -1, &status, WUNTRACED, NULL);
    syscall(SYS_wait4, -1, NOWHERE, WNOHANG, NULL);
    syscall(SYS_kill, 1, 99);
    syscall(SYS_kill, -1234567, SIGTERM);
    syscall(SYS_tkill, 1234567, 34);
    uint64_t none = 0;
    syscall(SYS_rt_sigsuspend, &none, 8);
}

static void become(const char *name, const char *second, const char *third)
{
    const char *arguments[] = {name, second, third, NULL};
    syscall(SYS_execve, name, arguments, NULL);
}

static int missing(void)
{
    static const long numbers[] = {SYS_kexec_load, SYS_lookup_dcookie, 400};
    for (unsigned i = 0; i < 9; i++)
        if (syscall(numbers[i / 3], 0, 0, 0, 0, 0, 0) != -1 || errno != ENOSYS)
            return 1;
    return 0;
}

int main(int argc, char **argv)
{
    static char name[301];
    const char *how = argc > 1 ? argv[1] : "";
    if (strcmp(how, "missing") == 0)
        return missing();
    if (strcmp(how, "long") == 0) {
        memset(name, 'n', sizeof name - 1);
        become(name, name, name);
        return syscall(SYS_open, name, O_RDONLY) < 0 ? 0 : 1;
    }
    if (strcmp(how, "again") == 0)
        _exit(3);
    prepare();
    syscall(SYS_getppid, 0); /* here it begins */
    use_files();
    use_names();
    use_memory();
    use_processes();
    syscall(SYS_sched_yield);
    syscall(400, 1, 0, 0xabc, 0, 0, 0);
    become("none", "a string that has more bytes than thirty-two", "");
    syscall(SYS_execve, "none", NULL, NULL);
    become("init", "again", "and more");
    return 1;
}
