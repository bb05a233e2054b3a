/*
 * System V message queues: types, sizes, waiting for messages and for room, permissions, what is told.
 *
 * guest: root
 */
#include "tests/guest/as_user.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/syscall.h>

#ifndef MSG_EXCEPT
#define MSG_EXCEPT 020000
#endif
#ifndef MSG_STAT_ANY
#define MSG_STAT_ANY 13
#endif
#ifndef MSG_COPY
#define MSG_COPY 040000
#endif

static struct {
    long type;
    char text[9000];
} out, in;
static key_t key;

static int put(int id, long type, const char *text, int flags)
{
    out.type = type;
    strcpy(out.text, text);
    return msgsnd(id, &out, strlen(text) + 1, flags);
}

/* Is that what comes next? */
static bool takes(int id, long wanted, int flags, long type, const char *text)
{
    memset(&in, 0, sizeof in);
    ssize_t size = msgrcv(id, &in, sizeof in.text, wanted, flags | IPC_NOWAIT);
    return size == (ssize_t)strlen(text) + 1 && in.type == type && strcmp(in.text, text) == 0;
}

static int wait_for(pid_t child)
{
    int status = -1;
    return waitpid(child, &status, 0) == child ? status : -1;
}

static void check_making(void)
{
    struct msqid_ds about;
    FAILS(ENOENT, msgget(key, 0));
    int id = msgget(key, IPC_CREAT | IPC_EXCL | 0640);
    CHECK(id >= 0 && msgget(key, 0) == id && msgget(key, IPC_CREAT | 0600) == id);
    FAILS(EEXIST, msgget(key, IPC_CREAT | IPC_EXCL));
    CHECK(msgctl(id, IPC_STAT, &about) == 0 && about.msg_perm.mode == 0640 && about.msg_qbytes == 16384);
    CHECK(about.msg_qnum == 0 && about.msg_lspid == 0 && about.msg_stime == 0 && about.msg_rtime == 0);
    CHECK(about.msg_ctime != 0 && about.msg_perm.__key == key);
    FAILS(EINVAL, msgctl(id, 99, &about));
    FAILS(EINVAL, msgctl(-1, IPC_STAT, &about));
    FAILS(EFAULT, msgctl(id, IPC_STAT, (void *)8));
    FAILS(EFAULT, msgctl(id, IPC_SET, (void *)8));
    CHECK(msgctl(id, IPC_RMID, NULL) == 0);
    FAILS(EINVAL, msgctl(id, IPC_RMID, NULL));
    FAILS(EINVAL, put(id, 1, "x", 0));
}

static void check_types(void)
{
    struct msqid_ds about;
    int id = msgget(IPC_PRIVATE, 0600);
    CHECK(put(id, 5, "five", 0) == 0 && put(id, 3, "three", 0) == 0 && put(id, 3, "again", 0) == 0);
    CHECK(put(id, 9, "nine", 0) == 0 && put(id, 1, "one", 0) == 0);
    CHECK(msgctl(id, IPC_STAT, &about) == 0 && about.msg_qnum == 5 && about.msg_lspid == getpid());
    CHECK(takes(id, 3, 0, 3, "three") && takes(id, 5, MSG_EXCEPT, 3, "again"));
    CHECK(takes(id, -5, 0, 1, "one") && takes(id, -5, 0, 5, "five"));
    FAILS(ENOMSG, (int)msgrcv(id, &in, 10, -5, IPC_NOWAIT));
    FAILS(ENOMSG, (int)msgrcv(id, &in, 10, 8, IPC_NOWAIT));
    FAILS(ENOMSG, (int)msgrcv(id, &in, 10, 9, IPC_NOWAIT | MSG_EXCEPT));
    CHECK(takes(id, LONG_MIN, 0, 9, "nine"));
    CHECK(put(id, LONG_MAX, "most", 0) == 0 && takes(id, 0, 0, LONG_MAX, "most"));
    CHECK(msgsnd(id, &out, 0, 0) == 0 && msgrcv(id, &in, 0, 0, IPC_NOWAIT) == 0);
    CHECK(msgctl(id, IPC_STAT, &about) == 0 && about.msg_lrpid == getpid() && about.msg_rtime != 0);
    CHECK(msgctl(id, IPC_RMID, NULL) == 0);
}

static void check_sizes(void)
{
    int id = msgget(IPC_PRIVATE, 0600);
    CHECK(put(id, 1, "0123456789", 0) == 0);
    FAILS(E2BIG, (int)msgrcv(id, &in, 5, 0, IPC_NOWAIT));
    CHECK(msgrcv(id, &in, 5, 0, IPC_NOWAIT | MSG_NOERROR) == 5 && memcmp(in.text, "01234", 5) == 0);
    out.type = 1;
    CHECK(msgsnd(id, &out, 8192, 0) == 0 && msgsnd(id, &out, 8192, 0) == 0);
    FAILS(EAGAIN, msgsnd(id, &out, 1, IPC_NOWAIT));
    FAILS(EINVAL, msgsnd(id, &out, 8193, 0));
    FAILS(EINVAL, (int)syscall(SYS_msgsnd, id, &out, -1l, 0));
    FAILS(EINVAL, (int)syscall(SYS_msgrcv, id, &in, -1l, 0l, 0));
    CHECK(msgrcv(id, &in, 9000, 0, 0) == 8192 && msgsnd(id, &out, 8191, IPC_NOWAIT) == 0);
    FAILS(EAGAIN, msgsnd(id, &out, 2, IPC_NOWAIT));
    out.type = 0;
    FAILS(EINVAL, msgsnd(id, &out, 1, 0));
    out.type = -1;
    FAILS(EINVAL, msgsnd(id, &out, 1, 0));
    FAILS(EFAULT, msgsnd(id, (void *)8, 1, 0));
    FAILS(EINVAL, (int)msgrcv(-1, &in, 1, 0, 0));
    FAILS(EINVAL, (int)msgrcv(id + 1, &in, 1, 0, 0));
    FAILS(EINVAL, (int)msgrcv(id, &in, 1, 0, MSG_COPY));
    FAILS(EINVAL, (int)msgrcv(id, &in, 1, 0, MSG_COPY | MSG_EXCEPT | IPC_NOWAIT));
    CHECK(msgrcv(id, &in, 9000, 0, 0) == 8192);
    FAILS(EFAULT, (int)msgrcv(id, (void *)8, 9000, 0, 0));
    FAILS(ENOMSG, (int)msgrcv(id, &in, 9000, 0, IPC_NOWAIT)); /* it is lost */
    CHECK(msgctl(id, IPC_RMID, NULL) == 0);
}

static void no_handler(int signal) {}

static bool comes(int id, unsigned long count)
{
    struct msqid_ds about = {.msg_qnum = ~0ul};
    for (int i = 0; i < 3000 && msgctl(id, IPC_STAT, &about) == 0 && about.msg_qnum != count; i++)
        usleep(1000);
    return about.msg_qnum == count;
}

static void check_waiting(void)
{
    int id = msgget(IPC_PRIVATE, 0600), other = msgget(IPC_PRIVATE, 0600);
    pid_t child = fork();
    if (child == 0) {
        if (msgrcv(id, &in, 100, 7, 0) != 4 || strcmp(in.text, "for") != 0)
            _exit(1);
        _exit(put(other, 1, "got", 0) != 0);
    }
    usleep(20000);
    CHECK(put(id, 6, "not", 0) == 0 && put(id, 7, "for", 0) == 0);
    CHECK(msgrcv(other, &in, 100, 0, 0) == 4 && wait_for(child) == 0 && comes(id, 1));
    child = fork();
    if (child == 0)
        _exit(msgrcv(id, &in, 2, 8, 0) == -1 && errno == E2BIG ? 5 : 1);
    usleep(20000);
    CHECK(put(id, 8, "too large", 0) == 0 && wait_for(child) == 5 << 8 && comes(id, 2));
    CHECK(takes(id, 0, 0, 6, "not") && takes(id, 0, 0, 8, "too large"));
    out.type = 1;
    CHECK(msgsnd(id, &out, 8192, 0) == 0 && msgsnd(id, &out, 8192, 0) == 0);
    child = fork();
    if (child == 0)
        _exit(put(id, 2, "waited", 0) != 0);
    usleep(20000);
    CHECK(comes(id, 2) && msgrcv(id, &in, 9000, 0, 0) == 8192 && wait_for(child) == 0);
    CHECK(takes(id, 2, 0, 2, "waited") && msgsnd(id, &out, 8192, 0) == 0);
    struct sigaction action = {.sa_handler = no_handler, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    ualarm(30000, 0);
    FAILS(EINTR, msgsnd(id, &out, 100, 0));
    ualarm(30000, 0);
    FAILS(EINTR, (int)msgrcv(id, &in, 100, 77, 0));
    pid_t sender = fork();
    if (sender == 0)
        _exit(put(id, 2, "never", 0) == -1 && errno == EIDRM ? 5 : 1);
    pid_t receiver = fork();
    if (receiver == 0)
        _exit(msgrcv(id, &in, 100, 77, 0) == -1 && errno == EIDRM ? 5 : 1);
    usleep(50000);
    CHECK(msgctl(id, IPC_RMID, NULL) == 0 && wait_for(sender) == 5 << 8 && wait_for(receiver) == 5 << 8);
    CHECK(msgctl(other, IPC_RMID, NULL) == 0);
}

/* What goes through a queue that is mostly full comes out in order. */
static void check_stream(void)
{
    enum { COUNT = 2000 };
    int id = msgget(IPC_PRIVATE, 0600), wrong = 0;
    pid_t child = fork();
    if (child == 0) {
        for (int i = 0; i < COUNT; i++) {
            out.type = 1;
            memcpy(out.text, &i, sizeof i);
            if (msgsnd(id, &out, 1000, 0) != 0)
                _exit(1);
        }
        _exit(0);
    }
    for (int i = 0, got; i < COUNT; i++) {
        wrong += msgrcv(id, &in, 1000, 0, 0) != 1000;
        memcpy(&got, in.text, sizeof got);
        wrong += got != i;
    }
    CHECK(wrong == 0 && wait_for(child) == 0 && msgctl(id, IPC_RMID, NULL) == 0);
}

static int shared;

static void check_as_user(void)
{
    struct msqid_ds about;
    CHECK(msgget(key, 0444) == shared);
    FAILS(EACCES, msgget(key, 0222));
    FAILS(EACCES, put(shared, 1, "x", 0));
    CHECK(takes(shared, 0, 0, 1, "hello"));
    FAILS(EPERM, msgctl(shared, IPC_RMID, NULL));
    CHECK(msgctl(shared, IPC_STAT, &about) == 0);
    FAILS(EPERM, msgctl(shared, IPC_SET, &about));
    int mine = msgget(IPC_PRIVATE, 0200);
    FAILS(EACCES, msgctl(mine, IPC_STAT, &about));
    FAILS(EACCES, (int)msgrcv(mine, &in, 1, 0, IPC_NOWAIT));
    about.msg_perm.uid = about.msg_perm.gid = 1000;
    about.msg_perm.mode = 0600;
    about.msg_qbytes = 16385;
    FAILS(EPERM, msgctl(mine, IPC_SET, &about));
    about.msg_qbytes = 10;
    CHECK(msgctl(mine, IPC_SET, &about) == 0 && put(mine, 1, "123456789", 0) == 0);
    FAILS(EAGAIN, put(mine, 1, "", IPC_NOWAIT));
    CHECK(msgctl(mine, IPC_RMID, NULL) == 0);
}

static bool has_line(const char *file, const char *line)
{
    char text[512];
    bool found = false;
    FILE *stream = fopen(file, "r");
    while (stream && fgets(text, sizeof text, stream))
        found |= strncmp(text, line, strlen(line)) == 0;
    if (stream)
        fclose(stream);
    return found;
}

static int number_in(const char *file)
{
    int number = -1;
    FILE *stream = fopen(file, "r");
    if (stream == NULL || fscanf(stream, "%d", &number) != 1)
        number = -1;
    if (stream)
        fclose(stream);
    return number;
}

static void check_told(void)
{
    struct msginfo limits, totals;
    struct msqid_ds about;
    char line[160];
    int found = -1;
    shared = msgget(key, IPC_CREAT | 0644);
    CHECK(put(shared, 1, "hello", 0) == 0);
    as_user(check_as_user);
    CHECK(put(shared, 4, "four", 0) == 0);
    int highest = msgctl(0, IPC_INFO, (void *)&limits);
    CHECK(highest >= 0 && limits.msgmax == number_in("/proc/sys/kernel/msgmax"));
    CHECK(
        limits.msgmnb == number_in("/proc/sys/kernel/msgmnb") && limits.msgmni == number_in("/proc/sys/kernel/msgmni"));
    CHECK(msgctl(0, MSG_INFO, (void *)&totals) == highest && totals.msgpool >= 1 && totals.msgtql >= 5);
    for (int i = 0; i <= highest; i++)
        if (msgctl(i, MSG_STAT, &about) == shared)
            found = i;
    CHECK(found >= 0 && msgctl(found, MSG_STAT_ANY, &about) == shared && about.msg_qnum == 1);
    snprintf(line, sizeof line, "%10d %10d  %4o  %10u %10u %5u ", key, shared, 0644, 5, 1, getpid());
    CHECK(has_line("/proc/sysvipc/msg", line));
    CHECK(msgctl(shared, IPC_RMID, NULL) == 0 && !has_line("/proc/sysvipc/msg", line));
}

int main(void)
{
    key = (key_t)(0x5c000000 | (getpid() & 0xffffff));
    check_making();
    check_types();
    check_sizes();
    check_waiting();
    check_stream();
    check_told();
    return done();
}
