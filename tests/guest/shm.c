/*
 * System V shared memory: making, finding, attaching, detaching, removing; what fork, exec, munmap and the end of a
 * process do to the count; permissions; what is told.
 *
 * guest: root
 */
#include "tests/guest/as_user.h"

#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <time.h>

#define PAGE 4096ul
#define NOTHING ((void *)-1)
#ifndef SHM_STAT_ANY
#define SHM_STAT_ANY 15
#endif
#ifndef SHM_REMAP
#define SHM_REMAP 040000
#endif
#define NO_PLACE(error, call) point((errno = 0, (call) == NOTHING && errno == (error)), #call " is " #error, __LINE__)

static key_t key;

static unsigned long attachments(int id)
{
    struct shmid_ds about;
    return shmctl(id, IPC_STAT, &about) == 0 ? about.shm_nattch : 999;
}

static void check_making(void)
{
    FAILS(ENOENT, shmget(key, PAGE, 0));
    FAILS(EINVAL, shmget(key, 0, IPC_CREAT | 0600));
    int id = shmget(key, 2 * PAGE + 5, IPC_CREAT | IPC_EXCL | 0640);
    CHECK(id >= 0 && shmget(key, 0, 0) == id && shmget(key, 2 * PAGE + 5, IPC_CREAT | 0600) == id);
    FAILS(EEXIST, shmget(key, PAGE, IPC_CREAT | IPC_EXCL | 0600));
    FAILS(EINVAL, shmget(key, 2 * PAGE + 6, 0));
    FAILS(ENOMEM, shmget(IPC_PRIVATE, 1ul << 60, 0600));
    int other = shmget(IPC_PRIVATE, 1, 0600), third = shmget(IPC_PRIVATE, 1, 0600);
    CHECK(other >= 0 && third >= 0 && other != third && other != id);
    struct shmid_ds about;
    memset(&about, 0x55, sizeof about);
    time_t now = time(NULL);
    CHECK(shmctl(id, IPC_STAT, &about) == 0);
    CHECK(about.shm_perm.__key == key && about.shm_perm.mode == 0640 && about.shm_segsz == 2 * PAGE + 5);
    CHECK(about.shm_perm.uid == 0 && about.shm_perm.cuid == 0 && about.shm_perm.gid == getgid());
    CHECK(about.shm_nattch == 0 && about.shm_atime == 0 && about.shm_dtime == 0 && about.shm_lpid == 0);
    CHECK(about.shm_cpid == getpid() && about.shm_ctime >= now - 2 && about.shm_ctime <= now);
    CHECK(shmctl(other, IPC_RMID, NULL) == 0 && shmctl(third, IPC_RMID, NULL) == 0);
    FAILS(EINVAL, shmctl(other, IPC_STAT, &about));
    FAILS(EINVAL, shmctl(-1, IPC_STAT, &about));
    FAILS(EINVAL, shmctl(id, 99, &about));
    FAILS(EFAULT, shmctl(id, IPC_STAT, (void *)8));
    FAILS(EFAULT, shmctl(id, IPC_SET, (void *)8));
    CHECK(shmctl(id, IPC_RMID, NULL) == 0);
    FAILS(EINVAL, shmctl(id, IPC_RMID, NULL));
}

static sigjmp_buf back;
static void handler(int signal)
{
    siglongjmp(back, signal);
}

static int writes(volatile char *at)
{
    int got = sigsetjmp(back, 1);
    if (got == 0)
        *at = 1;
    return got;
}

static void check_attaching(void)
{
    struct shmid_ds about;
    int id = shmget(IPC_PRIVATE, 2 * PAGE + 5, 0600);
    char *one = shmat(id, NULL, 0), *other = shmat(id, NULL, SHM_RDONLY);
    CHECK(one != NOTHING && other != NOTHING && one != other && (uintptr_t)one % PAGE == 0);
    CHECK(one[0] == 0 && one[3 * PAGE - 1] == 0);
    one[7] = 'x';
    CHECK(other[7] == 'x' && attachments(id) == 2);
    CHECK(shmctl(id, IPC_STAT, &about) == 0 && about.shm_lpid == getpid() && about.shm_atime != 0);
    signal(SIGSEGV, handler);
    CHECK(writes(other) == SIGSEGV && writes(one + 3 * PAGE - 1) == 0);
    FAILS(EACCES, mprotect(other, PAGE, PROT_READ | PROT_WRITE));
    CHECK(shmdt(other) == 0 && attachments(id) == 1);
    FAILS(EINVAL, shmdt(other));
    FAILS(EINVAL, shmdt(one + 1));
    FAILS(EINVAL, shmdt(one + PAGE));
    CHECK(shmctl(id, IPC_STAT, &about) == 0 && about.shm_dtime != 0);
    char *place = mmap(NULL, 8 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NO_PLACE(EINVAL, shmat(id, place, 0));
    NO_PLACE(EINVAL, shmat(id, place + 1, 0));
    NO_PLACE(EINVAL, shmat(id, NULL, SHM_REMAP));
    CHECK(shmat(id, place, SHM_REMAP) == place && place[7] == 'x');
    munmap(place + 4 * PAGE, 4 * PAGE);
    CHECK(shmat(id, place + 4 * PAGE + 77, SHM_RND) == place + 4 * PAGE && attachments(id) == 3);
    CHECK(munmap(place + PAGE, PAGE) == 0 && attachments(id) == 4); /* two pieces of one */
    CHECK(shmdt(place) == 0 && attachments(id) == 2);
    CHECK(munmap(place + 4 * PAGE, 3 * PAGE) == 0 && attachments(id) == 1);
    CHECK(shmdt(one) == 0 && attachments(id) == 0);
    FAILS(EINVAL, shmdt(one));
    NO_PLACE(EINVAL, shmat(-1, NULL, 0));
    NO_PLACE(EINVAL, shmat(id + 1, NULL, 0));
    one = shmat(id, NULL, 0);
    CHECK(one != NOTHING && one[7] == 'x'); /* it has kept what was in it */
    CHECK(shmdt(one) == 0 && shmctl(id, IPC_RMID, NULL) == 0);
}

static void check_removing(void)
{
    struct shmid_ds about;
    int id = shmget(key, PAGE, IPC_CREAT | 0600);
    char *one = shmat(id, NULL, 0);
    CHECK(one != NOTHING && shmctl(id, IPC_RMID, NULL) == 0);
    CHECK(shmctl(id, IPC_STAT, &about) == 0 && about.shm_perm.mode == (SHM_DEST | 0600));
    CHECK(about.shm_perm.__key == IPC_PRIVATE);
    FAILS(ENOENT, shmget(key, PAGE, 0));
    char *other = shmat(id, NULL, 0);
    CHECK(other != NOTHING && attachments(id) == 2);
    one[0] = 'y';
    CHECK(other[0] == 'y' && shmdt(one) == 0 && attachments(id) == 1);
    CHECK(shmdt(other) == 0);
    FAILS(EINVAL, shmctl(id, IPC_STAT, &about));
}

static int wait_for(pid_t child)
{
    int status = -1;
    return waitpid(child, &status, 0) == child ? status : -1;
}

static void check_processes(const char *self)
{
    int id = shmget(IPC_PRIVATE, PAGE, 0600), pipes[2];
    char *memory = shmat(id, NULL, 0), byte;
    CHECK(memory != NOTHING && pipe(pipes) == 0);
    pid_t child = fork();
    if (child == 0) {
        memory[1] = attachments(id) == 2 ? 'c' : 'n';
        if (read(pipes[0], &byte, 1) != 1)
            _exit(1);
        _exit(0);
    }
    for (int i = 0; i < 2000 && *(volatile char *)&memory[1] == 0; i++)
        usleep(1000);
    CHECK(memory[1] == 'c' && attachments(id) == 2);
    CHECK(write(pipes[1], "x", 1) == 1 && wait_for(child) == 0 && attachments(id) == 1);
    child = fork();
    if (child == 0) {
        char number[16];
        snprintf(number, sizeof number, "%d", id);
        execl(self, "shm", number, NULL);
        _exit(1);
    }
    CHECK(wait_for(child) == 1 << 8); /* how often it is attached after exec: once, by the parent */
    child = fork();
    if (child == 0)
        kill(getpid(), SIGKILL);
    CHECK(wait_for(child) == SIGKILL && attachments(id) == 1);
    CHECK(shmctl(id, IPC_RMID, NULL) == 0);
    child = fork();
    if (child == 0)
        _exit(shmdt(memory) != 0);
    CHECK(wait_for(child) == 0 && attachments(id) == 1);
    CHECK(shmdt(memory) == 0 && attachments(id) == 999);
    close(pipes[0]);
    close(pipes[1]);
}

static int shared;

static void check_as_user(void)
{
    struct shmid_ds about;
    CHECK(shmget(key, PAGE, 0) == shared && shmget(key, PAGE, 0400) == shared);
    FAILS(EACCES, shmget(key, PAGE, 0600));
    NO_PLACE(EACCES, shmat(shared, NULL, 0));
    NO_PLACE(EACCES, shmat(shared, NULL, SHM_RDONLY | SHM_EXEC));
    char *memory = shmat(shared, NULL, SHM_RDONLY);
    CHECK(memory != NOTHING && shmdt(memory) == 0 && shmctl(shared, IPC_STAT, &about) == 0);
    FAILS(EPERM, shmctl(shared, IPC_SET, &about));
    FAILS(EPERM, shmctl(shared, IPC_RMID, NULL));
    FAILS(EPERM, shmctl(shared, SHM_LOCK, NULL));
    int mine = shmget(IPC_PRIVATE, PAGE, 0);
    FAILS(EACCES, shmctl(mine, IPC_STAT, &about));
    NO_PLACE(EACCES, shmat(mine, NULL, SHM_RDONLY));
    about.shm_perm.uid = 1000;
    about.shm_perm.gid = (gid_t)-1;
    about.shm_perm.mode = 07600;
    FAILS(EINVAL, shmctl(mine, IPC_SET, &about));
    about.shm_perm.gid = 2000;
    CHECK(shmctl(mine, IPC_SET, &about) == 0 && shmctl(mine, IPC_STAT, &about) == 0);
    CHECK(about.shm_perm.mode == 0600 && about.shm_perm.gid == 2000 && about.shm_perm.cgid == 1000);
    CHECK(shmctl(mine, SHM_LOCK, NULL) == 0 && shmctl(mine, IPC_STAT, &about) == 0);
    CHECK(about.shm_perm.mode == (SHM_LOCKED | 0600) && shmctl(mine, SHM_UNLOCK, NULL) == 0);
    CHECK(shmctl(mine, IPC_RMID, NULL) == 0);
}

static void check_rights(void)
{
    struct shmid_ds about;
    shared = shmget(key, PAGE, IPC_CREAT | 0640);
    CHECK(shmctl(shared, IPC_STAT, &about) == 0);
    about.shm_perm.gid = 2000;
    CHECK(shmctl(shared, IPC_SET, &about) == 0);
    as_user(check_as_user);
    CHECK(shmctl(shared, IPC_RMID, NULL) == 0);
}

/* Does FILE hold a line that begins like LINE? */
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

static unsigned long number_in(const char *file)
{
    unsigned long number = 0;
    FILE *stream = fopen(file, "r");
    if (stream == NULL || fscanf(stream, "%lu", &number) != 1)
        number = 0;
    if (stream)
        fclose(stream);
    return number;
}

static void check_told(void)
{
    struct shminfo limits;
    struct shm_info totals;
    struct shmid_ds about;
    char line[128];
    int id = shmget(key, 3 * PAGE, IPC_CREAT | 0604), found = -1;
    int highest = shmctl(0, IPC_INFO, (void *)&limits);
    CHECK(highest >= 0 && limits.shmmin == 1);
    CHECK(
        limits.shmmax == number_in("/proc/sys/kernel/shmmax") && limits.shmall == number_in("/proc/sys/kernel/shmall"));
    CHECK(limits.shmmni == number_in("/proc/sys/kernel/shmmni"));
    CHECK(shmctl(0, SHM_INFO, (void *)&totals) == highest && totals.used_ids >= 1 && totals.shm_tot >= 3);
    for (int i = 0; i <= highest; i++)
        if (shmctl(i, SHM_STAT, &about) == id)
            found = i;
    CHECK(found >= 0 && shmctl(found, SHM_STAT_ANY, &about) == id && about.shm_segsz == 3 * PAGE);
    FAILS(EINVAL, shmctl(30000, SHM_STAT, &about));
    char *memory = shmat(id, NULL, 0);
    memory[0] = 1;
    snprintf(
        line, sizeof line, "%10d %10d  %4o %21lu %5u %5u  %5lu ", key, id, 0604, 3 * PAGE, getpid(), getpid(), 1ul);
    CHECK(has_line("/proc/sysvipc/shm", line));
    snprintf(line, sizeof line, "%lx-%lx rw-s 00000000 00:", (unsigned long)memory, (unsigned long)memory + 3 * PAGE);
    CHECK(has_line("/proc/self/maps", line));
    CHECK(shmdt(memory) == 0 && shmctl(id, IPC_RMID, NULL) == 0 && !has_line("/proc/sysvipc/shm", line));
}

/* Attached and removed by many at once. */
static void check_many(void)
{
    enum { CHILDREN = 4, TURNS = 200 };
    bool all = true;
    for (int i = 0; i < CHILDREN; i++)
        if (fork() == 0) {
            for (int n = 0; n < TURNS; n++) {
                int id = shmget(key, PAGE, IPC_CREAT | 0600);
                char *memory = id < 0 ? NOTHING : shmat(id, NULL, 0);
                if (memory != NOTHING) {
                    memory[0]++;
                    shmdt(memory);
                }
                if (n % 3 == i % 3)
                    shmctl(id, IPC_RMID, NULL);
            }
            _exit(0);
        }
    for (int i = 0, status; i < CHILDREN; i++)
        all &= wait(&status) > 0 && status == 0;
    CHECK(all);
    int id = shmget(key, 0, 0);
    CHECK(id < 0 || shmctl(id, IPC_RMID, NULL) == 0);
}

int main(int count, char *arguments[])
{
    if (count > 1)
        return (int)attachments(atoi(arguments[1]));
    key = (key_t)(0x5a000000 | (getpid() & 0xffffff));
    check_making();
    check_attaching();
    check_removing();
    check_processes(arguments[0]);
    check_rights();
    check_told();
    check_many();
    return done();
}
