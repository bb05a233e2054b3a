/*
 * Fuzzes the PCI transport of virtio (kernel/drivers/virtio/virtio_pci.c): 256 bytes are the device's configuration
 * space, all further ones what is in its registers. Nothing may be touched beyond what was mapped, everything is given
 * back.
 */
#include "drivers/virtio/virtio_internal.h"
#include "drivers/virtio/virtio_pci.h"
#include "tests/unit/pci_machine.h"
#include "tests/unit/virtio_driver.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t *contents;
static size_t contents_size;

static void require(bool good)
{
    if (!good)
        abort();
}

static void fill(uint64_t address, uint8_t *memory, size_t size)
{
    for (size_t i = 0; i < size && contents_size != 0; i++)
        memory[i] = contents[i % contents_size];
    if (size >= 28 && contents_size == 0)
        memory[4] = 1;
}

static void use(struct virtio_device *device)
{
    uint8_t config[8];
    virtio_read_config(device, 4, config, sizeof config);
    for (unsigned i = 0; i < VIRTIO_QUEUES_MAX; i++) {
        struct virtio_queue *queue = device->queues[i];
        struct virtio_buffer buffer = {0x1000, 16};
        uint32_t length;
        if (queue == NULL)
            continue;
        virtio_queue_add(queue, &buffer, 0, 1, device);
        virtio_queue_kick(queue);
        require(virtio_queue_take(queue, &length) == NULL);
    }
    for (unsigned vector = INTERRUPT_FIRST; vector < INTERRUPT_LAST; vector++) {
        if (fake_vectors[vector].handler != NULL)
            fake_vectors[vector].handler(fake_vectors[vector].argument);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    pci_machine_reset();
    struct fake_function *f = pci_machine_add(0, 3, 0, 0x1af4, 0x1044);
    test_driver_queues = data[0] % 4;
    test_device = NULL;
    size_t part = min_u64(size - 2, 256 - 0x0c);
    memcpy(f->bytes + 0x0c, data + 2, part);
    f->bytes[PCI_HEADER_TYPE] = 0;
    fake_put(f, PCI_STATUS, PCI_STATUS_CAPABILITIES, 2);
    fake_bar64(f, 4, 0x800000000, 0x1000u << data[1] % 4);
    contents = data + 2 + part;
    contents_size = size - 2 - part;
    fake_fill = fill;
    pci_init(pci_drivers);
    if (test_device != NULL) {
        use(test_device);
        virtio_pci_release(test_device);
    }
    pci_machine_reset();
    require(fake_mapped == 0 && fake_allocated == 0);
    return 0;
}
