/*
 * Terminals: lines and single bytes, echo and editing, settings, requests and their errors, pseudo-terminals. What they
 * have to do with processes is in tty_jobs.c.
 */
#include "tests/guest/tty.h"

#include <sys/sysmacros.h>

#define TIOCGPTPEER_ 0x5441
#ifndef TIOCGEXCL
#define TIOCGEXCL 0x80045440
#endif
#ifndef TIOCGDEV
#define TIOCGDEV 0x80045432
#endif
#ifndef TIOCGPTLCK
#define TIOCGPTLCK 0x80045439
#endif
#ifndef TCGETA
#define TCGETA 0x5405
#endif
#ifndef TCSETA
#define TCSETA 0x5406
#endif
#define TIOCSIG_ 0x40045436

static char bytes[20000];

static bool reads(int end, const char *text)
{
    ssize_t got = read(end, bytes, sizeof bytes);
    if (got == (ssize_t)strlen(text) && memcmp(bytes, text, strlen(text)) == 0)
        return true;
    printf("# read %zd: %.*s\n", got, got > 0 ? (int)got : 0, bytes);
    return false;
}

static void beginning(void)
{
    struct termios termios;
    struct stat status;
    int number, lock;
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY);
    CHECK(master >= 0);
    CHECK(ioctl(master, TIOCGPTN, &number) == 0 && number >= 0);
    CHECK(ioctl(master, TIOCGPTLCK, &lock) == 0 && lock == 1);
    snprintf(slave_name, sizeof slave_name, "/dev/pts/%d", number);
    FAILS(EIO, open(slave_name, O_RDWR | O_NOCTTY));
    lock = 0;
    CHECK(ioctl(master, TIOCSPTLCK, &lock) == 0);
    slave = open(slave_name, O_RDWR | O_NOCTTY);
    CHECK(slave >= 0);
    CHECK(fstat(slave, &status) == 0 && S_ISCHR(status.st_mode));
    CHECK(status.st_rdev == makedev(136, (unsigned)number) && status.st_uid == geteuid());
    CHECK(isatty(master) && isatty(slave));
    CHECK(strcmp(ttyname(slave) ? ttyname(slave) : "?", slave_name) == 0 || access("/proc/self/fd", F_OK) != 0);
    CHECK(tcgetattr(slave, &termios) == 0 && termios.c_iflag == (ICRNL | IXON));
    CHECK(termios.c_oflag == (OPOST | ONLCR) && cfgetospeed(&termios) == B38400);
    CHECK(termios.c_lflag == (ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN));
    CHECK(termios.c_cc[VINTR] == 3 && termios.c_cc[VERASE] == 127 && termios.c_cc[VMIN] == 1);
    FAILS(ESPIPE, lseek(slave, 0, SEEK_SET));
    FAILS(ESPIPE, lseek(master, 0, SEEK_SET));
    close_pair();
    FAILS(ENOENT, open(slave_name, O_RDWR | O_NOCTTY));
}

static void lines(void)
{
    int count;
    CHECK(open_pair(0));
    type("one\ntwo\nthr");
    CHECK(hears(master, "one\r\ntwo\r\nthr"));
    CHECK(ioctl(slave, FIONREAD, &count) == 0 && count == 8);
    CHECK(read(slave, bytes, 2) == 2 && reads(slave, "e\n"));
    CHECK(reads(slave, "two\n"));
    CHECK(ioctl(slave, FIONREAD, &count) == 0 && count == 0);
    CHECK(poll(&(struct pollfd){.fd = slave, .events = POLLIN}, 1, 0) == 0);
    type("ee\n");
    CHECK(reads(slave, "three\n"));
    hear(master);
    type("half\004");
    CHECK(reads(slave, "half"));
    type("\004");
    CHECK(reads(slave, ""));
    type("exact\004more\n");
    CHECK(read(slave, bytes, 5) == 5 && reads(slave, "more\n"));
    CHECK(fcntl(slave, F_SETFL, O_RDWR | O_NONBLOCK) == 0);
    FAILS(EAGAIN, read(slave, bytes, 1));
    type("no line");
    hear(master);
    FAILS(EAGAIN, read(slave, bytes, 1));
    close_pair();
}

static void editing(void)
{
    CHECK(open_pair(0));
    type("abc\177d\tx\177\177");
    CHECK(strcmp(hear(master), "abc\b \bd\tx\b \b\b\b\b\b\b") == 0);
    type("\n");
    CHECK(reads(slave, "abd\n"));
    hear(master);
    type("two words\027W");
    CHECK(strcmp(hear(master), "two words\b \b\b \b\b \b\b \b\b \bW") == 0);
    type("\025x\001\177");
    CHECK(strcmp(hear(master), "\b \b\b \b\b \b\b \b\b \bx^A\b \b\b \b") == 0);
    type("\026\003\022\n");
    CHECK(strcmp(hear(master), "^\b^C^R\r\nx^C\r\n") == 0);
    CHECK(reads(slave, "x\003\n"));
    struct termios termios;
    tcgetattr(slave, &termios);
    termios.c_iflag |= IUTF8;
    tcsetattr(slave, TCSANOW, &termios);
    type("\303\251\342\202\254\177\177\177!\n");
    CHECK(strcmp(hear(master), "\303\251\342\202\254\b \b\b \b!\r\n") == 0);
    CHECK(reads(slave, "!\n"));
    set_local(0, ECHO);
    type("secret\n");
    CHECK(reads(slave, "secret\n") && strcmp(hear(master), "") == 0);
    set_local(ECHONL, 0);
    type("secret\n");
    CHECK(reads(slave, "secret\n") && strcmp(hear(master), "\r\n") == 0);
    close_pair();
}

/* Nothing is lost between the two. */
static void changing(void)
{
    CHECK(open_pair(O_NONBLOCK));
    type("a line\nand a half");
    hear(master);
    set_raw(1, 0);
    CHECK(reads(slave, "a line\nand a half"));
    type("raw");
    nap(20);
    set_local(ICANON, 0);
    CHECK(reads(slave, "raw"));
    type("x\n");
    nap(20);
    CHECK(reads(slave, "x\n"));
    close_pair();
}

static double elapsed(double since)
{
    return seconds() - since;
}

static void type_later(const char *text, unsigned pause, unsigned times)
{
    if (fork() != 0)
        return;
    for (unsigned i = 0; i < times; i++) {
        nap(pause);
        type(text);
    }
    _exit(0);
}

static void single_bytes(void)
{
    double start;
    CHECK(open_pair(0));
    set_raw(0, 0);
    CHECK(read(slave, bytes, 10) == 0);
    type("ab");
    nap(20);
    CHECK(reads(slave, "ab"));
    set_raw(0, 2);
    start = seconds();
    CHECK(read(slave, bytes, 10) == 0 && elapsed(start) >= 0.19);
    type_later("c", 50, 1);
    CHECK(reads(slave, "c"));
    set_raw(3, 0);
    type_later("d", 30, 3);
    CHECK(reads(slave, "ddd"));
    type_later("e", 10, 1);
    CHECK(read(slave, bytes, 1) == 1);
    set_raw(5, 3);
    type_later("f", 30, 2);
    start = seconds();
    CHECK(reads(slave, "ff") && elapsed(start) >= 0.3);
    fcntl(slave, F_SETFL, O_RDWR | O_NONBLOCK);
    FAILS(EAGAIN, read(slave, bytes, 1));
    type("g");
    nap(20);
    CHECK(poll(&(struct pollfd){.fd = slave, .events = POLLIN}, 1, 0) == 1);
    CHECK(reads(slave, "g"));
    set_raw(0, 0);
    CHECK(read(slave, bytes, 1) == 0);
    set_raw(0, 1);
    FAILS(EAGAIN, read(slave, bytes, 1));
    close_pair();
}

/* What is typed while nobody reads: all of it comes, in order, and the other end waits. */
static void much_input(void)
{
    unsigned sent = 0, got = 0;
    bool right = true;
    CHECK(open_pair(O_NONBLOCK));
    set_raw(1, 0);
    for (ssize_t size = 1; size > 0; sent += size > 0) {
        char c = (char)('a' + sent % 26);
        size = write(master, &c, 1);
        if (size < 0 || sent > 200000)
            break;
    }
    CHECK(sent >= 4095 && sent < 200000);
    nap(20);
    for (ssize_t size; (size = read(slave, bytes, sizeof bytes)) > 0; nap(5))
        for (ssize_t i = 0; i < size; i++)
            right &= bytes[i] == 'a' + (int)(got++ % 26);
    CHECK(right && got == sent);
    close_pair();
}

/* A line that is too long keeps its end. */
static void long_line(void)
{
    CHECK(open_pair(O_NONBLOCK));
    set_local(0, ECHO);
    memset(bytes, 'x', 5000);
    bytes[5000] = '\n';
    CHECK(write(master, bytes, 5001) == 5001);
    nap(50);
    CHECK(read(slave, bytes, sizeof bytes) == 4096 && bytes[4094] == 'x' && bytes[4095] == '\n');
    FAILS(EAGAIN, read(slave, bytes, 1));
    close_pair();
}

static void output(void)
{
    struct termios termios;
    CHECK(open_pair(O_NONBLOCK));
    CHECK(write(slave, "a\nb\tc\n", 6) == 6 && strcmp(hear(master), "a\r\nb\tc\r\n") == 0);
    tcgetattr(slave, &termios);
    termios.c_oflag = OPOST | XTABS | OLCUC;
    tcsetattr(slave, TCSANOW, &termios);
    CHECK(write(slave, "\rb\tc\n", 5) == 5 && strcmp(hear(master), "\rB       C\n") == 0);
    termios.c_oflag = 0;
    tcsetattr(slave, TCSANOW, &termios);
    CHECK(write(slave, "a\nb\t", 4) == 4 && strcmp(hear(master), "a\nb\t") == 0);
    CHECK(write(slave, "", 0) == 0);
    type("\023");
    nap(20);
    FAILS(EAGAIN, write(slave, "x", 1));
    CHECK(poll(&(struct pollfd){.fd = slave, .events = POLLOUT}, 1, 0) == 0);
    type("\021");
    nap(20);
    CHECK(write(slave, "x", 1) == 1 && strcmp(hear(master), "x") == 0);
    CHECK(tcflow(slave, TCOOFF) == 0);
    FAILS(EAGAIN, write(slave, "y", 1));
    type("\021");
    nap(20);
    FAILS(EAGAIN, write(slave, "y", 1));
    CHECK(tcflow(slave, TCOON) == 0 && write(slave, "y", 1) == 1 && strcmp(hear(master), "y") == 0);
    CHECK(tcflow(slave, TCIOFF) == 0 && strcmp(hear(master), "\023") == 0);
    CHECK(tcflow(slave, TCION) == 0 && strcmp(hear(master), "\021") == 0);
    memset(bytes, 'z', sizeof bytes);
    ssize_t all = 0, size;
    while ((size = write(slave, bytes, sizeof bytes)) > 0 && all < 10000000)
        all += size;
    CHECK(size == -1 && errno == EAGAIN && all >= 1000);
    close_pair();
}

static void settings(void)
{
    struct termios termios;
    unsigned char old[18], new[44];
    CHECK(open_pair(O_NONBLOCK));
    FAILS(ENOTTY, ioctl(open("/dev/null", O_RDWR), TCGETS, bytes));
    FAILS(EFAULT, ioctl(slave, TCGETS, KERNEL));
    FAILS(EFAULT, ioctl(slave, TCSETS, KERNEL));
    FAILS(EFAULT, ioctl(slave, TCSETA, KERNEL));
    FAILS(EFAULT, ioctl(slave, TIOCGWINSZ, KERNEL));
    FAILS(ENOTTY, ioctl(slave, 0x54ff, 0));
    CHECK(ioctl(slave, TCGETA, old) == 0 && old[8] == 0 && old[9] == 3);
    CHECK(ioctl(slave, 0x802c542a, new) == 0 && *(unsigned *)(new + 36) == 38400 && *(unsigned *)(new + 40) == 38400);
    tcgetattr(slave, &termios);
    cfsetspeed(&termios, B115200);
    CHECK(tcsetattr(slave, TCSANOW, &termios) == 0 && ioctl(slave, 0x802c542a, new) == 0);
    CHECK(*(unsigned *)(new + 40) == 115200);
    termios.c_cflag = (termios.c_cflag & ~(tcflag_t)CSIZE) | CS7 | PARENB;
    CHECK(ioctl(slave, TCSETS, &termios) == 0 && tcgetattr(slave, &termios) == 0);
    CHECK((termios.c_cflag & (CSIZE | PARENB | CREAD)) == (CS8 | CREAD));
    CHECK(tcgetattr(master, &termios) == 0 && cfgetospeed(&termios) == B115200); /* they are the terminal's */
    type("typed\n");
    hear(master);
    CHECK(tcsetattr(slave, TCSAFLUSH, &termios) == 0);
    FAILS(EAGAIN, read(slave, bytes, 10));
    CHECK(tcsetattr(slave, TCSADRAIN, &termios) == 0);
    CHECK(tcdrain(slave) == 0 && ioctl(slave, TIOCOUTQ, bytes) == 0 && *(int *)bytes == 0);
    CHECK(tcsendbreak(slave, 0) == 0);
    close_pair();
}

static void requests(void)
{
    struct winsize size = {0};
    int number;
    CHECK(open_pair(O_NONBLOCK));
    CHECK(ioctl(slave, TIOCGWINSZ, &size) == 0 && size.ws_row == 0 && size.ws_col == 0);
    size = (struct winsize){24, 80, 1, 2};
    CHECK(ioctl(master, TIOCSWINSZ, &size) == 0);
    memset(&size, 0, sizeof size);
    CHECK(ioctl(slave, TIOCGWINSZ, &size) == 0 && size.ws_row == 24 && size.ws_col == 80 && size.ws_ypixel == 2);
    CHECK(ioctl(slave, TIOCGETD, &number) == 0 && number == 0 && ioctl(slave, TIOCSETD, &number) == 0);
    number = 99;
    FAILS(EINVAL, ioctl(slave, TIOCSETD, &number));
    CHECK(ioctl(slave, TIOCGEXCL, &number) == 0 && number == 0);
    CHECK(ioctl(slave, TIOCEXCL) == 0 && ioctl(slave, TIOCGEXCL, &number) == 0 && number == 1);
    CHECK(ioctl(slave, TIOCNXCL) == 0);
    CHECK(ioctl(slave, TIOCGDEV, &number) == 0 && major((unsigned)number) == 136);
    type("gone\n");
    hear(master);
    CHECK(tcflush(slave, TCIFLUSH) == 0);
    FAILS(EAGAIN, read(slave, bytes, 10));
    FAILS(EINVAL, ioctl(slave, TCFLSH, 3));
    FAILS(EINVAL, ioctl(slave, TCXONC, 4));
    FAILS(ENOTTY, ioctl(slave, TIOCGPTN, &number));
    FAILS(ENOTTY, ioctl(slave, TIOCSPTLCK, &number));
    FAILS(ENOTTY, ioctl(slave, TIOCPKT, &number));
    FAILS(EFAULT, ioctl(master, TIOCSPTLCK, KERNEL));
    FAILS(EFAULT, ioctl(master, TIOCGPTN, KERNEL));
    FAILS(EINVAL, ioctl(master, TIOCSIG_, 9));
    CHECK(ioctl(master, TIOCSIG_, 2) == 0);
    int peer = ioctl(master, TIOCGPTPEER_, O_RDWR | O_NOCTTY | O_CLOEXEC);
    CHECK(peer >= 0 && fcntl(peer, F_GETFD) == FD_CLOEXEC && write(peer, "p", 1) == 1);
    CHECK(reads(master, "p"));
    CHECK((fcntl(slave, F_GETFL) & (O_ACCMODE | O_NONBLOCK | O_NOCTTY)) == (O_RDWR | O_NONBLOCK));
    close(peer);
    close_pair();
}

static void packets(void)
{
    int on = 1, off = 0;
    CHECK(open_pair(O_NONBLOCK));
    CHECK(ioctl(master, TIOCPKT, &on) == 0);
    CHECK(write(slave, "hey", 3) == 3 && read(master, bytes, 100) == 4 && memcmp(bytes, "\0hey", 4) == 0);
    CHECK(tcflush(slave, TCIOFLUSH) == 0 && read(master, bytes, 100) == 1 && bytes[0] == 3);
    CHECK(tcflow(slave, TCOOFF) == 0 && read(master, bytes, 100) == 1 && bytes[0] == 4);
    struct pollfd poller = {.fd = master, .events = POLLIN | POLLPRI};
    CHECK(tcflow(slave, TCOON) == 0 && poll(&poller, 1, 0) == 1 && poller.revents == (POLLIN | POLLPRI));
    CHECK(read(master, bytes, 100) == 1 && bytes[0] == 8);
    struct termios termios;
    tcgetattr(slave, &termios);
    termios.c_iflag &= ~(tcflag_t)IXON;
    CHECK(tcsetattr(slave, TCSANOW, &termios) == 0 && read(master, bytes, 100) == 1 && bytes[0] == 16);
    termios.c_iflag |= IXON;
    CHECK(tcsetattr(slave, TCSANOW, &termios) == 0 && read(master, bytes, 100) == 1 && bytes[0] == 32);
    CHECK(ioctl(master, TIOCPKT, &off) == 0);
    CHECK(write(slave, "hey", 3) == 3 && reads(master, "hey"));
    close_pair();
}

static short events_of(int end)
{
    struct pollfd poller = {.fd = end, .events = POLLIN | POLLOUT};
    poll(&poller, 1, 0);
    return poller.revents;
}

static void ends(void)
{
    CHECK(open_pair(O_NONBLOCK));
    FAILS(EAGAIN, read(master, bytes, 1));
    CHECK(write(slave, "last", 4) == 4);
    close(slave);
    CHECK(events_of(master) == (POLLIN | POLLOUT | POLLHUP) && reads(master, "last"));
    FAILS(EIO, read(master, bytes, 1));
    CHECK(events_of(master) == (POLLOUT | POLLHUP));
    slave = open(slave_name, O_RDWR | O_NOCTTY | O_NONBLOCK);
    FAILS(EAGAIN, read(master, bytes, 1));
    CHECK(events_of(master) == POLLOUT && events_of(slave) == POLLOUT);
    type("unread\n");
    hear(master);
    close(master);
    CHECK(events_of(slave) == (POLLIN | POLLOUT | POLLERR | POLLHUP));
    CHECK(read(slave, bytes, 1) == 0);
    FAILS(EIO, write(slave, "x", 1));
    FAILS(EIO, ioctl(slave, TCGETS, bytes));
    close(slave);
}

int main(void)
{
    mount_names();
    beginning();
    lines();
    editing();
    changing();
    single_bytes();
    much_input();
    long_line();
    output();
    settings();
    requests();
    packets();
    ends();
    return done();
}
