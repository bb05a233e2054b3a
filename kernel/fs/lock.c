/*
 * Locks on files: see lock.h.
 *
 * An inode gets a struct file_locks when somebody locks something in it first, and keeps it until it goes itself. It
 * has two lists, one for each kind. Own ranges never overlap in the list: a new one cuts, splits or swallows those that
 * it meets, and joins those of its type that it touches.
 *
 * Who must wait stands in the inode's queue `changed`, which is woken whenever a lock there has gone or shrunk; all of
 * them look again. While he waits, a struct blocked tells what he waits for. Before a process waits for another one, it
 * follows from owner to owner who waits for whom: if that leads back to itself, they would wait for ever (EDEADLK).
 *
 * Locks: one mutex (rank FILE_LOCKS) for all: the lists are short, and the search for circles goes from file to file.
 *
 * Source: fcntl(2), "Advisory record locking"; flock(2).
 */
#include "fs/lock.h"

#include "lib/errno.h"
#include "mm/slab.h"

#define CIRCLE_MAX 10 /* owners in a circle that is found */

struct lock {
    struct list_node link;
    struct list_node all;
    struct lock_range range;
    bool whole;
    const struct inode *inode;
};

struct file_locks {
    struct list ranges; /* struct lock */
    struct list whole;  /* the same, for flock */
    struct wait_queue changed;
};

/* A process that waits for a range. */
struct blocked {
    struct list_node link;
    const struct file_locks *locks;
    const struct lock_range *range;
};

static struct mutex mutex = MUTEX_INIT(mutex, FILE_LOCKS);
static struct list all_locks = LIST_INIT(all_locks);
static struct list all_blocked = LIST_INIT(all_blocked);
static uint64_t lock_count;

/* ------------------------------------------------------------------------------------------------------------------
 * Lists
 */

static struct lock *lock_create(void)
{
    if (lock_count >= page_total_count() * PAGE_SIZE / 25 / sizeof(struct lock))
        return NULL;
    struct lock *lock = kmalloc(sizeof *lock, ALLOC_ZERO);
    if (lock)
        lock_count++;
    return lock;
}

static void lock_free(struct lock *lock)
{
    if (lock == NULL)
        return;
    lock_count--;
    kfree(lock);
}

static void enter(struct list *list, struct lock *lock, const struct inode *inode, const struct lock_range *range)
{
    lock->range = *range;
    lock->inode = inode;
    list_push_back(list, &lock->link);
    list_push_back(&all_locks, &lock->all);
}

static void leave(struct lock *lock)
{
    list_remove(&lock->link);
    list_remove(&lock->all);
    lock_free(lock);
}

/* The inode's; made if there is none. NULL: no memory. */
static struct file_locks *locks_of(struct inode *inode)
{
    struct file_locks *locks = inode->locks;
    if (locks)
        return locks;
    locks = kmalloc(sizeof *locks, 0);
    if (locks == NULL)
        return NULL;
    list_init(&locks->ranges);
    list_init(&locks->whole);
    wait_queue_init(&locks->changed);
    __atomic_store_n(&inode->locks, locks, __ATOMIC_RELEASE);
    return locks;
}

void locks_destroy(struct file_locks *locks)
{
    kfree(locks);
}

static void changed(struct file_locks *locks)
{
    if (!wait_queue_is_empty(&locks->changed))
        wait_queue_wake_all(&locks->changed);
}

static bool conflict(const struct lock_range *one, const struct lock_range *other)
{
    return one->owner != other->owner && one->start <= other->end && other->start <= one->end &&
           (one->type == F_WRLCK || other->type == F_WRLCK);
}

/* One that stands in the way; NULL: none. */
static struct lock *obstacle(const struct list *list, const struct lock_range *range)
{
    list_for_each(struct lock, lock, list, link)
    {
        if (conflict(&lock->range, range))
            return lock;
    }
    return NULL;
}

/* Waits for a change; the mutex is given away meanwhile. */
static int await(struct file_locks *locks)
{
    struct waiter waiter;
    wait_prepare(&locks->changed, &waiter, false);
    mutex_unlock(&mutex);
    int error = thread_block_interruptible(THREAD_FOREVER);
    wait_finish(&locks->changed, &waiter);
    mutex_lock(&mutex);
    return error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Ranges
 */

/* Does LOCK lie in RANGE, with something left over on both sides? */
static bool is_split(const struct lock *lock, const struct lock_range *range)
{
    return lock->range.start < range->start && lock->range.end > range->end;
}

/* Takes the part that RANGE covers from LOCK, which is of another type. RIGHT is for what is left behind it. */
static void cut(struct list *list, struct lock *lock, const struct lock_range *range, struct lock **right)
{
    if (is_split(lock, range)) {
        struct lock_range rest = lock->range;
        rest.start = range->end + 1;
        enter(list, *right, lock->inode, &rest);
        *right = NULL;
        lock->range.end = range->start - 1;
    } else if (lock->range.start < range->start)
        lock->range.end = range->start - 1;
    else if (lock->range.end > range->end)
        lock->range.start = range->end + 1;
    else
        leave(lock);
}

/* The owner's locks become what RANGE says, against which nothing stands. */
static int apply(struct file_locks *locks, const struct inode *inode, const struct lock_range *range)
{
    struct lock_range whole = *range; /* with the neighbours that it joins */
    struct lock *new = NULL, *right = NULL;
    bool splits = false, shrinks = false;
    list_for_each(struct lock, lock, &locks->ranges, link)
    {
        splits |= lock->range.owner == range->owner && lock->range.type != range->type && is_split(lock, range);
    }
    if ((range->type != F_UNLCK && (new = lock_create()) == NULL) || (splits && (right = lock_create()) == NULL)) {
        lock_free(new);
        return -ENOLCK;
    }
    list_for_each_safe(struct lock, lock, &locks->ranges, link)
    {
        const struct lock_range *old = &lock->range;
        if (old->owner != range->owner)
            continue;
        if (old->type == range->type) {
            if (old->start > whole.end + 1 || old->end + 1 < whole.start)
                continue;
            whole.start = min_u64(whole.start, old->start);
            whole.end = max_u64(whole.end, old->end);
            leave(lock);
        } else if (old->start <= range->end && old->end >= range->start) {
            shrinks = true;
            cut(&locks->ranges, lock, range, &right);
        }
    }
    if (new)
        enter(&locks->ranges, new, inode, &whole);
    if (shrinks)
        changed(locks);
    return 0;
}

/* Who is in the way of what OWNER waits for? NULL: nobody, or he does not wait. */
static const void *waits_for(const void *owner)
{
    list_for_each(struct blocked, blocked, &all_blocked, link)
    {
        const struct lock *lock =
            blocked->range->owner == owner ? obstacle(&blocked->locks->ranges, blocked->range) : NULL;
        if (lock)
            return lock->range.owner;
    }
    return NULL;
}

static bool closes_circle(const struct lock_range *range, const struct lock *obstacle)
{
    const void *owner = obstacle->range.owner;
    for (unsigned i = 0; !range->of_file && owner && i < CIRCLE_MAX; i++) {
        owner = waits_for(owner);
        if (owner == range->owner)
            return true;
    }
    return false;
}

int lock_range_set(struct file *file, const struct lock_range *range, bool wait)
{
    int error = 0, interrupted = 0;
    const struct lock *lock;
    mutex_lock(&mutex);
    struct file_locks *locks = range->type == F_UNLCK ? file->inode->locks : locks_of(file->inode);
    if (locks == NULL) {
        error = range->type == F_UNLCK ? 0 : -ENOLCK;
        goto out;
    }
    while (range->type != F_UNLCK && (lock = obstacle(&locks->ranges, range)) != NULL) {
        error = !wait ? -EAGAIN : interrupted ? interrupted : closes_circle(range, lock) ? -EDEADLK : 0;
        if (error)
            goto out;
        struct blocked blocked = {.locks = locks, .range = range};
        list_push_back(&all_blocked, &blocked.link);
        interrupted = await(locks);
        list_remove(&blocked.link);
    }
    error = apply(locks, file->inode, range);
out:
    mutex_unlock(&mutex);
    return error;
}

bool lock_range_test(struct file *file, struct lock_range *range)
{
    mutex_lock(&mutex);
    const struct lock *lock = file->inode->locks ? obstacle(&file->inode->locks->ranges, range) : NULL;
    if (lock)
        *range = lock->range;
    mutex_unlock(&mutex);
    return lock == NULL;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Whole files
 */

/* Takes away what OWNER has in the list; whether that was anything. */
static bool drop(struct list *list, const void *owner)
{
    bool any = false;
    list_for_each_safe(struct lock, lock, list, link)
    {
        if (lock->range.owner != owner)
            continue;
        leave(lock);
        any = true;
    }
    return any;
}

static bool has(const struct list *list, const void *owner, int type)
{
    list_for_each(struct lock, lock, list, link)
    {
        if (lock->range.owner == owner)
            return lock->range.type == type;
    }
    return false;
}

/* The mutex is held. */
static int lock_whole(struct file_locks *locks, const struct inode *inode, const struct lock_range *range, bool wait)
{
    if (has(&locks->whole, range->owner, range->type))
        return 0;
    if (drop(&locks->whole, range->owner))
        changed(locks);
    if (range->type == F_UNLCK)
        return 0;
    for (int interrupted = 0; obstacle(&locks->whole, range); interrupted = await(locks))
        if (!wait || interrupted)
            return wait ? interrupted : -EAGAIN;
    struct lock *new = lock_create();
    if (new == NULL)
        return -ENOLCK;
    drop(&locks->whole, range->owner); /* while this waited, another task may have been given it */
    new->whole = true;
    enter(&locks->whole, new, inode, range);
    return 0;
}

int lock_file_set(struct file *file, int type, int32_t pid, bool wait)
{
    struct lock_range range = {.owner = file, .of_file = true, .type = type, .end = INT64_MAX, .pid = pid};
    mutex_lock(&mutex);
    struct file_locks *locks = type == F_UNLCK ? file->inode->locks : locks_of(file->inode);
    int error = locks ? lock_whole(locks, file->inode, &range, wait) : type == F_UNLCK ? 0 : -ENOLCK;
    mutex_unlock(&mutex);
    return error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Leaving
 */

void locks_drop_owner_slowly(struct file *file, const void *owner)
{
    struct file_locks *locks = file->inode->locks;
    mutex_lock(&mutex);
    if (drop(&locks->ranges, owner))
        changed(locks);
    mutex_unlock(&mutex);
}

void locks_drop_file_slowly(struct file *file)
{
    struct file_locks *locks = file->inode->locks;
    mutex_lock(&mutex);
    bool ranges = drop(&locks->ranges, file), whole = drop(&locks->whole, file);
    if (ranges || whole)
        changed(locks);
    mutex_unlock(&mutex);
}

void locks_report(void (*show)(void *context, const struct lock_report *report), void *context)
{
    mutex_lock(&mutex);
    list_for_each(struct lock, lock, &all_locks, all)
    {
        show(context, &(struct lock_report){.range = lock->range, .whole = lock->whole, .inode = lock->inode});
    }
    mutex_unlock(&mutex);
}
