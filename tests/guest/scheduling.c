/*
 * sched_setattr and sched_getattr; membarrier.
 */
#include "tests/guest/guest.h"

#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct attributes {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
    uint32_t use_min, use_max;
    uint64_t more;
};

static int set(int pid, struct attributes *attributes, unsigned flags)
{
    return (int)syscall(SYS_sched_setattr, pid, attributes, flags);
}

static int get(int pid, struct attributes *attributes, unsigned size, unsigned flags)
{
    return (int)syscall(SYS_sched_getattr, pid, attributes, size, flags);
}

static int barrier(int command, unsigned flags)
{
    return (int)syscall(SYS_membarrier, command, flags, 0);
}

static void check_attributes(void)
{
    struct attributes a;
    memset(&a, 0x55, sizeof a);
    CHECK(get(0, &a, 48, 0) == 0 && a.size == 48 && a.policy == SCHED_OTHER && a.nice == 0 && a.priority == 0);
    CHECK(a.use_min == 0x55555555 && get(getpid(), &a, 64, 0) == 0 && a.size == 56);
    FAILS(EINVAL, get(0, &a, 47, 0));
    FAILS(EINVAL, get(0, &a, 4097, 0));
    FAILS(EINVAL, get(0, &a, 48, 1));
    FAILS(EINVAL, get(-1, &a, 48, 0));
    FAILS(EINVAL, get(0, NULL, 48, 0));
    FAILS(ESRCH, get(0x3ffffff, &a, 48, 0));
    FAILS(EFAULT, get(0, (void *)8, 48, 0));
    a = (struct attributes){.size = 48, .policy = SCHED_BATCH, .nice = 5};
    CHECK(set(0, &a, 0) == 0 && syscall(SYS_sched_getscheduler, 0) == SCHED_BATCH && getpriority(PRIO_PROCESS, 0) == 5);
    CHECK(get(0, &a, 56, 0) == 0 && a.policy == SCHED_BATCH && a.nice == 5);
    a = (struct attributes){.size = 0, .policy = SCHED_OTHER, .nice = 40};
    CHECK(set(0, &a, 0) == 0 && getpriority(PRIO_PROCESS, 0) == 19);
    a = (struct attributes){.size = sizeof a, .policy = SCHED_OTHER, .nice = 19};
    CHECK(set(0, &a, 0) == 0);
    a.more = 1;
    FAILS(E2BIG, set(0, &a, 0));
    CHECK(a.size == 56);
    a = (struct attributes){.size = 47};
    FAILS(E2BIG, set(0, &a, 0));
    a = (struct attributes){.size = 48, .policy = 77};
    FAILS(EINVAL, set(0, &a, 0));
    a = (struct attributes){.size = 48, .nice = 19, .flags = 1u << 20};
    FAILS(EINVAL, set(0, &a, 0));
    a = (struct attributes){.size = 48, .nice = 19, .priority = 3};
    FAILS(EINVAL, set(0, &a, 0));
    FAILS(EINVAL, set(0, NULL, 0));
    FAILS(EINVAL, set(0, &a, 1));
    FAILS(EFAULT, set(0, (void *)8, 0));
    a = (struct attributes){.size = 48, .nice = 19};
    FAILS(ESRCH, set(0x3ffffff, &a, 0));
}

static void check_barrier(void)
{
    int known = barrier(0, 0), status = -1;
    CHECK(known > 0 && (known & 0x1b) == 0x1b);
    FAILS(EINVAL, barrier(0, 1));
    FAILS(EINVAL, barrier(3, 0));
    FAILS(EINVAL, barrier(1 << 20, 0));
    FAILS(EPERM, barrier(8, 0));
    CHECK(barrier(16, 0) == 0 && barrier(8, 0) == 0 && barrier(8, 0) == 0);
    CHECK(barrier(1, 0) == 0 && barrier(4, 0) == 0 && barrier(2, 0) == 0);
    if (fork() == 0)
        _exit(barrier(8, 0) == 0);
    CHECK(wait(&status) > 0);
}

int main(void)
{
    check_attributes();
    check_barrier();
    return done();
}
