/*
 * process_vm_readv and process_vm_writev: a child's memory, one's own, several ranges, edges of what is mapped, rights,
 * errors.
 */
#include "tests/guest/guest.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIZE 20000

static char *shown, buffer[SIZE];
static pid_t child;

/* A child that stays; it has its own copy of SHOWN, filled with C. */
static void begin(char c, uid_t uid)
{
    int ready[2];
    char byte;
    CHECK(pipe(ready) == 0);
    child = fork();
    if (child == 0) {
        memset(shown, c, SIZE);
        if (uid && setuid(uid) < 0)
            _exit(1);
        if (write(ready[1], "r", 1) == 1)
            pause();
        _exit(2);
    }
    CHECK(read(ready[0], &byte, 1) == 1);
    close(ready[0]);
    close(ready[1]);
}

static void end(void)
{
    int status;
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, &status, 0) == child);
}

static struct iovec range(void *base, size_t length)
{
    return (struct iovec){base, length};
}

static void there_and_back(void)
{
    begin('a', 0);
    struct iovec here = range(buffer, SIZE), there = range(shown, SIZE);
    memset(shown, 'p', SIZE);
    CHECK(process_vm_readv(child, &here, 1, &there, 1, 0) == SIZE && buffer[0] == 'a' && buffer[SIZE - 1] == 'a');
    memset(buffer, 'w', SIZE);
    here = range(buffer, 5000);
    there = range(shown + 100, SIZE);
    CHECK(process_vm_writev(child, &here, 1, &there, 1, 0) == 5000 && shown[100] == 'p');
    here = range(buffer, SIZE);
    there = range(shown, SIZE);
    CHECK(process_vm_readv(child, &here, 1, &there, 1, 0) == SIZE);
    CHECK(buffer[99] == 'a' && buffer[100] == 'w' && buffer[5099] == 'w' && buffer[5100] == 'a');
    end();
}

static void several_ranges(void)
{
    begin('b', 0);
    struct iovec here[3] = {range(buffer, 1), range(NULL, 0), range(buffer + 10, 5000)};
    struct iovec there[2] = {range(shown, 3000), range(shown + 4000, 100)};
    memset(buffer, 0, SIZE);
    CHECK(process_vm_readv(child, here, 3, there, 2, 0) == 3100);
    CHECK(buffer[0] == 'b' && buffer[1] == 0 && buffer[10] == 'b' && buffer[3108] == 'b' && buffer[3109] == 0);
    there[0] = range("constant", 8);
    here[0] = range(buffer, 8);
    CHECK(process_vm_readv(getpid(), here, 1, there, 1, 0) == 8 && memcmp(buffer, "constant", 8) == 0);
    end();
}

static void edges(void)
{
    char *map = mmap(NULL, 12288, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(map != MAP_FAILED && munmap(map + 4096, 4096) == 0 && mprotect(map + 8192, 4096, PROT_READ) == 0);
    begin('c', 0);
    struct iovec here = range(buffer, 8192), there = range(map, 8192);
    CHECK(process_vm_readv(child, &here, 1, &there, 1, 0) == 4096);
    there = range(map + 4096, 10);
    FAILS(EFAULT, process_vm_readv(child, &here, 1, &there, 1, 0));
    there = range(map + 8192, 10);
    CHECK(process_vm_readv(child, &here, 1, &there, 1, 0) == 10);
    FAILS(EFAULT, process_vm_writev(child, &here, 1, &there, 1, 0));
    end();
    munmap(map, 12288);
}

static void errors(void)
{
    begin('d', 0);
    struct iovec here = range(buffer, 10), there = range(shown, 10);
    FAILS(EINVAL, process_vm_readv(child, &here, 1, &there, 1, 1));
    FAILS(EINVAL, process_vm_readv(child, &here, 1025, &there, 1, 0));
    FAILS(EINVAL, process_vm_readv(child, &here, 1, &there, 1025, 0));
    FAILS(EFAULT, process_vm_readv(child, NULL, 1, &there, 1, 0));
    FAILS(EFAULT, process_vm_readv(child, &here, 1, NULL, 1, 0));
    FAILS(ESRCH, process_vm_readv(99999999, &here, 1, &there, 1, 0));
    FAILS(ESRCH, process_vm_readv(-1, &here, 1, &there, 1, 0));
    CHECK(process_vm_readv(99999999, NULL, 0, &there, 1, 0) == 0);
    CHECK(process_vm_readv(99999999, &here, 1, NULL, 0, 0) == 0);
    end();
    FAILS(ESRCH, process_vm_readv(child, &here, 1, &there, 1, 0));
}

static void rights(void)
{
    if (geteuid() != 0)
        return;
    begin('e', 0);
    pid_t looker = fork();
    if (looker == 0) {
        struct iovec here = range(buffer, 10), there = range(shown, 10);
        if (setuid(1000) < 0)
            _exit(1);
        _exit(process_vm_readv(child, &here, 1, &there, 1, 0) == -1 && errno == EPERM ? 0 : 2);
    }
    int status = -1;
    CHECK(waitpid(looker, &status, 0) == looker && status == 0);
    end();
    begin('f', 1000);
    struct iovec here = range(buffer, 10), there = range(shown, 10);
    CHECK(process_vm_readv(child, &here, 1, &there, 1, 0) == 10 && buffer[9] == 'f');
    end();
}

int main(void)
{
    shown = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(shown != MAP_FAILED);
    there_and_back();
    several_ranges();
    edges();
    errors();
    rights();
    return done();
}
