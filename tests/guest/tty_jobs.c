/*
 * Terminals and processes: controlling terminals, sessions, foreground and background groups, the signals that keys
 * send, hang-ups, changes of size.
 *
 * Each scene is played by a child that leads a session of its own and stops at the first thing that is not so, whose
 * line is told.
 */
#include "tests/guest/tty.h"

#include <signal.h>
#include <sys/wait.h>

static volatile sig_atomic_t caught[65];

static void on_signal(int signal)
{
    caught[signal]++;
}

static void handle(int signal)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(signal, &action, NULL);
}

#define EXPECT(condition)                                                                                              \
    do {                                                                                                               \
        if (!(condition))                                                                                              \
            return __LINE__;                                                                                           \
    } while (0)
#define EXPECT_ERROR(error, call) EXPECT((errno = 0, (call) == -1 && errno == (error)))

/* In a child that leads a session without a terminal. 0, or the line. */
static int play(int (*scene)(void))
{
    int report[2], line = -1, status;
    if (pipe(report) != 0)
        return -1;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        setsid();
        line = scene();
        int error = errno;
        if (write(report[1], &line, sizeof line) != sizeof line)
            _exit(1);
        if (line != 0)
            fprintf(stderr, "# line %d: errno %d\n", line, error);
        _exit(0);
    }
    close(report[1]);
    close_pair();
    if (read(report[0], &line, sizeof line) != sizeof line)
        line = -2;
    close(report[0]);
    waitpid(child, &status, 0);
    return line;
}

#define SCENE(function) point(open_pair(0) && play(function) == 0, #function, __LINE__)

/* Becomes the controlling terminal by opening it. */
static int own(void)
{
    return open(slave_name, O_RDWR);
}

static int no_terminal(void)
{
    int group;
    EXPECT_ERROR(ENXIO, open("/dev/tty", O_RDWR));
    EXPECT_ERROR(ENOTTY, ioctl(slave, TIOCGPGRP, &group));
    EXPECT_ERROR(ENOTTY, ioctl(slave, TIOCGSID, &group));
    EXPECT_ERROR(ENOTTY, ioctl(slave, TIOCNOTTY));
    EXPECT(ioctl(master, TIOCGPGRP, &group) == 0 && group == 0);
    int other = open(slave_name, O_RDWR | O_NOCTTY);
    EXPECT_ERROR(ENOTTY, ioctl(other, TIOCGPGRP, &group));
    EXPECT(open(slave_name, O_WRONLY) >= 0);
    EXPECT_ERROR(ENOTTY, ioctl(other, TIOCGPGRP, &group));
    EXPECT(own() >= 0 && ioctl(other, TIOCGPGRP, &group) == 0 && group == getpid());
    return 0;
}

static int belonging(void)
{
    int group, tty;
    EXPECT(ioctl(slave, TIOCSCTTY, 0) == 0 && ioctl(slave, TIOCSCTTY, 0) == 0);
    EXPECT(tcgetpgrp(slave) == getpid() && tcgetsid(slave) == getpid());
    EXPECT(tcgetpgrp(master) == getpid() && tcgetsid(master) == getpid());
    EXPECT((tty = open("/dev/tty", O_RDWR)) >= 0 && tcgetpgrp(tty) == getpid());
    EXPECT(ioctl(tty, TIOCGWINSZ, &(struct winsize){0}) == 0);
    EXPECT(write(tty, "x", 1) == 1 && hears(master, "x"));
    group = -1;
    EXPECT_ERROR(EINVAL, ioctl(slave, TIOCSPGRP, &group));
    group = 30000;
    EXPECT_ERROR(ESRCH, ioctl(slave, TIOCSPGRP, &group));
    group = getppid();
    EXPECT_ERROR(EPERM, ioctl(slave, TIOCSPGRP, &group));
    EXPECT_ERROR(EFAULT, ioctl(slave, TIOCSPGRP, KERNEL));
    if (fork() == 0) {
        EXPECT_ERROR(EPERM, ioctl(slave, TIOCSCTTY, 0));
        setsid();
        EXPECT_ERROR(ENXIO, open("/dev/tty", O_RDWR));
        EXPECT_ERROR(EPERM, ioctl(slave, TIOCSCTTY, 0)); /* it is another session's */
        _exit(0);
    }
    int status;
    EXPECT(wait(&status) > 0 && status == 0);
    handle(SIGHUP);
    handle(SIGCONT);
    EXPECT(ioctl(slave, TIOCNOTTY) == 0 && caught[SIGHUP] == 1 && caught[SIGCONT] == 1);
    EXPECT_ERROR(ENXIO, open("/dev/tty", O_RDWR));
    EXPECT(tcgetpgrp(master) == 0);
    return 0;
}

/* A child in a group of its own, in the foreground; what it does. */
static pid_t start_job(void (*job)(void))
{
    pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        signal(SIGINT, SIG_DFL);
        signal(SIGTTOU, SIG_IGN);
        tcsetpgrp(slave, getpid());
        signal(SIGTTOU, SIG_DFL);
        job();
        _exit(0);
    }
    setpgid(child, child);
    return child;
}

static void to_foreground(pid_t group)
{
    signal(SIGTTOU, SIG_IGN);
    tcsetpgrp(slave, group);
    signal(SIGTTOU, SIG_DFL);
}

static void wait_for_ever(void)
{
    char byte;
    if (write(slave, "ready", 5) == 5)
        while (read(slave, &byte, 1) >= 0)
            ;
}

static int keys(void)
{
    int status;
    EXPECT(own() >= 0);
    handle(SIGINT); /* is not for us: we are in the background */
    pid_t job = start_job(wait_for_ever);
    EXPECT(hears(master, "ready"));
    type("\003");
    EXPECT(waitpid(job, &status, 0) == job && WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
    EXPECT(caught[SIGINT] == 0 && hears(master, "^C"));
    job = start_job(wait_for_ever);
    EXPECT(hears(master, "ready"));
    type("\034");
    EXPECT(waitpid(job, &status, 0) == job && WIFSIGNALED(status) && WTERMSIG(status) == SIGQUIT);
    hears(master, "^\\");
    job = start_job(wait_for_ever);
    EXPECT(hears(master, "ready"));
    type("\032");
    EXPECT(waitpid(job, &status, WUNTRACED) == job && WIFSTOPPED(status) && WSTOPSIG(status) == SIGTSTP);
    to_foreground(getpid());
    to_foreground(job);
    EXPECT(kill(-job, SIGCONT) == 0 && waitpid(job, &status, WCONTINUED) == job && WIFCONTINUED(status));
    type("\003");
    EXPECT(waitpid(job, &status, 0) == job && WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
    to_foreground(getpid());
    type("half a line\003");
    nap(50);
    EXPECT(caught[SIGINT] == 1);
    type("line\n");
    char line[100];
    EXPECT(read(slave, line, sizeof line) == 5 && memcmp(line, "line\n", 5) == 0);
    set_local(0, ISIG);
    type("\003\n");
    EXPECT(read(slave, line, sizeof line) == 2 && line[0] == 3 && caught[SIGINT] == 1);
    return 0;
}

static void read_a_byte(void)
{
    char byte;
    _exit(read(slave, &byte, 1) == 1 ? 0 : errno);
}

static void write_a_byte(void)
{
    _exit(write(slave, "w", 1) == 1 ? 0 : errno);
}

static void change_settings(void)
{
    struct termios termios;
    tcgetattr(slave, &termios);
    _exit(tcsetattr(slave, TCSANOW, &termios) == 0 ? 0 : errno);
}

/* The job, which goes to the background before it begins; SETTING: how it takes the signal, if not by default. */
static pid_t start_in_background(void (*job)(void), int signal_number, bool ignore, bool block)
{
    int go[2];
    char byte;
    if (pipe(go) != 0)
        return -1;
    pid_t child = fork();
    if (child == 0) {
        sigset_t set;
        setpgid(0, 0);
        sigemptyset(&set);
        sigaddset(&set, signal_number);
        if (ignore)
            signal(signal_number, SIG_IGN);
        if (block)
            sigprocmask(SIG_BLOCK, &set, NULL);
        if (read(go[0], &byte, 1) == 1)
            job();
        _exit(99);
    }
    setpgid(child, child);
    if (write(go[1], "g", 1) != 1)
        return -1;
    close(go[0]);
    close(go[1]);
    return child;
}

static int stops_by(void (*job)(void), int signal_number)
{
    int status;
    pid_t child = start_in_background(job, signal_number, false, false);
    bool stopped = waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status);
    int by = stopped ? WSTOPSIG(status) : -1;
    kill(child, SIGKILL);
    if (stopped)
        waitpid(child, &status, 0);
    return by;
}

static int exits_with(void (*job)(void), int signal_number, bool ignore)
{
    int status;
    pid_t child = start_in_background(job, signal_number, ignore, !ignore);
    return waitpid(child, &status, WUNTRACED) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int background(void)
{
    EXPECT(own() >= 0);
    EXPECT(stops_by(read_a_byte, SIGTTIN) == SIGTTIN);
    EXPECT(exits_with(read_a_byte, SIGTTIN, true) == EIO);
    EXPECT(exits_with(read_a_byte, SIGTTIN, false) == EIO);
    EXPECT(exits_with(write_a_byte, SIGTTOU, false) == 0);
    EXPECT(stops_by(change_settings, SIGTTOU) == SIGTTOU);
    EXPECT(exits_with(change_settings, SIGTTOU, true) == 0);
    EXPECT(exits_with(change_settings, SIGTTOU, false) == 0);
    set_local(TOSTOP, 0);
    EXPECT(stops_by(write_a_byte, SIGTTOU) == SIGTTOU);
    EXPECT(exits_with(write_a_byte, SIGTTOU, true) == 0);
    EXPECT(exits_with(write_a_byte, SIGTTOU, false) == 0);
    return 0;
}

/* One whose group nobody in the session could continue may not be stopped. */
static int orphans(void)
{
    int status, results[2], result = -1;
    EXPECT(own() >= 0 && pipe(results) == 0);
    pid_t child = fork();
    if (child == 0) {
        if (fork() == 0) {
            setpgid(0, 0);
            while (getppid() == child || getppid() == getpgid(0))
                nap(10);
            nap(100);
            char byte;
            result = read(slave, &byte, 1) == -1 ? errno : 0;
            _exit(write(results[1], &result, sizeof result) == sizeof result ? 0 : 1);
        }
        nap(50);
        _exit(0);
    }
    EXPECT(waitpid(child, &status, 0) == child);
    EXPECT(read(results[0], &result, sizeof result) == sizeof result && result == EIO);
    return 0;
}

static int sizes(void)
{
    struct winsize size = {30, 100, 0, 0};
    EXPECT(own() >= 0);
    handle(SIGWINCH);
    EXPECT(ioctl(slave, TIOCSWINSZ, &size) == 0 && caught[SIGWINCH] == 1);
    EXPECT(ioctl(slave, TIOCSWINSZ, &size) == 0 && caught[SIGWINCH] == 1);
    size.ws_col++;
    EXPECT(ioctl(master, TIOCSWINSZ, &size) == 0 && caught[SIGWINCH] == 2);
    return 0;
}

static void interrupt_later(void)
{
    if (fork() != 0)
        return;
    nap(100);
    kill(getppid(), SIGALRM);
    _exit(0);
}

static int interrupted(void)
{
    char bytes[10];
    EXPECT(own() >= 0);
    handle(SIGALRM);
    interrupt_later();
    EXPECT_ERROR(EINTR, read(slave, bytes, 1));
    set_raw(5, 0);
    type("ab");
    interrupt_later();
    EXPECT(read(slave, bytes, 5) == 2);
    EXPECT(tcflow(slave, TCOOFF) == 0);
    interrupt_later();
    EXPECT_ERROR(EINTR, write(slave, "x", 1));
    return 0;
}

/* The master goes: SIGHUP to the leader, and end of file. */
static int hang_up(void)
{
    char byte;
    EXPECT(own() >= 0);
    handle(SIGHUP);
    handle(SIGCONT);
    pid_t other = fork();
    if (other == 0) {
        close(master);
        nap(100);
        _exit(0);
    }
    close(master);
    ssize_t got = read(slave, &byte, 1);
    EXPECT(got == 0 || (got == -1 && (errno == EIO || errno == EINTR)));
    for (unsigned i = 0; i < 200 && !(caught[SIGHUP] && caught[SIGCONT]); i++)
        nap(10); /* each of them ends one */
    nap(50);
    EXPECT(caught[SIGHUP] == 1 && caught[SIGCONT] == 1);
    EXPECT(read(slave, &byte, 1) == 0);
    EXPECT_ERROR(ENXIO, open("/dev/tty", O_RDWR));
    return 0;
}

/* Who leads a session ends: its foreground group hears of it. */
static int leader_ends(void)
{
    int results[2], result = 0;
    EXPECT(pipe(results) == 0);
    pid_t leader = fork();
    if (leader == 0) {
        setsid();
        own();
        if (fork() == 0) {
            handle(SIGHUP);
            setpgid(0, 0);
            to_foreground(getpid());
            if (write(slave, "up", 2) != 2)
                _exit(1);
            for (unsigned i = 0; i < 200 && !caught[SIGHUP]; i++)
                nap(10);
            int group;
            result = caught[SIGHUP] + 10 * (open("/dev/tty", O_RDWR) == -1 && errno == ENXIO) +
                     100 * (ioctl(slave, TIOCGPGRP, &group) == -1 && errno == ENOTTY) +
                     1000 * (write(slave, "down", 4) == 4);
            _exit(write(results[1], &result, sizeof result) == sizeof result ? 0 : 1);
        }
        nap(200);
        _exit(0);
    }
    EXPECT(hears(master, "up"));
    EXPECT(read(results[0], &result, sizeof result) == sizeof result);
    if (result != 1111)
        fprintf(stderr, "# result %d\n", result);
    EXPECT(result == 1111 && hears(master, "down"));
    EXPECT(own() >= 0 && tcgetsid(slave) == getpid()); /* it is free for another session */
    return 0;
}

int main(void)
{
    mount_names();
    setbuf(stdout, NULL);
    setsid(); /* of our own, if we have none yet */
    SCENE(no_terminal);
    SCENE(belonging);
    SCENE(keys);
    SCENE(background);
    SCENE(orphans);
    SCENE(sizes);
    SCENE(interrupted);
    SCENE(leader_ends);
    SCENE(hang_up);
    nap(300); /* who is left over goes by himself */
    return done();
}
