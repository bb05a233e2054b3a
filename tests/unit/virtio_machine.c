/*
 * A virtio device that a test plays: see virtio_machine.h.
 */
#include "tests/unit/virtio_machine.h"

#include "log.h"
#include "mm/slab.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int fake_virtio_allocated;
unsigned fake_virtio_memory;
unsigned fake_virtio_errors;
static struct fake_virtio fake;

static struct fake_virtio *fake_of(struct virtio_device *device)
{
    return container_of(device, struct fake_virtio, device);
}

static uint64_t read_features(struct virtio_device *device)
{
    return fake_of(device)->offered;
}

static void write_features(struct virtio_device *device, uint64_t features)
{
    fake_of(device)->accepted = features;
}

static uint8_t read_status(struct virtio_device *device)
{
    struct fake_virtio *f = fake_of(device);
    if (f->status == 0 && f->resets_after > 0) {
        if (f->resets_after != UINT_MAX)
            f->resets_after--;
        return 0x80;
    }
    return f->status;
}

static void write_status(struct virtio_device *device, uint8_t status)
{
    struct fake_virtio *f = fake_of(device);
    size_t length = strlen(f->story);
    snprintf(f->story + length, sizeof f->story - length, "%x ", status);
    f->status = f->refuses_features ? status & ~VIRTIO_FEATURES_OK : status;
}

static unsigned queue_size(struct virtio_device *device, unsigned index)
{
    return index == 0 ? fake_of(device)->offered_size : 0;
}

static int queue_start(struct virtio_device *device, struct virtio_queue *queue,
    const struct virtio_ring_addresses *addresses, const char *name, unsigned cpu)
{
    struct fake_virtio *f = fake_of(device);
    f->descriptors = (struct virtio_descriptor *)addresses->descriptors;
    f->available = (struct virtio_available *)addresses->available;
    f->used = (struct virtio_used *)addresses->used;
    f->size = virtio_queue_size(queue);
    f->seen = 0;
    return f->start_result;
}

static void notify(struct virtio_queue *queue)
{
    fake_of(queue->device)->notified++;
}

static void stop(struct virtio_device *device)
{
    fake_of(device)->stopped++;
}

static uint8_t config_generation(struct virtio_device *device)
{
    struct fake_virtio *f = fake_of(device);
    if (f->generation_steps > 0) {
        f->generation_steps--;
        f->generation++;
    }
    return f->generation;
}

static bool read_config(struct virtio_device *device, unsigned offset, void *to, size_t size)
{
    memset(to, 0x5a, size);
    return offset + size <= 16;
}

static void *allocate(size_t size, paddr_t *address)
{
    if (fake_virtio_memory == 0)
        return NULL;
    fake_virtio_memory--;
    fake_virtio_allocated++;
    void *memory = calloc(1, size);
    *address = (uintptr_t)memory;
    return memory;
}

static void release(void *memory, size_t size)
{
    fake_virtio_allocated--;
    free(memory);
}

struct fake_virtio *virtio_machine_reset(void)
{
    static const struct virtio_transport_ops ops = {
        .read_features = read_features,
        .write_features = write_features,
        .read_status = read_status,
        .write_status = write_status,
        .queue_size = queue_size,
        .queue_start = queue_start,
        .notify = notify,
        .stop = stop,
        .config_generation = config_generation,
        .read_config = read_config,
        .allocate = allocate,
        .release = release,
    };
    fake = (struct fake_virtio){.offered = VIRTIO_F_VERSION_1, .offered_size = VIRTIO_QUEUE_SIZE_MAX, .status = 0xf};
    fake.device = (struct virtio_device){.type = VIRTIO_RNG, .transport = &ops};
    fake_virtio_memory = UINT_MAX;
    fake_virtio_errors = 0;
    return &fake;
}

int fake_next(struct fake_virtio *f)
{
    if (f->seen == f->available->index)
        return -1;
    return f->available->ring[f->seen++ % f->size];
}

void fake_complete(struct fake_virtio *f, uint32_t id, uint32_t length)
{
    f->used->ring[f->used->index % f->size] = (struct virtio_used_entry){id, length};
    f->used->index++;
}

void *kmalloc(size_t size, unsigned flags)
{
    if (fake_virtio_memory == 0)
        return NULL;
    fake_virtio_memory--;
    fake_virtio_allocated++;
    return calloc(1, size);
}

void kfree(void *object)
{
    fake_virtio_allocated -= object != NULL;
    free(object);
}

void log_write(enum log_level level, const char *format, ...)
{
    fake_virtio_errors += level <= LOG_ERROR;
}
