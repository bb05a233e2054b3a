/* Connecting a program's streams: see streams.h. */
#include "streams.h"

#include "cleanup.h"
#include "process.h"
#include "report.h"
#include "tools/session/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#define BUFFER_SIZE 65536
#define PIECE 4096 /* what a pipe takes without waiting, when it takes something */

enum { FLOW_TYPED, FLOW_SHOWN, FLOW_INPUT, FLOW_OUTPUT, FLOW_ERRORS };

#define AGAIN_SECONDS 5     /* a second signal within these means it */
#define PATIENCE_SECONDS 10 /* for the program's end */

static volatile sig_atomic_t resized, interrupted, to_pass_on;

static void on_signal(int number)
{
    if (number == SIGWINCH)
        resized = 1;
    else
        interrupted = number;
}

static void on_ending(int number)
{
    to_pass_on = number;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Planning
 */

static bool are_same(int one, int other)
{
    struct stat first, second;
    return fstat(one, &first) == 0 && fstat(other, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

/* Who is in the background would be stopped if he read, or changed settings. */
static bool is_foreground(int file)
{
    return tcgetpgrp(file) == getpgrp();
}

void streams_plan(struct streams *streams)
{
    bool is_terminal[3], any = false;
    *streams = (struct streams){.terminal_in = -1, .terminal_out = -1};
    for (int i = 0; i < 3; i++) {
        is_terminal[i] = isatty(i);
        any |= is_terminal[i];
        streams->used[PORT_INPUT + i] = !is_terminal[i];
    }
    streams->used[PORT_CONTROL] = true;
    streams->used[PORT_TERMINAL] = any;
    if (!is_terminal[1] && !is_terminal[2] && are_same(1, 2))
        streams->used[PORT_ERRORS] = false;
    if (!any)
        return;
    streams->terminal_out = is_terminal[1] ? 1 : is_terminal[2] ? 2 : 0;
    if (is_terminal[0])
        streams->terminal_in = 0;
    else if (is_terminal[1])
        streams->terminal_in = open("/dev/tty", O_RDONLY | O_CLOEXEC);
    if (streams->terminal_in >= 0 && !is_foreground(streams->terminal_in))
        streams->terminal_in = -1;
    streams->raw = is_terminal[1] && streams->terminal_in >= 0;
    streams->silent = !streams->raw;
}

static bool terminal_size(const struct streams *streams, unsigned *rows, unsigned *columns)
{
    struct winsize size;
    if (streams->terminal_out < 0 || ioctl(streams->terminal_out, TIOCGWINSZ, &size) < 0)
        return false;
    *rows = size.ws_row;
    *columns = size.ws_col;
    return *rows > 0 && *columns > 0;
}

void streams_describe(const struct streams *streams, struct strings *records)
{
    static const char kinds[] = {[PORT_TERMINAL] = SESSION_TERMINAL,
        [PORT_CONTROL] = SESSION_CONTROL,
        [PORT_INPUT] = SESSION_INPUT,
        [PORT_OUTPUT] = SESSION_OUTPUT,
        [PORT_ERRORS] = SESSION_ERRORS};
    unsigned rows, columns;
    if (streams->used[PORT_TERMINAL])
        strings_add(records, "%c/dev/hvc0", SESSION_TERMINAL);
    if (streams->used[PORT_TERMINAL] && streams->silent)
        strings_add(records, "%c", SESSION_SILENT);
    if (terminal_size(streams, &rows, &columns))
        strings_add(records, "%c%u %u", SESSION_SIZE, rows, columns);
    for (int port = PORT_CONTROL; port <= PORT_ERRORS; port++) {
        if (streams->used[port])
            strings_add(records, "%c/dev/vport0p%d", kinds[port], port);
    }
    if (!streams->used[PORT_ERRORS] && streams->used[PORT_OUTPUT] && !isatty(2))
        strings_add(records, "%c/dev/vport0p%d", SESSION_ERRORS, PORT_OUTPUT);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Beginning
 */

void streams_add(struct streams *streams, struct strings *command)
{
    strings_add(command, "-device");
    strings_add(command, "virtio-serial-pci,id=streams");
    for (int port = 0; port < STREAM_PORTS; port++) {
        int pair[2];
        if (!streams->used[port])
            continue;
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 || fcntl(pair[0], F_SETFD, FD_CLOEXEC) < 0 ||
            fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0)
            fatal_errno(NULL, "make a socket");
        streams->ours[port] = pair[0];
        streams->theirs[port] = pair[1];
        strings_add(command, "-chardev");
        strings_add(command, "socket,id=stream%d,fd=%d", port, pair[1]);
        strings_add(command, "-device");
        strings_add(command, "%s,bus=streams.0,nr=%d,chardev=stream%d",
            port == PORT_TERMINAL ? "virtconsole" : "virtserialport", port, port);
    }
}

static void flow_begin(struct flow *flow, int from, int to)
{
    struct stat status;
    bool is_file = to >= 0 && fstat(to, &status) == 0 && S_ISREG(status.st_mode);
    *flow = (struct flow){.from = from, .to = to, .is_file = is_file, .buffer = memory_get(BUFFER_SIZE)};
    if (from < 0)
        flow->to = -1;
}

static void make_raw(int file)
{
    struct termios settings;
    if (tcgetattr(file, &settings) < 0)
        return;
    cfmakeraw(&settings);
    tcsetattr(file, TCSANOW, &settings);
}

/* Unless it is ignored, as by nohup. */
static void watch(int number, void (*handler)(int), sigset_t *ours)
{
    struct sigaction action = {.sa_handler = handler}, old;
    sigaction(number, NULL, &old);
    if (old.sa_handler == SIG_IGN)
        return;
    sigaction(number, &action, NULL);
    sigaddset(ours, number);
}

static void watch_signals(struct streams *streams)
{
    sigset_t ours;
    bool keys = streams->used[PORT_TERMINAL] && streams->terminal_in >= 0;
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&ours);
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    if (streams->used[PORT_TERMINAL]) {
        sigaction(SIGWINCH, &action, NULL);
        sigaddset(&ours, SIGWINCH);
    }
    watch(SIGINT, keys ? on_signal : on_ending, &ours);
    watch(SIGQUIT, keys ? on_signal : on_ending, &ours);
    watch(SIGTERM, on_ending, &ours);
    watch(SIGHUP, on_ending, &ours);
    sigprocmask(SIG_BLOCK, &ours, &streams->mask);
}

void streams_begin(struct streams *streams)
{
    int *const ours = streams->ours;
    for (int port = 0; port < STREAM_PORTS; port++) {
        if (streams->used[port])
            close(streams->theirs[port]);
        else
            ours[port] = -1;
    }
    struct flow *flows = streams->flows;
    flow_begin(&flows[FLOW_TYPED], streams->terminal_in, ours[PORT_TERMINAL]);
    flows[FLOW_TYPED].raw = streams->raw;
    flows[FLOW_TYPED].lines = !streams->raw;
    flow_begin(&flows[FLOW_SHOWN], ours[PORT_TERMINAL], streams->terminal_out);
    flow_begin(&flows[FLOW_INPUT], streams->used[PORT_INPUT] ? STDIN_FILENO : -1, ours[PORT_INPUT]);
    flow_begin(&flows[FLOW_OUTPUT], ours[PORT_OUTPUT], STDOUT_FILENO);
    flow_begin(&flows[FLOW_ERRORS], ours[PORT_ERRORS], STDERR_FILENO);
    watch_signals(streams);
    if (streams->raw) {
        cleanup_terminal_save(streams->terminal_in);
        make_raw(streams->terminal_in);
    }
}

bool streams_are_open(const struct streams *streams)
{
    const struct flow *flows = streams->flows;
    return streams->ours[PORT_CONTROL] >= 0 || flows[FLOW_SHOWN].to >= 0 || flows[FLOW_OUTPUT].to >= 0 ||
           flows[FLOW_ERRORS].to >= 0;
}

void streams_end(struct streams *streams)
{
    for (int i = 0; i < STREAM_FLOWS; i++)
        free(streams->flows[i].buffer);
    if (streams->ours[PORT_TERMINAL] >= 0)
        close(streams->ours[PORT_TERMINAL]);
    sigprocmask(SIG_SETMASK, &streams->mask, NULL);
    if (streams->raw)
        cleanup_terminal_restore();
    if (streams->killed)
        cleanup_die(streams->signal);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Flowing
 */

static bool is_input(const struct flow *flow, const struct streams *streams)
{
    return flow == &streams->flows[FLOW_TYPED] || flow == &streams->flows[FLOW_INPUT];
}

/* No more is read; when all is written, the other side learns of it. */
static void flow_stop_reading(struct streams *streams, struct flow *flow)
{
    if (!is_input(flow, streams) && flow->from != streams->ours[PORT_TERMINAL])
        close(flow->from);
    flow->from = -1;
}

/* Nobody takes what is written. To a program that writes on, its end of it closes: SIGPIPE, EPIPE. */
static void flow_break(struct streams *streams, struct flow *flow)
{
    if (flow->from >= 0)
        flow_stop_reading(streams, flow);
    flow->to = -1;
    flow->start = flow->end = 0;
}

/* All is written that will come. QEMU would lose what it has not read if the socket were closed. */
static void flow_finish(struct streams *streams, struct flow *flow)
{
    if (flow == &streams->flows[FLOW_INPUT])
        shutdown(flow->to, SHUT_WR);
    flow->to = -1;
}

/* What was typed, less what is for us. */
static void take_escapes(struct streams *streams, struct flow *flow)
{
    size_t kept = flow->start;
    for (size_t i = flow->start; i < flow->end; i++) {
        char c = flow->buffer[i];
        if (flow->escaped) {
            flow->escaped = false;
            if (c == 'x' || c == 'X')
                streams->quit = true;
            if (c != CTRL('a') && c != 'a' && c != 'A')
                continue;
            c = CTRL('a');
        } else if (c == CTRL('a')) {
            flow->escaped = true;
            continue;
        }
        flow->buffer[kept++] = c;
    }
    flow->end = kept;
}

static void flow_read(struct streams *streams, struct flow *flow, bool hung_up)
{
    ssize_t count = read(flow->from, flow->buffer, BUFFER_SIZE);
    if (count < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (count == 0 && flow->lines && !hung_up) {
        flow->buffer[0] = CTRL('d');
        count = 1;
    }
    if (count <= 0) {
        if (count < 0 && is_input(flow, streams))
            report_errno("standard input", "read");
        flow_stop_reading(streams, flow);
        if (flow->to >= 0)
            flow_finish(streams, flow);
        return;
    }
    flow->start = 0;
    flow->end = (size_t)count;
    if (flow->raw)
        take_escapes(streams, flow);
}

static void flow_write(struct streams *streams, struct flow *flow)
{
    bool to_us = !is_input(flow, streams);
    size_t length = flow->end - flow->start;
    if (to_us && !flow->is_file && length > PIECE)
        length = PIECE;
    ssize_t count = write(flow->to, flow->buffer + flow->start, length);
    if (count >= 0) {
        flow->start += (size_t)count;
        return;
    }
    if (errno == EINTR || errno == EAGAIN)
        return;
    if (to_us && errno != EPIPE) {
        report_errno(flow->to == STDERR_FILENO ? "standard error" : "standard output", "write");
        streams->damaged = true;
    }
    flow_break(streams, flow);
}

void streams_prepare(struct streams *streams, struct pollfd *files)
{
    for (int i = 0; i < STREAM_FLOWS; i++) {
        const struct flow *flow = &streams->flows[i];
        bool full = flow->start < flow->end;
        files[2 * i] = (struct pollfd){.fd = full ? -1 : flow->from, .events = POLLIN};
        files[2 * i + 1] = (struct pollfd){.fd = full ? flow->to : -1, .events = POLLOUT};
    }
    files[2 * STREAM_FLOWS] = (struct pollfd){.fd = streams->ours[PORT_CONTROL], .events = POLLIN};
}

/* ------------------------------------------------------------------------------------------------------------------
 * Control
 */

static void obey(struct streams *streams, const char *line)
{
    int number;
    if (sscanf(line, "exit %d", &number) == 1)
        streams->status = number & 0xff;
    else if (sscanf(line, "signal %d", &number) == 1)
        streams->status = (128 + number) & 0xff;
    else
        return;
    streams->told = true;
}

static void hear_control(struct streams *streams)
{
    size_t room = sizeof streams->line - 1 - streams->line_length;
    ssize_t count = read(streams->ours[PORT_CONTROL], streams->line + streams->line_length, room);
    if (count < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (count <= 0) {
        close(streams->ours[PORT_CONTROL]);
        streams->ours[PORT_CONTROL] = -1;
        return;
    }
    streams->line_length += (size_t)count;
    streams->line[streams->line_length] = '\0';
    char *line = streams->line, *end;
    for (; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        obey(streams, line);
    }
    streams->line_length -= (size_t)(line - streams->line);
    memmove(streams->line, line, streams->line_length);
    if (streams->line_length == sizeof streams->line - 1)
        streams->line_length = 0; /* no line is so long */
}

static void pass_on(struct streams *streams, int number)
{
    char text[32];
    double now = process_clock();
    bool again = streams->told || (streams->signal && now - streams->passed < AGAIN_SECONDS);
    streams->signal = number;
    streams->passed = now;
    if (number != SIGHUP && streams->ends == 0)
        streams->ends = now + PATIENCE_SECONDS;
    int length = snprintf(text, sizeof text, "signal %d\n", number);
    if (again || streams->ours[PORT_CONTROL] < 0 || write(streams->ours[PORT_CONTROL], text, (size_t)length) != length)
        streams->killed = true;
}

double streams_patience(const struct streams *streams, double seconds)
{
    if (streams->ends == 0)
        return seconds;
    double left = streams->ends - process_clock();
    left = left > 0 ? left : 0;
    return seconds < 0 || left < seconds ? left : seconds;
}

static void heed_signals(struct streams *streams)
{
    if (to_pass_on)
        pass_on(streams, to_pass_on);
    to_pass_on = 0;
    if (streams->ends > 0 && process_clock() >= streams->ends)
        streams->killed = true;
    unsigned rows, columns;
    char text[64];
    struct flow *typed = &streams->flows[FLOW_TYPED];
    if (resized && terminal_size(streams, &rows, &columns) && streams->ours[PORT_CONTROL] >= 0) {
        int length = snprintf(text, sizeof text, "size %u %u\n", rows, columns);
        (void)!write(streams->ours[PORT_CONTROL], text, (size_t)length);
    }
    resized = 0;
    if (interrupted && typed->to >= 0 && typed->end < BUFFER_SIZE)
        typed->buffer[typed->end++] = interrupted == SIGINT ? CTRL('c') : CTRL('\\');
    interrupted = 0;
}

void streams_serve(struct streams *streams, const struct pollfd *files)
{
    heed_signals(streams);
    for (int i = 0; i < STREAM_FLOWS; i++) {
        struct flow *flow = &streams->flows[i];
        if (files[2 * i].fd >= 0 && files[2 * i].revents)
            flow_read(streams, flow, files[2 * i].revents & (POLLHUP | POLLERR));
        else if (files[2 * i + 1].fd >= 0 && files[2 * i + 1].revents)
            flow_write(streams, flow);
    }
    if (files[2 * STREAM_FLOWS].fd >= 0 && files[2 * STREAM_FLOWS].revents)
        hear_control(streams);
}
