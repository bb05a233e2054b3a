/*
 * The members of epoll sets: adding, changing, removing, and what becomes of them when their file goes. See epoll.c.
 */
#include "fs/epoll_internal.h"

#include "lib/errno.h"
#include "mm/slab.h"
#include "panic.h"

static struct slab_cache *item_cache;
static uint64_t item_count, item_limit;

void epoll_init(void)
{
    item_cache = slab_cache_create("epoll item", sizeof(struct epoll_item), _Alignof(struct epoll_item));
    if (!item_cache)
        panic("there is not enough memory to start; give the machine more");
    item_limit = page_total_count() * PAGE_SIZE / 25 / sizeof(struct epoll_item);
}

static int compare(const struct epoll_item *item, const struct file *file, int fd)
{
    if (item->file != file)
        return item->file < file ? -1 : 1;
    return item->fd < fd ? -1 : item->fd > fd;
}

static struct epoll_item *find(const struct epoll *epoll, const struct file *file, int fd)
{
    struct rb_node *node = epoll->items.root;
    while (node) {
        struct epoll_item *item = container_of(node, struct epoll_item, node);
        int order = compare(item, file, fd);
        if (order == 0)
            return item;
        node = order < 0 ? node->right : node->left;
    }
    return NULL;
}

static void insert(struct epoll *epoll, struct epoll_item *item)
{
    struct rb_node *parent = NULL, *node = epoll->items.root;
    bool left = true;
    while (node) {
        parent = node;
        left = compare(container_of(node, struct epoll_item, node), item->file, item->fd) > 0;
        node = left ? node->left : node->right;
    }
    rb_insert(&epoll->items, &item->node, parent, left);
}

/* The list of the sets that FILE is in; made when it is wanted first. */
static struct epoll_items *file_items(struct file *file)
{
    struct epoll_items *items = __atomic_load_n(&file->poll_items, __ATOMIC_ACQUIRE);
    if (items)
        return items;
    struct epoll_items *new = kmalloc(sizeof *new, 0);
    if (new == NULL)
        return NULL;
    spin_lock_init(&new->lock, LOCK_RANK_EPOLL_FILE);
    list_init(&new->list);
    if (__atomic_compare_exchange_n(&file->poll_items, &items, new, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return new;
    kfree(new);
    return items;
}

struct joining {
    struct poll_table table;
    struct epoll_item *item;
    bool failed;
};

/* The file names one of its queues. */
static void join(struct poll_table *table, struct wait_queue *queue)
{
    struct joining *joining = container_of(table, struct joining, table);
    struct epoll_item *item = joining->item;
    struct epoll_place *place = &item->place;
    if (place->queue) {
        place = kmalloc(sizeof *place, 0);
        if (place == NULL) {
            joining->failed = true;
            return;
        }
        place->next = item->more;
        item->more = place;
    }
    place->queue = queue;
    place->item = item;
    place->waiter = (struct waiter){.notify = epoll_notify, .exclusive = item->events & EPOLLEXCLUSIVE};
    wait_enqueue(queue, &place->waiter);
}

/* epoll->mutex is held. Who closes the file waits for nobody any more once its list is empty: then it may be gone. */
static void remove(struct epoll *epoll, struct epoll_item *item)
{
    struct epoll_items *items = item->file->poll_items;
    epoll->sets -= epoll_of(item->file) != NULL;
    if (item->place.queue)
        wait_dequeue(item->place.queue, &item->place.waiter);
    for (struct epoll_place *place = item->more, *next; place; place = next) {
        next = place->next;
        wait_dequeue(place->queue, &place->waiter);
        kfree(place);
    }
    spin_lock(&epoll->lock);
    list_remove(&item->in_ready);
    spin_unlock(&epoll->lock);
    spin_lock(&items->lock);
    list_remove(&item->in_file);
    spin_unlock(&items->lock);
    rb_remove(&epoll->items, &item->node);
    slab_free(item_cache, item);
    __atomic_fetch_sub(&item_count, 1, __ATOMIC_RELAXED);
}

static struct epoll_item *create_item(
    struct epoll *epoll, struct file *file, int fd, const struct epoll_event *event, int *error)
{
    struct epoll_item *item = NULL;
    *error = -ENOSPC;
    if (__atomic_add_fetch(&item_count, 1, __ATOMIC_RELAXED) > item_limit)
        goto out_count;
    *error = -ENOMEM;
    if (file_items(file) == NULL || (item = slab_allocate(item_cache, ALLOC_ZERO)) == NULL)
        goto out_count;
    item->epoll = epoll;
    item->file = file;
    item->fd = fd;
    item->events = event->events | POLLERR | POLLHUP;
    item->data = event->data;
    item->harvest = epoll->harvests - 1;
    list_node_init(&item->in_ready);
    list_node_init(&item->in_file);
    return item;
out_count:
    __atomic_fetch_sub(&item_count, 1, __ATOMIC_RELAXED);
    return NULL;
}

int epoll_add(struct epoll *epoll, struct file *file, int fd, const struct epoll_event *event)
{
    int error;
    if (find(epoll, file, fd))
        return -EEXIST;
    struct epoll_item *item = create_item(epoll, file, fd, event, &error);
    if (item == NULL)
        return error;
    insert(epoll, item);
    epoll->sets += epoll_of(file) != NULL;
    spin_lock(&file->poll_items->lock);
    list_push_back(&file->poll_items->list, &item->in_file);
    spin_unlock(&file->poll_items->lock);
    struct joining joining = {.table.add = join, .item = item};
    bool ready = file_poll(file, &joining.table) & item->events;
    if (joining.failed) {
        remove(epoll, item);
        return -ENOMEM;
    }
    if (ready)
        epoll_announce(epoll, item);
    return 0;
}

int epoll_change(struct epoll *epoll, struct file *file, int fd, const struct epoll_event *event)
{
    struct epoll_item *item = find(epoll, file, fd);
    if (item == NULL)
        return -ENOENT;
    if ((item->events | event->events) & EPOLLEXCLUSIVE)
        return -EINVAL;
    spin_lock(&epoll->lock);
    item->events = event->events | POLLERR | POLLHUP;
    item->data = event->data;
    spin_unlock(&epoll->lock);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* who makes the file ready sees the new events, or we see that it is */
    if (file_poll(file, NULL) & item->events)
        epoll_announce(epoll, item);
    return 0;
}

int epoll_remove(struct epoll *epoll, struct file *file, int fd)
{
    struct epoll_item *item = find(epoll, file, fd);
    if (item == NULL)
        return -ENOENT;
    remove(epoll, item);
    return 0;
}

/* One of the sets in the list, with a reference; NULL: there is none. */
static struct epoll *first_set(struct epoll_items *items)
{
    struct epoll *epoll = NULL;
    spin_lock(&items->lock);
    struct list_node *first = list_first(&items->list);
    if (first) {
        epoll = container_of(first, struct epoll_item, in_file)->epoll;
        __atomic_fetch_add(&epoll->references, 1, __ATOMIC_RELAXED);
    }
    spin_unlock(&items->lock);
    return epoll;
}

/* Removes EPOLL's items in the list. Its mutex is held. */
static void remove_items(struct epoll *epoll, struct epoll_items *items)
{
    struct epoll_item *found;
    do {
        found = NULL;
        spin_lock(&items->lock);
        list_for_each(struct epoll_item, item, &items->list, in_file)
        {
            if (item->epoll == epoll)
                found = item;
        }
        spin_unlock(&items->lock);
        if (found)
            remove(epoll, found);
    } while (found);
}

void epoll_file_gone(struct file *file)
{
    struct epoll_items *items = file->poll_items;
    bool set = epoll_of(file) != NULL;
    struct epoll *epoll;
    if (set) /* somebody may be looking at what is above it */
        epoll_nesting_lock();
    while ((epoll = first_set(items)) != NULL) {
        mutex_lock(&epoll->mutex);
        remove_items(epoll, items);
        mutex_unlock(&epoll->mutex);
        epoll_put(epoll);
    }
    file->poll_items = NULL;
    if (set)
        epoll_nesting_unlock();
    kfree(items);
}

void epoll_remove_all(struct epoll *epoll)
{
    struct rb_node *node;
    while ((node = rb_first(&epoll->items)) != NULL)
        remove(epoll, container_of(node, struct epoll_item, node));
}
