/*
 * Terminals with many people at them: pairs that come and go while others read, write, type, change settings, hang up,
 * and lead sessions on them. Nothing is promised of what anyone reads; but everyone comes to an end, and a pair that is
 * made afterwards works.
 *
 * guest: seconds=120
 */
#include "tests/guest/tty.h"

#include <signal.h>
#include <sys/wait.h>

#define PEOPLE 12
#define ROUNDS 60

static unsigned seed;

static unsigned draw(unsigned below)
{
    seed = seed * 1103515245 + 12345;
    return (seed >> 16) % below;
}

static void on_signal(int signal) {}

static void change_settings(void)
{
    struct termios termios;
    if (tcgetattr(slave, &termios) != 0)
        return;
    termios.c_lflag ^= draw(2) ? ICANON : ECHO;
    termios.c_iflag ^= draw(2) ? IXON : ICRNL;
    termios.c_cc[VMIN] = (cc_t)draw(3);
    termios.c_cc[VTIME] = (cc_t)draw(2);
    tcsetattr(slave, (int)draw(3), &termios);
}

static void ask(void)
{
    int number = getpid();
    struct winsize size = {(unsigned short)draw(100), (unsigned short)draw(100), 0, 0};
    switch (draw(7)) {
    case 0: ioctl(draw(2) ? slave : master, TIOCSWINSZ, &size); break;
    case 1: ioctl(slave, TIOCSCTTY, 0); break;
    case 2: ioctl(slave, TIOCNOTTY, 0); break;
    case 3: ioctl(slave, TIOCSPGRP, &number); break;
    case 4: tcflush(slave, (int)draw(3)); break;
    case 5: tcflow(slave, (int)draw(4)); break;
    case 6: ioctl(master, TIOCPKT, &(int){(int)draw(2)}); break;
    }
}

static void act(void)
{
    char bytes[600];
    memset(bytes, "ab\n\003\023\021\004x"[draw(8)], sizeof bytes);
    switch (draw(8)) {
    case 0:
    case 1: (void)!write(slave, bytes, draw(sizeof bytes)); break;
    case 2:
    case 3: (void)!write(master, bytes, draw(sizeof bytes)); break;
    case 4: (void)!read(slave, bytes, draw(sizeof bytes)); break;
    case 5: (void)!read(master, bytes, sizeof bytes); break;
    case 6: change_settings(); break;
    case 7: ask(); break;
    }
}

/* Goes on until the pair is gone or the time is over; every wait is ended by a signal. */
static void take_part(unsigned who)
{
    seed = seed * 31 + who;
    if (draw(3) == 0)
        setsid();
    else
        setpgid(0, 0);
    int own = draw(2) ? open(slave_name, O_RDWR | (draw(2) ? O_NONBLOCK : 0)) : -1;
    for (unsigned i = 0; i < 200; i++)
        act();
    if (own >= 0)
        close(own);
    _exit(0);
}

static void round_of(unsigned number)
{
    pid_t people[PEOPLE];
    seed = number + 1;
    if (!open_pair(O_NONBLOCK))
        return;
    for (unsigned i = 0; i < PEOPLE; i++) {
        if (draw(2))
            fcntl(draw(2) ? slave : master, F_SETFL, O_RDWR | (draw(2) ? O_NONBLOCK : 0));
        people[i] = fork();
        if (people[i] == 0)
            take_part(i);
    }
    close_pair();
    nap(draw(30));
    for (unsigned i = 0; i < PEOPLE; i++) {
        kill(people[i], SIGKILL);
        kill(people[i], SIGCONT);
    }
    for (unsigned i = 0; i < PEOPLE; i++)
        waitpid(people[i], NULL, 0);
}

int main(void)
{
    unsigned before, after;
    struct sigaction action = {.sa_handler = on_signal};
    mount_names();
    setsid();
    sigaction(SIGHUP, &action, NULL);
    signal(SIGTTOU, SIG_IGN);
    signal(SIGTTIN, SIG_IGN);
    CHECK(open_pair(O_NONBLOCK) && ioctl(master, TIOCGPTN, &before) == 0);
    close_pair();
    for (unsigned i = 0; i < ROUNDS; i++)
        round_of(i);
    CHECK(open_pair(O_NONBLOCK) && ioctl(master, TIOCGPTN, &after) == 0);
    CHECK(after < before + 20); /* the others are gone, but for those that Linux is slow with */
    type("hello\n");
    CHECK(hears(master, "hello\r\n"));
    char line[10];
    CHECK(read(slave, line, sizeof line) == 6);
    return done();
}
