/*
 * System calls about how tasks share the processors: nice values, which processors, scheduling policies, priorities of
 * input and output.
 *
 * The scheduler knows fair shares only. SCHED_BATCH is remembered and treated as SCHED_OTHER, SCHED_IDLE has the weight
 * of the highest nice value; real-time policies are refused as to those who may not have them. Priorities of input and
 * output are remembered.
 *
 * Source: getpriority(2), sched(7), sched_setscheduler(2), sched_setaffinity(2), ioprio_set(2).
 */
#include "lib/bitmap.h"
#include "proc/tasks.h"
#include "syscall/handlers.h"

/* The task that PID means, 0 being the current one, with processes_lock held when it is there. */
static struct task *find_and_lock(int32_t pid)
{
    spin_lock(&processes_lock);
    struct task *task = pid > 0 ? task_find_locked(pid) : pid == 0 ? task_current() : NULL;
    if (task == NULL)
        spin_unlock(&processes_lock);
    return task;
}

/* Do the two belong to one user, or may the current one do without? */
static bool may_schedule(struct task *task)
{
    const struct credentials *self = task_current()->credentials, *other = task_credentials(task);
    bool same = other && (self->euid == other->uid || self->euid == other->euid);
    if (other)
        credentials_put(other);
    return same || credentials_capable(self, CAP_SYS_NICE);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Nice values
 */

#define WHICH_PROCESS 0
#define WHICH_GROUP 1
#define WHICH_USER 2

struct priority_search {
    int nice;   /* to be set */
    int result; /* -ESRCH until there is one; else the best, as 20 - nice; or what was wrong */
};

static void get_nice(struct task *task, void *argument)
{
    struct priority_search *search = argument;
    int value = 20 - task->thread->nice;
    if (search->result < value)
        search->result = value;
}

static void set_nice(struct task *task, void *argument)
{
    struct priority_search *search = argument;
    const struct credentials *self = task_current()->credentials;
    bool capable = credentials_capable(self, CAP_SYS_NICE);
    uint64_t limit = task->process->limits[RLIMIT_NICE].current;
    if (!may_schedule(task)) {
        search->result = -EPERM;
        return;
    }
    if (search->nice < task->thread->nice && !capable && (uint64_t)(20 - search->nice) > limit) {
        search->result = -EACCES;
        return;
    }
    if (search->result == -ESRCH)
        search->result = 0;
    thread_set_nice(task->thread, search->nice);
}

static long go_through(
    int which, int32_t who, void (*visit)(struct task *task, void *argument), struct priority_search *search)
{
    search->result = -ESRCH;
    switch (which) {
    case WHICH_PROCESS: tasks_visit_one(who, visit, search); break;
    case WHICH_GROUP: tasks_visit_group(who, visit, search); break;
    case WHICH_USER: tasks_visit_user(who ? (uint32_t)who : task_current()->credentials->uid, visit, search); break;
    default: return -EINVAL;
    }
    return search->result;
}

long sys_getpriority(const uint64_t a[6])
{
    struct priority_search search;
    return go_through((int)a[0], (int32_t)a[1], get_nice, &search);
}

long sys_setpriority(const uint64_t a[6])
{
    int nice = (int)a[2];
    struct priority_search search = {.nice = nice < NICE_MIN ? NICE_MIN : nice > NICE_MAX ? NICE_MAX : nice};
    return go_through((int)a[0], (int32_t)a[1], set_nice, &search);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Processors
 */

/* What programs get of a mask: whole words, with a bit for each processor. */
static size_t mask_size(void)
{
    return BITMAP_WORDS(cpu_count) * sizeof(uint64_t);
}

long sys_sched_getaffinity(const uint64_t a[6])
{
    uint32_t room = (uint32_t)a[1];
    struct cpu_mask mask;
    if (room * 8 < cpu_count || /* in 32 bits, as Linux does */ room % sizeof(uint64_t) != 0)
        return -EINVAL;
    const struct task *task = find_and_lock((int32_t)a[0]);
    if (task == NULL)
        return -ESRCH;
    mask = task->thread->allowed;
    spin_unlock(&processes_lock);
    for (unsigned cpu = 0; cpu < CPU_MAX; cpu++)
        if (cpu >= cpu_count || !cpu_mask_has(&cpus_online, cpu))
            cpu_mask_remove(&mask, cpu);
    size_t size = min_u64(room, mask_size());
    return user_write(a[2], &mask, size) == 0 ? (long)size : -EFAULT;
}

long sys_sched_setaffinity(const uint64_t a[6])
{
    struct cpu_mask mask = {{0}};
    size_t size = min_u64((uint32_t)a[1], sizeof mask);
    int error = -EPERM;
    if (user_read(&mask, a[2], size) != 0)
        return -EFAULT;
    struct task *task = find_and_lock((int32_t)a[0]);
    if (task == NULL)
        return -ESRCH;
    struct thread *thread = task->thread;
    if (may_schedule(task)) {
        thread_get(thread);
        error = 0;
    }
    spin_unlock(&processes_lock);
    if (error)
        return error;
    error = thread_set_allowed(thread, &mask); /* the current thread may have to move: without a lock */
    thread_put(thread);
    return error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Policies
 */

enum policy { SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_BATCH, SCHED_IDLE = 5, SCHED_DEADLINE = 6 };
#define SCHED_RESET_ON_FORK 0x40000000

static bool is_real_time(int policy)
{
    return policy == SCHED_FIFO || policy == SCHED_RR;
}

static bool is_policy(int policy)
{
    return policy >= SCHED_OTHER && policy <= SCHED_DEADLINE && policy != 4;
}

static long set_policy(int32_t pid, int policy, int priority)
{
    int error = 0;
    struct task *task = find_and_lock(pid);
    if (task == NULL)
        return -ESRCH;
    if (!is_policy(policy) || policy == SCHED_DEADLINE || (is_real_time(policy) != (priority != 0)) || priority < 0 ||
        priority > 99)
        error = -EINVAL;
    else if (is_real_time(policy) || !may_schedule(task))
        error = -EPERM;
    if (!error) {
        task->policy = (uint8_t)policy;
        thread_set_nice(task->thread, policy == SCHED_IDLE ? NICE_MAX : task->thread->nice);
    }
    spin_unlock(&processes_lock);
    return error;
}

long sys_sched_setscheduler(const uint64_t a[6])
{
    int32_t priority;
    int policy = (int)a[1];
    if (policy < 0 || a[2] == 0 || (int32_t)a[0] < 0)
        return -EINVAL;
    if (copy_from_user(&priority, a[2]) < 0)
        return -EFAULT;
    return set_policy((int32_t)a[0], policy & ~SCHED_RESET_ON_FORK, priority);
}

/* With processes_lock, where it succeeds. */
static long get_policy(int32_t pid)
{
    if (pid < 0)
        return -EINVAL;
    const struct task *task = find_and_lock(pid);
    if (task == NULL)
        return -ESRCH;
    long policy = task->policy;
    spin_unlock(&processes_lock);
    return policy;
}

long sys_sched_getscheduler(const uint64_t a[6])
{
    return get_policy((int32_t)a[0]);
}

long sys_sched_setparam(const uint64_t a[6])
{
    int32_t priority;
    if (a[1] == 0 || (int32_t)a[0] < 0)
        return -EINVAL;
    if (copy_from_user(&priority, a[1]) < 0)
        return -EFAULT;
    long policy = get_policy((int32_t)a[0]);
    return policy < 0 ? policy : set_policy((int32_t)a[0], (int)policy, priority);
}

long sys_sched_getparam(const uint64_t a[6])
{
    static const int32_t priority; /* that of every policy that there is */
    if (a[1] == 0)
        return -EINVAL;
    long policy = get_policy((int32_t)a[0]);
    return policy < 0 ? policy : copy_to_user(a[1], &priority);
}

/* struct sched_attr. */
struct user_sched_attr {
    uint32_t size, policy;
    uint64_t flags; /* SCHED_FLAG_* */
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
    uint32_t use_min, use_max;
};
#define SCHED_ATTR_LEAST 48u /* bytes of its first version */
#define SCHED_FLAG_RESET_ON_FORK 1u
#define SCHED_FLAG_KEEP_POLICY 8u
#define SCHED_FLAG_KEEP_PARAMETERS 16u

long sys_sched_getattr(const uint64_t a[6])
{
    int32_t pid = (int32_t)a[0];
    uint32_t room = (uint32_t)a[2];
    struct user_sched_attr attr = {.size = (uint32_t)min_u64(room, sizeof attr)};
    if (a[1] == 0 || pid < 0 || room > PAGE_SIZE || room < SCHED_ATTR_LEAST || (uint32_t)a[3] != 0)
        return -EINVAL;
    const struct task *task = find_and_lock(pid);
    if (task == NULL)
        return -ESRCH;
    attr.policy = task->policy;
    attr.nice = task->thread->nice;
    spin_unlock(&processes_lock);
    return user_range_ok(a[1], room) && user_write(a[1], &attr, attr.size) == 0 ? 0 : -EFAULT;
}

/* A structure of the program's that may be of a later version than ours: what we do not know must be 0. */
static int read_attr(struct user_sched_attr *attr, uaddr_t from)
{
    static const uint32_t known = sizeof *attr;
    uint32_t size;
    uint8_t byte = 0;
    if (copy_from_user(&size, from) < 0)
        return -EFAULT;
    size = size ? size : SCHED_ATTR_LEAST;
    for (uint32_t at = known; at < size && size <= PAGE_SIZE && byte == 0; at++)
        if (copy_from_user(&byte, from + at) < 0)
            return -EFAULT;
    if (size < SCHED_ATTR_LEAST || size > PAGE_SIZE || byte)
        return copy_to_user(from, &known) < 0 ? -EFAULT : -E2BIG;
    *attr = (struct user_sched_attr){0};
    return user_read(attr, from, min_u64(size, sizeof *attr)) == 0 ? 0 : -EFAULT;
}

static long set_attr(int32_t pid, const struct user_sched_attr *attr)
{
    long policy = get_policy(pid);
    if (policy < 0)
        return policy;
    if (!(attr->flags & SCHED_FLAG_KEEP_POLICY))
        policy = (long)attr->policy;
    long result = set_policy(pid, (int)policy, (int)attr->priority);
    if (result || attr->flags & SCHED_FLAG_KEEP_PARAMETERS || policy == SCHED_IDLE)
        return result;
    int nice = attr->nice < NICE_MIN ? NICE_MIN : attr->nice > NICE_MAX ? NICE_MAX : attr->nice;
    struct priority_search search = {.nice = nice};
    result = go_through(WHICH_PROCESS, pid, set_nice, &search);
    return result == -EACCES ? -EPERM : result;
}

long sys_sched_setattr(const uint64_t a[6])
{
    enum { KNOWN = SCHED_FLAG_RESET_ON_FORK | SCHED_FLAG_KEEP_POLICY | SCHED_FLAG_KEEP_PARAMETERS };
    struct user_sched_attr attr;
    if (a[1] == 0 || (int32_t)a[0] < 0 || (uint32_t)a[2] != 0)
        return -EINVAL;
    int error = read_attr(&attr, a[1]);
    if (error)
        return error;
    if ((int32_t)attr.policy < 0 || attr.flags & ~(uint64_t)KNOWN)
        return -EINVAL;
    return set_attr((int32_t)a[0], &attr);
}

long sys_sched_get_priority_max(const uint64_t a[6])
{
    return is_real_time((int)a[0]) ? 99 : is_policy((int)a[0]) ? 0 : -EINVAL;
}

long sys_sched_get_priority_min(const uint64_t a[6])
{
    return is_real_time((int)a[0]) ? 1 : is_policy((int)a[0]) ? 0 : -EINVAL;
}

long sys_sched_rr_get_interval(const uint64_t a[6])
{
    static const struct user_timespec slice = {0, FAIR_SLICE_MIN};
    long policy = get_policy((int32_t)a[0]);
    return policy < 0 ? policy : copy_to_user(a[1], &slice);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Priorities of input and output
 */

#define IO_CLASS_SHIFT 13
enum io_class { IO_NONE, IO_REAL_TIME, IO_BEST_EFFORT, IO_IDLE };
#define IO_LEVELS 8

struct io_search {
    uint16_t value;
    int result;
};

static void get_io_priority(struct task *task, void *argument)
{
    struct io_search *search = argument;
    int value = task->io_priority;
    if (search->result < 0 || (value && (search->result == 0 || value < search->result)))
        search->result = value;
}

static void set_io_priority(struct task *task, void *argument)
{
    struct io_search *search = argument;
    if (!may_schedule(task)) {
        search->result = -EPERM;
        return;
    }
    task->io_priority = search->value;
    if (search->result == -ESRCH)
        search->result = 0;
}

static long io_go_through(
    int which, int32_t who, void (*visit)(struct task *task, void *argument), struct io_search *search)
{
    enum { PROCESS = 1, GROUP, USER };
    search->result = -ESRCH;
    switch (which) {
    case PROCESS: tasks_visit_one(who, visit, search); break;
    case GROUP: tasks_visit_group(who, visit, search); break;
    case USER: tasks_visit_user((uint32_t)who, visit, search); break;
    default: return -EINVAL;
    }
    return search->result;
}

static int check_io_priority(uint32_t value)
{
    uint32_t class = value >> IO_CLASS_SHIFT, level = value & ((1u << IO_CLASS_SHIFT) - 1);
    const struct credentials *self = task_current()->credentials;
    switch (class) {
    case IO_REAL_TIME:
        if (!credentials_capable(self, CAP_SYS_ADMIN) && !credentials_capable(self, CAP_SYS_NICE))
            return -EPERM;
        __attribute__((fallthrough));
    case IO_BEST_EFFORT: return level < IO_LEVELS ? 0 : -EINVAL;
    case IO_IDLE: return 0;
    case IO_NONE: return level ? -EINVAL : 0;
    default: return -EINVAL;
    }
}

long sys_ioprio_set(const uint64_t a[6])
{
    struct io_search search = {.value = (uint16_t)a[2]};
    int error = (uint32_t)a[2] > UINT16_MAX ? -EINVAL : check_io_priority((uint32_t)a[2]);
    return error ? error : io_go_through((int)a[0], (int32_t)a[1], set_io_priority, &search);
}

long sys_ioprio_get(const uint64_t a[6])
{
    struct io_search search;
    return io_go_through((int)a[0], (int32_t)a[1], get_io_priority, &search);
}
