/*
 * Futexes: see futex.h. Who waits is in a list, one of some hundreds, chosen by the place. Its lock orders the look at
 * the word and the wait against those who change the word and then wake: with the lock held the word is read in the
 * way of who must not sleep, and if its page is not there, brought in without the lock, and all begins anew.
 *
 * A place is an object and an offset, or an address space and an address. While somebody waits there the object cannot
 * go away: the waiter has a reference.
 *
 * Locks: bucket->lock (spin, rank FUTEX) guards its list, and where each waiter in it is: its `bucket`, key and kind.
 * Two of them are taken in order of address. A waiter lies on the stack of its thread, which takes the lock once more
 * before it goes on, so whoever wakes it may look at it until he gives the lock back.
 *
 * Source: futex(2); Franke, Russell and Kirkwood, "Fuss, futexes and furwocks" (2002).
 */
#include "proc/futex_internal.h"

#include "lib/errno.h"

#define BUCKET_BITS 8
#define BUCKETS (1u << BUCKET_BITS)

static struct futex_bucket buckets[BUCKETS];

/* ------------------------------------------------------------------------------------------------------------------
 * Places
 */

static int check_address(uaddr_t address)
{
    if (!is_aligned(address, sizeof(uint32_t)))
        return -EINVAL;
    return user_range_ok(address, sizeof(uint32_t)) ? 0 : -EFAULT;
}

static int find_shared(uaddr_t address, struct futex_key *key)
{
    struct vm_space *space = task_current()->space;
    rwlock_read(&space->lock);
    const struct vm_area *area = vm_find_locked(space, address);
    bool there = area && area->start <= address;
    if (there && area->object == NULL && !(area->flags & VM_WRITE))
        there = false; /* nobody will ever change the word */
    if (there && area->flags & VM_SHARED && area->object) {
        key->what = key->object = area->object;
        key->where = area->offset * PAGE_SIZE + (address - area->start);
        vm_object_get(area->object);
    }
    rwlock_read_unlock(&space->lock);
    return there ? 0 : -EFAULT;
}

int futex_key_find(uaddr_t address, bool shared, struct futex_key *key)
{
    *key = (struct futex_key){.what = task_current()->space, .where = address};
    int error = check_address(address);
    return error || !shared ? error : find_shared(address, key);
}

void futex_key_put(struct futex_key *key)
{
    if (key->object)
        vm_object_put(key->object);
}

struct futex_bucket *futex_bucket_of(const struct futex_key *key)
{
    uint64_t hash = ((uint64_t)key->what ^ key->where * 0x9e3779b97f4a7c15) * 0x9e3779b97f4a7c15;
    return &buckets[hash >> (64 - BUCKET_BITS)];
}

struct futex_bucket *futex_bucket_at(unsigned index)
{
    return index < BUCKETS ? &buckets[index] : NULL;
}

void futex_lock_two(struct futex_bucket *a, struct futex_bucket *b)
{
    spin_lock(a < b ? &a->lock : &b->lock);
    if (a != b)
        spin_lock_nested(a < b ? &b->lock : &a->lock);
}

void futex_unlock_two(struct futex_bucket *a, struct futex_bucket *b)
{
    if (a != b)
        spin_unlock(a < b ? &b->lock : &a->lock);
    spin_unlock(a < b ? &a->lock : &b->lock);
}

int futex_touch(uaddr_t address)
{
    uint32_t old;
    return user_read_word(&old, address) < 0 ? -EFAULT : user_compare_exchange(address, &old, old);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Waiting
 */

/*
 * Takes the bucket's lock once the word can be read, and is VALUE: then 0, with the lock. The count comes before the
 * look at the word, as for who wakes the word comes before the look at the count: one of them sees the other.
 */
static int lock_if_equal(struct futex_bucket *bucket, uaddr_t address, uint32_t value)
{
    uint32_t now;
    __atomic_fetch_add(&bucket->count, 1, __ATOMIC_SEQ_CST);
    for (;;) {
        spin_lock(&bucket->lock);
        int error = user_read_word(&now, address);
        if (error == 0 && now == value)
            return 0;
        spin_unlock(&bucket->lock);
        if (error == 0)
            error = -EAGAIN;
        else if (user_read_word(&now, address) == 0)
            continue;
        __atomic_fetch_sub(&bucket->count, 1, __ATOMIC_RELAXED);
        return error;
    }
}

void futex_take_out(struct futex_waiter *waiter)
{
    list_remove(&waiter->link);
    __atomic_fetch_sub(&waiter->bucket->count, 1, __ATOMIC_RELAXED);
}

void futex_enter(struct futex_waiter *waiter)
{
    __atomic_fetch_add(&waiter->bucket->count, 1, __ATOMIC_RELAXED);
    list_push_back(&waiter->bucket->waiters, &waiter->link);
}

int futex_enter_if_equal(struct futex_waiter *waiter, uaddr_t address, uint32_t value)
{
    int error = lock_if_equal(waiter->bucket, address, value);
    if (error)
        return error;
    list_push_back(&waiter->bucket->waiters, &waiter->link);
    thread_prepare_block();
    spin_unlock(&waiter->bucket->lock);
    return 0;
}

struct futex_bucket *futex_lock_bucket(struct futex_waiter *waiter)
{
    for (;;) {
        struct futex_bucket *bucket = __atomic_load_n(&waiter->bucket, __ATOMIC_ACQUIRE);
        spin_lock(&bucket->lock);
        if (waiter->bucket == bucket)
            return bucket;
        spin_unlock(&bucket->lock);
    }
}

/* Nobody looks at the waiter any more, then. True: it has been woken. */
static bool leave(struct futex_waiter *waiter)
{
    struct futex_bucket *bucket = futex_lock_bucket(waiter);
    if (!waiter->woken)
        futex_take_out(waiter);
    spin_unlock(&bucket->lock);
    return waiter->woken;
}

int futex_sleep(const struct futex_waiter *waiter, uint64_t deadline)
{
    for (;;) {
        int error = thread_block_interruptible(deadline);
        if (error)
            return error;
        thread_prepare_block(); /* it may be something else that has woken it */
        if (__atomic_load_n(&waiter->woken, __ATOMIC_ACQUIRE))
            break;
    }
    thread_cancel_block();
    return 0;
}

long futex_wait(uaddr_t address, uint32_t value, bool shared, uint32_t bitset, uint64_t deadline)
{
    struct futex_waiter waiter = {.thread = thread_current(), .bitset = bitset};
    int error = futex_key_find(address, shared, &waiter.key);
    if (error)
        return error;
    waiter.bucket = futex_bucket_of(&waiter.key);
    error = futex_enter_if_equal(&waiter, address, value);
    if (error == 0) {
        error = futex_sleep(&waiter, deadline);
        if (leave(&waiter))
            error = 0;
    }
    futex_key_put(&waiter.key);
    return error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Waking. The bucket's lock is held
 */

void futex_wake_one(struct futex_waiter *waiter)
{
    futex_take_out(waiter);
    __atomic_store_n(&waiter->woken, true, __ATOMIC_RELEASE);
    thread_wake(waiter->thread);
}

static int wake_some(struct futex_bucket *bucket, const struct futex_key *key, int count, uint32_t bitset)
{
    int woken = 0;
    list_for_each_safe(struct futex_waiter, waiter, &bucket->waiters, link)
    {
        if (!futex_key_same(&waiter->key, key))
            continue;
        if (waiter->kind != FUTEX_FOR_WORD)
            return -EINVAL;
        if (!(waiter->bitset & bitset))
            continue;
        futex_wake_one(waiter);
        if (++woken >= count)
            break;
    }
    return woken;
}

static bool is_deserted(const struct futex_bucket *bucket)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* what the program has written comes before */
    return __atomic_load_n(&bucket->count, __ATOMIC_RELAXED) == 0;
}

long futex_wake(uaddr_t address, bool shared, int count, uint32_t bitset)
{
    struct futex_key key;
    int result = futex_key_find(address, shared, &key);
    if (result)
        return result;
    struct futex_bucket *bucket = futex_bucket_of(&key);
    if (!is_deserted(bucket)) {
        spin_lock(&bucket->lock);
        result = wake_some(bucket, &key, count, bitset);
        spin_unlock(&bucket->lock);
    }
    futex_key_put(&key);
    return result;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Two places
 */

void futex_move(struct futex_waiter *waiter, struct futex_bucket *to, const struct futex_key *key)
{
    futex_take_out(waiter);
    __atomic_fetch_add(&to->count, 1, __ATOMIC_RELAXED);
    if (key->object)
        vm_object_get(key->object);
    waiter->key = *key;
    list_push_back(&to->waiters, &waiter->link);
    __atomic_store_n(&waiter->bucket, to, __ATOMIC_RELEASE);
}

/* *moved: how many references to the object of FROM_KEY are left over. */
static long requeue(struct futex_bucket *from, const struct futex_key *from_key, struct futex_bucket *to,
    const struct futex_key *to_key, int wake, int most, long *moved)
{
    long done = 0;
    bool stay = futex_key_same(from_key, to_key);
    list_for_each_safe(struct futex_waiter, waiter, &from->waiters, link)
    {
        if (done - wake >= most)
            break;
        if (!futex_key_same(&waiter->key, from_key))
            continue;
        if (waiter->kind != FUTEX_FOR_WORD)
            return -EINVAL;
        if (++done <= wake) {
            futex_wake_one(waiter);
        } else if (!stay) {
            futex_move(waiter, to, to_key);
            ++*moved;
        }
    }
    return done;
}

/* Takes both locks when the word at FROM can be read; 0, or -EAGAIN: it is not *EXPECTED. */
static int lock_if_expected(struct futex_bucket *a, struct futex_bucket *b, uaddr_t from, const uint32_t *expected)
{
    uint32_t now;
    for (;;) {
        futex_lock_two(a, b);
        int error = expected ? user_read_word(&now, from) : 0;
        if (error == 0 && (expected == NULL || now == *expected))
            return 0;
        futex_unlock_two(a, b);
        if (error == 0)
            return -EAGAIN;
        if (user_read_word(&now, from) < 0)
            return -EFAULT;
    }
}

long futex_requeue(uaddr_t from, uaddr_t to, bool shared, int wake, int most, const uint32_t *expected)
{
    struct futex_key from_key, to_key;
    long moved = 0;
    if (wake < 0 || most < 0)
        return -EINVAL;
    long result = futex_key_find(from, shared, &from_key);
    if (result)
        return result;
    result = futex_key_find(to, shared, &to_key);
    if (result)
        goto out_from;
    struct futex_bucket *a = futex_bucket_of(&from_key), *b = futex_bucket_of(&to_key);
    result = lock_if_expected(a, b, from, expected);
    if (result == 0) {
        result = requeue(a, &from_key, b, &to_key, wake, most, &moved);
        futex_unlock_two(a, b);
    }
    for (; moved > 0; moved--)
        futex_key_put(&from_key);
    futex_key_put(&to_key);
out_from:
    futex_key_put(&from_key);
    return result;
}

/* FUTEX_OP: what is done to the word, and how what it was is compared. */
struct operation {
    unsigned change, comparison;
    int32_t argument, compared;
};
enum { OP_SET, OP_ADD, OP_OR, OP_ANDN, OP_XOR, OP_COUNT };
enum { CMP_EQ, CMP_NE, CMP_LT, CMP_LE, CMP_GT, CMP_GE, CMP_COUNT };

static int operation_decode(uint32_t encoded, struct operation *operation)
{
    *operation = (struct operation){.change = encoded >> 28 & 7,
        .comparison = encoded >> 24 & 15,
        .argument = (int32_t)(encoded << 8) >> 20,
        .compared = (int32_t)(encoded << 20) >> 20};
    if (encoded >> 31) /* FUTEX_OP_OPARG_SHIFT */
        operation->argument = (int32_t)(1u << (operation->argument & 31));
    return operation->change < OP_COUNT && operation->comparison < CMP_COUNT ? 0 : -ENOSYS;
}

static uint32_t operation_apply(const struct operation *operation, uint32_t value)
{
    uint32_t argument = (uint32_t)operation->argument;
    switch (operation->change) {
    case OP_SET: return argument;
    case OP_ADD: return value + argument;
    case OP_OR: return value | argument;
    case OP_ANDN: return value & ~argument;
    default: return value ^ argument;
    }
}

static bool operation_compare(const struct operation *operation, uint32_t value)
{
    int32_t now = (int32_t)value, compared = operation->compared;
    switch (operation->comparison) {
    case CMP_EQ: return now == compared;
    case CMP_NE: return now != compared;
    case CMP_LT: return now < compared;
    case CMP_LE: return now <= compared;
    case CMP_GT: return now > compared;
    default: return now >= compared;
    }
}

/* Changes the word; *old is what it was. -EFAULT: it is not there, or cannot be written, now. */
static int change_word(const struct operation *operation, uaddr_t address, uint32_t *old)
{
    uint32_t value, expected;
    if (user_read_word(&value, address) < 0)
        return -EFAULT;
    do {
        expected = value;
        if (user_compare_exchange(address, &value, operation_apply(operation, expected)) < 0)
            return -EFAULT;
    } while (value != expected);
    *old = value;
    return 0;
}

/* With both locks when it succeeds. */
static int lock_and_change(
    struct futex_bucket *a, struct futex_bucket *b, const struct operation *operation, uaddr_t address, uint32_t *old)
{
    for (;;) {
        futex_lock_two(a, b);
        if (change_word(operation, address, old) == 0)
            return 0;
        futex_unlock_two(a, b);
        if (futex_touch(address) < 0)
            return -EFAULT;
    }
}

long futex_wake_op(uaddr_t first, uaddr_t second, bool shared, int first_count, int second_count, uint32_t encoded)
{
    struct operation operation;
    struct futex_key first_key, second_key;
    uint32_t old;
    long result = futex_key_find(first, shared, &first_key);
    if (result)
        return result;
    result = futex_key_find(second, shared, &second_key);
    if (result)
        goto out_first;
    struct futex_bucket *a = futex_bucket_of(&first_key), *b = futex_bucket_of(&second_key);
    result = operation_decode(encoded, &operation);
    if (result == 0)
        result = lock_and_change(a, b, &operation, second, &old);
    if (result == 0) {
        result = wake_some(a, &first_key, first_count, FUTEX_ANY);
        long more = 0;
        if (result >= 0 && operation_compare(&operation, old))
            more = wake_some(b, &second_key, second_count, FUTEX_ANY);
        result = more < 0 ? more : result + more;
        futex_unlock_two(a, b);
    }
    futex_key_put(&second_key);
out_first:
    futex_key_put(&first_key);
    return result;
}

void futexes_init(void)
{
    for (unsigned i = 0; i < BUCKETS; i++) {
        spin_lock_init(&buckets[i].lock, LOCK_RANK_FUTEX);
        list_init(&buckets[i].waiters);
    }
}
