/*
 * Whole programs as they are, timed from outside: process 1 of a machine whose root has the programs of Debian's
 * packages.
 *
 *     whole count|clock NAME...
 *
 * runs the scripts /scripts/NAME one after the other, each twice, of which the second time is printed, as a line
 * "bench NAME NANOSECONDS 1": what it takes with all its files known already. Clocks are micro.c's. It ends by
 * switching the machine off.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static bool counting;

static uint64_t now(void)
{
    struct timespec t;
    if (counting)
        return __builtin_ia32_rdtsc();
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void mount_one(const char *what, const char *at)
{
    mkdir(at, 0755);
    if (mount(what, at, what, 0, NULL) != 0 && errno != EBUSY)
        printf("whole: %s: %s\n", at, strerror(errno));
}

/* Programs say things to standard output, which is not the console: writing to that takes long. */
static int run(const char *path)
{
    char *command[] = {"/bin/sh", (char *)path, NULL};
    char *environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/", "LC_ALL=C", "PYTHONHASHSEED=0", NULL};
    int status = -1, pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 1);
        execve(command[0], command, environment);
        _exit(127);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

static int measure(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "/scripts/%s", name);
    int status = run(path);
    uint64_t begin = now();
    if (status == 0)
        status = run(path);
    uint64_t took = now() - begin;
    if (status == 0)
        printf("bench %s %llu 1\n", name, (unsigned long long)took);
    else
        printf("whole: %s has ended with status %d\n", name, status);
    fflush(stdout);
    return status;
}

int main(int argc, char **argv)
{
    int failed = argc < 3;
    counting = argc > 1 && strcmp(argv[1], "count") == 0;
    mount_one("devtmpfs", "/dev");
    mount_one("proc", "/proc");
    mount_one("tmpfs", "/tmp");
    for (int i = 2; i < argc; i++)
        failed |= measure(argv[i]) != 0;
    printf("bench end %d\n", failed);
    fflush(stdout);
    sync();
    reboot(RB_POWER_OFF);
    return 1;
}
