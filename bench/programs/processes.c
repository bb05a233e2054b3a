/* Processes and threads that come and go. */
#include "bench/programs/micro.h"

#include <pthread.h>
#include <stddef.h>
#include <unistd.h>

static void fork_and_exit(long count)
{
    for (; count > 0; count--) {
        int pid = (int)must(fork());
        if (pid == 0)
            _exit(0);
        micro_reap(pid);
    }
}

static void start(long count, char **command)
{
    for (; count > 0; count--) {
        int pid = (int)must(fork());
        if (pid == 0) {
            execve(command[0], command, micro_environment);
            _exit(127);
        }
        micro_reap(pid);
    }
}

static void fork_and_exec(long count)
{
    char *command[] = {MICRO_NOTHING, NULL};
    start(count, command);
}

static void fork_and_shell(long count)
{
    char *command[] = {"/bin/sh", "-c", MICRO_NOTHING, NULL};
    start(count, command);
}

static void *do_nothing(void *argument)
{
    return argument;
}

static void create_and_join(long count)
{
    for (; count > 0; count--) {
        pthread_t thread;
        must(-pthread_create(&thread, NULL, do_nothing, NULL));
        pthread_join(thread, NULL);
    }
}

const struct micro micro_processes[] = {
    {"fork_exit", NULL, fork_and_exit, NULL, 50, 0, NULL},
    {"fork_exec", NULL, fork_and_exec, NULL, 20, 0, NULL},
    {"fork_sh", NULL, fork_and_shell, NULL, 10, 0, NULL},
    {"thread_create_join", NULL, create_and_join, NULL, 100, 0, NULL},
    {0},
};
