/*
 * Moving pages of bytes into, out of and between pipes, without the program that wants it.
 *
 * Bytes of a file are read into new pages, which then become slots. Bytes for a file are written from the slots' pages;
 * meanwhile the pipe is not locked, but `drained`, and nobody else reads from it. From pipe to pipe the pages go
 * themselves; what both have then (tee, or a part of a slot) is `shared`.
 *
 * Two pipes' locks are taken in the order of their addresses.
 *
 * Source: splice(2), tee(2).
 */
#include "fs/pipe_internal.h"
#include "fs/splice.h"

#include "lib/errno.h"

#define PIECE 16u /* slots at a time */

/* ------------------------------------------------------------------------------------------------------------------
 * From files
 */

/* Waits until there is room: how many slots, or why there never will be, or not now. The lock is held. Not exclusively,
 * here and below: who is woken may go on to wait for something else, and would keep the event from the next. */
static int wait_for_room(struct pipe *pipe, bool nonblock)
{
    int error = 0;
    while (pipe->readers > 0) {
        if (!pipe_is_full(pipe))
            return (int)(pipe->slot_count - pipe->reserved - (pipe->head - pipe->tail));
        error = nonblock ? -EAGAIN : error;
        if (error)
            return error;
        error = pipe_await(pipe, &pipe->writable, false, NULL);
    }
    return -EPIPE;
}

static int reserve(struct pipe *pipe, size_t length, bool nonblock)
{
    mutex_lock(&pipe->lock);
    int room = wait_for_room(pipe, nonblock);
    if (room > 0) {
        room = (int)min_u64(min_u64((uint64_t)room, PIECE), (length + PAGE_SIZE - 1) / PAGE_SIZE);
        pipe->reserved += (uint32_t)room;
    }
    mutex_unlock(&pipe->lock);
    return room;
}

static void push(struct pipe *pipe, const struct pipe_slot *slot)
{
    *pipe_slot(pipe, pipe->head) = *slot;
    __atomic_store_n(&pipe->head, pipe->head + 1, __ATOMIC_RELAXED);
}

/* LENGTH bytes in these pages become slots, of which so many are RESERVED, and the pages the pipe's. */
static void push_pages(struct pipe *pipe, struct page **pages, unsigned reserved, size_t length)
{
    mutex_lock(&pipe->lock);
    pipe->reserved -= reserved;
    for (size_t i = 0; length > 0; i++) {
        size_t piece = min_u64(length, PAGE_SIZE);
        push(pipe, &(struct pipe_slot){.page = pages[i], .length = (uint16_t)piece});
        pages[i] = NULL;
        length -= piece;
    }
    bool room = !pipe_is_full(pipe), bytes = !pipe_is_empty(pipe);
    mutex_unlock(&pipe->lock);
    if (bytes)
        pipe_wake(&pipe->readable);
    if (room)
        pipe_wake(&pipe->writable);
}

/* Allocates up to COUNT pages, for LENGTH bytes. */
static void allocate_pages(
    struct page **pages, struct iov_range *ranges, struct iov *iov, unsigned count, size_t length)
{
    *iov = (struct iov){.ranges = ranges};
    for (; iov->count < count && (pages[iov->count] = page_allocate(0, ALLOC_MODEST)) != NULL; iov->count++) {
        size_t piece = min_u64(length - iov->left, PAGE_SIZE);
        ranges[iov->count] = (struct iov_range){page_memory(pages[iov->count]), piece};
        iov->left += piece;
    }
}

long splice_to_pipe(struct pipe *pipe, struct file *in, uint64_t *position, size_t length, bool nonblock)
{
    struct page *pages[PIECE] = {NULL};
    struct iov_range ranges[PIECE];
    struct iov iov;
    int reserved = reserve(pipe, length, nonblock);
    if (reserved < 0)
        return reserved;
    allocate_pages(pages, ranges, &iov, (unsigned)reserved, length);
    long result = iov.count == 0 ? -ENOMEM : file_read(in, &iov, position);
    push_pages(pipe, pages, (unsigned)reserved, result > 0 ? (size_t)result : 0);
    for (unsigned i = 0; i < PIECE; i++)
        if (pages[i])
            page_put(pages[i]);
    return result;
}

/* ------------------------------------------------------------------------------------------------------------------
 * To files
 */

/* Waits until there is something: 1; 0 at the end; or why not. The lock is held. */
static int wait_for_bytes(struct pipe *pipe, bool nonblock)
{
    int error = 0;
    for (;;) {
        if (!pipe->drained && !pipe_is_empty(pipe))
            return 1;
        if (!pipe->drained && pipe->writers == 0)
            return 0;
        error = nonblock ? -EAGAIN : error;
        if (error)
            return error;
        error = pipe_await(pipe, &pipe->readable, false, NULL);
    }
}

/* Takes the first slots in hand, for up to LENGTH bytes: IOV gets them, and PAGES with a reference each. */
static void begin_drain(
    struct pipe *pipe, struct page *pages[PIECE], struct iov_range ranges[PIECE], struct iov *iov, size_t length)
{
    *iov = (struct iov){.ranges = ranges};
    pipe->drained = true;
    for (uint32_t at = pipe->tail; at != pipe->head && iov->count < PIECE && iov->left < length; at++) {
        const struct pipe_slot *slot = pipe_slot(pipe, at);
        size_t piece = min_u64(slot->length, length - iov->left);
        page_get(slot->page);
        pages[iov->count] = slot->page;
        ranges[iov->count++] = (struct iov_range){(char *)page_memory(slot->page) + slot->offset, piece};
        iov->left += piece;
    }
}

/* So many bytes of it have gone. */
static void end_drain(struct pipe *pipe, size_t done)
{
    bool was_full = pipe_is_full(pipe);
    while (done > 0) {
        struct pipe_slot *slot = pipe_slot(pipe, pipe->tail);
        size_t piece = min_u64(slot->length, done);
        slot->offset += (uint16_t)piece;
        slot->length -= (uint16_t)piece;
        done -= piece;
        if (slot->length == 0)
            pipe_drop_first(pipe);
    }
    pipe->drained = false;
    if (was_full && !pipe_is_full(pipe))
        pipe_wake(&pipe->writable);
    if (!wait_queue_is_empty(&pipe->readable))
        wait_queue_wake_all(&pipe->readable);
}

long splice_from_pipe(struct pipe *pipe, struct file *out, uint64_t *position, size_t length, bool nonblock,
    long (*write)(struct file *file, struct iov *from, uint64_t *position))
{
    struct page *pages[PIECE];
    struct iov_range ranges[PIECE];
    struct iov iov;
    size_t total = 0;
    long result = 0;
    mutex_lock(&pipe->lock);
    while (total < length && (result = total && pipe_is_empty(pipe) ? 0 : wait_for_bytes(pipe, nonblock)) > 0) {
        begin_drain(pipe, pages, ranges, &iov, length - total);
        size_t count = iov.count, wanted = iov.left;
        mutex_unlock(&pipe->lock);
        result = write(out, &iov, position);
        for (size_t i = 0; i < count; i++)
            page_put(pages[i]);
        mutex_lock(&pipe->lock);
        end_drain(pipe, result > 0 ? (size_t)result : 0);
        total += result > 0 ? (size_t)result : 0;
        if (result < (long)wanted)
            break;
    }
    mutex_unlock(&pipe->lock);
    return total ? (long)total : result;
}

/* ------------------------------------------------------------------------------------------------------------------
 * From pipe to pipe
 */

static void lock_both(struct pipe *one, struct pipe *other)
{
    mutex_lock(one < other ? &one->lock : &other->lock);
    mutex_lock_nested(one < other ? &other->lock : &one->lock);
}

static void unlock_both(struct pipe *one, struct pipe *other)
{
    mutex_unlock(&one->lock);
    mutex_unlock(&other->lock);
}

/* Gives slot AT of FROM to TO, or up to LENGTH bytes of it; the page is both's if it is not all, or COPY. How many. */
static size_t pass(struct pipe *from, uint32_t at, struct pipe *to, size_t length, bool copy)
{
    struct pipe_slot *slot = pipe_slot(from, at), new = *slot;
    bool whole = slot->length <= length && !copy;
    if (!whole) {
        page_get(slot->page);
        slot->shared = new.shared = true;
        new.length = (uint16_t)min_u64(slot->length, length);
    }
    push(to, &new);
    if (whole) {
        __atomic_store_n(&from->tail, from->tail + 1, __ATOMIC_RELAXED);
    } else if (!copy) {
        slot->offset += new.length;
        slot->length -= new.length;
    }
    return new.length;
}

/* Both are locked. */
static size_t pass_all(struct pipe *from, struct pipe *to, size_t length, bool copy)
{
    size_t total = 0;
    bool was_full = pipe_is_full(from), was_empty = pipe_is_empty(to);
    uint32_t at = from->tail;
    for (; at != from->head && !pipe_is_full(to) && total < length; at++)
        total += pass(from, at, to, length - total, copy);
    if (was_full && !pipe_is_full(from))
        pipe_wake(&from->writable);
    if (was_empty && total > 0)
        pipe_wake(&to->readable);
    return total;
}

/* Waits for bytes in FROM, then for room in TO: 1, both are likely there; 0: FROM is at its end. */
static int wait_for_both(struct pipe *from, struct pipe *to, bool nonblock)
{
    mutex_lock(&from->lock);
    int result = wait_for_bytes(from, nonblock);
    mutex_unlock(&from->lock);
    if (result <= 0)
        return result;
    mutex_lock(&to->lock);
    result = wait_for_room(to, nonblock);
    mutex_unlock(&to->lock);
    return result;
}

long splice_between(struct pipe *from, struct pipe *to, size_t length, bool nonblock, bool copy)
{
    for (;;) {
        int result = wait_for_both(from, to, nonblock);
        if (result <= 0)
            return result;
        lock_both(from, to);
        size_t total = from->drained || to->readers == 0 ? 0 : pass_all(from, to, length, copy);
        unlock_both(from, to);
        if (total > 0)
            return (long)total;
    }
}
