/*
 * Epoll sets in epoll sets: they form no circle and no chain of more than LEVELS_MAX. Who adds a set to another holds
 * nesting_lock (rank EPOLL_NESTING) over the check and what follows it, so that nobody else does; a set may leave
 * another at any time, but is not gone as long as nesting_lock is held. See epoll.c.
 *
 * Source: epoll_ctl(2), ELOOP.
 */
#include "fs/epoll_internal.h"

#include "lib/errno.h"

#define LEVELS_MAX 5 /* sets in sets */

static struct mutex nesting_lock = MUTEX_INIT(nesting_lock, EPOLL_NESTING);
static uint32_t nesting_check; /* number of the last one */

void epoll_nesting_lock(void)
{
    mutex_lock(&nesting_lock);
}

void epoll_nesting_unlock(void)
{
    mutex_unlock(&nesting_lock);
}

/* How many levels of sets there are above EPOLL; LEVELS_MAX stands for more, and for SOUGHT being among them. */
static unsigned levels_above(struct epoll *epoll, const struct epoll *sought)
{
    struct epoll_items *items = __atomic_load_n(&epoll->file->poll_items, __ATOMIC_ACQUIRE);
    unsigned levels = 0;
    if (epoll == sought)
        return LEVELS_MAX;
    if (items == NULL)
        return 0;
    if (epoll->seen == nesting_check)
        return epoll->levels;
    spin_lock_nested(&items->lock);
    list_for_each(struct epoll_item, item, &items->list, in_file)
    {
        unsigned above = 1 + levels_above(item->epoll, sought);
        levels = above > levels ? above : levels;
    }
    spin_unlock(&items->lock);
    epoll->seen = nesting_check;
    return epoll->levels = levels;
}

/* How many levels of sets there are in EPOLL. */
static unsigned levels_below(struct epoll *epoll)
{
    unsigned levels = 0;
    if (epoll->seen == nesting_check)
        return epoll->levels;
    mutex_lock_nested(&epoll->mutex);
    for (struct rb_node *node = epoll->sets ? rb_first(&epoll->items) : NULL; node; node = rb_next(node)) {
        struct epoll *member = epoll_of(container_of(node, struct epoll_item, node)->file);
        unsigned below = member ? 1 + levels_below(member) : 0;
        levels = below > levels ? below : levels;
    }
    mutex_unlock(&epoll->mutex);
    epoll->seen = nesting_check;
    return epoll->levels = levels;
}

int epoll_nesting_check(struct epoll *outer, struct epoll *inner)
{
    nesting_check++;
    unsigned above = levels_above(outer, inner);
    nesting_check++;
    return above < LEVELS_MAX && above + levels_below(inner) + 2 <= LEVELS_MAX ? 0 : -ELOOP;
}
