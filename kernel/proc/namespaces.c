/*
 * Sets of namespaces: see namespaces.h. What goes to other namespaces first makes all of the new set, so that an error
 * leaves everything as it is; only then the task goes there.
 */
#include "proc/namespaces.h"

#include "lib/errno.h"
#include "mm/slab.h"
#include "proc/process_internal.h"

static struct namespaces first = {.references = 1,
    .uts = &uts_space_first,
    .ipc = &ipc_space_first,
    .mounts = &mount_space_first,
    .children = &number_space_first};

/* Kinds of which there is one. */
static const struct namespace_kind cgroup_kind = {.name = "cgroup", .flag = CLONE_NEWCGROUP};
static const struct namespace_kind net_kind = {.name = "net", .flag = CLONE_NEWNET};
static const struct namespace_kind time_kind = {.name = "time", .flag = CLONE_NEWTIME};
static struct namespace cgroups = {.kind = &cgroup_kind, .number = 4026531835, .references = 1};
static struct namespace nets = {.kind = &net_kind, .number = 4026531840, .references = 1};
static struct namespace times = {.kind = &time_kind, .number = 4026531834, .references = 1};

/* ------------------------------------------------------------------------------------------------------------------
 * Sets
 */

const struct namespaces *namespaces_current(void)
{
    const struct task *task = task_current();
    return task && task->namespaces ? task->namespaces : &first;
}

struct namespaces *namespaces_first(void)
{
    return &first;
}

/* The first is everybody's, as a rule: nobody counts. */
struct namespaces *namespaces_get(struct namespaces *set)
{
    if (set != &first)
        __atomic_fetch_add(&set->references, 1, __ATOMIC_RELAXED);
    return set;
}

void namespaces_put(struct namespaces *set)
{
    if (set == NULL || set == &first || __atomic_sub_fetch(&set->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    namespace_put(&set->uts->namespace);
    namespace_put(&set->ipc->namespace);
    namespace_put(&set->mounts->namespace);
    namespace_put(&set->children->namespace);
    kfree(set);
}

/* As OF, to be changed: it has references of its own. NULL: no memory. */
static struct namespaces *duplicate(const struct namespaces *of)
{
    struct namespaces *set = kmalloc(sizeof *set, 0);
    if (set == NULL)
        return NULL;
    *set = *of;
    set->references = 1;
    namespace_get(&set->uts->namespace);
    namespace_get(&set->ipc->namespace);
    namespace_get(&set->mounts->namespace);
    namespace_get(&set->children->namespace);
    return set;
}

struct namespaces *task_namespaces(struct task *task)
{
    spin_lock(&task->parts_lock);
    struct namespaces *set = task->namespaces ? namespaces_get(task->namespaces) : NULL;
    spin_unlock(&task->parts_lock);
    return set;
}

/* ------------------------------------------------------------------------------------------------------------------
 * New ones
 */

int namespaces_check(uint64_t flags)
{
    if (flags & CLONE_NEWUSER)
        return -EINVAL;
    if (flags & CLONE_NAMESPACES && !credentials_capable(task_current()->credentials, CAP_SYS_ADMIN))
        return -EPERM;
    return flags & (CLONE_NEWNET | CLONE_NEWCGROUP | CLONE_NEWTIME) ? -EINVAL : 0;
}

/* Puts NEW, with its reference, where the set has another one of the kind. False: there is none, for lack of memory. */
#define REPLACE(set, part, new)                                                                                        \
    __extension__({                                                                                                    \
        __auto_type fresh = (new);                                                                                     \
        if (fresh) {                                                                                                   \
            namespace_put(&(set)->part->namespace);                                                                    \
            (set)->part = fresh;                                                                                       \
        }                                                                                                              \
        fresh != NULL;                                                                                                 \
    })

/* Root and working directory of PATHS go along. */
static struct mount_space *copy_mounts(struct mount_space *from, struct task_paths *paths)
{
    struct path both[2] = {paths->root, paths->working};
    struct mount_space *space = mount_space_copy(from, both, 2);
    paths->root = both[0];
    paths->working = both[1];
    return space;
}

/* One of numbers for the children of the current task, which has not gone to another one for them yet. */
static struct number_space *create_numbers(const struct namespaces *set, int *error)
{
    struct number_space *own = task_current()->identity->space;
    *error = -EINVAL;
    return set->children == own ? number_space_create(own, error) : NULL;
}

static struct number_space *with_reference(struct number_space *space)
{
    namespace_get(&space->namespace);
    return space;
}

struct namespaces *namespaces_copy(uint64_t flags, struct task_paths *paths, struct number_space *numbers, int *error)
{
    struct namespaces *self = task_current()->namespaces;
    if (!(flags & CLONE_NAMESPACES))
        return namespaces_get(self);
    struct namespaces *set = duplicate(self);
    *error = -ENOMEM;
    if (set == NULL)
        return NULL;
    bool made = !(flags & CLONE_NEWUTS) || REPLACE(set, uts, uts_space_copy(set->uts));
    if (made && flags & CLONE_NEWIPC)
        made = REPLACE(set, ipc, ipc_space_create());
    if (made && flags & CLONE_NEWPID)
        made = REPLACE(set, children, numbers ? with_reference(numbers) : create_numbers(set, error));
    if (made && flags & CLONE_NEWNS)
        made = REPLACE(set, mounts, copy_mounts(set->mounts, paths));
    if (made)
        return set;
    namespaces_put(set);
    return NULL;
}

void namespaces_set(struct namespaces *set)
{
    struct task *self = task_current();
    if (self->namespaces->ipc != set->ipc) { /* sets of semaphores that it will not reach any more */
        semaphore_undo_leave(self->semaphore_undo);
        self->semaphore_undo = NULL;
    }
    namespaces_put(task_set_namespaces(set));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Those of others
 */

static int check_mounts(void)
{
    const struct task *self = task_current();
    if (!credentials_capable(self->credentials, CAP_SYS_CHROOT))
        return -EPERM;
    return __atomic_load_n(&self->paths->references, __ATOMIC_ACQUIRE) == 1 ? 0 : -EINVAL;
}

static int check_entering(const struct namespaces *of, uint64_t flags)
{
    const struct task *self = task_current();
    if (flags & CLONE_NEWUSER)
        return -EINVAL; /* everybody is there already */
    if (!credentials_capable(self->credentials, CAP_SYS_ADMIN))
        return -EPERM;
    if (flags & CLONE_NEWTIME && self->process->task_count > 1)
        return -EUSERS;
    if (flags & CLONE_NEWPID && !number_space_is_in(of->children, self->identity->space))
        return -EINVAL;
    return flags & CLONE_NEWNS ? check_mounts() : 0;
}

/* The current task's root and working directory are the root of its new namespace of mounts. */
static void go_to_root(const struct path *root)
{
    path_get(root);
    task_set_root(root);
    task_set_working(root);
}

int namespaces_enter_set(const struct namespaces *of, uint64_t flags)
{
    int error = check_entering(of, flags);
    if (error)
        return error;
    struct namespaces *set = duplicate(task_current()->namespaces);
    if (set == NULL)
        return -ENOMEM;
    struct path root = {NULL, NULL};
    struct {
        struct namespace *to;
        uint64_t flag;
    } kinds[] = {{&of->uts->namespace, CLONE_NEWUTS}, {&of->ipc->namespace, CLONE_NEWIPC},
        {&of->mounts->namespace, CLONE_NEWNS}, {&of->children->namespace, CLONE_NEWPID}};
    for (unsigned i = 0; i < ARRAY_LENGTH(kinds); i++)
        if (flags & kinds[i].flag)
            namespace_get(kinds[i].to);
    if (flags & CLONE_NEWUTS)
        (void)REPLACE(set, uts, of->uts);
    if (flags & CLONE_NEWIPC)
        (void)REPLACE(set, ipc, of->ipc);
    if (flags & CLONE_NEWPID)
        (void)REPLACE(set, children, of->children);
    if (flags & CLONE_NEWNS) {
        (void)REPLACE(set, mounts, of->mounts);
        mount_space_root(of->mounts, &root);
    }
    namespaces_set(set);
    if (root.mount)
        go_to_root(&root);
    return 0;
}

int namespaces_enter(struct namespace *namespace)
{
    struct namespaces of = *task_current()->namespaces;
    if (namespace->kind->flag == CLONE_NEWUTS)
        of.uts = uts_space_of(namespace);
    else if (namespace->kind->flag == CLONE_NEWIPC)
        of.ipc = ipc_space_of(namespace);
    else if (namespace->kind->flag == CLONE_NEWNS)
        of.mounts = mount_space_of(namespace);
    else if (namespace->kind->flag == CLONE_NEWPID)
        of.children = number_space_of(namespace);
    return namespaces_enter_set(&of, namespace->kind->flag);
}

/* ------------------------------------------------------------------------------------------------------------------
 * What others ask
 */

struct namespace *namespaces_find(
    const struct namespaces *set, struct number_space *numbers, enum namespace_index index)
{
    struct namespace *const found[] = {
        [NAMESPACE_CGROUP] = &cgroups,
        [NAMESPACE_IPC] = &set->ipc->namespace,
        [NAMESPACE_MOUNTS] = &set->mounts->namespace,
        [NAMESPACE_NET] = &nets,
        [NAMESPACE_PID] = &numbers->namespace,
        [NAMESPACE_PID_OF_CHILDREN] = &set->children->namespace,
        [NAMESPACE_TIME] = &times,
        [NAMESPACE_USER] = &namespace_users,
        [NAMESPACE_UTS] = &set->uts->namespace,
    };
    namespace_get(found[index]);
    return found[index];
}

static struct mount_space *current_mounts(void)
{
    return namespaces_current()->mounts;
}

static struct ipc_space *current_ipc(void)
{
    return namespaces_current()->ipc;
}

static long add_descriptor(struct file *file, bool close_on_exec)
{
    const struct task *self = task_current();
    return files_add(self->files, file, close_on_exec, self->process->limits[RLIMIT_NOFILE].current);
}

void namespaces_init(void)
{
    mount_space_set_source(current_mounts);
    ipc_set_space_source(current_ipc);
    namespaces_set_descriptors(add_descriptor);
}
