/* Calls that do little: what remains is the way into the kernel and back, and to a file. */
#include "bench/programs/micro.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILE_NAME MICRO_FOLDER "/file"
#define MANY 100

static int file;

static void null_call(long count)
{
    for (; count > 0; count--)
        syscall(SYS_getppid);
}

static void open_zero(void)
{
    file = (int)must(open("/dev/zero", O_RDONLY));
}

static void open_null(void)
{
    file = (int)must(open("/dev/null", O_WRONLY));
}

static void make_file(void)
{
    file = (int)must(open(FILE_NAME, O_RDWR | O_CREAT | O_TRUNC, 0644));
}

static void close_file(void)
{
    close(file);
}

static void remove_file(void)
{
    close(file);
    must(unlink(FILE_NAME));
}

static void read_byte(long count)
{
    char byte;
    for (; count > 0; count--)
        must(read(file, &byte, 1));
}

static void write_byte(long count)
{
    for (; count > 0; count--)
        must(write(file, "x", 1));
}

static void call_stat(long count)
{
    struct stat info;
    for (; count > 0; count--)
        must(stat(FILE_NAME, &info));
}

static void call_fstat(long count)
{
    struct stat info;
    for (; count > 0; count--)
        must(fstat(file, &info));
}

static void open_and_close(long count)
{
    for (; count > 0; count--)
        close((int)must(open(FILE_NAME, O_RDONLY)));
}

static void create_and_delete(long count)
{
    for (; count > 0; count--) {
        close((int)must(open(MICRO_FOLDER "/new", O_WRONLY | O_CREAT | O_EXCL, 0644)));
        must(unlink(MICRO_FOLDER "/new"));
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Waiting for many files of which none is ready
 */

static int ends[MANY][2], poller;

static void make_many(void)
{
    poller = (int)must(epoll_create1(0));
    for (int i = 0; i < MANY; i++) {
        struct epoll_event event = {.events = EPOLLIN};
        must(pipe(ends[i]));
        must(epoll_ctl(poller, EPOLL_CTL_ADD, ends[i][0], &event));
    }
}

static void close_many(void)
{
    for (int i = 0; i < MANY; i++) {
        close(ends[i][0]);
        close(ends[i][1]);
    }
    close(poller);
}

static void select_many(long count)
{
    for (; count > 0; count--) {
        fd_set set;
        struct timeval at_once = {0, 0};
        FD_ZERO(&set);
        for (int i = 0; i < MANY; i++)
            FD_SET(ends[i][0], &set);
        must(select(ends[MANY - 1][1] + 1, &set, NULL, NULL, &at_once));
    }
}

static void poll_many(long count)
{
    struct pollfd set[MANY];
    for (int i = 0; i < MANY; i++)
        set[i] = (struct pollfd){.fd = ends[i][0], .events = POLLIN};
    for (; count > 0; count--)
        must(poll(set, MANY, 0));
}

static void epoll_many(long count)
{
    struct epoll_event ready;
    for (; count > 0; count--)
        must(epoll_wait(poller, &ready, 1, 0));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Signals
 */

static char *guarded;

static void ignore_it(int number)
{
    (void)number;
}

static void allow_it(int number)
{
    (void)number;
    mprotect(guarded, 4096, PROT_READ | PROT_WRITE);
}

static void take(int number, void (*handler)(int))
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    must(sigaction(number, &action, NULL));
}

static void signal_install(long count)
{
    for (; count > 0; count--)
        take(SIGUSR1, ignore_it);
}

static void take_usr1(void)
{
    take(SIGUSR1, ignore_it);
}

static void signal_deliver(long count)
{
    int self = getpid();
    for (; count > 0; count--)
        syscall(SYS_kill, self, SIGUSR1);
}

static void guard(void)
{
    guarded = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    must(guarded == MAP_FAILED ? -1 : 0);
    take(SIGSEGV, allow_it);
}

static void unguard(void)
{
    munmap(guarded, 4096);
    take(SIGSEGV, SIG_DFL);
}

/* A store to a page that may only be read, whose handler allows it, which is then taken back. */
static void protection_fault(long count)
{
    for (; count > 0; count--) {
        *(volatile char *)guarded = 1;
        must(mprotect(guarded, 4096, PROT_READ));
    }
}

const struct micro micro_calls[] = {
    {"null_call", NULL, null_call, NULL, 2000, 0, NULL},
    {"read", open_zero, read_byte, close_file, 2000, 0, NULL},
    {"write", open_null, write_byte, close_file, 2000, 0, NULL},
    {"stat", make_file, call_stat, remove_file, 1000, 0, NULL},
    {"fstat", make_file, call_fstat, remove_file, 1000, 0, NULL},
    {"open_close", make_file, open_and_close, remove_file, 1000, 0, NULL},
    {"create_delete", NULL, create_and_delete, NULL, 500, 0, NULL},
    {"select_100", make_many, select_many, close_many, 200, 0, NULL},
    {"poll_100", make_many, poll_many, close_many, 200, 0, NULL},
    {"epoll_100", make_many, epoll_many, close_many, 1000, 0, NULL},
    {"signal_install", NULL, signal_install, NULL, 2000, 0, NULL},
    {"signal_deliver", take_usr1, signal_deliver, NULL, 1000, 0, NULL},
    {"protection_fault", guard, protection_fault, unguard, 500, 0, NULL},
    {0},
};
