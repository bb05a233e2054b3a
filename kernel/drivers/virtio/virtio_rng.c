/*
 * The virtio entropy device: one queue, into which one buffer is put; it comes back filled. It is asked at the start,
 * and whenever the generator has made a new key of what it had: then what comes is there for the next one.
 *
 * One device is enough; a second one is left alone.
 *
 * `lock` (rank DEVICE) guards the queue and `under_way`. virtio_rng_request may be called with any lock held, so it
 * only tries to take it: who holds it is about to ask, or to take what came.
 *
 * Source: VIRTIO 1.2, 5.4.
 */
#include "drivers/virtio/virtio_rng.h"

#include "arch/x86_64/spinlock.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/page.h"
#include "random.h"

#define BYTES 64 /* at a time: twice what the generator's key has */

static struct spinlock lock = SPINLOCK_INIT(DEVICE);
static struct virtio_queue *queue; /* NULL: there is no device */
static struct page *page;          /* what the device writes to */
static bool under_way;
static uint64_t received;

uint64_t virtio_rng_received(void)
{
    return __atomic_load_n(&received, __ATOMIC_RELAXED);
}

bool virtio_rng_request(void)
{
    if (__atomic_load_n(&queue, __ATOMIC_ACQUIRE) == NULL)
        return false;
    if (!spin_try_lock(&lock))
        return true;
    struct virtio_buffer buffer = {.address = page_address(page), .length = BYTES};
    if (!under_way && virtio_queue_add(queue, &buffer, 0, 1, page) == 0) {
        under_way = true;
        virtio_queue_kick(queue);
    }
    spin_unlock(&lock);
    return true;
}

/* Bytes are copied out first: the device could change those in the page while they are hashed. */
static void take(struct virtio_queue *from, void *argument)
{
    uint8_t bytes[BYTES];
    uint32_t length = 0;
    spin_lock(&lock);
    bool came = virtio_queue_take(from, &length) != NULL;
    if (came) {
        memcpy(bytes, page_memory(page), length);
        under_way = false;
    }
    spin_unlock(&lock);
    if (!came)
        return;
    random_add_entropy(bytes, length, 8 * length);
    memset(bytes, 0, sizeof bytes);
    __atomic_fetch_add(&received, length, __ATOMIC_RELAXED);
}

static void request_more(void)
{
    virtio_rng_request();
}

static int probe(struct virtio_device *device)
{
    struct virtio_queue *q;
    if (queue != NULL)
        return -EEXIST;
    page = page_allocate(0, ALLOC_ZERO);
    if (page == NULL)
        return -ENOMEM;
    int result = virtio_begin(device, 0);
    if (result < 0)
        goto out_free;
    result = -EIO;
    q = virtio_queue_create(device, 0, 4, take, NULL, "virtio-rng", INTERRUPT_ANY_CPU);
    if (q == NULL)
        goto out_fail;
    virtio_ready(device);
    __atomic_store_n(&queue, q, __ATOMIC_RELEASE);
    random_set_source(request_more);
    return 0;

out_fail:
    virtio_fail(device);
out_free:
    page_free(page, 0);
    return result;
}

const struct virtio_driver virtio_rng_driver = {.name = "virtio-rng", .type = VIRTIO_RNG, .probe = probe};
