/*
 * One boot, from starting QEMU to the verdict. What happened is known from three things: QEMU's exit status, which
 * isa-debug-exit makes (v << 1) | 1 of what the guest wrote; the SHUTDOWN event on the control channel, which tells a
 * power-off from a reset; and the clock.
 */
#include "machine.h"

#include "boot/protocol.h"
#include "cleanup.h"
#include "process.h"
#include "qmp.h"
#include "report.h"
#include "streams.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define GRACE_SECONDS 2 /* between asking QEMU to end and killing it */

static const struct {
    int status;
    const char *word, *sentence;
} verdicts[] = {
    [VERDICT_SUCCESS] = {EXIT_SUCCESS, "success", "the kernel reported success"},
    [VERDICT_OFF] = {EXIT_SUCCESS, "no verdict", "the machine was switched off, and the kernel had given no verdict"},
    [VERDICT_FAILURE] = {EXIT_FAILURE, "failure", "the kernel reported failure"},
    [VERDICT_PANIC] = {EXIT_CRASHED, "panic", "the kernel crashed: it reported a panic"},
    [VERDICT_RESET] = {EXIT_CRASHED, "reset", "the machine crashed: it reset itself (a triple fault, or a reboot)"},
    [VERDICT_RESTART] = {EXIT_CRASHED, "restart", "the machine wanted to start anew, which it does on a terminal"},
    [VERDICT_TIMEOUT] = {EXIT_TIMEOUT, "timeout", "time is up; the machine was still running"},
    [VERDICT_LOADER] = {EXIT_BROKEN, "loader", "the boot loader could not start the kernel and says why above"},
    [VERDICT_QEMU] = {EXIT_BROKEN, "qemu", "QEMU failed; --verbose shows its command"},
};

int verdict_status(enum verdict verdict)
{
    return verdicts[verdict].status;
}

const char *verdict_word(enum verdict verdict)
{
    return verdicts[verdict].word;
}

const char *verdict_sentence(enum verdict verdict)
{
    return verdicts[verdict].sentence;
}

static enum verdict judge(int status, const struct qmp *qmp)
{
    if (status < 0)
        return VERDICT_QEMU;
    switch (status) {
    case 0:
        if (qmp->reset)
            return VERDICT_RESET;
        if (qmp->panicked)
            return VERDICT_PANIC;
        return qmp->killed ? VERDICT_QEMU : VERDICT_OFF;
    case BOOT_EXIT_SUCCESS << 1 | 1: return VERDICT_SUCCESS;
    case BOOT_EXIT_PANIC << 1 | 1: return VERDICT_PANIC;
    case BOOT_EXIT_RESTART << 1 | 1: return VERDICT_RESTART;
    case BOOT_EXIT_LOADER << 1 | 1: return VERDICT_LOADER;
    case 1: /* QEMU's own; the guest would have to write 0 */ return VERDICT_QEMU;
    default: /* BOOT_EXIT_FAILURE, or a number that only the kernel knows */
        return status & 1 ? VERDICT_FAILURE : VERDICT_QEMU;
    }
}

/* What QEMU says on the pipe of its serial line. */
static void take_output(int *output, void (*sink)(const char *, size_t))
{
    char buffer[4096];
    ssize_t count = read(*output, buffer, sizeof buffer);
    if (count > 0) {
        sink(buffer, (size_t)count);
    } else if (count == 0) {
        close(*output);
        *output = -1;
    }
}

/* Waits, for LEFT seconds or (negative) for ever, for QEMU to say or print something, or for a program's streams. */
static void wait_for(
    struct qmp *qmp, int *output, double left, void (*sink)(const char *, size_t), struct streams *streams)
{
    struct pollfd files[2 + STREAM_FILES] = {{.fd = qmp->fd, .events = POLLIN}, {.fd = *output, .events = POLLIN}};
    double limit = 3600; /* a timeout of weeks must not overflow poll()'s */
    double wait = left < limit ? left : limit;
    struct timespec time = {.tv_sec = (time_t)wait, .tv_nsec = (long)((wait - (double)(time_t)wait) * 1e9)};
    if (streams)
        streams_prepare(streams, files + 2);
    int ready = ppoll(files, streams ? 2 + STREAM_FILES : 2, left < 0 ? NULL : &time, streams ? &streams->mask : NULL);
    if (ready < 0 && errno != EINTR)
        fatal_errno(NULL, "wait for QEMU");
    for (unsigned i = 0; ready < 0 && i < sizeof files / sizeof *files; i++)
        files[i].revents = 0;
    if (files[0].revents)
        qmp_read(qmp);
    if (files[1].revents)
        take_output(output, sink);
    if (streams)
        streams_serve(streams, files + 2);
}

/* Lets QEMU run, and ends it when TIMEOUT seconds are over, or a program's user says so. Returns whether time was over.
 */
static bool follow(struct qmp *qmp, int output, double timeout, pid_t child, void (*sink)(const char *, size_t),
    struct streams *streams)
{
    double end = process_clock() + timeout;
    bool timed_out = false;
    while (qmp->fd >= 0 || output >= 0 || (streams && streams_are_open(streams))) {
        double left = end - process_clock();
        if (timeout > 0 && left <= 0) {
            if (timed_out)
                kill(child, SIGKILL);
            else
                kill(child, SIGTERM);
            timed_out = true;
            end = process_clock() + GRACE_SECONDS;
            continue;
        }
        left = timeout > 0 ? left : -1;
        wait_for(qmp, &output, streams ? streams_patience(streams, left) : left, sink, streams);
        if (streams && (streams->quit || streams->killed))
            kill(child, SIGKILL);
    }
    return timed_out;
}

static void add_serial(struct strings *command, bool terminal)
{
    strings_add(command, "-serial");
    strings_add(command, terminal ? "mon:stdio" : "stdio");
}

static void give_hints(const struct machine *machine, bool terminal)
{
    if (machine->gdb)
        report_error(NULL, "QEMU waits for a debugger: gdb -ex 'target remote localhost:%llu' KERNEL.elf",
            (unsigned long long)machine->gdb);
    if (terminal)
        report_note("Ctrl-A X quits, Ctrl-A C shows QEMU's monitor");
    else if (machine->streams && machine->streams->raw)
        report_detail("Ctrl-A X quits");
}

enum verdict machine_boot(const struct machine *machine, void (*sink)(const char *text, size_t length))
{
    int control[2], pipes[2] = {-1, -1}, null = -1;
    bool terminal = !sink && isatty(STDIN_FILENO);
    struct strings command = machine_command(machine);
    add_serial(&command, terminal);
    report_detail("%s", strings_quoted(&command));
    give_hints(machine, terminal);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) < 0)
        fatal_errno(NULL, "make a socket");
    if (sink && (pipe2(pipes, O_CLOEXEC) < 0 || (null = open("/dev/null", O_RDWR | O_CLOEXEC)) < 0))
        fatal_errno(NULL, "make a pipe");
    /* The control channel; -S holds the machine until we listen. Not shown: it is of no use to a person. */
    strings_add(&command, "-chardev");
    strings_add(&command, "socket,id=control,fd=%d", control[1]);
    strings_add(&command, "-mon");
    strings_add(&command, "chardev=control,mode=control");
    strings_add(&command, "-S");
    struct qmp *qmp = memory_get(sizeof *qmp);
    qmp->fd = control[0];
    qmp->hold = machine->gdb != 0;
    qmp->report_vnc = machine->display;
    if (machine->streams)
        streams_add(machine->streams, &command);
    else
        cleanup_terminal_save(STDIN_FILENO);
    pid_t child = process_start(&command, null, pipes[1], pipes[1], control[1], "qemu-system-x86");
    close(control[1]);
    if (sink) {
        close(pipes[1]);
        close(null);
    }
    if (machine->streams)
        streams_begin(machine->streams);
    bool timed_out = follow(qmp, pipes[0], (double)machine->timeout, child, sink, machine->streams);
    int status = process_wait(child);
    if (machine->streams)
        streams_end(machine->streams);
    cleanup_terminal_restore();
    enum verdict verdict = timed_out ? VERDICT_TIMEOUT : judge(status, qmp);
    free(qmp);
    return verdict;
}
