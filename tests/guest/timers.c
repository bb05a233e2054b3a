/*
 * Timers: alarm, setitimer, and those of timer_create, with the signals that they send.
 *
 * guest: root
 */
#include "tests/guest/guest.h"

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KERNEL ((void *)0xffff800000000000ul)
#define SECOND 1000000000ll
#define MS 1000000ll
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static int64_t now(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * SECOND + t.tv_nsec;
}

static void nap(int64_t ns)
{
    struct timespec t = {ns / SECOND, ns % SECOND};
    while (nanosleep(&t, &t) < 0)
        ;
}

static bool about(int64_t ns, int64_t wanted)
{
    return ns >= wanted && ns < wanted + 2 * SECOND;
}

static volatile int caught;
static siginfo_t last;

static void handler(int signal, siginfo_t *info, void *context)
{
    caught++;
    last = *info;
}

static void catch (int signal)
{
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(signal, &action, NULL);
}

/* Waits, awake or asleep, until so many signals have come, some seconds at most. */
static bool comes(int count)
{
    for (int64_t end = now(CLOCK_MONOTONIC) + 5 * SECOND; caught < count && now(CLOCK_MONOTONIC) < end;)
        usleep(1000);
    return caught >= count;
}

static void work(int64_t ns)
{
    for (int64_t start = now(CLOCK_PROCESS_CPUTIME_ID); now(CLOCK_PROCESS_CPUTIME_ID) < start + ns;)
        ;
}

/* ------------------------------------------------------------------------------------------------------------------
 * alarm, setitimer
 */

static void alarms(void)
{
    catch (SIGALRM);
    CHECK(alarm(100) == 0);
    CHECK(alarm(50) == 100);
    CHECK(alarm(0) == 50 && alarm(0) == 0);
    CHECK(alarm(0xffffffff) == 0 && alarm(0) > 1000);
    int64_t start = now(CLOCK_MONOTONIC);
    alarm(1);
    CHECK(pause() == -1 && errno == EINTR && caught == 1);
    CHECK(about(now(CLOCK_MONOTONIC) - start, SECOND));
    CHECK(last.si_signo == SIGALRM && last.si_code == SI_KERNEL);
}

static struct itimerval interval(int64_t value, int64_t repeat)
{
    return (struct itimerval){{repeat / SECOND, repeat % SECOND / 1000}, {value / SECOND, value % SECOND / 1000}};
}

static void intervals(void)
{
    struct itimerval set = interval(20 * MS, 10 * MS), got = {0};
    caught = 0;
    CHECK(setitimer(ITIMER_REAL, &set, NULL) == 0);
    CHECK(comes(5));
    CHECK(getitimer(ITIMER_REAL, &got) == 0 && got.it_interval.tv_usec == 10000 && got.it_value.tv_sec == 0);
    set = interval(0, 0);
    CHECK(setitimer(ITIMER_REAL, &set, &got) == 0 && got.it_interval.tv_usec == 10000);
    int seen = caught;
    nap(50 * MS);
    CHECK(caught == seen);
    CHECK(getitimer(ITIMER_REAL, &got) == 0 && got.it_value.tv_usec == 0 && got.it_interval.tv_usec == 0);

    /* Ignored, however fast it goes: the machine has time for others. */
    signal(SIGALRM, SIG_IGN);
    set = interval(1000, 1000);
    CHECK(setitimer(ITIMER_REAL, &set, NULL) == 0);
    nap(50 * MS);
    set = interval(0, 0);
    CHECK(setitimer(ITIMER_REAL, &set, NULL) == 0);
    catch (SIGALRM);
    set = interval(MS, MS);
    CHECK(setitimer(ITIMER_REAL, &set, NULL) == 0);
    CHECK(comes(100));
    set = interval(0, 0);
    CHECK(setitimer(ITIMER_REAL, &set, NULL) == 0);

    catch (SIGPROF);
    catch (SIGVTALRM);
    caught = 0;
    set = interval(20 * MS, 0);
    CHECK(setitimer(ITIMER_PROF, &set, NULL) == 0);
    CHECK(getitimer(ITIMER_PROF, &got) == 0 && got.it_value.tv_usec > 0);
    nap(60 * MS); /* no processor time */
    CHECK(caught == 0);
    work(60 * MS);
    CHECK(caught == 1 && last.si_signo == SIGPROF);
    caught = 0;
    set = interval(10 * MS, 10 * MS);
    CHECK(setitimer(ITIMER_VIRTUAL, &set, NULL) == 0);
    for (volatile int64_t i = 0; caught < 2 && i < 20000000000; i++)
        ;
    CHECK(caught >= 2 && last.si_signo == SIGVTALRM);
    set = interval(0, 0);
    CHECK(setitimer(ITIMER_VIRTUAL, &set, NULL) == 0);

    FAILS(EINVAL, syscall(SYS_getitimer, 3, &got));
    FAILS(EINVAL, syscall(SYS_setitimer, 3, &set, NULL));
    FAILS(EINVAL, syscall(SYS_setitimer, -1, &set, NULL));
    FAILS(EFAULT, syscall(SYS_getitimer, ITIMER_REAL, KERNEL));
    FAILS(EFAULT, syscall(SYS_setitimer, ITIMER_REAL, KERNEL, NULL));
    set.it_value.tv_usec = 1000000;
    FAILS(EINVAL, syscall(SYS_setitimer, ITIMER_REAL, &set, NULL));
    set.it_value.tv_usec = -1;
    FAILS(EINVAL, syscall(SYS_setitimer, ITIMER_REAL, &set, NULL));
}

/* ------------------------------------------------------------------------------------------------------------------
 * timer_create
 */

static int make(clockid_t clock, int notify, int signal, int value)
{
    int id = -1;
    struct sigevent event = {.sigev_notify = notify, .sigev_signo = signal, .sigev_value.sival_int = value};
    event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
    return syscall(SYS_timer_create, clock, &event, &id) == 0 ? id : -1;
}

static long set(int id, int flags, int64_t value, int64_t repeat, struct itimerspec *old)
{
    const struct itimerspec new = {{repeat / SECOND, repeat % SECOND}, {value / SECOND, value % SECOND}};
    return syscall(SYS_timer_settime, id, flags, &new, old);
}

static int64_t left(int id)
{
    struct itimerspec got;
    return syscall(SYS_timer_gettime, id, &got) == 0 ? got.it_value.tv_sec * SECOND + got.it_value.tv_nsec : -1;
}

static void once(void)
{
    static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_TAI};
    catch (SIGUSR1);
    catch (SIGRTMIN + 1);
    for (unsigned i = 0; i < 4; i++) {
        int id = make(clocks[i], SIGEV_SIGNAL, SIGRTMIN + 1, 1234);
        caught = 0;
        int64_t start = now(CLOCK_MONOTONIC);
        CHECK(id >= 0 && set(id, 0, 30 * MS, 0, NULL) == 0);
        CHECK(left(id) > 0 && left(id) <= 30 * MS);
        CHECK(comes(1) && about(now(CLOCK_MONOTONIC) - start, 30 * MS));
        CHECK(last.si_signo == SIGRTMIN + 1 && last.si_code == SI_TIMER && last.si_value.sival_int == 1234);
        CHECK(last.si_timerid == id && last.si_overrun == 0 && left(id) == 0);
        start = now(CLOCK_MONOTONIC);
        CHECK(set(id, TIMER_ABSTIME, now(clocks[i]) + 30 * MS, 0, NULL) == 0);
        CHECK(comes(2) && about(now(CLOCK_MONOTONIC) - start, 30 * MS));
        CHECK(set(id, TIMER_ABSTIME, now(clocks[i]) - MS, 0, NULL) == 0);
        CHECK(comes(3));
        CHECK(set(id, 0, 100 * SECOND, 50 * SECOND, NULL) == 0);
        struct itimerspec old;
        CHECK(set(id, 0, 0, 0, &old) == 0 && old.it_value.tv_sec >= 98 && old.it_interval.tv_sec == 50);
        CHECK(left(id) == 0 && syscall(SYS_timer_delete, id) == 0);
    }
}

static void repeating(void)
{
    int id = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 5);
    caught = 0;
    CHECK(set(id, 0, 5 * MS, 5 * MS, NULL) == 0 && comes(5));
    CHECK(left(id) > 0 && left(id) <= 5 * MS);
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    nap(10 * MS);
    caught = 0;
    nap(60 * MS);
    CHECK(caught == 0);
    sigprocmask(SIG_UNBLOCK, &blocked, NULL);
    CHECK(comes(1) && last.si_code == SI_TIMER);
    CHECK(set(id, 0, 0, 0, NULL) == 0);

    /* How often it would have gone off while its signal waited. */
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    CHECK(set(id, 0, MS, MS, NULL) == 0);
    nap(50 * MS);
    struct timespec none = {0, 0};
    siginfo_t info;
    CHECK(sigtimedwait(&blocked, &info, &none) == SIGUSR1 && info.si_overrun >= 40 && info.si_overrun < 5000);
    CHECK(syscall(SYS_timer_getoverrun, id) == info.si_overrun);
    CHECK(set(id, 0, 0, 0, NULL) == 0);
    CHECK(syscall(SYS_timer_delete, id) == 0);
    sigprocmask(SIG_UNBLOCK, &blocked, NULL);

    /* A nanosecond, ignored or blocked, leaves time for others. */
    signal(SIGUSR1, SIG_IGN);
    id = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 5);
    CHECK(set(id, 0, 1, 1, NULL) == 0);
    nap(50 * MS);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    catch (SIGUSR1);
    nap(50 * MS);
    CHECK(syscall(SYS_timer_delete, id) == 0);
    while (sigtimedwait(&blocked, &info, &none) == SIGUSR1)
        ;
    sigprocmask(SIG_UNBLOCK, &blocked, NULL);
}

static void silent(void)
{
    int id = make(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0);
    CHECK(id >= 0 && set(id, 0, 20 * MS, 30 * MS, NULL) == 0);
    nap(30 * MS);
    CHECK(left(id) > 0 && left(id) <= 30 * MS);
    CHECK(set(id, 0, 10 * MS, 0, NULL) == 0);
    nap(20 * MS);
    CHECK(left(id) == 0);
    CHECK(syscall(SYS_timer_delete, id) == 0);

    id = -1;
    CHECK(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id) == 0);
    catch (SIGALRM);
    caught = 0;
    CHECK(set(id, 0, MS, 0, NULL) == 0 && comes(1) && last.si_signo == SIGALRM && last.si_code == SI_TIMER);
    CHECK(last.si_value.sival_int == id && syscall(SYS_timer_delete, id) == 0);

    id = make(CLOCK_MONOTONIC, SIGEV_THREAD_ID, SIGUSR1, 9);
    caught = 0;
    CHECK(id >= 0 && set(id, 0, MS, 0, NULL) == 0 && comes(1) && last.si_value.sival_int == 9);
    CHECK(syscall(SYS_timer_delete, id) == 0);
}

static void of_processor_time(void)
{
    static const clockid_t clocks[] = {CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID};
    for (unsigned i = 0; i < 2; i++) {
        int id = make(clocks[i], SIGEV_SIGNAL, SIGUSR1, 3);
        caught = 0;
        CHECK(id >= 0 && set(id, 0, 30 * MS, 0, NULL) == 0);
        nap(60 * MS);
        CHECK(caught == 0 && left(id) > 0 && left(id) <= 30 * MS);
        work(80 * MS);
        CHECK(caught == 1 && last.si_value.sival_int == 3);
        CHECK(set(id, 0, 10 * MS, 10 * MS, NULL) == 0);
        work(100 * MS);
        CHECK(caught >= 3);
        CHECK(syscall(SYS_timer_delete, id) == 0);
    }
}

static void follows_the_clock(void)
{
    int64_t day = now(CLOCK_REALTIME), start = now(CLOCK_MONOTONIC);
    int id = make(CLOCK_REALTIME, SIGEV_SIGNAL, SIGUSR1, 0);
    caught = 0;
    CHECK(set(id, TIMER_ABSTIME, day + 100 * SECOND, 0, NULL) == 0);
    struct timespec t = {day / SECOND + 200, 0};
    CHECK(clock_settime(CLOCK_REALTIME, &t) == 0);
    CHECK(comes(1) && now(CLOCK_MONOTONIC) - start < 50 * SECOND);
    int64_t again = day + now(CLOCK_MONOTONIC) - start;
    t = (struct timespec){again / SECOND, again % SECOND};
    CHECK(clock_settime(CLOCK_REALTIME, &t) == 0);
    CHECK(syscall(SYS_timer_delete, id) == 0);
}

static void errors(void)
{
    int id;
    struct itimerspec value = {{0, 0}, {0, 0}};
    FAILS(EINVAL, syscall(SYS_timer_create, 99, NULL, &id));
    FAILS(EOPNOTSUPP, syscall(SYS_timer_create, CLOCK_MONOTONIC_RAW, NULL, &id));
    FAILS(EOPNOTSUPP, syscall(SYS_timer_create, CLOCK_REALTIME_COARSE, NULL, &id));
    FAILS(EFAULT, syscall(SYS_timer_create, CLOCK_MONOTONIC, KERNEL, &id));
    FAILS(EFAULT, syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, KERNEL));
    CHECK(make(CLOCK_MONOTONIC, SIGEV_SIGNAL, 0, 0) == -1 && errno == EINVAL);
    CHECK(make(CLOCK_MONOTONIC, SIGEV_SIGNAL, 65, 0) == -1 && errno == EINVAL);
    CHECK(make(CLOCK_MONOTONIC, 77, SIGUSR1, 0) == -1 && errno == EINVAL);
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
    event.sigev_notify_thread_id = 1 << 21;
    FAILS(EINVAL, syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id));
    FAILS(EINVAL, syscall(SYS_timer_settime, 12345, 0, &value, NULL));
    FAILS(EINVAL, syscall(SYS_timer_gettime, 12345, &value));
    FAILS(EINVAL, syscall(SYS_timer_getoverrun, 12345));
    FAILS(EINVAL, syscall(SYS_timer_delete, 12345));
    FAILS(EINVAL, syscall(SYS_timer_delete, -1));
    id = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0);
    FAILS(EINVAL, syscall(SYS_timer_settime, id, 0, NULL, NULL));
    FAILS(EFAULT, syscall(SYS_timer_settime, id, 0, KERNEL, NULL));
    FAILS(EFAULT, syscall(SYS_timer_settime, id, 0, &value, KERNEL));
    FAILS(EFAULT, syscall(SYS_timer_gettime, id, KERNEL));
    value.it_value.tv_nsec = SECOND;
    FAILS(EINVAL, syscall(SYS_timer_settime, id, 0, &value, NULL));
    value.it_value = (struct timespec){-1, 0};
    FAILS(EINVAL, syscall(SYS_timer_settime, id, 0, &value, NULL));
    CHECK(syscall(SYS_timer_delete, id) == 0);
    FAILS(EINVAL, syscall(SYS_timer_delete, id));
}

/* A child has none of them; a new program keeps the alarm and loses the others. */
static void heirs(const char *self)
{
    int id = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0), status;
    alarm(100);
    CHECK(set(id, 0, 100 * SECOND, 0, NULL) == 0);
    pid_t child = fork();
    if (child == 0)
        _exit(alarm(0) == 0 && left(id) == -1 ? 42 : 1);
    CHECK(waitpid(child, &status, 0) == child && status == 42 << 8);
    CHECK(alarm(0) > 0 && left(id) > 0);
    CHECK(syscall(SYS_timer_delete, id) == 0);
    child = fork();
    if (child == 0) {
        char word[16], *argv[] = {(char *)self, word, NULL};
        id = make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0);
        set(id, 0, 100 * SECOND, 0, NULL);
        alarm(100);
        snprintf(word, sizeof word, "%d", id);
        execv(self, argv);
        _exit(1);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 42 << 8);
}

static void limit(void)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit processor = {1, 2};
        catch (SIGXCPU);
        caught = 0;
        setrlimit(RLIMIT_CPU, &processor);
        while (caught == 0)
            ;
        if (now(CLOCK_PROCESS_CPUTIME_ID) < SECOND / 2)
            _exit(1);
        for (;;)
            ;
    }
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return alarm(0) > 0 && left(argv[1][0] - '0') == -1 ? 42 : 1;
    alarms();
    intervals();
    once();
    repeating();
    silent();
    of_processor_time();
    follows_the_clock();
    errors();
    heirs(argv[0]);
    limit();
    return done();
}
