/*
 * System calls about capabilities: capget, capset.
 *
 * Source: capget(2), capabilities(7).
 */
#include "lib/string.h"
#include "proc/rights.h"
#include "syscall/handlers.h"

#define VERSION_1 0x19980330u /* 32 bits of each set */
#define VERSION_2 0x20071026u
#define VERSION_3 0x20080522u

struct header {
    uint32_t version;
    int32_t pid;
};

/* 32 bits of each set. */
struct words {
    uint32_t effective, permitted, inheritable;
};

/* How many struct words there are; -EINVAL, and then the header has been told what this kernel speaks. */
static int read_header(uaddr_t address, struct header *header)
{
    static const uint32_t version = VERSION_3;
    if (copy_from_user(&header->version, address) < 0)
        return -EFAULT;
    if (header->version == VERSION_1 || header->version == VERSION_2 || header->version == VERSION_3)
        return header->version == VERSION_1 ? 1 : 2;
    return copy_to_user(address, &version) < 0 ? -EFAULT : -EINVAL;
}

static int read_pid(uaddr_t address, struct header *header)
{
    return copy_from_user(&header->pid, address + offsetof(struct header, pid));
}

/* Of the task that PID means. */
static int find(int32_t pid, struct words words[2])
{
    const struct credentials *found = NULL;
    spin_lock(&processes_lock);
    struct task *task = pid ? task_find_locked(pid) : task_current();
    const struct process *process = task ? NULL : process_find_locked(pid);
    if (task)
        found = task_credentials(task);
    else if (process && process->ended)
        found = credentials_get(process->credentials);
    spin_unlock(&processes_lock);
    if (found == NULL)
        return -ESRCH;
    for (unsigned i = 0; i < 2; i++)
        words[i] = (struct words){(uint32_t)(found->effective >> 32 * i), (uint32_t)(found->permitted >> 32 * i),
            (uint32_t)(found->inheritable >> 32 * i)};
    credentials_put(found);
    return 0;
}

long sys_capget(const uint64_t a[6])
{
    struct header header;
    struct words words[2];
    int count = read_header(a[0], &header);
    if (a[1] == 0)
        return count == -EINVAL || count > 0 ? 0 : count;
    if (count < 0)
        return count;
    if (read_pid(a[0], &header) < 0)
        return -EFAULT;
    if (header.pid < 0)
        return -EINVAL;
    int error = find(header.pid, words);
    if (error)
        return error;
    return user_write(a[1], words, (size_t)count * sizeof words[0]) == 0 ? 0 : -EFAULT;
}

static bool is_within(uint64_t set, uint64_t limit)
{
    return (set & ~limit) == 0;
}

long sys_capset(const uint64_t a[6])
{
    const struct credentials *old = task_current()->credentials;
    struct header header;
    struct words words[2] = {{0}, {0}};
    int count = read_header(a[0], &header);
    if (count < 0)
        return count;
    if (read_pid(a[0], &header) < 0)
        return -EFAULT;
    if (header.pid != 0 && header.pid != task_current()->own_number)
        return -EPERM;
    if (user_read(words, a[1], (size_t)count * sizeof words[0]) != 0)
        return -EFAULT;
    uint64_t effective = (words[0].effective | (uint64_t)words[1].effective << 32) & CAPABILITIES_ALL;
    uint64_t permitted = (words[0].permitted | (uint64_t)words[1].permitted << 32) & CAPABILITIES_ALL;
    uint64_t inheritable = (words[0].inheritable | (uint64_t)words[1].inheritable << 32) & CAPABILITIES_ALL;
    if (!credentials_capable(old, CAP_SETPCAP) && !is_within(inheritable, old->inheritable | old->permitted))
        return -EPERM;
    if (!is_within(inheritable, old->inheritable | old->bounding) || !is_within(permitted, old->permitted) ||
        !is_within(effective, permitted))
        return -EPERM;
    struct credentials *new = credentials_copy(old, old->group_count);
    if (new == NULL)
        return -ENOMEM;
    new->effective = effective;
    new->permitted = permitted;
    new->inheritable = inheritable;
    new->ambient &= permitted &inheritable;
    return task_change_credentials(new);
}
