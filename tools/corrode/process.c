/* Starting programs and waiting for them: see process.h. */
#include "process.h"

#include "cleanup.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

double process_clock(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* In the child: takes its files, becomes the program, or reports errno through STATUS. */
static _Noreturn void become(const struct strings *command, const int files[3], int keep, int status)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (files[0] >= 0)
        setpgid(0, 0); /* it has nothing to do with the terminal, nor have the terminal's signals with it */
    signal(SIGXFSZ, SIG_DFL);
    for (int i = 0; i < 3; i++) {
        if (files[i] >= 0)
            dup2(files[i], i);
    }
    if (keep >= 0)
        fcntl(keep, F_SETFD, 0);
    execvp(command->items[0], command->items);
    int error = errno;
    ssize_t ignored = write(status, &error, sizeof error);
    (void)ignored;
    _exit(127);
}

pid_t process_start(const struct strings *command, int input, int output, int errors, int keep, const char *package)
{
    int status[2], error = 0;
    const int files[3] = {input, output, errors};
    fflush(NULL);
    if (pipe2(status, O_CLOEXEC) < 0)
        fatal_errno(command->items[0], "start");
    pid_t child = fork();
    if (child < 0)
        fatal_errno(command->items[0], "start");
    if (child == 0)
        become(command, files, keep, status[1]);
    cleanup_child(child);
    close(status[1]);
    if (read(status[0], &error, sizeof error) == sizeof error) {
        errno = error;
        if (error == ENOENT)
            fatal(command->items[0], "is not installed; install the package %s", package);
        fatal_errno(command->items[0], "start");
    }
    close(status[0]);
    return child;
}

int process_wait(pid_t child)
{
    int status;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR)
            fatal_errno(NULL, "wait for a program");
    }
    cleanup_child(0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int process_run(const struct strings *command, const char *package, double timeout, char **text)
{
    int pipes[2];
    size_t length;
    char buffer[4096];
    double end = process_clock() + timeout;
    FILE *collected = open_memstream(text, &length);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (!collected || null < 0 || pipe2(pipes, O_CLOEXEC) < 0)
        fatal_errno(command->items[0], "start");
    pid_t child = process_start(command, null, pipes[1], pipes[1], -1, package);
    close(null);
    close(pipes[1]);
    for (;;) {
        struct pollfd wait = {.fd = pipes[0], .events = POLLIN};
        double left = timeout > 0 ? end - process_clock() : 0;
        int ready = timeout > 0 && left <= 0 ? 0 : poll(&wait, 1, timeout > 0 ? (int)(left * 1000) + 1 : -1);
        if (ready == 0) {
            kill(child, SIGKILL);
            break;
        }
        ssize_t count = read(pipes[0], buffer, sizeof buffer);
        if (count == 0)
            break;
        if (count > 0)
            fwrite(buffer, 1, (size_t)count, collected);
    }
    close(pipes[0]);
    fclose(collected);
    return process_wait(child);
}
