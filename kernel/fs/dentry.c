/*
 * The dentry cache: see dentry.h.
 *
 * The hash of a name is FNV-1a over its bytes, mixed with the parent's address. The table's size is fixed when the
 * kernel starts, by how much memory there is.
 *
 * Source of the hash: Fowler, Noll, Vo, RFC 9923.
 */
#include "fs/dentry.h"

#include "fs/watch.h"

#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "panic.h"

#define FNV_OFFSET 0x811c9dc5u
#define FNV_PRIME 0x01000193u
#define BUCKETS_MIN 256u
#define BUCKETS_MAX 8192u /* the table is filled when the kernel starts */

struct bucket {
    struct spinlock lock; /* DENTRY */
    struct list chain;
};

static struct bucket *buckets;
static uint32_t bucket_mask;
static struct slab_cache *dentry_cache;
static struct rwspinlock move_lock = {.rank = LOCK_RANK_MOVE, .writers = SPINLOCK_INIT(MOVE)};

void dentries_init(void)
{
    uint32_t count = BUCKETS_MIN;
    while (count < BUCKETS_MAX && count < page_total_count() / 16)
        count *= 2;
    buckets = kmalloc(count * sizeof *buckets, 0);
    dentry_cache = slab_cache_create("dentry", sizeof(struct dentry), _Alignof(struct dentry));
    if (!buckets || !dentry_cache)
        panic("there is not enough memory to start; give the machine more");
    for (uint32_t i = 0; i < count; i++) {
        spin_lock_init(&buckets[i].lock, LOCK_RANK_DENTRY);
        list_init(&buckets[i].chain);
    }
    bucket_mask = count - 1;
}

uint64_t dentry_count(void)
{
    return slab_object_count(dentry_cache);
}

static uint32_t hash_of(const struct dentry *parent, const char *name, size_t length)
{
    uint32_t hash = FNV_OFFSET ^ (uint32_t)((uintptr_t)parent >> 6);
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)name[i]) * FNV_PRIME;
    return hash ^ hash >> 15;
}

static struct bucket *bucket_of(uint32_t hash)
{
    return &buckets[hash & bucket_mask];
}

struct dentry *dentry_find(struct dentry *parent, const char *name, size_t length)
{
    uint32_t hash = hash_of(parent, name, length);
    struct bucket *bucket = bucket_of(hash);
    struct dentry *found = NULL;
    spin_lock(&bucket->lock);
    list_for_each(struct dentry, dentry, &bucket->chain, chain)
    {
        if (dentry->hash == hash && dentry->parent == parent && dentry->length == length &&
            memcmp(dentry->name, name, length) == 0) {
            __atomic_fetch_add(&dentry->references, 1, __ATOMIC_RELAXED);
            found = dentry;
            break;
        }
    }
    spin_unlock(&bucket->lock);
    return found;
}

/* Gives DENTRY a copy of the name. 0 or -ENOMEM. */
static int set_name(struct dentry *dentry, const char *name, size_t length)
{
    char *to = dentry->inline_name;
    if (length >= DENTRY_INLINE_NAME && (to = kmalloc(length + 1, 0)) == NULL)
        return -ENOMEM;
    memcpy(to, name, length);
    to[length] = '\0';
    dentry->name = to;
    dentry->length = (uint16_t)length;
    return 0;
}

static void free_name(struct dentry *dentry)
{
    if (dentry->name != dentry->inline_name)
        kfree(dentry->name);
}

struct dentry *dentry_create(struct dentry *parent, const char *name, size_t length)
{
    struct dentry *dentry = slab_allocate(dentry_cache, ALLOC_ZERO);
    if (dentry == NULL)
        return NULL;
    if (set_name(dentry, name, length) < 0) {
        slab_free(dentry_cache, dentry);
        return NULL;
    }
    list_node_init(&dentry->chain);
    list_node_init(&dentry->sibling);
    list_init(&dentry->children);
    dentry->references = 1;
    dentry->next_cookie = DENTRY_FIRST_COOKIE;
    dentry->parent = dentry;
    if (parent) {
        dentry_get(parent);
        dentry->parent = parent;
        dentry->super = parent->super;
        dentry->hash = hash_of(parent, name, length);
    }
    return dentry;
}

struct dentry *dentry_create_root(struct superblock *super, struct inode *inode)
{
    struct dentry *dentry = dentry_create(NULL, "/", 1);
    if (dentry) {
        dentry->super = super;
        dentry->inode = inode;
    }
    return dentry;
}

static void hash_in(struct dentry *dentry)
{
    struct bucket *bucket = bucket_of(dentry->hash);
    spin_lock(&bucket->lock);
    list_push_front(&bucket->chain, &dentry->chain);
    spin_unlock(&bucket->lock);
}

static void hash_out(struct dentry *dentry)
{
    struct bucket *bucket = bucket_of(dentry->hash);
    spin_lock(&bucket->lock);
    list_remove(&dentry->chain);
    spin_unlock(&bucket->lock);
}

void dentry_add(struct dentry *dentry, struct inode *inode)
{
    dentry->inode = inode;
    hash_in(dentry);
}

/* Makes it the last of its parent's children. */
static void join_children(struct dentry *dentry)
{
    dentry->cookie = dentry->parent->next_cookie++;
    list_push_back(&dentry->parent->children, &dentry->sibling);
}

void dentry_pin(struct dentry *dentry)
{
    dentry->pinned = true;
    join_children(dentry);
    dentry_get(dentry);
}

void dentry_unhash(struct dentry *dentry)
{
    hash_out(dentry);
    if (dentry->pinned) {
        list_remove(&dentry->sibling);
        dentry->pinned = false;
        dentry_put(dentry);
    }
}

int dentry_move(struct dentry *dentry, struct dentry *parent, const char *name, size_t length, struct dentry *victim)
{
    struct dentry model = {0};
    if (set_name(&model, name, length) < 0)
        return -ENOMEM;
    if (victim)
        dentry_unhash(victim);
    hash_out(dentry);
    list_remove(&dentry->sibling);
    dentry_get(parent);

    struct dentry *old_parent = dentry->parent;
    char *old_name = dentry->name == dentry->inline_name ? NULL : dentry->name;
    rwspin_write(&move_lock);
    memcpy(dentry->inline_name, model.inline_name, sizeof model.inline_name);
    dentry->name = model.name == model.inline_name ? dentry->inline_name : model.name;
    dentry->length = model.length;
    dentry->parent = parent;
    __atomic_store_n(&dentry->hash, hash_of(parent, name, length), __ATOMIC_RELAXED);
    rwspin_write_unlock(&move_lock);

    if (dentry->pinned)
        join_children(dentry);
    hash_in(dentry);
    kfree(old_name);
    dentry_put(old_parent);
    return 0;
}

#define SWAP(left, right)                                                                                              \
    do {                                                                                                               \
        __auto_type before = (left);                                                                                   \
        (left) = (right);                                                                                              \
        (right) = before;                                                                                              \
    } while (0)

static void swap_names(struct dentry *one, struct dentry *other)
{
    char inline_name[DENTRY_INLINE_NAME];
    bool one_inline = one->name == one->inline_name, other_inline = other->name == other->inline_name;
    memcpy(inline_name, one->inline_name, sizeof inline_name);
    memcpy(one->inline_name, other->inline_name, sizeof inline_name);
    memcpy(other->inline_name, inline_name, sizeof inline_name);
    SWAP(one->name, other->name);
    one->name = other_inline ? one->inline_name : one->name;
    other->name = one_inline ? other->inline_name : other->name;
    SWAP(one->length, other->length);
}

void dentry_exchange(struct dentry *one, struct dentry *other)
{
    hash_out(one);
    hash_out(other);
    list_remove(&one->sibling);
    list_remove(&other->sibling);
    rwspin_write(&move_lock);
    swap_names(one, other);
    SWAP(one->parent, other->parent);
    uint32_t hash = one->hash;
    __atomic_store_n(&one->hash, other->hash, __ATOMIC_RELAXED);
    __atomic_store_n(&other->hash, hash, __ATOMIC_RELAXED);
    rwspin_write_unlock(&move_lock);
    if (one->pinned)
        join_children(one);
    if (other->pinned)
        join_children(other);
    hash_in(one);
    hash_in(other);
}

struct dentry *dentry_parent(struct dentry *dentry)
{
    bool interrupts = rwspin_read(&move_lock);
    struct dentry *parent = dentry->parent;
    dentry_get(parent);
    rwspin_read_unlock(&move_lock, interrupts);
    return parent;
}

struct dentry *dentry_parent_and_name(struct dentry *dentry, char *buffer, size_t *length)
{
    bool interrupts = rwspin_read(&move_lock);
    struct dentry *parent = dentry->parent;
    dentry_get(parent);
    *length = dentry->length;
    memcpy(buffer, dentry->name, *length);
    rwspin_read_unlock(&move_lock, interrupts);
    return parent;
}

void dentry_get(struct dentry *dentry)
{
    __atomic_fetch_add(&dentry->references, 1, __ATOMIC_RELAXED);
}

/* Frees one that nobody holds or finds any more; returns the parent, which it held. */
static struct dentry *destroy(struct dentry *dentry)
{
    struct dentry *parent = dentry_is_root(dentry) ? NULL : dentry->parent;
    if (dentry->inode && dentry->inode->links == 0)
        watch_gone(dentry->inode);
    if (dentry->inode)
        inode_put(dentry->inode);
    free_name(dentry);
    slab_free(dentry_cache, dentry);
    return parent;
}

/* Drops the last reference: under the bucket's lock, so that nobody finds the dentry while it goes. */
static bool drop_last(struct dentry *dentry)
{
    uint32_t hash = __atomic_load_n(&dentry->hash, __ATOMIC_RELAXED);
    struct bucket *bucket = bucket_of(hash);
    spin_lock(&bucket->lock);
    while (dentry->hash != hash) { /* it has moved: another bucket is its own now */
        spin_unlock(&bucket->lock);
        hash = __atomic_load_n(&dentry->hash, __ATOMIC_RELAXED);
        bucket = bucket_of(hash);
        spin_lock(&bucket->lock);
    }
    bool last = __atomic_sub_fetch(&dentry->references, 1, __ATOMIC_ACQ_REL) == 0;
    if (last)
        list_remove(&dentry->chain);
    spin_unlock(&bucket->lock);
    return last;
}

void dentry_put(struct dentry *dentry)
{
    while (dentry) {
        uint32_t references = __atomic_load_n(&dentry->references, __ATOMIC_RELAXED);
        while (references > 1)
            if (__atomic_compare_exchange_n(
                    &dentry->references, &references, references - 1, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
                return;
        if (!drop_last(dentry))
            return;
        dentry = destroy(dentry);
    }
}
