/*
 * Lack of memory (shortage.h) where processes, threads and memory are made, and programs executed: static ones, dynamic
 * ones and scripts.
 *
 * guest: root seconds=300
 */
#include "tests/guest/shortage.h"

#include "tests/guest/elf.h"

#include <grp.h>
#include <sched.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define PAGE 4096ul
#define HANDED_OVER 100 /* the descriptor of fail-nth that a program takes over */

static int file;
static char *area;
static char stack[65536] __attribute__((aligned(16)));

/* ------------------------------------------------------------------------------------------------------------------
 * Processes and threads
 */

static long do_fork(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return child;
}

static long do_vfork(void)
{
    pid_t child = vfork();
    if (child == 0)
        _exit(0);
    return child;
}

static void undo_child(long child)
{
    while (waitpid(-1, NULL, 0) > 0)
        ;
}

static int run_thread(void *argument)
{
    syscall(SYS_exit, 0);
    return 0;
}

static volatile int thread_number;

static long do_thread(void)
{
    thread_number = 1;
    return clone(run_thread, stack + sizeof stack,
        CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_CHILD_CLEARTID, NULL,
        NULL, NULL, &thread_number);
}

static void undo_thread(long number)
{
    while (number >= 0 && thread_number != 0)
        usleep(100);
}

static long do_unshare(void)
{
    return unshare(CLONE_FILES | CLONE_FS);
}

static long do_rights(void)
{
    return setresgid(5, 0, 0);
}

static void undo_rights(long result)
{
    (void)!setresgid(0, 0, 0);
}

static long do_groups(void)
{
    gid_t groups[40] = {1, 2, 3};
    return setgroups(40, groups);
}

static void undo_groups(long result)
{
    (void)!syscall(SYS_setgroups, 0, NULL);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Memory
 */

static long do_mmap(void)
{
    return mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0) == MAP_FAILED
               ? -1
               : 0;
}

static void undo_map(long result)
{
    area = mmap(area, 64 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static long do_map_over(void)
{
    return mmap(area + PAGE, 8 * PAGE, PROT_READ, MAP_SHARED | MAP_FIXED, file, 0) == MAP_FAILED ? -1 : 0;
}

static long do_munmap(void)
{
    return munmap(area + PAGE, PAGE);
}

static long do_mprotect(void)
{
    return mprotect(area + 8 * PAGE, 4 * PAGE, PROT_READ | PROT_WRITE);
}

static long do_mremap(void)
{
    return mremap(area + 16 * PAGE, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, area + 40 * PAGE) == MAP_FAILED
               ? -1
               : 0;
}

static long do_advise(void)
{
    return madvise(area + 3 * PAGE, PAGE, MADV_DONTFORK);
}

static long do_lock(void)
{
    return mlock(area + 20 * PAGE, 8 * PAGE);
}

/* ------------------------------------------------------------------------------------------------------------------
 * All of them
 */

static const struct call calls[] = {
    {"fork", do_fork, undo_child, EAGAIN},
    {"vfork", do_vfork, undo_child, EAGAIN},
    {"clone of a thread", do_thread, undo_thread, EAGAIN},
    {"unshare", do_unshare, NULL, 0},
    {"setresgid", do_rights, undo_rights, EAGAIN},
    {"setgroups", do_groups, undo_groups, 0},
    {"mmap", do_mmap, undo_map, EAGAIN},
    {"mmap over others", do_map_over, undo_map, 0},
    {"munmap", do_munmap, undo_map, 0},
    {"mprotect", do_mprotect, undo_map, 0},
    {"mremap", do_mremap, undo_map, 0},
    {"madvise", do_advise, undo_map, EAGAIN},
    {"mlock", do_lock, undo_map, EAGAIN},
};

static void every_call(void)
{
    for (unsigned i = 0; i < sizeof calls / sizeof *calls; i++)
        shortage_call(&calls[i]);
}

/* ------------------------------------------------------------------------------------------------------------------
 * New programs
 */

/* Ends with what it reads first from descriptor 100: '0' if an allocation has failed. */
static const uint8_t code_tell[] = {0x31, 0xc0, /* xor %eax, %eax */
    0xbf, HANDED_OVER, 0, 0, 0,                 /* mov $100, %edi */
    0x48, 0x8d, 0x74, 0x24, 0xc0,               /* lea -64(%rsp), %rsi */
    0xba, 16, 0, 0, 0, 0x0f, 5,                 /* mov $16, %edx; syscall */
    0x0f, 0xb6, 0x7c, 0x24, 0xc0,               /* movzbl -64(%rsp), %edi */
    0xb8, 0xe7, 0, 0, 0, 0x0f, 5};              /* mov $231, %eax; syscall */

static bool make_programs(void)
{
    struct image image;
    image_make(&image, ET_EXEC, code_tell, sizeof code_tell);
    bool made_all = image_write("static", &image);
    image_make(&image, ET_DYN, code_tell, sizeof code_tell);
    made_all = made_all && image_write("interpreter", &image);
    image_set_interpreter(&image, "interpreter");
    return made_all && image_write("dynamic", &image) && file_write("script", "#!dynamic an argument\n", 22, 0755);
}

/* Executes PATH with its Nth allocation failing: what the child ended with. */
static int execute(const char *path, unsigned n)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        char *const arguments[] = {(char *)path, (char *)"argument", NULL};
        int fd = open(fail_nth >= 0 ? "/proc/self/fail-nth" : "/dev/zero", O_RDWR);
        if (dup2(fd, HANDED_OVER) < 0 || (fail_nth >= 0 && !set_countdown(HANDED_OVER, n)))
            _exit(1);
        execve(path, arguments, arguments);
        _exit(errno == ENOMEM ? '0' : 2);
    }
    return waitpid(child, &status, 0) == child ? status : -1;
}

static const char *program;

/* It says ENOMEM, or is killed when there is no way back, or the program runs. */
static bool execute_all(const struct call *call)
{
    for (unsigned n = 1; n < ALLOCATIONS_MAX; n++) {
        int status = execute(program, n);
        if (WIFEXITED(status) && WEXITSTATUS(status) > '0' && WEXITSTATUS(status) <= '9')
            return true;
        if (status != ENDED('0') && status != SIGKILL && status != SIGSEGV) {
            printf("# %s, allocation %u: status %#x\n", program, n, status);
            return false;
        }
    }
    return false;
}

static void every_program(void)
{
    static const char *const names[] = {"static", "dynamic", "script"};
    CHECK(make_programs());
    for (unsigned i = 0; i < 3; i++) {
        program = names[i];
        bool fine = execute(program, 0) == (fail_nth >= 0 ? ENDED('0') : 0);
        if (fail_nth >= 0)
            fine = fine && leaves_nothing(program, execute_all, NULL);
        point(fine, program, __LINE__);
    }
}

int main(void)
{
    shortage_begin();
    CHECK((file = open("file", O_RDWR | O_CREAT, 0600)) >= 0 && ftruncate(file, 100) == 0);
    area = mmap(NULL, 64 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(area != MAP_FAILED);
    every_call();
    every_program();
    return done();
}
