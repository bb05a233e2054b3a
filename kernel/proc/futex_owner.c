/*
 * Locks with an owner, in a program's memory: the futexes that inherit priorities (FUTEX_LOCK_PI). The word is the
 * number of the task that has the lock, or 0; so who finds it 0 takes it without the kernel, and who has it gives it
 * back so. FUTEX_WAITERS in the word makes the owner give it back here: it goes straight to the first who waits, whose
 * number the word is before that one wakes.
 *
 * As no task has a real-time class here, there is nothing to inherit: nice values are not on Linux either.
 *
 * All who wait at a place know the same owner. When that ends, or executes another program, it is nobody's: the first
 * who waits is woken and makes itself the owner, in its own memory, with FUTEX_OWNER_DIED in the word (the one who has
 * ended might not have the word any more). It stays the first until then.
 *
 * What a task has to do when it ends is said by its `owns_locks`: nothing, unless somebody has ever waited for it, or
 * it for somebody.
 *
 * Locks: owners_lock (spin, rank OWNERS), then the bucket's, guard `owner` of all who wait for one, and each task's
 * `waits_for`: so who would wait for himself is found. processes_lock comes before both while an owner is looked up by
 * its number: it does not end before it knows that somebody waits.
 *
 * Source: futex(2); Linux Documentation/locking/pi-futex.rst, robust-futex-ABI.rst.
 */
#include "lib/errno.h"
#include "proc/futex_internal.h"

/* task->owns_locks */
enum { NEVER, PERHAPS, HAS_LEFT };

#define CHAIN_MAX 1024 /* owners that wait for owners */
/* Results beside 0 and errors. */
#define ENTERED 1 /* it has to wait */
#define CHANGED 2 /* the word has, meanwhile: all begins anew */

static struct spinlock owners_lock = SPINLOCK_INIT(OWNERS);

static void lock_all(struct futex_bucket *bucket)
{
    spin_lock(&processes_lock);
    spin_lock(&owners_lock);
    spin_lock(&bucket->lock);
}

static void unlock_all(struct futex_bucket *bucket)
{
    spin_unlock(&bucket->lock);
    spin_unlock(&owners_lock);
    spin_unlock(&processes_lock);
}

/* NULL: nobody waits there. */
static struct futex_waiter *first_at(struct futex_bucket *bucket, const struct futex_key *key)
{
    list_for_each(struct futex_waiter, waiter, &bucket->waiters, link)
    {
        if (futex_key_same(&waiter->key, key))
            return waiter;
    }
    return NULL;
}

static void set_owner(struct futex_bucket *bucket, const struct futex_key *key, struct task *owner)
{
    list_for_each(struct futex_waiter, waiter, &bucket->waiters, link)
    {
        if (futex_key_same(&waiter->key, key))
            waiter->owner = owner;
    }
}

/* From OLD to NEW. 0, CHANGED, -EFAULT. */
static int change_word(uaddr_t address, uint32_t old, uint32_t new)
{
    uint32_t was = old;
    if (user_compare_exchange(address, &was, new) < 0)
        return -EFAULT;
    return was == old ? 0 : CHANGED;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Taking. All locks are held
 */

/* A wait of TASK for OWNER: would it wait for itself? */
static int check_chain(const struct task *task, const struct task *owner)
{
    for (unsigned depth = 0; owner; depth++) {
        if (owner == task || depth == CHAIN_MAX)
            return -EDEADLK;
        owner = owner->waits_for ? owner->waits_for->owner : NULL;
    }
    return 0;
}

/* Who waits there already knows the owner: is the word true to that? */
static int join_waiters(const struct futex_waiter *first, uint32_t word, struct task **owner)
{
    uint32_t tid = word & FUTEX_TID_MASK;
    if (first->kind != FUTEX_FOR_OWNER)
        return -EINVAL;
    *owner = first->owner;
    bool released = tid == 0 && word & FUTEX_OWNER_DIED; /* the owner is about to end */
    return *owner == NULL || released || tid == (uint32_t)(*owner)->own_number ? 0 : -EINVAL;
}

/* The first to wait: the owner is told, by its mark, that it has something to do when it ends. */
static int find_owner(uint32_t word, struct task **owner)
{
    uint8_t never = NEVER;
    *owner = task_find_locked((int32_t)(word & FUTEX_TID_MASK));
    if (*owner == NULL)
        return -ESRCH;
    bool first =
        __atomic_compare_exchange_n(&(*owner)->owns_locks, &never, PERHAPS, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return first || never == PERHAPS ? 0 : -ESRCH;
}

/*
 * TASK becomes the owner of what is at KEY and ADDRESS: 0; or it has to wait for *OWNER: ENTERED, with FUTEX_WAITERS in
 * the word. CHANGED, -EDEADLK, -ESRCH, -EINVAL, -EFAULT.
 */
static int take_or_join(struct futex_bucket *bucket, const struct futex_key *key, uaddr_t address,
    const struct task *task, struct task **owner)
{
    uint32_t word;
    if (user_read_word(&word, address) < 0)
        return -EFAULT;
    if ((word & FUTEX_TID_MASK) == (uint32_t)task->own_number)
        return -EDEADLK;
    const struct futex_waiter *first = first_at(bucket, key);
    int error;
    if (first) {
        error = join_waiters(first, word, owner);
    } else if ((word & FUTEX_TID_MASK) == 0) {
        return change_word(address, word, (uint32_t)task->own_number | (word & FUTEX_OWNER_DIED));
    } else {
        error = change_word(address, word, word | FUTEX_WAITERS);
        if (!error)
            error = find_owner(word, owner);
    }
    return error ? error : ENTERED;
}

/* In the bucket, prepared to block. */
static void enter(struct futex_waiter *waiter, struct task *owner)
{
    struct task *self = waiter->thread->task;
    __atomic_store_n(&self->owns_locks, PERHAPS, __ATOMIC_RELAXED); /* it may be given the lock */
    self->waits_for = waiter;
    waiter->owner = owner;
    futex_enter(waiter);
    thread_prepare_block();
}

/* 0: the lock is the waiter's; ENTERED; an error. */
static int take_or_enter(struct futex_waiter *waiter, uaddr_t address, bool try)
{
    struct task *self = waiter->thread->task, *owner = NULL;
    for (;;) {
        lock_all(waiter->bucket);
        int result = take_or_join(waiter->bucket, &waiter->key, address, self, &owner);
        if (result == ENTERED && try)
            result = -EAGAIN;
        else if (result == ENTERED)
            result = check_chain(self, owner) ? -EDEADLK : ENTERED;
        if (result == ENTERED)
            enter(waiter, owner);
        unlock_all(waiter->bucket);
        if (result == -EFAULT && futex_touch(address) == 0)
            continue;
        if (result != CHANGED)
            return result;
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Waiting
 */

/* Out of the bucket; the next one, if the lock is nobody's, is told that it is its turn. */
static void leave_locked(struct futex_waiter *waiter)
{
    futex_take_out(waiter);
    waiter->thread->task->waits_for = NULL;
    struct futex_waiter *next = waiter->owner ? NULL : first_at(waiter->bucket, &waiter->key);
    if (next) {
        __atomic_store_n(&next->woken, true, __ATOMIC_RELEASE);
        thread_wake(next->thread);
    }
}

/* The first at a place makes itself the owner of what was left to nobody: 0, CHANGED, -EFAULT. */
static int inherit(struct futex_waiter *waiter, uaddr_t address)
{
    struct task *self = waiter->thread->task;
    uint32_t word;
    if (user_read_word(&word, address) < 0)
        return -EFAULT;
    int error = change_word(address, word, (uint32_t)self->own_number | FUTEX_WAITERS | FUTEX_OWNER_DIED);
    if (error)
        return error;
    set_owner(waiter->bucket, &waiter->key, self);
    leave_locked(waiter);
    return 0;
}

/* After a wait that has ended in RESULT: 0 if the lock is the waiter's, and the waiter is in no list any more. */
static int end_wait(struct futex_waiter *waiter, uaddr_t address, int result)
{
    bool can_touch = true;
    for (;;) {
        spin_lock(&owners_lock);
        spin_lock(&waiter->bucket->lock);
        bool its = waiter->owner == waiter->thread->task, touch = false;
        int error = its ? 0 : result;
        if (!its && waiter->owner == NULL && first_at(waiter->bucket, &waiter->key) == waiter)
            error = inherit(waiter, address);
        touch = error == -EFAULT && can_touch;
        if (error < 0 && !touch)
            leave_locked(waiter);
        spin_unlock(&waiter->bucket->lock);
        spin_unlock(&owners_lock);
        if (touch)
            can_touch = futex_touch(address) == 0;
        else if (error != CHANGED)
            return error;
    }
}

long futex_lock(uaddr_t address, bool shared, bool try, uint64_t deadline)
{
    struct futex_waiter waiter = {.thread = thread_current(), .bitset = FUTEX_ANY, .kind = FUTEX_FOR_OWNER};
    int result = futex_key_find(address, shared, &waiter.key);
    if (result)
        return result;
    waiter.bucket = futex_bucket_of(&waiter.key);
    result = take_or_enter(&waiter, address, try);
    if (result == ENTERED)
        result = end_wait(&waiter, address, futex_sleep(&waiter, deadline));
    futex_key_put(&waiter.key);
    return result == -ERESTARTSYS ? -ERESTARTNOINTR : result;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Giving back
 */

/* Both locks are held. 0, CHANGED, -EPERM, -EINVAL, -EFAULT. */
static int give_back(struct futex_bucket *bucket, const struct futex_key *key, uaddr_t address, struct task *self)
{
    uint32_t word;
    if (user_read_word(&word, address) < 0)
        return -EFAULT;
    if ((word & FUTEX_TID_MASK) != (uint32_t)self->own_number)
        return -EPERM;
    struct futex_waiter *first = first_at(bucket, key);
    if (first == NULL)
        return change_word(address, word, 0);
    if (first->kind != FUTEX_FOR_OWNER || first->owner != self)
        return -EINVAL;
    struct task *next = first->thread->task;
    int error = change_word(address, word, (uint32_t)next->own_number | FUTEX_WAITERS);
    if (error)
        return error;
    set_owner(bucket, key, next);
    next->waits_for = NULL;
    futex_wake_one(first);
    return 0;
}

/* For whom it is not is told before the address is looked at closely. */
static int check_owner(uaddr_t address)
{
    uint32_t word;
    if (!user_range_ok(address, sizeof word) || copy_from_user(&word, address) < 0)
        return -EFAULT;
    return (word & FUTEX_TID_MASK) == (uint32_t)task_current()->own_number ? 0 : -EPERM;
}

long futex_unlock(uaddr_t address, bool shared)
{
    struct futex_key key;
    int result = check_owner(address);
    if (!result)
        result = futex_key_find(address, shared, &key);
    if (result)
        return result;
    struct futex_bucket *bucket = futex_bucket_of(&key);
    do {
        spin_lock(&owners_lock);
        spin_lock(&bucket->lock);
        result = give_back(bucket, &key, address, task_current());
        spin_unlock(&bucket->lock);
        spin_unlock(&owners_lock);
        if (result == -EFAULT && futex_touch(address) == 0)
            result = CHANGED;
    } while (result == CHANGED);
    futex_key_put(&key);
    return result;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The end of an owner
 */

/* One place of BUCKET whose owner TASK is becomes nobody's. False: there is none. The locks are held. */
static bool disown_one(struct futex_bucket *bucket, const struct task *task)
{
    list_for_each(struct futex_waiter, waiter, &bucket->waiters, link)
    {
        if (waiter->kind != FUTEX_FOR_OWNER || waiter->owner != task)
            continue;
        set_owner(bucket, &waiter->key, NULL);
        __atomic_store_n(&waiter->woken, true, __ATOMIC_RELEASE); /* it is the first there */
        thread_wake(waiter->thread);
        return true;
    }
    return false;
}

void futex_owner_leaves(struct task *task)
{
    if (__atomic_exchange_n(&task->owns_locks, HAS_LEFT, __ATOMIC_SEQ_CST) == NEVER)
        return;
    struct futex_bucket *bucket;
    for (unsigned i = 0; (bucket = futex_bucket_at(i)) != NULL;) {
        spin_lock(&owners_lock);
        spin_lock(&bucket->lock);
        bool more = disown_one(bucket, task);
        spin_unlock(&bucket->lock);
        spin_unlock(&owners_lock);
        if (!more)
            i++;
    }
}

void futex_owner_begins(struct task *task)
{
    __atomic_store_n(&task->owns_locks, NEVER, __ATOMIC_SEQ_CST);
}
