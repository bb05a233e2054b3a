/*
 * prctl: what a process or a task says about itself. One function an operation; all others fail with EINVAL, as those
 * do that Linux has only on other processors.
 *
 * Source: prctl(2) and the pages that it refers to; <linux/prctl.h>.
 */
#include "lib/string.h"
#include "proc/rights.h"
#include "syscall/handlers.h"

/* task->machine_check */
enum { USUAL, EARLY, LATE };

#define TIMER_SLACK_USUAL 50000u /* ns */

static const struct credentials *current(void)
{
    return task_current()->credentials;
}

/* New credentials with one field changed. */
#define CHANGE(field, value)                                                                                           \
    __extension__({                                                                                                    \
        struct credentials *changed = credentials_copy(current(), current()->group_count);                             \
        if (changed)                                                                                                   \
            changed->field = (value);                                                                                  \
        changed ? task_change_credentials(changed) : -ENOMEM;                                                          \
    })

static long put_int(uaddr_t address, int value)
{
    return copy_to_user(address, &value);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Parents and children
 */

static long set_parent_death_signal(const uint64_t a[6])
{
    if (a[1] > SIGNALS)
        return -EINVAL;
    task_current()->parent_death_signal = (int)a[1];
    return 0;
}

static long get_parent_death_signal(const uint64_t a[6])
{
    return put_int(a[1], task_current()->parent_death_signal);
}

static long set_subreaper(const uint64_t a[6])
{
    __atomic_store_n(&task_current()->process->subreaper, a[1] != 0, __ATOMIC_RELAXED);
    return 0;
}

static long get_subreaper(const uint64_t a[6])
{
    return put_int(a[1], task_current()->process->subreaper);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Names, timers and the like
 */

static long set_name(const uint64_t a[6])
{
    char name[THREAD_NAME_SIZE] = {0};
    long length = user_read_string(name, a[1], sizeof name);
    if (length == -EFAULT)
        return length;
    name[sizeof name - 1] = '\0'; /* a longer one is cut */
    task_set_name(name);
    return 0;
}

static long get_name(const uint64_t a[6])
{
    char name[THREAD_NAME_SIZE] = {0};
    strlcpy(name, thread_current()->name, sizeof name);
    return copy_to_user(a[1], &name);
}

static long set_timer_slack(const uint64_t a[6])
{
    task_current()->timer_slack = (int64_t)a[1] <= 0 ? 0 : a[1];
    return 0;
}

static long get_timer_slack(const uint64_t a[6])
{
    uint64_t slack = task_current()->timer_slack;
    return slack ? (long)slack : TIMER_SLACK_USUAL;
}

static long get_tid_address(const uint64_t a[6])
{
    return copy_to_user(a[1], &task_current()->clear_child_tid);
}

static long get_timing(const uint64_t a[6])
{
    return 0; /* PR_TIMING_STATISTICAL */
}

static long set_timing(const uint64_t a[6])
{
    return a[1] == 0 ? 0 : -EINVAL;
}

static long get_tsc(const uint64_t a[6])
{
    return put_int(a[1], 1); /* PR_TSC_ENABLE: a program may read it */
}

static long set_tsc(const uint64_t a[6])
{
    return a[1] == 1 ? 0 : -EINVAL;
}

/* Large pages, and what becomes of a program whose memory is broken: both are remembered, and mean nothing here. */
static long set_small_pages(const uint64_t a[6])
{
    if (a[2] || a[3] || a[4])
        return -EINVAL;
    task_current()->process->small_pages = a[1] != 0;
    return 0;
}

static long get_small_pages(const uint64_t a[6])
{
    return a[1] || a[2] || a[3] || a[4] ? -EINVAL : task_current()->process->small_pages;
}

static long set_machine_check(const uint64_t a[6])
{
    enum { CLEAR, SET };
    static const uint8_t remembered[] = {[0] = LATE, [1] = EARLY, [2] = USUAL};
    if (a[3] || a[4] || a[1] > SET || (a[1] == CLEAR ? a[2] != 0 : a[2] >= ARRAY_LENGTH(remembered)))
        return -EINVAL;
    task_current()->machine_check = a[1] == CLEAR ? USUAL : remembered[a[2]];
    return 0;
}

static long get_machine_check(const uint64_t a[6])
{
    static const uint8_t policies[] = {[LATE] = 0, [EARLY] = 1, [USUAL] = 2};
    return a[1] || a[2] || a[3] || a[4] ? -EINVAL : policies[task_current()->machine_check];
}

static long get_seccomp(const uint64_t a[6])
{
    return 0; /* there is no filter */
}

/* ------------------------------------------------------------------------------------------------------------------
 * Rights
 */

static long get_dumpable(const uint64_t a[6])
{
    return !task_current()->process->undumpable;
}

static long set_dumpable(const uint64_t a[6])
{
    if (a[1] > 1)
        return -EINVAL;
    task_current()->process->undumpable = a[1] == 0;
    return 0;
}

static long get_keep_capabilities(const uint64_t a[6])
{
    return (current()->secure_bits & SECBIT_KEEP_CAPS) != 0;
}

static long set_keep_capabilities(const uint64_t a[6])
{
    uint32_t bits = current()->secure_bits;
    if (a[1] > 1)
        return -EINVAL;
    if (bits & SECBIT_KEEP_CAPS << 1)
        return -EPERM;
    return CHANGE(secure_bits, a[1] ? bits | SECBIT_KEEP_CAPS : bits & ~SECBIT_KEEP_CAPS);
}

static long read_bounding(const uint64_t a[6])
{
    return a[1] > CAP_LAST ? -EINVAL : (long)(current()->bounding >> a[1] & 1);
}

static long drop_bounding(const uint64_t a[6])
{
    if (!credentials_capable(current(), CAP_SETPCAP))
        return -EPERM;
    return a[1] > CAP_LAST ? -EINVAL : CHANGE(bounding, current()->bounding & ~CAPABILITY_BIT(a[1]));
}

static long get_secure_bits(const uint64_t a[6])
{
    return current()->secure_bits;
}

static long set_secure_bits(const uint64_t a[6])
{
    uint64_t before = current()->secure_bits, locks = before & SECBIT_LOCKS;
    if ((locks >> 1 & (before ^ a[1])) || locks & ~a[1] || a[1] & ~(uint64_t)(SECBITS | SECBIT_LOCKS) ||
        !credentials_capable(current(), CAP_SETPCAP))
        return -EPERM;
    return CHANGE(secure_bits, (uint32_t)a[1]);
}

static long set_no_new_privileges(const uint64_t a[6])
{
    if (a[1] != 1 || a[2] || a[3] || a[4])
        return -EINVAL;
    return CHANGE(no_new_privileges, true);
}

static long get_no_new_privileges(const uint64_t a[6])
{
    return a[1] || a[2] || a[3] || a[4] ? -EINVAL : current()->no_new_privileges;
}

static long change_ambient(const uint64_t a[6])
{
    enum { IS_SET = 1, RAISE, LOWER, CLEAR_ALL };
    const struct credentials *c = current();
    if (a[1] == CLEAR_ALL)
        return a[2] || a[3] || a[4] ? -EINVAL : CHANGE(ambient, 0);
    if (a[2] > CAP_LAST || a[3] || a[4])
        return -EINVAL;
    uint64_t bit = CAPABILITY_BIT(a[2]);
    switch (a[1]) {
    case IS_SET: return (c->ambient & bit) != 0;
    case LOWER: return CHANGE(ambient, c->ambient & ~bit);
    case RAISE:
        if (!(c->permitted & c->inheritable & bit) || c->secure_bits & SECBIT_NO_CAP_AMBIENT_RAISE)
            return -EPERM;
        return CHANGE(ambient, c->ambient | bit);
    default: return -EINVAL;
    }
}

long sys_prctl(const uint64_t a[6])
{
    static syscall_handler *const operations[] = {
        [1] = set_parent_death_signal,
        [2] = get_parent_death_signal,
        [3] = get_dumpable,
        [4] = set_dumpable,
        [7] = get_keep_capabilities,
        [8] = set_keep_capabilities,
        [13] = get_timing,
        [14] = set_timing,
        [15] = set_name,
        [16] = get_name,
        [21] = get_seccomp,
        [23] = read_bounding,
        [24] = drop_bounding,
        [25] = get_tsc,
        [26] = set_tsc,
        [27] = get_secure_bits,
        [28] = set_secure_bits,
        [29] = set_timer_slack,
        [30] = get_timer_slack,
        [33] = set_machine_check,
        [34] = get_machine_check,
        [36] = set_subreaper,
        [37] = get_subreaper,
        [38] = set_no_new_privileges,
        [39] = get_no_new_privileges,
        [40] = get_tid_address,
        [41] = set_small_pages,
        [42] = get_small_pages,
        [47] = change_ambient,
    };
    uint32_t operation = (uint32_t)a[0];
    syscall_handler *handler = operation < ARRAY_LENGTH(operations) ? operations[operation] : NULL;
    return handler ? handler(a) : -EINVAL;
}
