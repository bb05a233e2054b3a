/*
 * Pipes and FIFOs: see pipe.h.
 *
 * A pipe is a ring of slots, each a page with bytes in it. A write fills whole pages, one a slot, but what does not
 * fill a page goes behind the bytes of the last slot if it fits there whole; so many small writes share a page, and
 * a write of at most PIPE_BUF bytes needs one slot at most, which makes it atomic. Readers take from the first slot. A
 * pipe is full when every slot is taken, however little is in them: that is Linux's measure, too. One page is kept when
 * it becomes free, so that bytes that come and go one after another need no allocation.
 *
 * Who must wait stands in `readable` or `writable`, exclusively: one event wakes one of them. One that has waited and
 * leaves something for the next wakes him. Who polls stands in the same queues and is always woken.
 *
 * Locks: pipe->lock (mutex, rank PIPE; a program's memory is touched under it) guards all of it; poll looks without,
 * having entered the queue first. inode->lock guards inode->pipe and pipe->files. Waking is done without the lock,
 * where possible, so that who wakes up need not wait for it.
 *
 * Source: pipe(7), fifo(7), pipe(2), fcntl(2).
 */
#include "fs/pipe_internal.h"

#include "arch/x86_64/user.h"
#include "fs/mount.h"
#include "lib/errno.h"
#include "mm/slab.h"

#define FIONREAD 0x541bu

static struct pipe *create(void)
{
    struct pipe *pipe = kmalloc(sizeof *pipe, ALLOC_ZERO);
    if (pipe == NULL)
        return NULL;
    mutex_init(&pipe->lock, LOCK_RANK_PIPE);
    pipe->slot_count = SLOTS_DEFAULT;
    pipe->slots = pipe->few;
    wait_queue_init(&pipe->readable);
    wait_queue_init(&pipe->writable);
    return pipe;
}

static void destroy(struct pipe *pipe)
{
    for (; pipe->tail != pipe->head; pipe->tail++)
        page_put(pipe_slot(pipe, pipe->tail)->page);
    if (pipe->spare)
        page_put(pipe->spare);
    if (pipe->slots != pipe->few)
        kfree(pipe->slots);
    kfree(pipe);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Waiting
 */

static void wake_everybody(struct pipe *pipe)
{
    wait_queue_wake_all(&pipe->readable);
    wait_queue_wake_all(&pipe->writable);
}

int pipe_await(struct pipe *pipe, struct wait_queue *queue, bool exclusive, struct wait_queue *other)
{
    struct waiter waiter;
    wait_prepare(queue, &waiter, exclusive);
    mutex_unlock(&pipe->lock);
    if (other)
        pipe_wake(other);
    int error = thread_block_interruptible(THREAD_FOREVER);
    wait_finish(queue, &waiter);
    mutex_lock(&pipe->lock);
    return error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Reading
 */

void pipe_drop_first(struct pipe *pipe)
{
    struct page *page = pipe_slot(pipe, pipe->tail)->page;
    __atomic_store_n(&pipe->tail, pipe->tail + 1, __ATOMIC_RELAXED);
    if (pipe->spare == NULL && page->references == 1)
        pipe->spare = page;
    else
        page_put(page);
}

/* Takes what there is and fits: how many bytes, 0 if it is empty. */
static long take(struct pipe *pipe, struct iov *to)
{
    long taken = 0;
    while (to->left > 0 && !pipe_is_empty(pipe)) {
        struct pipe_slot *first = pipe_slot(pipe, pipe->tail);
        size_t wanted = min_u64(first->length, to->left);
        bool packet = first->packet;
        if (iov_copy_out(to, (char *)page_memory(first->page) + first->offset, wanted) < wanted)
            return taken ? taken : -EFAULT;
        taken += (long)wanted;
        first->offset += (uint16_t)wanted;
        first->length -= (uint16_t)wanted;
        if (first->length == 0 || packet)
            pipe_drop_first(pipe);
        if (packet)
            break;
    }
    return taken;
}

static long read(struct file *file, struct iov *to, uint64_t *position)
{
    struct pipe *pipe = file->data;
    bool was_full, waited = false;
    int error = 0;
    long taken;
    if (to->left == 0)
        return 0;
    mutex_lock(&pipe->lock);
    for (;;) {
        was_full = pipe_is_full(pipe);
        taken = pipe->drained ? 0 : take(pipe, to);
        if (taken != 0 || (pipe->writers == 0 && !pipe->drained))
            break;
        error = file->flags & O_NONBLOCK || to->nonblock ? -EAGAIN : error;
        if (error)
            break;
        error = pipe_await(pipe, &pipe->readable, true, NULL);
        waited = true;
    }
    bool more = waited && !pipe_is_empty(pipe), room = was_full && !pipe_is_full(pipe);
    mutex_unlock(&pipe->lock);
    if (more)
        pipe_wake(&pipe->readable);
    if (room)
        pipe_wake(&pipe->writable);
    return taken != 0 || error == 0 ? taken : error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Writing
 */

/* What does not fill a page goes to the last slot, if there is room for it: how many bytes. */
static long put_behind_last(struct pipe *pipe, struct iov *from)
{
    size_t rest = from->left % PAGE_SIZE;
    if (rest == 0 || pipe_is_empty(pipe))
        return 0;
    struct pipe_slot *last = pipe_slot(pipe, pipe->head - 1);
    size_t end = last->offset + last->length;
    if (last->packet || last->shared || end + rest > PAGE_SIZE)
        return 0;
    if (iov_copy_in(from, (char *)page_memory(last->page) + end, rest) < rest)
        return -EFAULT;
    last->length += (uint16_t)rest;
    return (long)rest;
}

/* Fills one slot: how many bytes. */
static long put_page(struct pipe *pipe, struct iov *from, bool packet)
{
    size_t wanted = min_u64(from->left, PAGE_SIZE);
    struct page *page = pipe->spare;
    if (page == NULL)
        pipe->spare = page = page_allocate(0, ALLOC_MODEST);
    if (page == NULL)
        return -ENOMEM;
    if (iov_copy_in(from, page_memory(page), wanted) < wanted)
        return -EFAULT;
    pipe->spare = NULL;
    *pipe_slot(pipe, pipe->head) = (struct pipe_slot){.page = page, .length = (uint16_t)wanted, .packet = packet};
    __atomic_store_n(&pipe->head, pipe->head + 1, __ATOMIC_RELAXED);
    return (long)wanted;
}

/* Puts in what there is room for. 0: all of it is in; -EAGAIN: it is full. *done grows by the bytes that are in. */
static int put(struct pipe *pipe, struct iov *from, bool packet, size_t *done)
{
    while (from->left > 0) {
        if (pipe_is_full(pipe))
            return -EAGAIN;
        long bytes = put_page(pipe, from, packet);
        if (bytes < 0)
            return (int)bytes;
        *done += (size_t)bytes;
    }
    return 0;
}

/* A whole write; waits for room. *waited: it had to. */
static int put_all(struct file *file, struct iov *from, size_t *done, bool *waited)
{
    struct pipe *pipe = file->data;
    bool packet = file->flags & O_DIRECT;
    int interrupted = 0;
    long behind = pipe->readers && !packet ? put_behind_last(pipe, from) : 0;
    if (behind < 0)
        return (int)behind;
    *done = (size_t)behind;
    for (;;) {
        if (pipe->readers == 0) {
            from->broken = true;
            return -EPIPE;
        }
        int error = put(pipe, from, packet, done);
        if (error != -EAGAIN || file->flags & O_NONBLOCK || from->nonblock)
            return error;
        if (interrupted)
            return interrupted;
        interrupted = pipe_await(pipe, &pipe->writable, true, &pipe->readable);
        *waited = true;
    }
}

static long write(struct file *file, struct iov *from, uint64_t *position)
{
    struct pipe *pipe = file->data;
    bool waited = false;
    size_t done = 0;
    if (from->left == 0)
        return 0;
    mutex_lock(&pipe->lock);
    int error = put_all(file, from, &done, &waited);
    bool room = waited && !pipe_is_full(pipe);
    mutex_unlock(&pipe->lock);
    if (done > 0)
        pipe_wake(&pipe->readable);
    if (room)
        pipe_wake(&pipe->writable);
    return done > 0 ? (long)done : error;
}

/* ------------------------------------------------------------------------------------------------------------------
 * What else can be done with it
 */

static bool reads(const struct file *file)
{
    return (file->flags & O_ACCMODE) != O_WRONLY;
}

static bool writes(const struct file *file)
{
    return (file->flags & O_ACCMODE) != O_RDONLY;
}

static unsigned reader_events(const struct file *file, const struct pipe *pipe)
{
    unsigned events = pipe_is_empty(pipe) ? 0 : POLLIN | POLLRDNORM;
    if (__atomic_load_n(&pipe->writers, __ATOMIC_RELAXED) == 0 &&
        __atomic_load_n(&pipe->writers_ever, __ATOMIC_RELAXED) != file->position)
        events |= POLLHUP;
    return events;
}

static unsigned writer_events(const struct pipe *pipe)
{
    return (pipe_is_full(pipe) ? 0 : POLLOUT | POLLWRNORM) |
           (__atomic_load_n(&pipe->readers, __ATOMIC_RELAXED) == 0 ? POLLERR : 0);
}

__attribute__((noinline)) static void enter_queues(const struct file *file, struct poll_table *table)
{
    struct pipe *pipe = file->data;
    if (reads(file))
        poll_wait(table, &pipe->readable);
    if (writes(file))
        poll_wait(table, &pipe->writable);
}

/* A FIFO that was opened without waiting for a writer is not at its end before one has come and gone: file->position is
 * writers_ever of that time. */
static unsigned poll(struct file *file, struct poll_table *table)
{
    const struct pipe *pipe = file->data;
    if (__builtin_expect(table != NULL, 0))
        enter_queues(file, table);
    return (reads(file) ? reader_events(file, pipe) : 0) | (writes(file) ? writer_events(pipe) : 0);
}

static long ioctl(struct file *file, unsigned command, uintptr_t argument)
{
    struct pipe *pipe = file->data;
    int bytes = 0;
    if (command != FIONREAD)
        return -ENOTTY;
    mutex_lock(&pipe->lock);
    for (uint32_t i = pipe->tail; i != pipe->head; i++)
        bytes += pipe_slot(pipe, i)->length;
    mutex_unlock(&pipe->lock);
    return copy_to_user(argument, &bytes);
}

struct pipe *pipe_of(const struct file *file)
{
    return file->ops == &fifo_file_ops ? file->data : NULL;
}

long pipe_size(struct pipe *pipe)
{
    return (long)(__atomic_load_n(&pipe->slot_count, __ATOMIC_RELAXED) * PAGE_SIZE);
}

/* Gives the pipe, which is locked, COUNT slots; NEW is an array of so many, which is the pipe's if this succeeds. */
static int resize(struct pipe *pipe, struct pipe_slot *new, uint32_t count)
{
    uint32_t used = pipe->head - pipe->tail;
    if (used + pipe->reserved > count)
        return -EBUSY;
    for (uint32_t i = 0; i < used; i++)
        new[i] = *pipe_slot(pipe, pipe->tail + i);
    if (pipe->slots != pipe->few)
        kfree(pipe->slots);
    pipe->slots = new;
    __atomic_store_n(&pipe->slot_count, count, __ATOMIC_RELAXED);
    __atomic_store_n(&pipe->tail, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&pipe->head, used, __ATOMIC_RELAXED);
    return 0;
}

long pipe_set_size(struct pipe *pipe, unsigned size, bool privileged)
{
    if (size > PIPE_SIZE_LIMIT)
        return -EINVAL;
    uint32_t count = 1;
    while (count * PAGE_SIZE < size)
        count *= 2;
    if (count * PAGE_SIZE > PIPE_SIZE_MAX && count > pipe->slot_count && !privileged)
        return -EPERM;
    struct pipe_slot *new = kmalloc(count * sizeof *new, 0);
    if (new == NULL)
        return -ENOMEM;
    mutex_lock(&pipe->lock);
    int error = resize(pipe, new, count);
    mutex_unlock(&pipe->lock);
    if (error)
        kfree(new);
    else
        wait_queue_wake_all(&pipe->writable);
    return error ? error : (long)(count * PAGE_SIZE);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Coming and going
 */

/* The inode's pipe, which has one file more then; makes it if there is none. */
static struct pipe *attach(struct inode *inode)
{
    rwlock_write(&inode->lock);
    if (inode->pipe == NULL)
        inode->pipe = create();
    if (inode->pipe)
        inode->pipe->files++;
    struct pipe *pipe = inode->pipe;
    rwlock_write_unlock(&inode->lock);
    return pipe;
}

static void detach(struct inode *inode, struct pipe *pipe)
{
    rwlock_write(&inode->lock);
    bool last = --pipe->files == 0;
    if (last)
        inode->pipe = NULL;
    rwlock_write_unlock(&inode->lock);
    if (last)
        destroy(pipe);
}

static void enter_locked(const struct file *file, struct pipe *pipe)
{
    if (reads(file)) {
        pipe->readers++;
        pipe->readers_ever++;
    }
    if (writes(file)) {
        pipe->writers++;
        pipe->writers_ever++;
    }
}

static void leave_locked(const struct file *file, struct pipe *pipe)
{
    if (reads(file))
        pipe->readers--;
    if (writes(file))
        pipe->writers--;
}

static void release(struct file *file)
{
    struct pipe *pipe = file->data;
    mutex_lock(&pipe->lock);
    leave_locked(file, pipe);
    bool one_sided = (pipe->readers == 0) != (pipe->writers == 0);
    mutex_unlock(&pipe->lock);
    if (one_sided)
        wake_everybody(pipe);
    detach(file->inode, pipe);
}

/* Waits until *ever is another: one of the other side has come, though he may be gone again. */
static int wait_for_partner(struct pipe *pipe, struct wait_queue *queue, const uint32_t *ever)
{
    uint32_t before = *ever;
    int error = 0;
    while (*ever == before && error == 0)
        error = pipe_await(pipe, queue, false, NULL);
    return *ever == before ? error : 0;
}

/* A pipe's end that is opened again by way of /proc waits for nobody. */
static int enter(struct file *file, struct pipe *pipe)
{
    bool patient = !(file->flags & O_NONBLOCK), fifo = file->path.mount != &mount_anonymous;
    unsigned mode = file->flags & O_ACCMODE;
    if (fifo && mode == O_WRONLY && !patient && pipe->readers == 0)
        return -ENXIO;
    enter_locked(file, pipe);
    wake_everybody(pipe);
    if (!fifo || mode == O_RDWR)
        return 0;
    int error = 0;
    if (mode == O_RDONLY && pipe->writers == 0) {
        if (patient)
            error = wait_for_partner(pipe, &pipe->readable, &pipe->writers_ever);
        else
            file->position = pipe->writers_ever;
    } else if (mode == O_WRONLY && pipe->readers == 0)
        error = wait_for_partner(pipe, &pipe->writable, &pipe->readers_ever);
    if (error) {
        leave_locked(file, pipe);
        wake_everybody(pipe);
    }
    return error;
}

static int open(struct file *file)
{
    if ((file->flags & O_ACCMODE) == O_ACCMODE)
        return -EINVAL;
    struct pipe *pipe = attach(file->inode);
    if (pipe == NULL)
        return -ENOMEM;
    file->data = pipe;
    mutex_lock(&pipe->lock);
    int error = enter(file, pipe);
    mutex_unlock(&pipe->lock);
    if (error)
        detach(file->inode, pipe);
    return error;
}

const struct file_ops fifo_file_ops = {
    .open = open, .release = release, .read = read, .write = write, .poll = poll, .ioctl = ioctl, .stream = true};

int pipe_create(unsigned flags, struct file *ends[2])
{
    struct pipe *pipe = create();
    if (pipe == NULL)
        return -ENOMEM;
    ends[0] = file_create_anonymous("pipe:", &fifo_file_ops, pipe, O_RDONLY | flags, S_IFIFO | 0600);
    if (ends[0] == NULL) {
        destroy(pipe);
        return -ENOMEM;
    }
    ends[0]->inode->pipe = pipe;
    pipe->files = 1;
    enter_locked(ends[0], pipe);
    ends[1] = file_create_beside(ends[0], O_WRONLY | flags);
    if (ends[1] == NULL) {
        file_put(ends[0]);
        return -ENOMEM;
    }
    pipe->files = 2;
    enter_locked(ends[1], pipe);
    return 0;
}
