/*
 * Signals in a crowd: processes that send each other whatever there is, stop, continue and kill each other, while one
 * of them makes new ones. Nobody gets lost, no register changes, and all that is left at the end can be waited for.
 *
 * guest: seconds=120
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORKERS 6
#define ROUNDS 400

static struct shared {
    volatile pid_t workers[WORKERS];
    volatile unsigned broken, handled;
} *shared;

static volatile sig_atomic_t depth;
static char stack[65536];

static void handler(int signal, siginfo_t *info, void *context)
{
    (void)info, (void)context;
    __atomic_fetch_add(&shared->handled, 1, __ATOMIC_RELAXED);
    if (signal == SIGUSR2 && ++depth < 4)
        raise(SIGUSR1);             /* a handler inside another */
    double number = (double)signal; /* which clobbers a register */
    __asm__ volatile("divsd %0, %0" : "+x"(number));
    depth = 0;
}

static void prepare(void)
{
    const stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternate, NULL);
    int signals[] = {SIGUSR1, SIGUSR2, SIGCONT, SIGTERM, SIGRTMIN, SIGRTMIN + 1, SIGCHLD};
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART};
        action.sa_flags |= i % 2 ? SA_ONSTACK : 0;
        action.sa_flags |= i % 3 ? 0 : SA_NODEFER;
        sigaction(signals[i], &action, NULL);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void send_something(unsigned *seed)
{
    static const int kinds[] = {SIGUSR1, SIGUSR2, SIGSTOP, SIGCONT, SIGCONT, SIGTSTP, SIGCONT, SIGTERM, SIGURG};
    pid_t to = shared->workers[rand_r(seed) % WORKERS];
    if (to <= 0)
        return;
    int kind = rand_r(seed) % 12;
    if (kind < 9)
        kill(to, kinds[kind]);
    else
        sigqueue(to, SIGRTMIN + kind % 2, (union sigval){.sival_int = kind});
}

/* Registers and stack are the same before and after whatever comes. */
static void work(unsigned seed)
{
    prepare();
    for (unsigned round = 0;; round++) {
        uint64_t sum = 0;
        double real = 1;
        for (int i = 1; i < 2000; i++) {
            sum += (uint64_t)i * seed;
            real += 0.5;
        }
        if (sum != 1999000ull * seed || real != 1000.5)
            shared->broken = 1;
        send_something(&seed);
        if (round % 16 == 0)
            usleep(500);
        if (round % 64 == 0) {
            pid_t child = fork();
            if (child == 0)
                _exit(3);
            int status = 0;
            while (child > 0 && waitpid(child, &status, 0) != child)
                ;
            if (child > 0 && status != 3 << 8 && !WIFSIGNALED(status))
                shared->broken = 2;
        }
    }
}

/* What comes before it has its handlers waits. */
static pid_t start(unsigned seed)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    pid_t child = fork();
    if (child == 0)
        work(seed);
    return child;
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    int fd = open("shared", O_RDWR | O_CREAT, 0600);
    CHECK(fd >= 0 && ftruncate(fd, sizeof *shared) == 0);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    unsigned seed = 7, ended = 0, wrong = 0;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    for (unsigned i = 0; i < WORKERS; i++)
        shared->workers[i] = start(i + 1);
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned which = rand_r(&seed) % WORKERS;
        int status;
        usleep(2000);
        for (unsigned i = 0; i < WORKERS; i++) /* nobody stays stopped for long */
            kill(shared->workers[i], SIGCONT);
        if (round % 8 != 0)
            continue;
        pid_t victim = shared->workers[which];
        shared->workers[which] = 0;
        kill(victim, SIGKILL);
        wrong += waitpid(victim, &status, 0) != victim || status != SIGKILL;
        ended++;
        shared->workers[which] = start(round + 100);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        int status;
        pid_t victim = shared->workers[i];
        kill(victim, SIGKILL);
        wrong += waitpid(victim, &status, 0) != victim || status != SIGKILL;
    }
    int status;
    while (wait(&status) > 0) /* what they have left */
        wrong += status != 3 << 8;
    CHECK(ended == ROUNDS / 8 && wrong == 0);
    CHECK(shared->broken == 0);
    CHECK(shared->handled > 100);
    unlink("shared");
    return done();
}
