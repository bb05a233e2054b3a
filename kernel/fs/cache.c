/*
 * The page cache: see cache.h. Each page in it has one reference of the cache's own, and one for each place that maps
 * it.
 */
#include "fs/cache.h"

#include "fs/attributes.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "time/clock.h"

static struct radix_node *allocate_node(void)
{
    return kmalloc(sizeof(struct radix_node), ALLOC_ZERO);
}

static void free_node(struct radix_node *node)
{
    kfree(node);
}

static const struct radix_memory memory = {.allocate = allocate_node, .free = free_node};

static struct page_cache *cache_of(const struct inode *inode)
{
    return inode->object->owner;
}

/* The page with a reference, if it is there. */
static struct page *peek(struct vm_object *object, uint64_t index)
{
    struct page_cache *cache = object->owner;
    spin_lock(&object->lock);
    struct page *page = radix_get(&cache->pages, index);
    if (page)
        page_get(page);
    spin_unlock(&object->lock);
    return page;
}

static int insert(struct page_cache *cache, uint64_t index, struct page *page)
{
    spin_lock(&cache->object.lock);
    int error = radix_set(&cache->pages, index, page);
    spin_unlock(&cache->object.lock);
    return error;
}

static int charge(struct page_quota *quota)
{
    if (quota == NULL)
        return 0;
    uint64_t limit = __atomic_load_n(&quota->limit, __ATOMIC_RELAXED);
    if (__atomic_add_fetch(&quota->used, 1, __ATOMIC_RELAXED) <= limit || limit == 0)
        return 0;
    __atomic_fetch_sub(&quota->used, 1, __ATOMIC_RELAXED);
    return -ENOSPC;
}

static void discharge(struct page_quota *quota, uint64_t pages)
{
    if (quota)
        __atomic_fetch_sub(&quota->used, pages, __ATOMIC_RELAXED);
}

/* Makes the page, which is not there. `fill` is held. */
static int fill_locked(struct page_cache *cache, uint64_t index, struct page **result)
{
    int error = charge(cache->quota);
    if (error)
        return error;
    struct page *page = page_allocate(0, (cache->read_page ? 0 : ALLOC_ZERO) | (cache->quota ? ALLOC_MODEST : 0));
    if (page == NULL) {
        discharge(cache->quota, 1);
        return cache->quota ? -ENOSPC : -ENOMEM; /* a file system that has no room left */
    }
    page_mark(page, cache->read_page ? PAGE_FILE : PAGE_SHARED_MEMORY);
    error = cache->read_page ? cache->read_page(cache->inode, index, page_memory(page)) : 0;
    if (!error)
        error = insert(cache, index, page);
    if (error) {
        page_put(page);
        discharge(cache->quota, 1);
        return error;
    }
    page_get(page);
    *result = page;
    return 0;
}

static int get(struct page_cache *cache, uint64_t index, struct page **page)
{
    int error = 0;
    *page = peek(&cache->object, index);
    if (*page)
        return 0;
    mutex_lock(&cache->fill);
    *page = peek(&cache->object, index);
    if (*page == NULL)
        error = fill_locked(cache, index, page);
    mutex_unlock(&cache->fill);
    return error;
}

static bool holds(struct vm_object *object, uint64_t index)
{
    const struct page_cache *cache = object->owner;
    return index < align_up(__atomic_load_n(&cache->inode->size, __ATOMIC_ACQUIRE), PAGE_SIZE) / PAGE_SIZE;
}

/* A page for a mapping: only within the file. A truncation that goes by meanwhile is vm_fault's to notice. */
static int get_page(struct vm_object *object, uint64_t index, bool write, struct page **page)
{
    int error = holds(object, index) ? get(object->owner, index, page) : -EFAULT;
    return error == -ENOSPC ? -EFAULT : error;
}

static void get_inode(struct vm_object *object)
{
    struct page_cache *cache = object->owner;
    inode_get(cache->inode);
}

static void put_inode(struct vm_object *object)
{
    struct page_cache *cache = object->owner;
    inode_put(cache->inode);
}

static const struct vm_object_ops cache_ops = {
    .get_page = get_page, .peek_page = peek, .holds = holds, .get = get_inode, .put = put_inode};

struct page_cache *page_cache_of(const struct inode *inode)
{
    return inode->object && inode->object->ops == &cache_ops ? cache_of(inode) : NULL;
}

/* Takes the pages from FIRST up to END out, and gives them back. */
static void remove_pages(struct page_cache *cache, uint64_t first, uint64_t end)
{
    uint64_t count = 0;
    for (uint64_t index = first;; count++) {
        spin_lock(&cache->object.lock);
        struct page *page = radix_next(&cache->pages, &index);
        if (page && index < end)
            radix_remove(&cache->pages, index);
        else
            page = NULL;
        spin_unlock(&cache->object.lock);
        if (page == NULL)
            break;
        page_put(page);
    }
    discharge(cache->quota, count);
}

void page_cache_destroy(struct inode *inode)
{
    struct page_cache *cache = cache_of(inode);
    remove_pages(cache, 0, UINT64_MAX);
    kfree(cache);
    inode->object = NULL;
}

struct page_cache *page_cache_create(struct inode *inode, int (*read_page)(struct inode *, uint64_t, void *))
{
    struct page_cache *cache = kmalloc(sizeof *cache, ALLOC_ZERO);
    if (cache == NULL)
        return NULL;
    vm_object_init(&cache->object, &cache_ops, cache);
    mutex_init(&cache->fill, LOCK_RANK_CACHE);
    cache->inode = inode;
    cache->pages.memory = &memory;
    cache->read_page = read_page;
    cache->seals = F_SEAL_SEAL;
    inode->object = &cache->object;
    return cache;
}

uint64_t page_cache_pages(const struct inode *inode)
{
    return inode->object ? cache_of(inode)->pages.count : 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Reading and writing
 */

/* One page's worth, out of a page that may be missing: a hole in a file that has no disk. */
static size_t read_piece(struct page_cache *cache, struct iov *to, uint64_t position, size_t length, int *error)
{
    size_t offset = position % PAGE_SIZE;
    struct page *page = peek(&cache->object, position / PAGE_SIZE);
    if (page == NULL && cache->read_page == NULL)
        return iov_zero(to, length);
    if (page == NULL && (*error = get(cache, position / PAGE_SIZE, &page)) < 0)
        return 0;
    size_t done = iov_copy_out(to, (char *)page_memory(page) + offset, length);
    page_put(page);
    return done;
}

long page_cache_read(struct file *file, struct iov *to, uint64_t *position)
{
    struct inode *inode = file->inode;
    struct page_cache *cache = cache_of(inode);
    size_t total = 0, wanted = to->left;
    int error = 0;
    while (total < wanted) {
        uint64_t size = __atomic_load_n(&inode->size, __ATOMIC_ACQUIRE);
        if (*position >= size)
            break;
        size_t piece = min_u64(min_u64(wanted - total, PAGE_SIZE - *position % PAGE_SIZE), size - *position);
        size_t done = read_piece(cache, to, *position, piece, &error);
        total += done;
        *position += done;
        if (done < piece) {
            error = error ? error : -EFAULT;
            break;
        }
    }
    file_accessed(file);
    return total || !error ? (long)total : error;
}

static int check_write(const struct page_cache *cache, uint64_t end)
{
    if (__builtin_expect(cache->seals == F_SEAL_SEAL, 1))
        return 0;
    return cache->seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE) ||
                   (cache->seals & F_SEAL_GROW && end > cache->inode->size)
               ? -EPERM
               : 0;
}

static size_t write_piece(struct page_cache *cache, struct iov *from, uint64_t position, size_t length, int *error)
{
    struct page *page;
    *error = check_write(cache, position + length);
    if (!*error)
        *error = get(cache, position / PAGE_SIZE, &page);
    if (*error)
        return 0;
    size_t done = iov_copy_in(from, (char *)page_memory(page) + position % PAGE_SIZE, length);
    page_put(page);
    return done;
}

/* Attributes after a write up to END. The inode is locked. */
static void grow(struct inode *inode, uint64_t end)
{
    if (end > inode->size)
        __atomic_store_n(&inode->size, end, __ATOMIC_RELEASE);
    inode->blocks = page_cache_pages(inode) * (PAGE_SIZE / 512);
    inode->modified = inode->changed = (fs_time_t)clock_wall();
}

/* How many of the WANTED bytes may be written at POSITION: -EFBIG when there are some, and none may. */
static long writable_length(struct iov *from, uint64_t position, size_t wanted)
{
    uint64_t end = from->limited ? min_u64(from->limit, INT64_MAX) : INT64_MAX;
    if (wanted == 0 || position < end)
        return (long)min_u64(wanted, end - min_u64(position, end));
    from->exceeds = from->limited;
    return -EFBIG;
}

static long write_locked(struct file *file, struct iov *from, uint64_t *position)
{
    struct page_cache *cache = cache_of(file->inode);
    size_t total = 0;
    int error = 0;
    if (from->append)
        *position = file->inode->size;
    long wanted = writable_length(from, *position, from->left);
    if (wanted < 0)
        return wanted;
    while (total < (size_t)wanted) {
        size_t piece = min_u64((size_t)wanted - total, PAGE_SIZE - *position % PAGE_SIZE);
        size_t done = write_piece(cache, from, *position, piece, &error);
        total += done;
        *position += done;
        if (done < piece) {
            error = error ? error : -EFAULT;
            break;
        }
    }
    if (total)
        grow(file->inode, *position);
    return total || !error ? (long)total : error;
}

/*
 * The inode stays locked over the copy, so writes do not mix. The copy takes page faults, on a map of this very file
 * perhaps: those take no inode's lock.
 */
long page_cache_write(struct file *file, struct iov *from, uint64_t *position)
{
    rwlock_write(&file->inode->lock);
    long result = write_locked(file, from, position);
    rwlock_write_unlock(&file->inode->lock);
    return result;
}

static void clear_rest(struct page_cache *cache, uint64_t size)
{
    struct page *page = size % PAGE_SIZE ? peek(&cache->object, size / PAGE_SIZE) : NULL;
    if (page == NULL)
        return;
    memset((char *)page_memory(page) + size % PAGE_SIZE, 0, PAGE_SIZE - size % PAGE_SIZE);
    page_put(page);
}

int page_cache_truncate(struct inode *inode, uint64_t size)
{
    struct page_cache *cache = cache_of(inode);
    uint64_t first = align_up(size, PAGE_SIZE) / PAGE_SIZE;
    bool shorter = size < inode->size;
    if ((shorter && cache->seals & F_SEAL_SHRINK) || (size > inode->size && cache->seals & F_SEAL_GROW))
        return -EPERM;
    __atomic_store_n(&inode->size, size, __ATOMIC_RELEASE);
    if (!shorter)
        return 0;
    mutex_lock(&cache->fill);
    vm_object_unmap(&cache->object, first, UINT64_MAX);
    remove_pages(cache, first, UINT64_MAX);
    clear_rest(cache, size);
    mutex_unlock(&cache->fill);
    inode->blocks = page_cache_pages(inode) * (PAGE_SIZE / 512);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Holes
 */

#define LOOK_AT_ONCE 1024 /* pages, with a spin lock held */

/* How many pages are missing in [first, end). The inode is locked, so there will not be fewer than that. */
static uint64_t missing_pages(struct page_cache *cache, uint64_t first, uint64_t end)
{
    uint64_t there = 0, index = first;
    void *page = cache; /* any */
    while (index < end && page) {
        uint64_t stop = min_u64(end, index + LOOK_AT_ONCE);
        spin_lock(&cache->object.lock);
        for (; (page = radix_next(&cache->pages, &index)) != NULL && index < stop; index++)
            there++;
        spin_unlock(&cache->object.lock);
    }
    return end - first - there;
}

/* Room for them all, or an error before anything has changed. */
static int check_room(const struct page_cache *cache, uint64_t pages)
{
    uint64_t limit = cache->quota ? __atomic_load_n(&cache->quota->limit, __ATOMIC_RELAXED) : 0;
    uint64_t used = cache->quota ? __atomic_load_n(&cache->quota->used, __ATOMIC_RELAXED) : 0;
    return limit == 0 || (used <= limit && pages <= limit - used) ? 0 : -ENOSPC;
}

static int fill_range(struct page_cache *cache, uint64_t first, uint64_t end)
{
    int error = check_room(cache, missing_pages(cache, first, end));
    for (uint64_t index = first; index < end && !error; index++) {
        struct page *page;
        error = get(cache, index, &page);
        if (!error)
            page_put(page);
        if (thread_current()->attention)
            error = error ? error : -EINTR;
    }
    if (error) /* those behind the end of the file were of no use but to this call */
        remove_pages(cache, max_u64(first, align_up(cache->inode->size, PAGE_SIZE) / PAGE_SIZE), end);
    return error;
}

/* Zeros in [offset, end), which lies in one page. */
static void clear_piece(struct page_cache *cache, uint64_t offset, uint64_t end)
{
    struct page *page = offset < end ? peek(&cache->object, offset / PAGE_SIZE) : NULL;
    if (page == NULL)
        return;
    memset((char *)page_memory(page) + offset % PAGE_SIZE, 0, end - offset);
    page_put(page);
}

/* Takes the page at *INDEX or after it out; one that somebody else refers to stays, and becomes zeros. False: there is
 * none before END. */
static bool punch_page(struct page_cache *cache, uint64_t *index, uint64_t end)
{
    spin_lock(&cache->object.lock);
    struct page *page = radix_next(&cache->pages, index);
    if (page && *index >= end)
        page = NULL;
    bool taken = page && page->references == 1;
    if (taken)
        radix_remove(&cache->pages, *index);
    else if (page)
        page_get(page);
    spin_unlock(&cache->object.lock);
    if (page == NULL)
        return false;
    if (taken)
        discharge(cache->quota, 1);
    else
        memset(page_memory(page), 0, PAGE_SIZE);
    page_put(page);
    ++*index;
    return true;
}

static void punch(struct page_cache *cache, uint64_t offset, uint64_t end)
{
    uint64_t first = align_up(offset, PAGE_SIZE), last = align_down(end, PAGE_SIZE);
    if (first > last) { /* all within one page */
        clear_piece(cache, offset, end);
        return;
    }
    clear_piece(cache, offset, first);
    clear_piece(cache, last, end);
    mutex_lock(&cache->fill);
    for (uint64_t index = first / PAGE_SIZE; punch_page(cache, &index, last / PAGE_SIZE);)
        ;
    mutex_unlock(&cache->fill);
}

int page_cache_allocate(struct file *file, int mode, uint64_t offset, uint64_t length)
{
    struct inode *inode = file->inode;
    struct page_cache *cache = cache_of(inode);
    uint64_t end = offset + length;
    if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE) || cache->read_page)
        return -EOPNOTSUPP;
    rwlock_write(&inode->lock);
    unsigned forbidding = mode & FALLOC_FL_PUNCH_HOLE ? F_SEAL_WRITE | F_SEAL_FUTURE_WRITE
                          : end > inode->size         ? F_SEAL_GROW
                                                      : 0;
    int error = cache->seals & forbidding ? -EPERM : 0;
    if (!error && mode & FALLOC_FL_PUNCH_HOLE)
        punch(cache, offset, end);
    else if (!error)
        error = fill_range(cache, offset / PAGE_SIZE, align_up(end, PAGE_SIZE) / PAGE_SIZE);
    if (!error && !(mode & FALLOC_FL_KEEP_SIZE) && end > inode->size)
        __atomic_store_n(&inode->size, end, __ATOMIC_RELEASE);
    inode->blocks = page_cache_pages(inode) * (PAGE_SIZE / 512);
    if (!error)
        inode->modified = inode->changed = (fs_time_t)clock_wall();
    rwlock_write_unlock(&inode->lock);
    return error;
}

/* Where data, or a hole, begins at or after OFFSET, within SIZE. */
static uint64_t find_edge(struct page_cache *cache, uint64_t offset, uint64_t size, bool data)
{
    uint64_t index = offset / PAGE_SIZE, at = index, stop = at;
    while (at == stop && at * PAGE_SIZE < size) {
        stop = at + LOOK_AT_ONCE;
        spin_lock(&cache->object.lock);
        if (data)
            at = radix_next(&cache->pages, &at) ? at : UINT64_MAX / PAGE_SIZE;
        else
            while (at < stop && at * PAGE_SIZE < size && radix_get(&cache->pages, at))
                at++;
        spin_unlock(&cache->object.lock);
    }
    return at == index ? offset : at * PAGE_SIZE;
}

long page_cache_seek(struct file *file, int64_t offset, int whence)
{
    struct inode *inode = file->inode;
    if (whence != SEEK_DATA && whence != SEEK_HOLE)
        return file_seek_within(file, offset, whence);
    rwlock_read(&inode->lock);
    uint64_t size = inode->size, to = UINT64_MAX;
    if (offset >= 0 && (uint64_t)offset < size)
        to = find_edge(cache_of(inode), (uint64_t)offset, size, whence == SEEK_DATA);
    rwlock_read_unlock(&inode->lock);
    if (to == UINT64_MAX || (to >= size && whence == SEEK_DATA))
        return -ENXIO;
    return file_seek_within(file, (int64_t)min_u64(to, size), SEEK_SET);
}
