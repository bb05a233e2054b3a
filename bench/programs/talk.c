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
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define RING_MAX 16

static int there[2], back[2]; /* one reads from [0], writes to [1] */
static int child;

static void answer(int from, int to)
{
    char byte;
    while (read(from, &byte, 1) == 1 && write(to, &byte, 1) == 1) {
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

static void end_ring(void)
{
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
    {"ring_1", make_ring_of_1, pass_token, end_ring, 500, 0},
    {"ring_2", make_ring_of_2, pass_token, end_ring, 200, 0},
    {"ring_16", make_ring_of_16, pass_token, end_ring, 30, 0},
    {"pipe_latency", make_pipes, go_there_and_back, hang_up, 200, 0},
    {"unix_latency", make_sockets, go_there_and_back, hang_up, 200, 0},
    {"pipe_64k", make_pipe_to_drain, send_pieces, close_sink, 10, 0},
    {"unix_64k", make_socket_to_drain, send_pieces, close_sink, 10, 0},
    {"lock_unlock", make_lock_file, lock_and_unlock, remove_lock_file, 300, 0},
    {"semaphore_handoff", start_other, hand_over, end_other, 200, 0},
    {0},
};
