/*
 * Two who talk to each other: a byte goes to the other and back, or much goes one way. The figure of a latency is that
 * of the whole way there and back; that of a context switch is a token's way through a ring of processes, less what the
 * reads and writes cost in one process alone, divided by how often the CPU changed hands, as lmbench has it.
 */
#include "bench/programs/micro.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define RING_MAX 16

static int there[2], back[2]; /* one reads from [0], writes to [1] */
static int child;
static unsigned work[16384]; /* which each member of a ring goes through, in its own memory, if `working` */
static bool working;

static void do_work(void)
{
    for (size_t i = 0; working && i < sizeof work / sizeof *work; i++)
        ((volatile unsigned *)work)[i] += 1;
}

static void answer(int from, int to)
{
    char byte;
    while (read(from, &byte, 1) == 1) {
        do_work();
        if (write(to, &byte, 1) != 1)
            break;
    }
    _exit(0);
}

static void start_answering(void)
{
    child = (int)must(fork());
    if (child == 0) {
        close(there[1]);
        close(back[0]);
        answer(there[0], back[1]);
    }
    close(there[0]);
    close(back[1]);
}

static void make_pipes(void)
{
    must(pipe(there));
    must(pipe(back));
    start_answering();
}

static void make_sockets(void)
{
    int pair[2];
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    there[1] = pair[0];
    back[0] = (int)must(dup(pair[0]));
    there[0] = pair[1];
    back[1] = (int)must(dup(pair[1]));
    start_answering();
}

static void hang_up(void)
{
    close(there[1]);
    close(back[0]);
    micro_reap(child);
}

static void go_there_and_back(long count)
{
    char byte = 'x';
    for (; count > 0; count--) {
        must(write(there[1], &byte, 1));
        must(read(back[0], &byte, 1));
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * A ring of processes
 */

static int ring[RING_MAX][2], members;
static int ring_children[RING_MAX];

static void make_ring(int size)
{
    members = size;
    for (int i = 0; i < size; i++)
        must(pipe(ring[i]));
    for (int i = 1; i < size; i++) {
        ring_children[i] = (int)must(fork());
        if (ring_children[i] == 0)
            answer(ring[i - 1][0], ring[i][1]);
    }
}

static void make_ring_of_1(void)
{
    make_ring(1);
}

static void make_ring_of_2(void)
{
    make_ring(2);
}

static void make_ring_of_16(void)
{
    make_ring(RING_MAX);
}

static void make_working_ring_of_1(void)
{
    working = true;
    make_ring(1);
}

static void make_working_ring_of_2(void)
{
    working = true;
    make_ring(2);
}

static void make_working_ring_of_16(void)
{
    working = true;
    make_ring(RING_MAX);
}

static void end_ring(void)
{
    working = false;
    for (int i = 1; i < members; i++)
        kill(ring_children[i], SIGKILL);
    for (int i = 1; i < members; i++)
        waitpid(ring_children[i], NULL, 0);
    for (int i = 0; i < members; i++) {
        close(ring[i][0]);
        close(ring[i][1]);
    }
}

static void pass_token(long count)
{
    char byte = 'x';
    for (; count > 0; count--) {
        must(write(ring[0][1], &byte, 1));
        must(read(ring[members - 1][0], &byte, 1));
        do_work();
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Handing over by locks
 */

static void lock_byte(int type, int command, short start)
{
    struct flock lock = {.l_type = (short)type, .l_whence = SEEK_SET, .l_start = start, .l_len = 1};
    must(fcntl(there[0], command, &lock));
}

static void make_lock_file(void)
{
    there[0] = (int)must(open(MICRO_FOLDER "/locked", O_RDWR | O_CREAT, 0644));
}

static void remove_lock_file(void)
{
    close(there[0]);
    unlink(MICRO_FOLDER "/locked");
}

static void lock_and_unlock(long count)
{
    for (; count > 0; count--) {
        lock_byte(F_WRLCK, F_SETLKW, 0);
        lock_byte(F_UNLCK, F_SETLK, 0);
    }
}

static sem_t *semaphores; /* ours, the other's */

static void start_other(void)
{
    semaphores = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(semaphores == MAP_FAILED ? -1 : 0);
    must(sem_init(&semaphores[0], 1, 0));
    must(sem_init(&semaphores[1], 1, 0));
    child = (int)must(fork());
    while (child == 0) {
        sem_wait(&semaphores[1]);
        sem_post(&semaphores[0]);
    }
}

static void end_other(void)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    munmap(semaphores, 4096);
}

static void hand_over(long count)
{
    for (; count > 0; count--) {
        sem_post(&semaphores[1]);
        sem_wait(&semaphores[0]);
    }
}

/* The same by futexes and nothing else: one is 1 while it is its owner's turn. */

#define FUTEX_WAIT 0
#define FUTEX_WAKE 1

static int *turns; /* ours, the other's */

static void give_turn(int *turn)
{
    __atomic_store_n(turn, 1, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, turn, FUTEX_WAKE, 1, NULL);
}

static void take_turn(int *turn)
{
    while (!__atomic_exchange_n(turn, 0, __ATOMIC_SEQ_CST))
        syscall(SYS_futex, turn, FUTEX_WAIT, 0, NULL);
}

static void start_futexes(void)
{
    turns = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    must(turns == MAP_FAILED ? -1 : 0);
    child = (int)must(fork());
    while (child == 0) {
        take_turn(&turns[1]);
        give_turn(&turns[0]);
    }
}

static void end_futexes(void)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    munmap(turns, 4096);
}

static void hand_futex_over(long count)
{
    for (; count > 0; count--) {
        give_turn(&turns[1]);
        take_turn(&turns[0]);
    }
}

/*
 * Three bytes of a file, of which each of two processes holds one: it waits for the next, then lets go of its own, for
 * which the other has been waiting.
 */
static int held;

static void take_next_lock(void)
{
    int next = (held + 1) % 3;
    lock_byte(F_WRLCK, F_SETLKW, next);
    lock_byte(F_UNLCK, F_SETLK, held);
    held = next;
}

static void start_locks(void)
{
    make_lock_file();
    must(pipe(back));
    held = 0;
    lock_byte(F_WRLCK, F_SETLKW, 0);
    child = (int)must(fork());
    if (child == 0) {
        held = 2;
        lock_byte(F_WRLCK, F_SETLKW, 2);
        must(write(back[1], "x", 1));
        for (;;)
            take_next_lock();
    }
    char byte;
    must(read(back[0], &byte, 1));
}

static void end_locks(void)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(back[0]);
    close(back[1]);
    remove_lock_file();
}

static void hand_locks_over(long count)
{
    for (; count > 0; count--)
        take_next_lock();
}

/* ------------------------------------------------------------------------------------------------------------------
 * Much, one way, in pieces of 64 KiB
 */

static char piece[65536];
static int sink;

static void drain(int from)
{
    while (read(from, piece, sizeof piece) > 0) {
    }
    _exit(0);
}

static void start_draining(int from, int to)
{
    sink = to;
    child = (int)must(fork());
    if (child == 0) {
        close(to);
        drain(from);
    }
    close(from);
}

static void make_pipe_to_drain(void)
{
    must(pipe(there));
    start_draining(there[0], there[1]);
}

static void make_socket_to_drain(void)
{
    must(socketpair(AF_UNIX, SOCK_STREAM, 0, there));
    start_draining(there[0], there[1]);
}

static void close_sink(void)
{
    close(sink);
    micro_reap(child);
}

static void send_pieces(long count)
{
    for (; count > 0; count--)
        for (size_t done = 0; done < sizeof piece;)
            done += (size_t)must(write(sink, piece + done, sizeof piece - done));
}

const struct micro micro_talk[] = {
    {"ring_1", make_ring_of_1, pass_token, end_ring, 500, 0, NULL},
    {"ring_2", make_ring_of_2, pass_token, end_ring, 200, 0, NULL},
    {"ring_16", make_ring_of_16, pass_token, end_ring, 30, 0, NULL},
    {"work_ring_1", make_working_ring_of_1, pass_token, end_ring, 50, 0, NULL},
    {"work_ring_2", make_working_ring_of_2, pass_token, end_ring, 30, 0, NULL},
    {"work_ring_16", make_working_ring_of_16, pass_token, end_ring, 5, 0, NULL},
    {"pipe_latency", make_pipes, go_there_and_back, hang_up, 200, 0, NULL},
    {"unix_latency", make_sockets, go_there_and_back, hang_up, 200, 0, NULL},
    {"pipe_64k", make_pipe_to_drain, send_pieces, close_sink, 10, 0, NULL},
    {"unix_64k", make_socket_to_drain, send_pieces, close_sink, 10, 0, NULL},
    {"lock_unlock", make_lock_file, lock_and_unlock, remove_lock_file, 300, 0, NULL},
    {"lock_handoff", start_locks, hand_locks_over, end_locks, 200, 0, NULL},
    {"semaphore_handoff", start_other, hand_over, end_other, 200, 0, NULL},
    {"futex_handoff", start_futexes, hand_futex_over, end_futexes, 200, 0, NULL},
    {0},
};
