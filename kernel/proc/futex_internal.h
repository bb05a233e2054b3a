/*
 * What the files of futexes share: places, who waits at them, and the locks. futex.c has the waits for a word,
 * futex_owner.c those for a lock whose owner the kernel knows.
 */
#ifndef CORRODE_PROC_FUTEX_INTERNAL_H
#define CORRODE_PROC_FUTEX_INTERNAL_H

#include "proc/futex.h"
#include "proc/proc.h"

/* A place. */
struct futex_key {
    const void *what;         /* struct vm_object, or struct vm_space */
    uint64_t where;           /* bytes */
    struct vm_object *object; /* with a reference; NULL: it is a space, the current one */
};

struct futex_bucket {
    struct spinlock lock; /* FUTEX */
    uint32_t count;       /* of those who wait, or are about to: 0 saves who wakes the rest */
    struct list waiters;  /* struct futex_waiter, first come first */
};

enum futex_kind {
    FUTEX_FOR_WORD,  /* until somebody wakes it */
    FUTEX_FOR_OWNER, /* until the lock is its own */
};

struct futex_waiter {
    struct list_node link;
    struct thread *thread;
    struct futex_bucket *bucket; /* where it is, or was last */
    struct futex_key key;
    uint32_t bitset;
    enum futex_kind kind;
    bool woken;
    struct task *owner; /* FOR_OWNER: whose the lock is; its own task: it has got it; NULL: nobody's */
};

/* futex_key_put follows on 0. -EINVAL, -EFAULT. */
int futex_key_find(uaddr_t address, bool shared, struct futex_key *key);
void futex_key_put(struct futex_key *key);
static inline bool futex_key_same(const struct futex_key *a, const struct futex_key *b)
{
    return a->what == b->what && a->where == b->where;
}

struct futex_bucket *futex_bucket_of(const struct futex_key *key);
struct futex_bucket *futex_bucket_at(unsigned index); /* NULL: that was the last one */

/* Both, which may be one. */
void futex_lock_two(struct futex_bucket *a, struct futex_bucket *b);
void futex_unlock_two(struct futex_bucket *a, struct futex_bucket *b);

/* Bring the page of a word in, for who could not read it, or write to it, with a lock. 0 or -EFAULT. */
int futex_touch(uaddr_t address);

/* The lock of the waiter's bucket is held, which is where it goes to, or comes from. */
void futex_enter(struct futex_waiter *waiter);
void futex_take_out(struct futex_waiter *waiter);
void futex_wake_one(struct futex_waiter *waiter); /* takes it out, too */

/*
 * To another place, with a reference to its object; both buckets are locked. The reference to the one before is left
 * over.
 */
void futex_move(struct futex_waiter *waiter, struct futex_bucket *to, const struct futex_key *key);

/*
 * In FOR_WORD's way: in its bucket, prepared to block, once the word can be read and is VALUE. -EAGAIN:
 * it is not; -EFAULT.
 */
int futex_enter_if_equal(struct futex_waiter *waiter, uaddr_t address, uint32_t value);

/* Prepared to block. 0: `woken`; else -ERESTARTSYS, -ETIMEDOUT. */
int futex_sleep(const struct futex_waiter *waiter, uint64_t deadline);

/* Locks the bucket that the waiter is in, or was last. */
struct futex_bucket *futex_lock_bucket(struct futex_waiter *waiter);

#endif
