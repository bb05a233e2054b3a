/*
 * System calls about who a task is: users and groups. Each makes new credentials out of the current ones, asks whether
 * that may be, and sets them; what capabilities do meanwhile is kernel/proc/rights.c.
 *
 * Source: credentials(7); setuid(2), setreuid(2), setresuid(2), setfsuid(2), setgroups(2) and their kin.
 */
#include "lib/string.h"
#include "mm/slab.h"
#include "proc/rights.h"
#include "syscall/handlers.h"

#define NOBODY UINT32_MAX /* -1: this one stays */
#define GROUPS_MAX 65536u

static const struct credentials *current(void)
{
    return task_current()->credentials;
}

static struct credentials *copy_current(void)
{
    return credentials_copy(current(), current()->group_count);
}

static bool may(unsigned capability)
{
    return credentials_capable(current(), capability);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Users
 */

long sys_getuid(const uint64_t a[6])
{
    return current()->uid;
}

long sys_geteuid(const uint64_t a[6])
{
    return current()->euid;
}

long sys_getresuid(const uint64_t a[6])
{
    const struct credentials *c = current();
    if (copy_to_user(a[0], &c->uid) < 0 || copy_to_user(a[1], &c->euid) < 0 || copy_to_user(a[2], &c->suid) < 0)
        return -EFAULT;
    return 0;
}

static long set_users(uint32_t uid, uint32_t euid, uint32_t suid)
{
    const struct credentials *old = current();
    struct credentials *new = copy_current();
    if (new == NULL)
        return -ENOMEM;
    new->uid = uid;
    new->euid = new->fsuid = euid;
    new->suid = suid;
    rights_follow_users(old, new);
    return task_change_credentials(new);
}

long sys_setuid(const uint64_t a[6])
{
    uint32_t uid = (uint32_t)a[0];
    const struct credentials *old = current();
    if (uid == NOBODY)
        return -EINVAL;
    if (may(CAP_SETUID))
        return set_users(uid, uid, uid);
    return uid == old->uid || uid == old->suid ? set_users(old->uid, uid, old->suid) : -EPERM;
}

long sys_setreuid(const uint64_t a[6])
{
    const struct credentials *old = current();
    uint32_t uid = (uint32_t)a[0], euid = (uint32_t)a[1];
    bool sets_uid = uid != NOBODY, sets_euid = euid != NOBODY, any = may(CAP_SETUID);
    uid = sets_uid ? uid : old->uid;
    euid = sets_euid ? euid : old->euid;
    if (!any && uid != old->uid && uid != old->euid)
        return -EPERM;
    if (!any && euid != old->uid && euid != old->euid && euid != old->suid)
        return -EPERM;
    return set_users(uid, euid, sets_uid || (sets_euid && euid != old->uid) ? euid : old->suid);
}

static bool is_a_user(const struct credentials *c, uint32_t uid)
{
    return uid == NOBODY || uid == c->uid || uid == c->euid || uid == c->suid;
}

long sys_setresuid(const uint64_t a[6])
{
    const struct credentials *old = current();
    uint32_t uid = (uint32_t)a[0], euid = (uint32_t)a[1], suid = (uint32_t)a[2];
    if (!may(CAP_SETUID) && !(is_a_user(old, uid) && is_a_user(old, euid) && is_a_user(old, suid)))
        return -EPERM;
    return set_users(
        uid == NOBODY ? old->uid : uid, euid == NOBODY ? old->euid : euid, suid == NOBODY ? old->suid : suid);
}

/* It never fails: it returns what was before. */
long sys_setfsuid(const uint64_t a[6])
{
    const struct credentials *old = current();
    uint32_t uid = (uint32_t)a[0], before = old->fsuid;
    if (uid == NOBODY || uid == before || !(may(CAP_SETUID) || is_a_user(old, uid)))
        return before;
    struct credentials *new = copy_current();
    if (new == NULL)
        return before;
    new->fsuid = uid;
    rights_follow_fsuid(old, new);
    (void)task_change_credentials(new);
    return before;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Groups
 */

long sys_getgid(const uint64_t a[6])
{
    return current()->gid;
}

long sys_getegid(const uint64_t a[6])
{
    return current()->egid;
}

long sys_getresgid(const uint64_t a[6])
{
    const struct credentials *c = current();
    if (copy_to_user(a[0], &c->gid) < 0 || copy_to_user(a[1], &c->egid) < 0 || copy_to_user(a[2], &c->sgid) < 0)
        return -EFAULT;
    return 0;
}

static long set_group_ids(uint32_t gid, uint32_t egid, uint32_t sgid)
{
    struct credentials *new = copy_current();
    if (new == NULL)
        return -ENOMEM;
    new->gid = gid;
    new->egid = new->fsgid = egid;
    new->sgid = sgid;
    return task_change_credentials(new);
}

long sys_setgid(const uint64_t a[6])
{
    uint32_t gid = (uint32_t)a[0];
    const struct credentials *old = current();
    if (gid == NOBODY)
        return -EINVAL;
    if (may(CAP_SETGID))
        return set_group_ids(gid, gid, gid);
    return gid == old->gid || gid == old->sgid ? set_group_ids(old->gid, gid, old->sgid) : -EPERM;
}

long sys_setregid(const uint64_t a[6])
{
    const struct credentials *old = current();
    uint32_t gid = (uint32_t)a[0], egid = (uint32_t)a[1];
    bool sets_gid = gid != NOBODY, sets_egid = egid != NOBODY, any = may(CAP_SETGID);
    gid = sets_gid ? gid : old->gid;
    egid = sets_egid ? egid : old->egid;
    if (!any && gid != old->gid && gid != old->egid)
        return -EPERM;
    if (!any && egid != old->gid && egid != old->egid && egid != old->sgid)
        return -EPERM;
    return set_group_ids(gid, egid, sets_gid || (sets_egid && egid != old->gid) ? egid : old->sgid);
}

static bool is_a_group(const struct credentials *c, uint32_t gid)
{
    return gid == NOBODY || gid == c->gid || gid == c->egid || gid == c->sgid;
}

long sys_setresgid(const uint64_t a[6])
{
    const struct credentials *old = current();
    uint32_t gid = (uint32_t)a[0], egid = (uint32_t)a[1], sgid = (uint32_t)a[2];
    if (!may(CAP_SETGID) && !(is_a_group(old, gid) && is_a_group(old, egid) && is_a_group(old, sgid)))
        return -EPERM;
    return set_group_ids(
        gid == NOBODY ? old->gid : gid, egid == NOBODY ? old->egid : egid, sgid == NOBODY ? old->sgid : sgid);
}

long sys_setfsgid(const uint64_t a[6])
{
    const struct credentials *old = current();
    uint32_t gid = (uint32_t)a[0], before = old->fsgid;
    if (gid == NOBODY || gid == before || !(may(CAP_SETGID) || is_a_group(old, gid)))
        return before;
    struct credentials *new = copy_current();
    if (new == NULL)
        return before;
    new->fsgid = gid;
    (void)task_change_credentials(new);
    return before;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Further groups
 */

long sys_getgroups(const uint64_t a[6])
{
    const struct credentials *c = current();
    int room = (int)a[0];
    if (room < 0 || (room > 0 && (uint32_t)room < c->group_count))
        return -EINVAL;
    if (room > 0 && user_write(a[1], c->groups, c->group_count * sizeof c->groups[0]) != 0)
        return -EFAULT;
    return c->group_count;
}

/* By sifting down: as fast in the worst case, whoever chooses the order. */
static void sift(uint32_t *groups, uint32_t at, uint32_t count)
{
    uint32_t value = groups[at], child;
    for (; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && groups[child + 1] > groups[child])
            child++;
        if (groups[child] <= value)
            break;
        groups[at] = groups[child];
    }
    groups[at] = value;
}

static void sort(uint32_t *groups, uint32_t count)
{
    for (uint32_t at = count / 2; at-- > 0;)
        sift(groups, at, count);
    while (count > 1) {
        uint32_t largest = groups[0];
        count--;
        groups[0] = groups[count];
        groups[count] = largest;
        sift(groups, 0, count);
    }
}

long sys_setgroups(const uint64_t a[6])
{
    uint32_t count = (uint32_t)a[0];
    if (!may(CAP_SETGID))
        return -EPERM;
    if (count > GROUPS_MAX)
        return -EINVAL;
    struct credentials *new = credentials_copy(current(), count);
    if (new == NULL)
        return -ENOMEM;
    long error = user_read(new->groups, a[1], count * sizeof new->groups[0]) == 0 ? 0 : -EFAULT;
    for (uint32_t i = 0; i < count && !error; i++)
        error = new->groups[i] == NOBODY ? -EINVAL : 0;
    if (error) {
        credentials_put(new);
        return error;
    }
    new->group_count = count;
    sort(new->groups, count);
    return task_change_credentials(new);
}
