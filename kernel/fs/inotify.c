/*
 * inotify: see inotify.h and watch.h.
 *
 * An instance is a file with a queue of events and a tree of watches by number. A watch belongs to an instance and to
 * an inode, whose list it is in, and which it holds. It is gone when the program takes it away, the instance is closed,
 * its one shot is fired, or the inode's file or file system is gone.
 *
 * An event like the last one in the queue is not queued again. A full queue gets one event that says so, and no others
 * until it has been read.
 *
 * Locks, all spin locks, since files come to their end in many places: the inode's (rank WATCHES) guards its list, and
 * so keeps a watch in it from going; within it, all_lock (WATCHES_ALL) the list of all, and the instance's lock
 * (INOTIFY) its tree and queue. What is taken out is freed when none is held.
 *
 * Source: inotify(7), inotify_add_watch(2).
 */
#include "fs/inotify.h"

#include "arch/x86_64/user.h"
#include "fs/watch.h"
#include "lib/errno.h"
#include "lib/rbtree.h"
#include "lib/string.h"
#include "mm/slab.h"

#define FIONREAD 0x541bu

struct inotify {
    struct spinlock lock;   /* INOTIFY */
    struct rb_tree watches; /* struct watch, by number */
    int last_number;
    struct list events; /* struct event */
    uint32_t count;     /* of them */
    uint32_t bytes;     /* that they take when they are read */
    struct wait_queue readable;
};

struct watch {
    struct list_node in_inode, all;
    struct rb_node node;
    struct inotify *inotify;
    struct inode *inode;
    int number;
    uint32_t mask; /* and IN_EXCL_UNLINK, IN_ONESHOT */
};

struct inode_watches {
    struct spinlock lock; /* WATCHES */
    struct list list;     /* struct watch, by `in_inode`; the oldest first */
};

/* As programs read it; the name, if any, has NULs behind it up to a multiple of this size. */
struct user_event {
    int32_t number;
    uint32_t mask, cookie, length;
};

struct event {
    struct list_node link;
    struct user_event user;
    char name[];
};

uint32_t watch_count;

static struct spinlock all_lock = SPINLOCK_INIT(WATCHES_ALL);
static struct list all_watches = LIST_INIT(all_watches);
static uint32_t last_cookie;

static const struct file_ops inotify_ops;

/* ------------------------------------------------------------------------------------------------------------------
 * Queues
 */

static bool is_last(const struct inotify *inotify, const struct event *event)
{
    if (list_is_empty(&inotify->events))
        return false;
    const struct event *last = container_of(inotify->events.head.previous, struct event, link);
    return last->user.mask == event->user.mask && last->user.number == event->user.number &&
           last->user.length == event->user.length && memcmp(last->name, event->name, event->user.length) == 0;
}

static struct event *event_create(int number, uint32_t mask, uint32_t cookie, const char *name, size_t length)
{
    size_t room = length ? (length + sizeof(struct user_event)) & ~(sizeof(struct user_event) - 1) : 0;
    struct event *event = kmalloc(sizeof *event + room, ALLOC_ZERO);
    if (event == NULL)
        return NULL;
    event->user = (struct user_event){.number = number, .mask = mask, .cookie = cookie, .length = (uint32_t)room};
    memcpy(event->name, name, length);
    return event;
}

/* NUMBER's instance is told. Where there is no memory, something is missing, and the program learns that. */
static void tell(struct inotify *inotify, int number, uint32_t mask, uint32_t cookie, const char *name, size_t length)
{
    struct event *event = event_create(number, mask, cookie, name, length);
    struct event *overflow = NULL;
    spin_lock(&inotify->lock);
    if (event == NULL || inotify->count >= INOTIFY_EVENTS_MAX) {
        overflow = event;
        event = inotify->count <= INOTIFY_EVENTS_MAX ? event_create(-1, IN_Q_OVERFLOW, 0, "", 0) : NULL;
    }
    if (event && is_last(inotify, event)) {
        kfree(event);
    } else if (event) {
        list_push_back(&inotify->events, &event->link);
        inotify->bytes += (uint32_t)sizeof event->user + event->user.length;
        __atomic_store_n(&inotify->count, inotify->count + 1, __ATOMIC_RELEASE);
        wait_queue_wake_all(&inotify->readable);
    }
    spin_unlock(&inotify->lock);
    kfree(overflow);
}

/* The first event, taken out, if it takes at most SIZE bytes. *too_large: there is one, which takes more. */
static struct event *take(struct inotify *inotify, size_t size, bool *too_large)
{
    struct event *event = NULL;
    spin_lock(&inotify->lock);
    struct list_node *first = list_first(&inotify->events);
    if (first) {
        event = container_of(first, struct event, link);
        *too_large = sizeof event->user + event->user.length > size;
        if (*too_large) {
            event = NULL;
        } else {
            list_remove(&event->link);
            inotify->count--;
            inotify->bytes -= (uint32_t)sizeof event->user + event->user.length;
        }
    }
    spin_unlock(&inotify->lock);
    return event;
}

static bool has_events(const struct inotify *inotify)
{
    return __atomic_load_n(&inotify->count, __ATOMIC_ACQUIRE) > 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Watches
 */

/* The inode's; made when it is wanted first. NULL: no memory. */
static struct inode_watches *watches_of(struct inode *inode)
{
    struct inode_watches *watches = __atomic_load_n(&inode->watches, __ATOMIC_ACQUIRE);
    if (watches)
        return watches;
    struct inode_watches *new = kmalloc(sizeof *new, 0);
    if (new == NULL)
        return NULL;
    spin_lock_init(&new->lock, LOCK_RANK_WATCHES);
    list_init(&new->list);
    if (__atomic_compare_exchange_n(&inode->watches, &watches, new, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return new;
    kfree(new);
    return watches;
}

void watches_destroy(struct inode_watches *watches)
{
    kfree(watches);
}

/* The instance's lock is held. */
static struct watch *find(const struct inotify *inotify, int number)
{
    struct rb_node *node = inotify->watches.root;
    while (node) {
        struct watch *watch = container_of(node, struct watch, node);
        if (watch->number == number)
            return watch;
        node = watch->number < number ? node->right : node->left;
    }
    return NULL;
}

static bool less(const struct rb_node *one, const struct rb_node *other)
{
    return container_of(one, struct watch, node)->number < container_of(other, struct watch, node)->number;
}

/* The inode's lock is held. */
static void enter(struct inode_watches *watches, struct watch *watch)
{
    list_push_back(&watches->list, &watch->in_inode);
    spin_lock(&all_lock);
    list_push_back(&all_watches, &watch->all);
    spin_unlock(&all_lock);
    spin_lock(&watch->inotify->lock);
    watch->number = ++watch->inotify->last_number;
    rb_add(&watch->inotify->watches, &watch->node, less);
    spin_unlock(&watch->inotify->lock);
    __atomic_fetch_add(&watch_count, 1, __ATOMIC_RELAXED);
}

/* Takes it out and collects it in GONE. The inode's lock is held. */
static void leave(struct watch *watch, struct list *gone)
{
    list_remove(&watch->in_inode);
    spin_lock(&all_lock);
    list_remove(&watch->all);
    spin_unlock(&all_lock);
    spin_lock(&watch->inotify->lock);
    rb_remove(&watch->inotify->watches, &watch->node);
    spin_unlock(&watch->inotify->lock);
    __atomic_fetch_sub(&watch_count, 1, __ATOMIC_RELAXED);
    list_push_back(gone, &watch->in_inode);
}

static void free_all(struct list *gone)
{
    struct list_node *node;
    while ((node = list_pop_front(gone)) != NULL) {
        struct watch *watch = container_of(node, struct watch, in_inode);
        inode_put(watch->inode);
        kfree(watch);
    }
}

static int change_mask(struct watch *watch, uint32_t mask)
{
    if (mask & IN_MASK_CREATE)
        return -EEXIST;
    uint32_t kept = IN_ALL_EVENTS | IN_EXCL_UNLINK | IN_ONESHOT;
    watch->mask = (mask & IN_MASK_ADD ? watch->mask : 0) | (mask & kept);
    return watch->number;
}

int inotify_add(struct file *file, struct inode *inode, uint32_t mask)
{
    struct inotify *inotify = file->data;
    if (__atomic_load_n(&watch_count, __ATOMIC_RELAXED) >= page_total_count() * PAGE_SIZE / 25 / sizeof(struct watch))
        return -ENOSPC;
    struct inode_watches *watches = watches_of(inode);
    struct watch *new = watches ? kmalloc(sizeof *new, ALLOC_ZERO) : NULL, *old = NULL;
    if (new == NULL)
        return -ENOMEM;
    spin_lock(&watches->lock);
    list_for_each(struct watch, watch, &watches->list, in_inode)
    {
        if (watch->inotify == inotify)
            old = watch;
    }
    int result;
    if (old) {
        result = change_mask(old, mask);
    } else {
        new->inotify = inotify;
        new->inode = inode;
        inode_get(inode);
        enter(watches, new);
        result = change_mask(new, mask & ~IN_MASK_CREATE);
    }
    spin_unlock(&watches->lock);
    if (old)
        kfree(new);
    return result;
}

/* Some watch's inode, or that of the one with NUMBER, with a reference; NULL: there is none. */
static struct inode *inode_of_watch(struct inotify *inotify, int number)
{
    spin_lock(&inotify->lock);
    struct watch *watch =
        number > 0 ? find(inotify, number) : rb_entry(rb_first(&inotify->watches), struct watch, node);
    struct inode *inode = watch ? watch->inode : NULL;
    if (inode)
        inode_get(inode);
    spin_unlock(&inotify->lock);
    return inode;
}

/* Takes away the instance's watch on INODE, unless NUMBER is another one's. Whether there was any. */
static bool remove(struct inotify *inotify, struct inode *inode, int number)
{
    struct list gone = LIST_INIT(gone);
    bool found = false;
    spin_lock(&inode->watches->lock);
    list_for_each_safe(struct watch, watch, &inode->watches->list, in_inode)
    {
        if (watch->inotify != inotify || (number > 0 && watch->number != number))
            continue;
        found = true;
        leave(watch, &gone);
    }
    spin_unlock(&inode->watches->lock);
    free_all(&gone);
    return found;
}

int inotify_remove(struct file *file, int number)
{
    struct inotify *inotify = file->data;
    struct inode *inode = number > 0 ? inode_of_watch(inotify, number) : NULL;
    if (inode == NULL)
        return -EINVAL;
    bool found = remove(inotify, inode, number);
    if (found)
        tell(inotify, number, IN_IGNORED, 0, "", 0);
    inode_put(inode);
    return found ? 0 : -EINVAL;
}

/* ------------------------------------------------------------------------------------------------------------------
 * What happens
 */

struct happening {
    uint32_t event, cookie;
    const char *name; /* in the directory that is told; length 0: it is the file itself */
    size_t length;
    bool unlinked; /* the name is gone already */
};

/* Tells all who watch INODE. */
static void deliver(struct inode *inode, const struct happening *what)
{
    struct inode_watches *watches = __atomic_load_n(&inode->watches, __ATOMIC_ACQUIRE);
    struct list gone = LIST_INIT(gone);
    if (watches == NULL)
        return;
    spin_lock(&watches->lock);
    list_for_each_safe(struct watch, watch, &watches->list, in_inode)
    {
        if (!(watch->mask & what->event & IN_ALL_EVENTS) || (what->unlinked && watch->mask & IN_EXCL_UNLINK))
            continue;
        tell(watch->inotify, watch->number, what->event, what->cookie, what->name, what->length);
        if (watch->mask & IN_ONESHOT) {
            tell(watch->inotify, watch->number, IN_IGNORED, 0, "", 0);
            leave(watch, &gone);
        }
    }
    spin_unlock(&watches->lock);
    free_all(&gone);
}

static uint32_t with_kind(uint32_t event, const struct inode *inode)
{
    return event | ((inode->mode & S_IFMT) == S_IFDIR ? IN_ISDIR : 0);
}

void watch_tell_inode(struct inode *inode, uint32_t event)
{
    bool self = event & (IN_MOVE_SELF | IN_DELETE_SELF);
    deliver(inode, &(struct happening){.event = self ? event : with_kind(event, inode), .name = ""});
}

void watch_tell_dentry(struct dentry *dentry, uint32_t event)
{
    char name[NAME_LENGTH_MAX];
    struct happening what = {.event = with_kind(event, dentry->inode), .name = name};
    struct dentry *parent = dentry_parent_and_name(dentry, name, &what.length);
    if (parent != dentry) {
        what.unlinked = !dentry_is_hashed(dentry);
        deliver(parent->inode, &what);
    }
    dentry_put(parent);
    watch_tell_inode(dentry->inode, event);
}

void watch_tell_name(struct inode *dir, const struct inode *of, uint32_t event, const char *name, size_t length)
{
    deliver(dir, &(struct happening){.event = with_kind(event, of), .name = name, .length = length});
}

void watch_tell_move(struct inode *from, const char *old_name, size_t old_length, const struct dentry *dentry)
{
    uint32_t cookie;
    do
        cookie = __atomic_add_fetch(&last_cookie, 1, __ATOMIC_RELAXED);
    while (cookie == 0);
    struct happening goes = {with_kind(IN_MOVED_FROM, dentry->inode), cookie, old_name, old_length, false};
    struct happening comes = {with_kind(IN_MOVED_TO, dentry->inode), cookie, dentry->name, dentry->length, false};
    deliver(from, &goes);
    deliver(dentry->parent->inode, &comes);
}

void watch_tell_gone(struct inode *inode, uint32_t event)
{
    struct list gone = LIST_INIT(gone);
    spin_lock(&inode->watches->lock);
    list_for_each_safe(struct watch, watch, &inode->watches->list, in_inode)
    {
        if (event == IN_UNMOUNT || watch->mask & event)
            tell(watch->inotify, watch->number, event, 0, "", 0);
        tell(watch->inotify, watch->number, IN_IGNORED, 0, "", 0);
        leave(watch, &gone);
    }
    spin_unlock(&inode->watches->lock);
    free_all(&gone);
}

static struct inode *watched_inode_on(const struct superblock *super)
{
    struct inode *inode = NULL;
    spin_lock(&all_lock);
    list_for_each(struct watch, watch, &all_watches, all)
    {
        if (watch->inode->super != super)
            continue;
        inode = watch->inode;
        inode_get(inode);
        break;
    }
    spin_unlock(&all_lock);
    return inode;
}

void watch_tell_unmount(const struct superblock *super)
{
    struct inode *inode;
    while ((inode = watched_inode_on(super)) != NULL) {
        watch_tell_gone(inode, IN_UNMOUNT);
        inode_put(inode);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * The instance as a file
 */

static long read(struct file *file, struct iov *to, uint64_t *position)
{
    struct inotify *inotify = file->data;
    long done = 0;
    for (;;) {
        bool too_large = false;
        struct event *event = take(inotify, to->left, &too_large);
        if (event) {
            size_t size = sizeof event->user + event->user.length;
            bool copied = iov_copy_out(to, &event->user, sizeof event->user) == sizeof event->user &&
                          iov_copy_out(to, event->name, event->user.length) == event->user.length;
            kfree(event);
            if (!copied)
                return done ? done : -EFAULT;
            done += (long)size;
            continue;
        }
        if (done || too_large)
            return done ? done : -EINVAL;
        int error =
            file->flags & O_NONBLOCK ? -EAGAIN : wait_event_interruptible(&inotify->readable, has_events(inotify));
        if (error)
            return error;
    }
}

static unsigned poll(struct file *file, struct poll_table *table)
{
    struct inotify *inotify = file->data;
    poll_wait(table, &inotify->readable);
    return has_events(inotify) ? POLLIN | POLLRDNORM : 0;
}

static long ioctl(struct file *file, unsigned command, uintptr_t argument)
{
    struct inotify *inotify = file->data;
    if (command != FIONREAD)
        return -ENOTTY;
    uint32_t bytes = __atomic_load_n(&inotify->bytes, __ATOMIC_RELAXED);
    return copy_to_user(argument, &bytes);
}

static void release(struct file *file)
{
    struct inotify *inotify = file->data;
    struct inode *inode;
    struct list_node *node;
    while ((inode = inode_of_watch(inotify, 0)) != NULL) {
        remove(inotify, inode, 0);
        inode_put(inode);
    }
    spin_lock(&inotify->lock); /* who took the last watch out has let go of the instance */
    spin_unlock(&inotify->lock);
    while ((node = list_pop_front(&inotify->events)) != NULL)
        kfree(container_of(node, struct event, link));
    kfree(inotify);
}

static const struct file_ops inotify_ops = {
    .read = read, .poll = poll, .ioctl = ioctl, .release = release, .seek = file_seek_nowhere, .stream = true};

bool inotify_is(const struct file *file)
{
    return file->ops == &inotify_ops;
}

struct file *inotify_create(unsigned flags)
{
    struct inotify *inotify = kmalloc(sizeof *inotify, ALLOC_ZERO);
    if (inotify == NULL)
        return NULL;
    spin_lock_init(&inotify->lock, LOCK_RANK_INOTIFY);
    list_init(&inotify->events);
    wait_queue_init(&inotify->readable);
    struct file *file = file_create_anonymous("anon_inode:inotify", &inotify_ops, inotify, O_RDONLY | flags, 0600);
    if (file == NULL)
        kfree(inotify);
    return file;
}
