/*
 * Waiting for many files: see poll.h.
 *
 * Each file is asked. If none is ready, each is asked again, and the waiter enters the queues that it names; the second
 * answer counts, since what happens after it wakes the waiter. A queue that is woken marks the entry that stands in it,
 * so the waiter afterwards asks only those files again whose entries are marked.
 *
 * The first entries are on the waiter's stack, more of them in pages.
 *
 * Source: poll(2), select(2).
 */
#include "fs/fs.h"
#include "lib/errno.h"
#include "mm/page.h"

/* The waiter's place in one queue. */
struct entry {
    struct waiter waiter;
    struct wait_queue *queue;
    struct waiting *waiting;
    uint32_t index; /* whose queue it is: of the array of files */
    bool marked;    /* the queue has been woken */
};

struct chunk {
    struct chunk *next;
    unsigned used, size;
    struct entry *entries;
};

#define FEW 8
#define PER_PAGE ((PAGE_SIZE - sizeof(struct chunk)) / sizeof(struct entry))

struct waiting {
    struct poll_table table;
    uint32_t index; /* of the file that is being asked */
    bool marked;    /* some entry is */
    bool failed;    /* there was no memory for an entry */
    struct chunk *last;
    struct chunk first;
    struct entry few[FEW];
};

static unsigned ask(struct polled *polled, struct poll_table *table)
{
    polled->events = (uint16_t)(file_poll(polled->file, table) & polled->wanted);
    return polled->events != 0;
}

static bool notify(struct waiter *waiter)
{
    struct entry *entry = container_of(waiter, struct entry, waiter);
    __atomic_store_n(&entry->marked, true, __ATOMIC_RELAXED);
    __atomic_store_n(&entry->waiting->marked, true, __ATOMIC_RELEASE);
    return thread_wake(waiter->thread);
}

static struct chunk *add_chunk(struct waiting *waiting)
{
    struct page *page = page_allocate(0, 0);
    if (page == NULL)
        return NULL;
    struct chunk *chunk = page_memory(page);
    *chunk = (struct chunk){.size = PER_PAGE, .entries = (struct entry *)(chunk + 1)};
    waiting->last->next = chunk;
    return waiting->last = chunk;
}

static void add(struct poll_table *table, struct wait_queue *queue)
{
    struct waiting *waiting = container_of(table, struct waiting, table);
    struct chunk *chunk = waiting->last;
    if (chunk->used == chunk->size && (chunk = add_chunk(waiting)) == NULL) {
        waiting->failed = true;
        return;
    }
    struct entry *entry = &chunk->entries[chunk->used++];
    *entry = (struct entry){.waiter = {.thread = thread_current(), .notify = notify},
        .queue = queue,
        .waiting = waiting,
        .index = waiting->index};
    wait_enqueue(queue, &entry->waiter);
}

/* Asks all; enters queues as long as none is ready. */
static long enter(struct waiting *waiting, struct polled *polled, size_t count)
{
    long ready = 0;
    for (size_t i = 0; i < count; i++) {
        waiting->index = (uint32_t)i;
        if (polled[i].file)
            ready += ask(&polled[i], ready ? NULL : &waiting->table);
    }
    return ready == 0 && waiting->failed ? -ENOMEM : ready;
}

/* Asks those whose queues have been woken. */
static long ask_marked(struct waiting *waiting, struct polled *polled)
{
    long ready = 0;
    if (!__atomic_exchange_n(&waiting->marked, false, __ATOMIC_ACQUIRE))
        return 0;
    for (struct chunk *chunk = &waiting->first; chunk; chunk = chunk->next)
        for (unsigned i = 0; i < chunk->used; i++) {
            struct entry *entry = &chunk->entries[i];
            if (!__atomic_load_n(&entry->marked, __ATOMIC_RELAXED))
                continue;
            __atomic_store_n(&entry->marked, false, __ATOMIC_SEQ_CST); /* before the file is asked */
            if (polled[entry->index].events == 0)                      /* else it has been counted by another queue */
                ready += ask(&polled[entry->index], NULL);
        }
    return ready;
}

static void leave(struct waiting *waiting)
{
    struct chunk *next;
    for (struct chunk *chunk = &waiting->first; chunk; chunk = next) {
        next = chunk->next;
        for (unsigned i = 0; i < chunk->used; i++)
            wait_dequeue(chunk->entries[i].queue, &chunk->entries[i].waiter);
        if (chunk != &waiting->first)
            page_put(page_of(direct_map_physical(chunk)));
    }
}

long poll_files_wait(struct polled *polled, size_t count, uint64_t deadline)
{
    struct waiting waiting;
    int error = 0;
    waiting.table.add = add;
    waiting.marked = waiting.failed = false;
    waiting.first = (struct chunk){.size = FEW, .entries = waiting.few};
    waiting.last = &waiting.first;
    long ready = enter(&waiting, polled, count);
    while (ready == 0 && error == 0) {
        thread_prepare_block();
        if (__atomic_load_n(&waiting.marked, __ATOMIC_ACQUIRE))
            thread_cancel_block();
        else
            error = thread_block_interruptible(deadline);
        ready = ask_marked(&waiting, polled);
    }
    leave(&waiting);
    return ready != 0 || error == -ETIMEDOUT ? ready : error;
}

long poll_files(struct polled *polled, size_t count, uint64_t deadline)
{
    long ready = 0;
    for (size_t i = 0; i < count; i++)
        ready += polled[i].file ? ask(&polled[i], NULL) : polled[i].events != 0;
    return ready != 0 || deadline == 0 ? ready : poll_files_wait(polled, count, deadline);
}
