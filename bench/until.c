/*
 * How long a program takes until it says something:
 *
 *     until [--timeout SECONDS] TEXT COMMAND...
 *
 * starts COMMAND on a pseudo-terminal, waits until TEXT has come out of it, kills it, and prints two numbers: the
 * milliseconds that passed, and those of processor time that it took, which other work on the host disturbs less.
 * Status 1: it ended, or the time (30 s) was over, without TEXT having been said.
 */
#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char heard[1 << 16];
static size_t length;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Adds what can be read to what was heard, of which the older half goes when there is no room; false: the end. */
static bool hear(int terminal)
{
    if (length > sizeof heard / 2) {
        memmove(heard, heard + length / 2, length - length / 2);
        length -= length / 2;
    }
    ssize_t count = read(terminal, heard + length, sizeof heard - 1 - length);
    if (count <= 0)
        return count < 0 && errno == EINTR;
    length += (size_t)count;
    return true;
}

static bool was_said(const char *text)
{
    return memmem(heard, length, text, strlen(text)) != NULL;
}

static double milliseconds(struct timeval time)
{
    return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

/* The pseudo-terminal's end goes with this process; its own group dies whole. */
static pid_t start(char **command, int *terminal)
{
    pid_t child = forkpty(terminal, NULL, NULL, NULL);
    if (child == 0) {
        execvp(command[0], command);
        perror(command[0]);
        _exit(127);
    }
    if (child < 0) {
        perror("forkpty");
        exit(1);
    }
    return child;
}

int main(int argc, char **argv)
{
    double limit = 30e3, begin = now();
    struct rusage usage;
    int terminal;
    if (argc > 2 && strcmp(argv[1], "--timeout") == 0) {
        limit = atof(argv[2]) * 1e3;
        argv += 2;
        argc -= 2;
    }
    if (argc < 3) {
        fprintf(stderr, "usage: until [--timeout SECONDS] TEXT COMMAND...\n");
        return 2;
    }
    pid_t child = start(argv + 2, &terminal);
    while (!was_said(argv[1])) {
        struct pollfd ready = {.fd = terminal, .events = POLLIN};
        double left = begin + limit - now();
        if (left <= 0 || poll(&ready, 1, (int)left + 1) < 0 || (ready.revents && !hear(terminal)))
            break;
    }
    double took = now() - begin;
    bool said = was_said(argv[1]);
    kill(-child, SIGKILL);
    wait4(child, NULL, 0, &usage);
    if (!said) {
        fprintf(stderr, "until: \"%s\" was not said; the last of what was:\n%.*s\n", argv[1],
            (int)(length < 2000 ? length : 2000), heard + (length < 2000 ? 0 : length - 2000));
        return 1;
    }
    printf("%.0f %.0f\n", took, milliseconds(usage.ru_utime) + milliseconds(usage.ru_stime));
    return 0;
}
