/*
 * Rules about rights: see rights.h. Files have no capabilities of their own yet: only root's programs, and those that
 * are set-user-ID root, have any.
 */
#include "proc/rights.h"

#include "fs/mount.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "proc/accounts.h"
#include "proc/proc.h"

/* What root may do with other people's files. */
#define FILE_CAPABILITIES                                                                                              \
    (CAPABILITY_BIT(CAP_CHOWN) | CAPABILITY_BIT(CAP_DAC_OVERRIDE) | CAPABILITY_BIT(CAP_DAC_READ_SEARCH) |              \
        CAPABILITY_BIT(CAP_FOWNER) | CAPABILITY_BIT(CAP_FSETID) | CAPABILITY_BIT(CAP_LINUX_IMMUTABLE) |                \
        CAPABILITY_BIT(CAP_MKNOD) | CAPABILITY_BIT(CAP_MAC_OVERRIDE))

static bool any_is_root(const struct credentials *credentials)
{
    return credentials->uid == 0 || credentials->euid == 0 || credentials->suid == 0;
}

void rights_follow_users(const struct credentials *old, struct credentials *new)
{
    if (new->secure_bits & SECBIT_NO_SETUID_FIXUP)
        return;
    if (any_is_root(old) && !any_is_root(new)) {
        if (!(new->secure_bits &SECBIT_KEEP_CAPS))
            new->permitted = new->effective = 0;
        new->ambient = 0;
    }
    if (old->euid == 0 && new->euid != 0)
        new->effective = 0;
    if (old->euid != 0 && new->euid == 0)
        new->effective = new->permitted;
}

void rights_follow_fsuid(const struct credentials *old, struct credentials *new)
{
    if (new->secure_bits & SECBIT_NO_SETUID_FIXUP)
        return;
    if (old->fsuid == 0 && new->fsuid != 0)
        new->effective &= ~FILE_CAPABILITIES;
    if (old->fsuid != 0 && new->fsuid == 0)
        new->effective |= new->permitted & FILE_CAPABILITIES;
}

/* The set-user-ID and set-group-ID bits of a program, where they count. */
static void take_file_owner(struct credentials *new, const struct file *file)
{
    const struct inode *inode = file->inode;
    uint32_t mode = __atomic_load_n(&inode->mode, __ATOMIC_RELAXED);
    if (file->path.mount->flags & MS_NOSUID || new->no_new_privileges)
        return;
    if (mode & S_ISUID)
        new->euid = inode->uid;
    if ((mode & (S_ISGID | 0010)) == (S_ISGID | 0010)) /* without x, the bit means mandatory locks */
        new->egid = inode->gid;
}

/* True: it has all that it may have. */
static bool take_capabilities(struct credentials *new, bool is_set_id)
{
    bool all = false;
    new->permitted = 0;
    if (!(new->secure_bits &SECBIT_NOROOT) && (new->uid == 0 || new->euid == 0)) {
        new->permitted = new->bounding | new->inheritable;
        all = new->euid == 0;
    }
    if (is_set_id)
        new->ambient = 0;
    new->permitted |= new->ambient;
    new->effective = all ? new->permitted : new->ambient;
    return all;
}

/* But for references and groups. */
static bool is_same(const struct credentials *a, const struct credentials *b)
{
    enum { FIRST = offsetof(struct credentials, uid), SIZE = offsetof(struct credentials, group_count) - FIRST };
    return memcmp((const char *)a + FIRST, (const char *)b + FIRST, SIZE) == 0;
}

int rights_of_program(
    const struct credentials *old, const struct file *file, const struct credentials **new, bool *secure)
{
    struct credentials next; /* without its groups, which do not change */
    memcpy(&next, old, sizeof next);
    take_file_owner(&next, file);
    next.suid = next.fsuid = next.euid;
    next.sgid = next.fsgid = next.egid;
    bool is_set_id = next.euid != old->uid || next.egid != old->gid;
    bool all = take_capabilities(&next, is_set_id);
    next.secure_bits &= ~SECBIT_KEEP_CAPS;
    *secure = is_set_id || (next.uid != 0 && (all || next.permitted & ~next.ambient));
    *new = NULL;
    if (is_same(&next, old))
        return 0;
    struct credentials *copy = credentials_copy(old, old->group_count);
    if (copy == NULL)
        return -ENOMEM;
    next.references = 1;
    memcpy(copy, &next, sizeof next);
    *new = copy;
    return 0;
}

bool rights_differ(const struct credentials *old, const struct credentials *new)
{
    return old->euid != new->euid || old->egid != new->egid || old->fsuid != new->fsuid || old->fsgid != new->fsgid ||
           new->permitted & ~old->permitted;
}

/* The real user is another one, who is to have this task from now on. */
static int change_account(struct task *task, const struct credentials *new)
{
    struct account *account = account_find(new->uid);
    if (account == NULL)
        return -EAGAIN;
    spin_lock(&task->process->signal_lock);
    account_move_task(task->account, account);
    task->account = account;
    spin_unlock(&task->process->signal_lock);
    uint64_t limit = task->process->limits[RLIMIT_NPROC].current;
    task->process->over_limit = new->uid != 0 && account_is_over(account, limit);
    account_put(account);
    return 0;
}

int task_change_credentials(const struct credentials *new)
{
    struct task *task = task_current();
    const struct credentials *old = task->credentials;
    if (new->uid != old->uid && change_account(task, new) < 0) {
        credentials_put(new);
        return -EAGAIN;
    }
    if (rights_differ(old, new)) {
        task->process->undumpable = true;
        task->parent_death_signal = 0;
    }
    task_set_credentials(new);
    return 0;
}
