/*
 * Signals that calls and ends of processes send by themselves: files that grow beyond a limit, parents that end.
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t count;
static siginfo_t last;

static void note(int signal, siginfo_t *info, void *context)
{
    (void)signal, (void)context;
    last = *info;
    count++;
}

static void handle(int signal)
{
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
    sigaction(signal, &action, NULL);
}

static void limit_files(rlim_t size)
{
    const struct rlimit limit = {size, RLIM_INFINITY};
    setrlimit(RLIMIT_FSIZE, &limit);
}

/* A call with files limited to 100 bytes; what this program prints may go to a file, too. */
#define LIMITED(call)                                                                                                  \
    __extension__({                                                                                                    \
        limit_files(100);                                                                                              \
        long limited_result = (call);                                                                                  \
        int limited_errno = errno;                                                                                     \
        limit_files(RLIM_INFINITY);                                                                                    \
        errno = limited_errno;                                                                                         \
        limited_result;                                                                                                \
    })

static void sizes(void)
{
    static char bytes[200];
    int fd = open("limited", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0 && write(fd, bytes, 60) == 60);
    handle(SIGXFSZ);
    CHECK(LIMITED(write(fd, bytes, 200)) == 40 && count == 0);
    FAILS(EFBIG, LIMITED(write(fd, bytes, 1)));
    CHECK(count == 1 && last.si_signo == SIGXFSZ && last.si_code == SI_USER && last.si_pid == getpid());
    CHECK(LIMITED(write(fd, bytes, 0)) == 0 && count == 1);
    CHECK(LIMITED(pwrite(fd, bytes, 200, 90)) == 10 && count == 1);
    FAILS(EFBIG, LIMITED(pwrite(fd, bytes, 5, 100)));
    FAILS(EFBIG, LIMITED(pwrite(fd, bytes, 5, 1000)));
    CHECK(count == 3);
    CHECK(lseek(fd, 50, SEEK_SET) == 50 && LIMITED(write(fd, bytes, 10)) == 10);
    FAILS(EFBIG, LIMITED(ftruncate(fd, 101)));
    FAILS(EFBIG, LIMITED(truncate("limited", 5000)));
    CHECK(count == 5 && LIMITED(ftruncate(fd, 100)) == 0 && LIMITED(ftruncate(fd, 10)) == 0 && count == 5);
    int other = open("limited", O_WRONLY | O_APPEND);
    CHECK(LIMITED(write(other, bytes, 200)) == 90);
    FAILS(EFBIG, LIMITED(write(other, bytes, 200)));
    signal(SIGXFSZ, SIG_IGN);
    FAILS(EFBIG, LIMITED(write(other, bytes, 200)));
    signal(SIGXFSZ, SIG_DFL);
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        _exit(LIMITED(write(other, bytes, 1)) == -1);
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ);
    /* What was larger before may become smaller. */
    CHECK(ftruncate(fd, 1000) == 0 && LIMITED(ftruncate(fd, 900)) == 0);
    close(other);
    close(fd);
    unlink("limited");
}

/* A grandchild that has asked hears of its parent's end. */
static void parents(void)
{
    int ends[2], asked[2];
    char answer = 0;
    if (pipe(ends) != 0 || pipe(asked) != 0)
        return;
    pid_t child = fork();
    if (child == 0) {
        pid_t parent = getpid();
        if (fork() == 0) {
            sigset_t set;
            siginfo_t info;
            int what = 0;
            sigemptyset(&set);
            sigaddset(&set, SIGUSR1);
            sigprocmask(SIG_BLOCK, &set, NULL);
            bool good = prctl(PR_SET_PDEATHSIG, SIGUSR1) == 0 && prctl(PR_GET_PDEATHSIG, &what) == 0 && what == SIGUSR1;
            good = good && write(asked[1], "x", 1) == 1;
            good = good && sigwaitinfo(&set, &info) == SIGUSR1 && info.si_code == SI_USER && info.si_pid == parent;
            _exit(write(ends[1], good && getppid() != parent ? "y" : "n", 1) != 1);
        }
        close(asked[1]);
        _exit(read(asked[0], &answer, 1) != 1);
    }
    int status = -1;
    close(asked[1]);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(read(ends[0], &answer, 1) == 1 && answer == 'y');
    FAILS(EINVAL, prctl(PR_SET_PDEATHSIG, 65));
    close(ends[0]);
    close(ends[1]);
    close(asked[0]);
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    sizes();
    parents();
    return done();
}
