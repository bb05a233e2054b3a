/*
 * kcmp: have two tasks something in common? What that is in the kernel, a pointer, is no program's business, but it may
 * sort by it: so pointers are compared after they have been mixed with numbers that nobody knows.
 *
 * Nobody has an I/O context, which is what CLONE_IO would share: all tasks are the same in that.
 *
 * Source: kcmp(2).
 */
#include "syscall/handlers.h"

#include "lib/errno.h"
#include "proc/inspect.h"
#include "random.h"

enum kcmp_type { KCMP_FILE, KCMP_VM, KCMP_FILES, KCMP_FS, KCMP_SIGHAND, KCMP_IO, KCMP_SYSVSEM, KCMP_TYPES };

struct pair {
    const void *part[2];
    struct task_files *files[2]; /* of KCMP_FILE, with a reference */
};

static uint64_t secrets[KCMP_TYPES];

static uint64_t secret_of(enum kcmp_type type)
{
    uint64_t secret = __atomic_load_n(&secrets[type], __ATOMIC_RELAXED), none = 0;
    if (secret == 0) {
        random_bytes(&secret, sizeof secret);
        secret |= 1; /* odd: to multiply by it loses nothing */
        if (!__atomic_compare_exchange_n(&secrets[type], &none, secret, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            secret = none;
    }
    return secret;
}

/* 0: the same; 1: the first is less; 2: it is greater. */
static long compare(const void *const part[2], enum kcmp_type type)
{
    uint64_t secret = secret_of(type);
    uint64_t first = ((uint64_t)part[0] ^ secret) * secret, second = ((uint64_t)part[1] ^ secret) * secret;
    return first < second ? 1 : first > second ? 2 : 0;
}

/* processes_lock is held. */
static const void *part_of(struct task *task, enum kcmp_type type)
{
    spin_lock(&task->parts_lock);
    const void *const parts[KCMP_TYPES] = {[KCMP_VM] = task->space,
        [KCMP_FILES] = task->files,
        [KCMP_FS] = task->paths,
        [KCMP_SIGHAND] = task->process,
        [KCMP_SYSVSEM] = __atomic_load_n(&task->semaphore_undo, __ATOMIC_RELAXED)};
    spin_unlock(&task->parts_lock);
    return parts[type];
}

/* 0, -ESRCH, -EPERM, -EINVAL. */
static int find(const int32_t numbers[2], enum kcmp_type type, struct pair *pair)
{
    struct task *tasks[2];
    for (unsigned i = 0; i < 2; i++)
        if (numbers[i] <= 0 || (tasks[i] = task_find_locked(numbers[i])) == NULL)
            return -ESRCH;
    if (!task_may_inspect(tasks[0], INSPECT_READ) || !task_may_inspect(tasks[1], INSPECT_READ))
        return -EPERM;
    if (type >= KCMP_TYPES)
        return -EINVAL;
    for (unsigned i = 0; i < 2; i++) {
        if (type == KCMP_FILE)
            pair->files[i] = task_files(tasks[i]);
        else
            pair->part[i] = part_of(tasks[i], type);
    }
    return 0;
}

/* Files need not stay open to be compared, nor are they used for more. */
static int find_file(struct task_files *files, uint64_t fd, const void **part)
{
    struct file *file = files && fd <= INT32_MAX ? files_find_any(files, (int)fd) : NULL;
    *part = file;
    if (file)
        file_put(file);
    return file ? 0 : -EBADF;
}

long sys_kcmp(const uint64_t a[6])
{
    const int32_t numbers[2] = {(int32_t)a[0], (int32_t)a[1]};
    enum kcmp_type type = (uint32_t)a[2];
    struct pair pair = {0};
    spin_lock(&processes_lock);
    int error = find(numbers, type, &pair);
    spin_unlock(&processes_lock);
    for (unsigned i = 0; i < 2 && type == KCMP_FILE; i++) {
        if (!error)
            error = find_file(pair.files[i], a[3 + i], &pair.part[i]);
        if (pair.files[i])
            files_put(pair.files[i]);
    }
    return error ? error : compare(pair.part, type);
}
