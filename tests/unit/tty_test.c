/*
 * The line discipline (kernel/tty/tty*.c) where it cannot be held against Linux's (tty_oracle_test.c does that): slow
 * and stopped drivers, serial lines, signals and sessions, hang-ups.
 */
#include "tests/unit/tty_machine.h"
#include "tests/unit/unit.h"

#include "lib/errno.h"
#include "lib/signals.h"
#include <string.h>

static struct tty_machine machine;
static char bytes[10000];

static int open_machine(void **state)
{
    memset(&tty_machine_self, 0, sizeof tty_machine_self);
    tty_machine_open(&machine);
    return 0;
}

static int close_machine(void **state)
{
    if (tty_machine_self.terminal)
        tty_put(tty_machine_self.terminal);
    tty_machine_close(&machine);
    return 0;
}

static void type(const char *text)
{
    tty_machine_type(&machine, text, strlen(text));
}

static void check_sent(const char *expected)
{
    machine.sent[machine.sent_size] = '\0';
    assert_string_equal(machine.sent, expected);
    machine.sent_size = 0;
}

static void check_read(const char *expected, size_t size)
{
    long got = tty_machine_read(&machine, bytes, sizeof bytes);
    assert_int_equal(got, size);
    assert_memory_equal(bytes, expected, size);
}

static void set(uint32_t iflag, uint32_t lflag)
{
    struct termios termios;
    tty_machine_ioctl(&machine, TCGETS, &termios);
    termios.c_iflag = iflag;
    termios.c_lflag = lflag;
    assert_int_equal(tty_machine_ioctl(&machine, TCSETS, &termios), 0);
}

static void test_slow_driver(void **state)
{
    machine.room = 3;
    assert_int_equal(tty_machine_write(&machine, "a\nbcdef", 7), 7); /* the rest waits here */
    check_sent("a\r\n");
    assert_int_equal(tty_machine_write(&machine, "more", 4), -EAGAIN);
    type("e"); /* an echo comes behind what waits */
    tty_machine_make_room(&machine, 4);
    check_sent("bcde");
    assert_int_equal(tty_machine_write(&machine, "more", 4), -EAGAIN);
    tty_machine_make_room(&machine, 100);
    check_sent("fe");
    assert_int_equal(tty_machine_write(&machine, "more", 4), 4);
    check_sent("more");
}

/* More than fits goes as far as it goes. */
static void test_much_output(void **state)
{
    static char text[3 * TTY_OUTPUT_SIZE];
    memset(text, 'x', sizeof text);
    machine.room = 10;
    long written = tty_machine_write(&machine, text, sizeof text);
    assert_in_range(written, 11, 10 + TTY_OUTPUT_SIZE / 2); /* what is left of the ring is for echo */
    for (unsigned i = 0; i < 10000; i++)
        type("y"); /* nobody hears it */
    tty_machine_make_room(&machine, SIZE_MAX);
    assert_in_range(machine.sent_size, written + 1000, 10 + TTY_OUTPUT_SIZE);
}

static void test_stopped(void **state)
{
    type("a\023b");
    check_sent("");
    assert_int_equal(tty_machine_write(&machine, "x", 1), -EAGAIN);
    type("\021");
    check_sent("ab");
    type("\023");
    set(ICRNL, ICANON | ECHO); /* without IXON nothing could start it any more */
    assert_int_equal(tty_machine_write(&machine, "x", 1), 1);
    check_sent("x");
}

/* What comes damaged, as c_iflag says. */
static void test_bad_bytes(void **state)
{
    set(0, 0);
    tty_receive_bad(machine.tty, 'x');
    check_read("x", 1);
    set(INPCK, 0);
    tty_receive_bad(machine.tty, 'x');
    check_read("\0", 1);
    set(INPCK | IGNPAR, 0);
    tty_receive_bad(machine.tty, 'x');
    assert_int_equal(tty_machine_read(&machine, bytes, 1), -EAGAIN);
    set(INPCK | PARMRK, 0);
    tty_receive_bad(machine.tty, 'x');
    type("\377");
    check_read("\377\0x\377\377", 5);
}

static void test_breaks(void **state)
{
    machine.tty->foreground = 7;
    set(0, 0);
    tty_receive_break(machine.tty);
    check_read("\0", 1);
    set(PARMRK, 0);
    tty_receive_break(machine.tty);
    check_read("\377\0\0", 3);
    set(IGNBRK, 0);
    tty_receive_break(machine.tty);
    assert_int_equal(machine.last_signal, 0);
    set(BRKINT, 0);
    type("typed");
    tty_receive_break(machine.tty);
    assert_int_equal(machine.last_signal, SIGINT);
    assert_int_equal(machine.last_group, 7);
    assert_int_equal(tty_machine_read(&machine, bytes, 1), -EAGAIN);
}

static void test_signals(void **state)
{
    machine.tty->foreground = 9;
    type("abc\003");
    assert_int_equal(machine.last_signal, SIGINT);
    assert_int_equal(machine.last_group, 9);
    check_sent("^C"); /* what had not been sent is forgotten */
    type("\034");
    assert_int_equal(machine.last_signal, SIGQUIT);
    type("\032");
    assert_int_equal(machine.last_signal, SIGTSTP);
    machine.last_signal = 0;
    type("\026\003\n"); /* taken literally */
    assert_int_equal(machine.last_signal, 0);
    check_read("\003\n", 2);
    set(ICRNL, ICANON | ISIG | NOFLSH);
    type("abc\003d\n");
    assert_int_equal(machine.last_signal, SIGINT);
    check_read("abcd\n", 5);
}

/* Nobody reads, and the ring is full; still the key works. */
static void test_look_ahead(void **state)
{
    static char text[TTY_INPUT_SIZE + 100];
    memset(text, 'x', sizeof text);
    machine.tty->foreground = 9;
    set(0, ISIG);
    assert_int_equal(tty_receive(machine.tty, (const uint8_t *)text, sizeof text), TTY_INPUT_SIZE - 1);
    assert_int_equal(tty_look_ahead(machine.tty, (const uint8_t *)"rest", 4), 0);
    assert_int_equal(machine.last_signal, 0);
    assert_int_equal(tty_look_ahead(machine.tty, (const uint8_t *)"re\003st", 5), 3);
    assert_int_equal(machine.last_signal, SIGINT);
    assert_int_equal(tty_machine_read(&machine, bytes, 1), -EAGAIN);
    assert_int_equal(tty_receive(machine.tty, (const uint8_t *)"st", 2), 2);
    check_read("st", 2);
}

static void become(int32_t session, int32_t group, bool leads)
{
    tty_machine_self.session = session;
    tty_machine_self.group = group;
    tty_machine_self.leads = leads;
}

static void test_sessions(void **state)
{
    int32_t group = 102;
    struct file file = {.flags = O_RDWR, .references = 1};
    become(100, 100, true);
    assert_int_equal(tty_machine_ioctl(&machine, TIOCGPGRP, &group), -ENOTTY);
    assert_int_equal(tty_open(machine.tty, &file), 0);
    assert_ptr_equal(tty_machine_self.terminal, machine.tty);
    assert_int_equal(tty_machine_ioctl(&machine, TIOCGPGRP, &group), 0);
    assert_int_equal(group, 100);
    group = 102;
    assert_int_equal(tty_machine_ioctl(&machine, TIOCSPGRP, &group), 0);
    group = 200;
    tty_machine_self.background = 0;
    assert_int_equal(tty_machine_ioctl(&machine, TIOCSPGRP, &group), -EPERM);
    tty_machine_self.background = -ERESTARTSYS;
    assert_int_equal(tty_machine_read(&machine, bytes, 1), -ERESTARTSYS);
    assert_int_equal(tty_machine_self.background_asked, SIGTTIN);
    assert_int_equal(tty_machine_ioctl(&machine, TCXONC, NULL), -ERESTARTSYS);
    assert_int_equal(tty_machine_self.background_asked, SIGTTOU);
    tty_machine_self.background = -EIO;
    assert_int_equal(tty_machine_ioctl(&machine, TIOCSPGRP, &group), -ENOTTY);
    become(300, 300, true);
    assert_int_equal(tty_machine_read(&machine, bytes, 1), -EAGAIN); /* not our terminal: no job control */
    file.ops->release(&file);
}

/* The leader ends, or the line is gone: files that were open are dead, others are not. */
static void test_hang_up(void **state)
{
    struct file file = {.flags = O_RDWR | O_NONBLOCK, .references = 1}, console = file;
    become(100, 100, true);
    assert_int_equal(tty_open(machine.tty, &file), 0);
    assert_int_equal(tty_open_console(machine.tty, &console), 0);
    type("typed\n");
    machine.tty->foreground = 101;
    tty_session_end(100, machine.tty);
    assert_int_equal(machine.last_group, 101);
    assert_int_equal(machine.last_signal, SIGHUP);
    assert_null(tty_machine_self.terminal);
    assert_int_equal(machine.tty->session, 0);
    assert_int_equal(tty_machine_read(&machine, bytes, 1), 0);
    assert_int_equal(tty_machine_write(&machine, "x", 1), -EIO);
    assert_int_equal(tty_machine_ioctl(&machine, TCGETS, bytes), -EIO);
    assert_int_equal(
        machine.file.ops->poll(&machine.file, NULL), POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDNORM | POLLWRNORM);
    file.ops->release(&file);
    assert_int_equal(tty_open(machine.tty, &file), 0);
    machine.sent_size = 0;
    struct iov iov;
    iov_init_kernel(&iov, (char *)"new", 3);
    assert_int_equal(file.ops->write(&file, &iov, NULL), 3);
    iov_init_kernel(&iov, (char *)"same", 4);
    assert_int_equal(console.ops->write(&console, &iov, NULL), 4);
    check_sent("newsame");
    file.ops->release(&file);
    console.ops->release(&console);
}

static void test_exclusive(void **state)
{
    struct file file = {.flags = O_RDWR, .references = 1};
    assert_int_equal(tty_machine_ioctl(&machine, TIOCEXCL, NULL), 0);
    assert_int_equal(tty_open(machine.tty, &file), -EBUSY);
    tty_machine_self.privileged = true;
    assert_int_equal(tty_open(machine.tty, &file), 0);
    file.ops->release(&file);
}

static void test_locked_settings(void **state)
{
    struct termios termios = {.c_lflag = ECHO, .c_cc = {[VINTR] = 1}};
    assert_int_equal(tty_machine_ioctl(&machine, TIOCSLCKTRMIOS, &termios), -EPERM);
    tty_machine_self.privileged = true;
    assert_int_equal(tty_machine_ioctl(&machine, TIOCSLCKTRMIOS, &termios), 0);
    tty_machine_ioctl(&machine, TCGETS, &termios);
    termios.c_lflag = 0;
    termios.c_cc[VINTR] = termios.c_cc[VQUIT] = 'x';
    assert_int_equal(tty_machine_ioctl(&machine, TCSETS, &termios), 0);
    tty_machine_ioctl(&machine, TCGETS, &termios);
    assert_int_equal(termios.c_lflag, ECHO);
    assert_int_equal(termios.c_cc[VINTR], 3);
    assert_int_equal(termios.c_cc[VQUIT], 'x');
}

static void test_old_settings(void **state)
{
    struct termio old;
    struct termios2 new;
    assert_int_equal(tty_machine_ioctl(&machine, TCGETA, &old), 0);
    assert_int_equal(old.c_lflag, ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | (IEXTEN & 0xffff));
    old.c_lflag = ICANON;
    assert_int_equal(tty_machine_ioctl(&machine, TCSETA, &old), 0);
    assert_int_equal(tty_machine_ioctl(&machine, TCGETS2, &new), 0);
    assert_int_equal(new.termios.c_lflag, ICANON);
    assert_int_equal(new.termios.c_cc[VWERASE], 23); /* it has no place for that */
    new.termios.c_cflag = (new.termios.c_cflag & ~CBAUD) | BOTHER;
    new.c_ospeed = 12345;
    assert_int_equal(tty_machine_ioctl(&machine, TCSETS2, &new), 0);
    assert_int_equal(tty_machine_ioctl(&machine, TCGETS2, &new), 0);
    assert_int_equal(new.c_ospeed, 12345);
    assert_int_equal(new.c_ispeed, 12345);
}

#define MACHINE(test) cmocka_unit_test_setup_teardown(test, open_machine, close_machine)
UNIT_MAIN(MACHINE(test_slow_driver), MACHINE(test_much_output), MACHINE(test_stopped), MACHINE(test_bad_bytes),
    MACHINE(test_breaks), MACHINE(test_signals), MACHINE(test_look_ahead), MACHINE(test_sessions),
    MACHINE(test_hang_up), MACHINE(test_exclusive), MACHINE(test_locked_settings), MACHINE(test_old_settings))
