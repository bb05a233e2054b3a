/*
 * syslog(2), and the log in /proc/kmsg. It puts records into the log itself, through /dev/kmsg; the host's log is not
 * taken away or cleared, for it is others', too.
 *
 * guest: root
 */
#include "tests/guest/guest.h"
#include "tests/guest/slurp.h"

#include <grp.h>
#include <poll.h>
#include <sys/klog.h>
#include <sys/utsname.h>
#include <sys/wait.h>

enum {
    CLOSE,
    OPEN,
    READ,
    READ_ALL,
    READ_CLEAR,
    CLEAR,
    CONSOLE_OFF,
    CONSOLE_ON,
    CONSOLE_LEVEL,
    SIZE_UNREAD,
    SIZE_BUFFER
};

#define LINE "<[0-9]+>\\[ *[0-9]+\\.[0-9]{6}\\] .*"

static char text[1 << 20];
#define LOST 4096 /* bytes of old messages in whose place new ones may have come meanwhile */

/* The log into `text`, with a NUL. */
static int read_all(int size)
{
    int length = klogctl(READ_ALL, text, size);
    text[length < 0 ? 0 : length] = '\0';
    return length;
}

/* With its end: Linux shows one without only when the next has come. */
static bool say(const char *text_of_record)
{
    char line[100];
    int length = snprintf(line, sizeof line, "%s\n", text_of_record), fd = open("/dev/kmsg", O_WRONLY);
    bool said = fd >= 0 && write(fd, line, (size_t)length) == length;
    if (fd >= 0)
        close(fd);
    return said;
}

static void test_reading(void)
{
    int size = klogctl(SIZE_BUFFER, NULL, 0);
    CHECK(size >= 4096);
    CHECK(klogctl(OPEN, NULL, 0) == 0 && klogctl(CLOSE, NULL, 0) == 0);
    CHECK(say("<30>syslog test: one") && say("syslog test: two") && say("<4>syslog test: three"));
    CHECK(read_all(sizeof text - 1) > 0);
    CHECK(text[strlen(text) - 1] == '\n');
    CHECK(lines_match(strstr(text, "\n<") + 1, LINE));
    char *one = NULL; /* the last: others may have run this test before */
    for (char *at = text; (at = strstr(at, "syslog test: one\n")) != NULL; at++)
        one = at;
    const char *two = one ? strstr(one, "syslog test: two\n") : NULL;
    CHECK(two && strstr(two, "syslog test: three\n"));
    CHECK(one && strncmp(one - 20, "<30>[", 5) <= 0 && strstr(text, "<30>["));
    CHECK(strstr(text, "<12>[") != NULL); /* of "two" and "three": user, warning */
    int all = (int)strlen(text), half = all / 2, less = read_all(half);
    CHECK(less > 0 && less <= half && text[0] == '<' && text[less - 1] == '\n'); /* the last whole lines that fit */
    CHECK(read_all(10) == 0);
    CHECK(klogctl(READ_ALL, text, 0) == 0);
    FAILS(EINVAL, klogctl(READ_ALL, NULL, 100));
    FAILS(EINVAL, klogctl(READ_ALL, text, -1));
    FAILS(EINVAL, klogctl(READ, NULL, 100));
    FAILS(EINVAL, klogctl(11, text, 100));
    FAILS(EINVAL, klogctl(-1, text, 100));
    FAILS(EFAULT, klogctl(READ_ALL, (char *)16, 1000));
    FAILS(EINVAL, klogctl(CONSOLE_LEVEL, NULL, 0));
    FAILS(EINVAL, klogctl(CONSOLE_LEVEL, NULL, 9));
    CHECK(klogctl(SIZE_UNREAD, NULL, 0) >= 0);
}

static void test_rights(void)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        bool restricted = strcmp(slurp("/proc/sys/kernel/dmesg_restrict", NULL), "0\n") != 0;
        if (setgroups(0, NULL) || setgid(1000) || setuid(1000))
            _exit(99);
        int wrong = 0;
        wrong += (klogctl(READ_ALL, text, 100) == -1 && errno == EPERM) != restricted;
        wrong += (klogctl(SIZE_BUFFER, NULL, 0) == -1 && errno == EPERM) != restricted;
        for (int action = CLOSE; action <= 20; action++)
            if (action != READ_ALL && action != SIZE_BUFFER)
                wrong += klogctl(action, NULL, 0) != -1 || errno != EPERM;
        wrong += open("/proc/kmsg", O_RDONLY) != -1;
        _exit(wrong);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

/* What is everybody's, and is changed here: only inside. On the host the points are as they should be. */
static void test_changing(void)
{
    struct utsname uts;
    uname(&uts);
    if (strstr(uts.version, "Corrode") == NULL) {
        for (int i = 0; i < 9; i++)
            point(true, "inside, it changes as well", __LINE__);
        return;
    }
#define INSIDE(condition) point((condition), "inside, it changes as well", __LINE__)
    INSIDE(klogctl(CLEAR, NULL, 0) == 0 && read_all(sizeof text - 1) == 0);
    INSIDE(say("after") && read_all(sizeof text - 1) > 0 && strstr(text, "] after\n") && !strstr(text, "syslog test"));
    INSIDE(klogctl(READ_CLEAR, text, sizeof text) > 0 && read_all(sizeof text - 1) == 0);
    int unread = klogctl(SIZE_UNREAD, NULL, 0), got = 0, n = 1;
    for (; n > 0 && klogctl(SIZE_UNREAD, NULL, 0) > 0; got += n)
        n = klogctl(READ, text + got, 701);
    text[got] = '\0';
    INSIDE(unread > 0 && got >= unread - LOST && lines_match(text, LINE) && strstr(text, "syslog test: two"));
    int fd = open("/proc/kmsg", O_RDONLY | O_NONBLOCK);
    struct pollfd poll_kmsg = {.fd = fd, .events = POLLIN};
    bool silent = false;
    for (int i = 0; i < 100 && !silent; i++) { /* the kernel may have something to say itself */
        while (read(fd, text, sizeof text) > 0)
            ;
        silent = errno == EAGAIN && poll(&poll_kmsg, 1, 0) == 0;
    }
    INSIDE(fd >= 0 && silent);
    INSIDE(
        say("more") && poll(&poll_kmsg, 1, 2000) == 1 && read(fd, text, sizeof text) > 0 && strstr(text, "] more\n"));
    close(fd);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) { /* it waits for the next record, of which some may be the kernel's own */
        do {
            n = klogctl(READ, text, sizeof text - 1);
            text[n < 0 ? 0 : n] = '\0';
        } while (n > 0 && !strstr(text, "] at last\n"));
        _exit(n > 0 ? 0 : 1);
    }
    int status;
    usleep(200000);
    INSIDE(waitpid(child, &status, WNOHANG) == 0);
    INSIDE(say("at last") && waitpid(child, &status, 0) == child && status == 0);
    INSIDE(klogctl(CONSOLE_OFF, NULL, 0) == 0 && klogctl(CONSOLE_ON, NULL, 0) == 0 &&
           klogctl(CONSOLE_LEVEL, NULL, 6) == 0);
}

int main(void)
{
    test_reading();
    test_rights();
    test_changing();
    return done();
}
