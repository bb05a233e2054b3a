/*
 * Using up what there is a limit of: areas of memory, descriptors; and executing a thousand times. What is left in the
 * kernel afterwards, tests/guest/run counts.
 *
 * guest: seconds=120
 */
#include "tests/guest/guest.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096ul
#define EXECUTIONS 1000

static long number_in(const char *path)
{
    char text[32] = "";
    int fd = open(path, O_RDONLY);
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    return length > 0 ? atol(text) : -1;
}

/* Each page that changes makes two areas more: itself, and what comes after it. Near the limit there is an end. */
static bool use_up_areas(void)
{
    long limit = number_in("/proc/sys/vm/max_map_count"), count = 0;
    char *memory =
        mmap(NULL, (size_t)(limit + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (limit <= 0 || memory == MAP_FAILED)
        return false;
    while (count <= limit / 2 && mprotect(memory + (2 * count + 1) * (long)PAGE, PAGE, PROT_READ) == 0)
        count++;
    bool fine = errno == ENOMEM && 2 * count <= limit && 2 * count > limit - 64;
    if (!fine)
        printf("# %ld areas of %ld, errno %d\n", 2 * count, limit, errno);
    fine = fine && mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != NULL;
    return munmap(memory, (size_t)(limit + 2) * PAGE) == 0 && fine;
}

static bool use_up_descriptors(int (*make)(void), int each)
{
    struct rlimit limit = {500, 500};
    int count = 0, first = dup(0);
    close(first);
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        return false;
    while (count < 1000 && make() >= 0)
        count += each;
    bool fine = errno == EMFILE && count > 500 - first - each && count <= 500 - first;
    if (!fine)
        printf("# %d descriptors, the first %d, errno %d\n", count, first, errno);
    return fine;
}
static int make_file(void)
{
    return open("/dev/null", O_RDONLY);
}
static int make_pipe(void)
{
    int ends[2];
    return pipe(ends) < 0 ? -1 : ends[1];
}
static int make_copy(void)
{
    return dup(0);
}

static bool in_child(bool (*function)(void))
{
    int status = -1;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        bool fine = function();
        fflush(stdout);
        _exit(!fine);
    }
    return waitpid(child, &status, 0) == child && status == 0;
}
static bool files(void)
{
    return use_up_descriptors(make_file, 1);
}
static bool pipes(void)
{
    return use_up_descriptors(make_pipe, 2);
}
static bool copies(void)
{
    return use_up_descriptors(make_copy, 1);
}

/* Again and again, until the count on the command line is 0. */
static int execute_again(const char *program, int left)
{
    char number[16];
    snprintf(number, sizeof number, "%d", left);
    execl(program, program, number, NULL);
    return 1;
}

int main(int argc, char **argv)
{
    int status = -1, left = argc > 1 ? atoi(argv[1]) : 0;
    if (argc > 1)
        return left ? execute_again(argv[0], left - 1) : 0;
    for (int fd = 3; fd < 1024; fd++)
        close(fd);
    for (int i = 0; i < 3; i++)
        CHECK(in_child(use_up_areas));
    for (int i = 0; i < 3; i++) {
        CHECK(in_child(files));
        CHECK(in_child(pipes));
        CHECK(in_child(copies));
    }
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(execute_again(argv[0], EXECUTIONS));
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    return done();
}
