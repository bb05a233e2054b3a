/*
 * Process 1 of a machine that is there for one program (`corrode run PROGRAM`, `corrode image --program`): it starts
 * the program as a child, so that this has ordinary signals, collects what others leave behind, passes the size of the
 * terminal on, and tells with which status the program has ended. Then it ends, and with it the machine.
 *
 * It is an ordinary Linux program. What it is to do is in the file SESSION beside it: records of a letter, a text and a
 * NUL (session.h). Both files are removed before the program starts.
 *
 *     program's descriptors       what the records say: ports of the virtio console device, or a terminal
 *     control port, to us         lines: "size ROWS COLUMNS"; "signal N", for the program
 *     control port, from us       "exit N" or "signal N", when all that was written has arrived
 *
 * Source: credentials(7), "Sessions"; ioctl_tty(2); reboot(2).
 */
#include "tools/session/session.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define WORDS_MAX 4096

static struct {
    char *program, *directory, *terminal, *control;
    char *streams[3]; /* NULL: the terminal */
    char *arguments[WORDS_MAX + 1], *environment[WORDS_MAX + 1];
    unsigned argument_count, environment_count;
    unsigned rows, columns;
    int silent; /* the terminal does not echo: the one at the other end does */
} session;

static int control = -1, terminal = -1, streams[3] = {-1, -1, -1};

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "session: cannot %s: %s\n", what, strerror(errno));
    exit(127);
}

/* ------------------------------------------------------------------------------------------------------------------
 * What is to be done
 */

static void take_record(char kind, char *text)
{
    switch (kind) {
    case SESSION_PROGRAM: session.program = text; break;
    case SESSION_DIRECTORY: session.directory = text; break;
    case SESSION_TERMINAL: session.terminal = text; break;
    case SESSION_CONTROL: session.control = text; break;
    case SESSION_INPUT: session.streams[0] = text; break;
    case SESSION_OUTPUT: session.streams[1] = text; break;
    case SESSION_ERRORS: session.streams[2] = text; break;
    case SESSION_SILENT: session.silent = 1; break;
    case SESSION_SIZE: sscanf(text, "%u %u", &session.rows, &session.columns); break;
    case SESSION_ARGUMENT:
        if (session.argument_count < WORDS_MAX)
            session.arguments[session.argument_count++] = text;
        break;
    case SESSION_ENVIRONMENT:
        if (session.environment_count < WORDS_MAX)
            session.environment[session.environment_count++] = text;
        break;
    }
}

static void read_session(void)
{
    struct stat status;
    int file = open(SESSION_FILE, O_RDONLY | O_CLOEXEC);
    if (file < 0 || fstat(file, &status) < 0)
        give_up("open " SESSION_FILE);
    char *text = malloc((size_t)status.st_size + 1), *end = text + status.st_size;
    if (!text || read(file, text, (size_t)status.st_size) != status.st_size)
        give_up("read " SESSION_FILE);
    *end = '\0';
    close(file);
    for (char *at = text; at < end; at += strlen(at) + 1)
        take_record(at[0], at + 1);
    if (!session.program || session.argument_count == 0) {
        errno = EINVAL;
        give_up("find a program in " SESSION_FILE);
    }
}

/* On the machine's own console the kernel knows what kind of terminal that is. */
static void add_term(void)
{
    static char text[64];
    const char *term = getenv("TERM");
    for (unsigned i = 0; i < session.environment_count; i++) {
        if (strncmp(session.environment[i], "TERM=", 5) == 0)
            return;
    }
    if (session.control || !term || session.environment_count == WORDS_MAX)
        return;
    snprintf(text, sizeof text, "TERM=%s", term);
    session.environment[session.environment_count++] = text;
}

/* The program shall find what it is used to, and nothing of us. */
static void prepare_files(void)
{
    unlink(SESSION_FILE);
    unlink(SESSION_PROGRAM_FILE);
    rmdir(SESSION_FOLDER);
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
    mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
}

/* A device may come a little later than we do. */
static int open_device(const char *path, int flags)
{
    const struct timespec pause = {.tv_nsec = 10000000};
    for (unsigned tries = 0;; tries++) {
        int file = open(path, flags | O_NOCTTY | O_CLOEXEC);
        if (file >= 0 || tries >= 200 || (errno != ENOENT && errno != ENXIO && errno != ENODEV))
            return file;
        nanosleep(&pause, NULL);
    }
}

static void set_size(unsigned rows, unsigned columns)
{
    const struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    if (terminal >= 0 && rows && columns)
        ioctl(terminal, TIOCSWINSZ, &size);
}

static void open_terminal(void)
{
    struct termios settings;
    terminal = open_device(session.terminal, O_RDWR);
    if (terminal < 0)
        give_up("open the terminal");
    set_size(session.rows, session.columns);
    if (session.silent && tcgetattr(terminal, &settings) == 0) {
        settings.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(terminal, TCSANOW, &settings);
    }
}

static void open_all(void)
{
    static const int flags[3] = {O_RDONLY, O_WRONLY, O_WRONLY};
    if (session.control && (control = open_device(session.control, O_RDWR)) < 0)
        give_up("open the control port");
    if (session.terminal)
        open_terminal();
    for (int i = 0; i < 3; i++) {
        if (session.streams[i] && (streams[i] = open_device(session.streams[i], flags[i])) < 0)
            give_up("open the program's streams");
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * The program
 */

static _Noreturn void become_program(const sigset_t *mask)
{
    setsid();
    if (terminal >= 0)
        ioctl(terminal, TIOCSCTTY, 0);
    for (int i = 0; i < 3; i++) {
        int from = streams[i] >= 0 ? streams[i] : terminal;
        if (from >= 0)
            dup2(from, i);
    }
    sigprocmask(SIG_SETMASK, mask, NULL);
    if (session.directory && chdir(session.directory) < 0)
        fprintf(stderr, "%s: cannot go to this directory: %s\n", session.directory, strerror(errno));
    execve(session.program, session.arguments, session.environment);
    fprintf(stderr, "%s: cannot be run: %s\n", session.arguments[0], strerror(errno));
    _exit(errno == ENOENT ? 127 : 126);
}

/* A line that came from the other end. */
static void obey(const char *line, pid_t program)
{
    unsigned rows, columns;
    int number;
    if (sscanf(line, "size %u %u", &rows, &columns) == 2)
        set_size(rows, columns);
    else if (sscanf(line, "signal %d", &number) == 1)
        kill(program, number);
}

/* False: the other end is gone. */
static int hear_control(pid_t program)
{
    static char text[256];
    static size_t used;
    ssize_t count = read(control, text + used, sizeof text - 1 - used);
    if (count <= 0)
        return count < 0 && errno == EINTR;
    used += (size_t)count;
    text[used] = '\0';
    char *line = text, *end;
    for (; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        obey(line, program);
    }
    used -= (size_t)(line - text);
    memmove(text, line, used);
    if (used == sizeof text - 1)
        used = 0; /* no line is so long */
    return 1;
}

/* Whoever has ended; the program's status, or -1 while it runs. */
static int collect(pid_t program)
{
    int status, result = -1;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == program)
            result = status;
    }
    return result;
}

static int attend(pid_t program, int signals)
{
    struct pollfd files[2] = {{.fd = signals, .events = POLLIN}, {.fd = control, .events = POLLIN}};
    struct signalfd_siginfo info;
    int status;
    while ((status = collect(program)) < 0) {
        if (poll(files, 2, -1) < 0)
            continue;
        if (files[0].revents && read(signals, &info, sizeof info) < 0 && errno != EAGAIN)
            give_up("wait for the program");
        if (files[1].revents && !hear_control(program))
            files[1].fd = -1;
    }
    return status;
}

/* All that was written has arrived before the status does. */
static void tell(int status)
{
    if (terminal >= 0)
        tcdrain(terminal);
    for (int i = 1; i < 3; i++) {
        if (streams[i] >= 0)
            fsync(streams[i]);
    }
    if (control < 0)
        return;
    dprintf(control, WIFSIGNALED(status) ? "signal %d\n" : "exit %d\n",
        WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    fsync(control);
}

int main(void)
{
    sigset_t child, before;
    read_session();
    add_term();
    prepare_files();
    open_all();
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &before);
    int signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    pid_t program = fork();
    if (program == 0)
        become_program(&before);
    if (program < 0 || signals < 0)
        give_up("start the program");
    if (streams[0] >= 0)
        close(streams[0]); /* the program's alone */
    int status = attend(program, signals);
    tell(status);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
