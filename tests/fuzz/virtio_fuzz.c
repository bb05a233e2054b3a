/*
 * Fuzzes split virtqueues (kernel/drivers/virtio/queue.c) with a device that writes whatever it likes into the memory
 * of the queue, between and during what the driver does. Two bytes of input are one step: what, and with which
 * argument.
 *
 * Whatever the device does: each token comes back once at most, only after it was given, with no more bytes than it had
 * room for; descriptors are not lost; and nothing outside the queue's memory is touched (AddressSanitizer).
 */
#include "tests/unit/virtio_machine.h"

#include <stdlib.h>
#include <string.h>

#define TOKENS 64

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct {
    unsigned descriptors; /* 0: not under way */
    uint32_t room;
} given[TOKENS];
static char tokens[TOKENS];
static unsigned under_way; /* descriptors */

static void require(bool good)
{
    if (!good)
        abort();
}

static void add(struct virtio_queue *queue, uint8_t argument)
{
    struct virtio_buffer buffers[8];
    unsigned out = argument & 3, in = argument >> 2 & 3, token = 0;
    while (token < TOKENS && given[token].descriptors != 0)
        token++;
    if (token == TOKENS)
        return;
    for (unsigned i = 0; i < out + in; i++)
        buffers[i] = (struct virtio_buffer){0x1000 * i, 1u + argument};
    if (virtio_queue_add(queue, buffers, out, in, &tokens[token]) == 0) {
        given[token].descriptors = out + in;
        given[token].room = in * (1u + argument);
        under_way += out + in;
    }
}

static void take(struct virtio_queue *queue)
{
    uint32_t length = UINT32_MAX;
    char *token = virtio_queue_take(queue, &length);
    if (token == NULL)
        return;
    require(token >= tokens && token < tokens + TOKENS);
    require(given[token - tokens].descriptors != 0);
    require(length <= given[token - tokens].room);
    under_way -= given[token - tokens].descriptors;
    given[token - tokens].descriptors = 0;
}

static void step(struct fake_virtio *fake, struct virtio_queue *queue, uint8_t what, uint8_t argument)
{
    uint8_t *memory = (uint8_t *)fake->descriptors;
    size_t size = (size_t)((uint8_t *)&fake->used->ring[fake->size] + 2 - memory);
    int id;
    switch (what % 8) {
    case 0:
    case 1: add(queue, argument); break;
    case 2:
    case 3: take(queue); break;
    case 4: /* as it should be */
        fake->size = virtio_queue_size(queue);
        id = fake_next(fake);
        if (id >= 0)
            fake_complete(fake, (uint32_t)id, argument);
        break;
    case 5: fake_complete(fake, what & 8 ? argument : argument % 16, (uint32_t)what * 0x1010101); break;
    case 6: memory[(what >> 3 | (size_t)argument << 5) % size] = (uint8_t)(argument * 167 + what); break;
    case 7:
        virtio_queue_kick(queue);
        virtio_queue_interrupts(queue, argument & 1);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct fake_virtio *fake = virtio_machine_reset();
    memset(given, 0, sizeof given);
    under_way = 0;
    fake->offered |= data[0] & 1 ? VIRTIO_F_EVENT_IDX : 0;
    require(virtio_begin(&fake->device, 0) == 0);
    struct virtio_queue *queue = virtio_queue_create(&fake->device, 0, 1u << (data[0] >> 1) % 6, NULL, NULL, "fuzz", 0);
    require(queue != NULL);
    for (size_t i = 1; i + 1 < size; i += 2) {
        step(fake, queue, data[i], data[i + 1]);
        require(virtio_queue_free_count(queue) + under_way == virtio_queue_size(queue));
    }
    virtio_fail(&fake->device);
    require(fake_virtio_allocated == 0);
    return 0;
}
