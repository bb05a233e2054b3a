/*
 * Setting a virtio device up: see virtio.h. The device's status tells how far we are; each step is a bit that we add:
 *
 *     0 -> ACKNOWLEDGE (seen) -> DRIVER (there is one) -> FEATURES_OK (agreed, and still set when read back)
 *       -> DRIVER_OK (it works)
 *
 * and from anywhere FAILED, or 0 again, which resets.
 *
 * Source: VIRTIO 1.2, 2.1, 3.1.1, 2.5.1 (configuration that changes while it is read).
 */
#include "drivers/virtio/virtio_internal.h"

#include "arch/x86_64/io.h"
#include "lib/errno.h"

#define RESET_TRIES 100000u
#define CONFIG_TRIES 100u

static bool reset(struct virtio_device *device)
{
    device->transport->write_status(device, 0);
    for (unsigned tries = 0; tries < RESET_TRIES; tries++) {
        if (device->transport->read_status(device) == 0)
            return true;
        cpu_pause();
    }
    return false;
}

static void add_status(struct virtio_device *device, uint8_t status)
{
    device->transport->write_status(device, device->transport->read_status(device) | status);
}

int virtio_begin(struct virtio_device *device, uint64_t features)
{
    if (!reset(device))
        return -EIO;
    add_status(device, VIRTIO_ACKNOWLEDGE);
    add_status(device, VIRTIO_DRIVER);
    uint64_t offered = device->transport->read_features(device);
    if (!(offered & VIRTIO_F_VERSION_1)) {
        add_status(device, VIRTIO_FAILED);
        return -ENOTSUP;
    }
    device->features = offered & (features | VIRTIO_F_VERSION_1 | VIRTIO_F_EVENT_IDX);
    device->transport->write_features(device, device->features);
    add_status(device, VIRTIO_FEATURES_OK);
    if (!(device->transport->read_status(device) & VIRTIO_FEATURES_OK)) {
        add_status(device, VIRTIO_FAILED);
        return -EIO;
    }
    return 0;
}

void virtio_ready(struct virtio_device *device)
{
    add_status(device, VIRTIO_DRIVER_OK);
}

void virtio_fail(struct virtio_device *device)
{
    bool silent = reset(device);
    device->transport->stop(device);
    for (unsigned i = 0; i < VIRTIO_QUEUES_MAX; i++) {
        /* One that does not reset may go on writing: better that its memory is lost. */
        if (device->queues[i] != NULL && silent)
            virtio_queue_destroy(device->queues[i]);
        device->queues[i] = NULL;
    }
}

bool virtio_read_config(struct virtio_device *device, unsigned offset, void *to, size_t size)
{
    for (unsigned tries = 0; tries < CONFIG_TRIES; tries++) {
        uint8_t generation = device->transport->config_generation(device);
        if (!device->transport->read_config(device, offset, to, size))
            return false;
        if (device->transport->config_generation(device) == generation)
            return true;
    }
    return false;
}
