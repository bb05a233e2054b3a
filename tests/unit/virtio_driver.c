/*
 * A virtio driver for the tests of the PCI transport: see virtio_driver.h. Queue memory is the host's.
 */
#include "tests/unit/virtio_driver.h"

#include "drivers/virtio/virtio_internal.h"
#include "drivers/virtio/virtio_pci.h"
#include "lib/errno.h"
#include "tests/unit/pci_machine.h"

#include <stdlib.h>

unsigned test_driver_queues;
struct virtio_device *test_device;
int test_driver_begin;
unsigned test_interrupts[VIRTIO_QUEUES_MAX];

static void handler(struct virtio_queue *queue, void *argument)
{
    test_interrupts[queue->index]++;
}

static int probe(struct virtio_device *device)
{
    test_driver_begin = virtio_begin(device, 0);
    if (test_driver_begin < 0)
        return test_driver_begin;
    for (unsigned i = 0; i < test_driver_queues; i++) {
        if (virtio_queue_create(device, i, 16, handler, NULL, "test", i) == NULL) {
            virtio_fail(device);
            return -EIO;
        }
    }
    virtio_ready(device);
    test_device = device;
    return 0;
}

static const struct virtio_driver driver = {.name = "test", .type = VIRTIO_RNG, .probe = probe};

const struct virtio_driver *const virtio_drivers[] = {&driver, NULL};
const struct pci_driver *const pci_drivers[] = {&virtio_pci_driver, NULL};

void *virtio_memory_allocate(size_t size, paddr_t *address)
{
    if (fake_memory == 0)
        return NULL;
    fake_memory--;
    fake_allocated++;
    void *memory = calloc(1, size);
    *address = (uintptr_t)memory;
    return memory;
}

void virtio_memory_release(void *memory, size_t size)
{
    fake_allocated--;
    free(memory);
}
