/*
 * Virtio (kernel/drivers/virtio): negotiation and split queues, with devices that keep the rules and devices that do
 * not.
 */
#include "tests/unit/unit.h"

#include "lib/errno.h"
#include "tests/unit/virtio_machine.h"

#include <limits.h>
#include <string.h>

static char tokens[300];

static void handler(struct virtio_queue *queue, void *argument) {}

static struct fake_virtio *fake;

/* A device with a queue of SIZE, and these features beside VERSION_1. */
static struct virtio_queue *begin(unsigned size, uint64_t features)
{
    fake = virtio_machine_reset();
    fake->offered |= features;
    assert_int_equal(virtio_begin(&fake->device, features), 0);
    struct virtio_queue *queue = virtio_queue_create(&fake->device, 0, size, handler, NULL, "test", 0);
    assert_non_null(queue);
    virtio_ready(&fake->device);
    return queue;
}

static void end(void)
{
    virtio_fail(&fake->device);
    assert_int_equal(fake_virtio_allocated, 0);
}

/* One chain of OUT and IN buffers, of 100 bytes each. */
static int add(struct virtio_queue *queue, unsigned out, unsigned in, unsigned token)
{
    struct virtio_buffer buffers[300];
    for (unsigned i = 0; i < out + in; i++)
        buffers[i] = (struct virtio_buffer){0x1000 * (token + 1) + i, 100};
    return virtio_queue_add(queue, buffers, out, in, &tokens[token]);
}

static void assert_taken(struct virtio_queue *queue, int token, uint32_t length)
{
    uint32_t taken = 0xdeadbeef;
    void *got = virtio_queue_take(queue, &taken);
    assert_ptr_equal(got, token < 0 ? NULL : &tokens[token]);
    if (token >= 0)
        assert_int_equal(taken, length);
}

static void assert_broken(struct virtio_queue *queue)
{
    assert_taken(queue, -1, 0);
    assert_true(virtio_queue_is_broken(queue));
    assert_int_equal(fake_virtio_errors, 1);
    assert_taken(queue, -1, 0);
    assert_int_equal(add(queue, 1, 0, 0), -EIO);
    unsigned notified = fake->notified;
    virtio_queue_kick(queue);
    assert_int_equal(fake->notified, notified);
    end();
}

/* ------------------------------------------------------------------------------------------------------------------
 * Negotiation
 */

static void test_negotiation(void **state)
{
    fake = virtio_machine_reset();
    fake->resets_after = 5;
    fake->offered = VIRTIO_F_VERSION_1 | 0x3f | 1ull << 50;
    assert_int_equal(virtio_begin(&fake->device, 0x15 | 1ull << 40), 0);
    assert_int_equal(fake->accepted, VIRTIO_F_VERSION_1 | 0x15);
    assert_int_equal(fake->device.features, fake->accepted);
    virtio_ready(&fake->device);
    assert_string_equal(fake->story, "0 1 3 b f ");
    virtio_fail(&fake->device);
    assert_string_equal(fake->story, "0 1 3 b f 0 ");
    assert_int_equal(fake->stopped, 1);
}

static void test_bad_negotiation(void **state)
{
    fake = virtio_machine_reset();
    fake->offered = 0x3f;
    assert_int_equal(virtio_begin(&fake->device, 0x3f), -ENOTSUP);
    assert_int_equal(fake->status, 0x83);
    fake = virtio_machine_reset();
    fake->refuses_features = true;
    assert_int_equal(virtio_begin(&fake->device, 0), -EIO);
    assert_int_equal(fake->status, 0x83);
    fake = virtio_machine_reset();
    fake->resets_after = UINT_MAX;
    assert_int_equal(virtio_begin(&fake->device, 0), -EIO);
}

static void test_config(void **state)
{
    uint8_t bytes[16];
    begin(8, 0);
    assert_true(virtio_read_config(&fake->device, 8, bytes, 8));
    assert_int_equal(bytes[7], 0x5a);
    assert_false(virtio_read_config(&fake->device, 8, bytes, 9));
    fake->generation_steps = 7; /* it settles */
    assert_true(virtio_read_config(&fake->device, 0, bytes, 8));
    fake->generation_steps = UINT_MAX; /* it does not */
    assert_false(virtio_read_config(&fake->device, 0, bytes, 8));
    end();
}

static void test_queue_sizes(void **state)
{
    static const unsigned sizes[][3] = {
        {8, 256, 8}, {256, 8, 8}, {100, 256, 64}, {1, 256, 1}, {1024, 32768, 256}, {256, 3, 2}, {5, 1, 1}};
    for (size_t i = 0; i < ARRAY_LENGTH(sizes); i++) {
        fake = virtio_machine_reset();
        fake->offered_size = sizes[i][1];
        struct virtio_queue *queue = virtio_queue_create(&fake->device, 0, sizes[i][0], NULL, NULL, "test", 0);
        assert_int_equal(virtio_queue_size(queue), sizes[i][2]);
        assert_int_equal(virtio_queue_free_count(queue), sizes[i][2]);
        assert_int_equal((uintptr_t)fake->available % 2, 0);
        assert_int_equal((uintptr_t)fake->used % 4, 0);
        assert_null(virtio_queue_create(&fake->device, 0, 8, NULL, NULL, "again", 0));
        end();
    }
}

static void test_no_queue(void **state)
{
    fake = virtio_machine_reset();
    assert_null(virtio_queue_create(&fake->device, 1, 8, NULL, NULL, "test", 0));
    assert_null(virtio_queue_create(&fake->device, VIRTIO_QUEUES_MAX, 8, NULL, NULL, "test", 0));
    assert_null(virtio_queue_create(&fake->device, 0, 0, NULL, NULL, "test", 0));
    for (unsigned memory = 0; memory < 2; memory++) {
        fake_virtio_memory = memory;
        assert_null(virtio_queue_create(&fake->device, 0, 8, NULL, NULL, "test", 0));
        assert_int_equal(fake_virtio_allocated, 0);
    }
    fake_virtio_memory = 10;
    fake->start_result = -ENOSPC;
    assert_null(virtio_queue_create(&fake->device, 0, 8, NULL, NULL, "test", 0));
    end();
}

/* What a device that cannot be stopped may still write to is not used again. */
static void test_device_that_does_not_stop(void **state)
{
    begin(8, 0);
    fake->resets_after = UINT_MAX;
    struct virtio_queue *queue = fake->device.queues[0];
    virtio_fail(&fake->device);
    assert_null(fake->device.queues[0]);
    assert_int_equal(fake_virtio_allocated, 2);
    virtio_queue_destroy(queue);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Queues
 */

static void test_chain(void **state)
{
    struct virtio_queue *queue = begin(8, 0);
    assert_int_equal(fake_next(fake), -1);
    assert_int_equal(add(queue, 2, 3, 7), 0);
    assert_int_equal(virtio_queue_free_count(queue), 3);
    int id = fake_next(fake), at = id;
    for (unsigned i = 0; i < 5; i++) {
        const struct virtio_descriptor *d = &fake->descriptors[at];
        assert_int_equal(d->address, 0x8000 + i);
        assert_int_equal(d->length, 100);
        assert_int_equal(d->flags, (i < 4 ? VIRTIO_DESC_NEXT : 0) | (i >= 2 ? VIRTIO_DESC_WRITE : 0));
        at = d->next;
    }
    assert_int_equal(fake_next(fake), -1);
    assert_taken(queue, -1, 0);
    fake_complete(fake, (uint32_t)id, 123);
    assert_taken(queue, 7, 123);
    assert_taken(queue, -1, 0);
    assert_int_equal(virtio_queue_free_count(queue), 8);
    end();
}

static void test_full(void **state)
{
    struct virtio_queue *queue = begin(8, 0);
    assert_int_equal(add(queue, 9, 0, 0), -ENOSPC);
    assert_int_equal(add(queue, 0, 0, 0), -EINVAL);
    struct virtio_buffer buffers[2] = {{0x1000, UINT32_MAX}, {0x2000, 1}};
    assert_int_equal(virtio_queue_add(queue, buffers, 0, 2, tokens), -EINVAL);
    assert_int_equal(virtio_queue_add(queue, buffers, 1, 0, NULL), -EINVAL);
    assert_int_equal(add(queue, 4, 4, 1), 0);
    assert_int_equal(add(queue, 1, 0, 2), -ENOSPC);
    fake_complete(fake, (uint32_t)fake_next(fake), 0);
    assert_taken(queue, 1, 0);
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(add(queue, 1, 0, i), 0);
    assert_int_equal(add(queue, 1, 0, 9), -ENOSPC);
    end();
}

/* Chains of all lengths come back in another order, many times around the 16-bit indices. */
static void test_long_run(void **state)
{
    for (unsigned event_idx = 0; event_idx < 2; event_idx++) {
        struct virtio_queue *queue = begin(16, event_idx ? VIRTIO_F_EVENT_IDX : 0);
        for (unsigned round = 0; round < 50000; round++) {
            unsigned chains = 1 + round % 4, ids[4];
            for (unsigned i = 0; i < chains; i++) {
                assert_int_equal(add(queue, (round + i) % 3, 1 + i % 2, i), 0);
                ids[i] = (unsigned)fake_next(fake);
            }
            virtio_queue_kick(queue);
            for (unsigned i = 0; i < chains; i++)
                fake_complete(fake, ids[(i + round) % chains], i);
            for (unsigned i = 0; i < chains; i++)
                assert_taken(queue, (int)((i + round) % chains), i);
            assert_int_equal(virtio_queue_free_count(queue), 16);
        }
        end();
    }
}

static void test_notification(void **state)
{
    struct virtio_queue *queue = begin(8, 0);
    virtio_queue_kick(queue);
    assert_int_equal(fake->notified, 0); /* there is nothing to tell */
    add(queue, 1, 0, 0);
    add(queue, 1, 0, 1);
    virtio_queue_kick(queue);
    virtio_queue_kick(queue);
    assert_int_equal(fake->notified, 1);
    fake->used->flags = VIRTIO_USED_NO_NOTIFY;
    add(queue, 1, 0, 2);
    virtio_queue_kick(queue);
    assert_int_equal(fake->notified, 1);
    fake->used->flags = 0;
    add(queue, 1, 0, 3);
    virtio_queue_kick(queue);
    assert_int_equal(fake->notified, 2);
    end();
}

static void test_notification_by_event(void **state)
{
    struct virtio_queue *queue = begin(8, VIRTIO_F_EVENT_IDX);
    uint16_t *avail_event = (uint16_t *)&fake->used->ring[8];
    *avail_event = 1; /* tell me when there are more than 1 */
    add(queue, 1, 0, 0);
    virtio_queue_kick(queue);
    assert_int_equal(fake->notified, 0);
    add(queue, 1, 0, 1);
    virtio_queue_kick(queue);
    assert_int_equal(fake->notified, 1);
    *avail_event = 4;
    for (unsigned i = 2; i < 5; i++)
        add(queue, 1, 0, i);
    virtio_queue_kick(queue);
    assert_int_equal(fake->notified, 2);
    add(queue, 1, 0, 5);
    virtio_queue_kick(queue);
    assert_int_equal(fake->notified, 2);
    end();
}

static void test_interrupts(void **state)
{
    struct virtio_queue *queue = begin(8, 0);
    assert_int_equal(fake->available->flags, 0);
    assert_true(virtio_queue_interrupts(queue, false));
    assert_int_equal(fake->available->flags, VIRTIO_AVAIL_NO_INTERRUPT);
    add(queue, 1, 0, 0);
    fake_complete(fake, (uint32_t)fake_next(fake), 0);
    assert_false(virtio_queue_interrupts(queue, true));
    assert_int_equal(fake->available->flags, 0);
    assert_taken(queue, 0, 0);
    assert_true(virtio_queue_interrupts(queue, true));
    end();

    queue = begin(8, VIRTIO_F_EVENT_IDX);
    uint16_t *used_event = &fake->available->ring[8];
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(*used_event, i);
        add(queue, 1, 0, i);
        fake_complete(fake, (uint32_t)fake_next(fake), 0);
        assert_taken(queue, (int)i, 0);
    }
    virtio_queue_interrupts(queue, false);
    assert_int_equal(*used_event, 2);
    add(queue, 1, 0, 0);
    fake_complete(fake, (uint32_t)fake_next(fake), 0);
    assert_taken(queue, 0, 0);
    assert_int_equal(*used_event, 2);
    assert_true(virtio_queue_interrupts(queue, true));
    assert_int_equal(*used_event, 4);
    end();

    fake = virtio_machine_reset();
    assert_non_null(virtio_queue_create(&fake->device, 0, 8, NULL, NULL, "polled", 0));
    assert_int_equal(fake->available->flags, VIRTIO_AVAIL_NO_INTERRUPT);
    end();
}

/* ------------------------------------------------------------------------------------------------------------------
 * Devices that break the rules
 */

static void test_bad_ids(void **state)
{
    for (unsigned id = 1; id < 20; id++) { /* chain 0 has descriptors 0, 1 and 2; 8 and on do not exist */
        struct virtio_queue *queue = begin(8, 0);
        add(queue, 1, 2, 0);
        fake_complete(fake, id, 0);
        assert_broken(queue);
    }
    struct virtio_queue *queue = begin(8, 0);
    add(queue, 1, 0, 0);
    fake_complete(fake, UINT32_MAX, 0);
    assert_broken(queue);
}

static void test_same_twice(void **state)
{
    struct virtio_queue *queue = begin(8, 0);
    add(queue, 1, 0, 0);
    add(queue, 1, 0, 1);
    fake_complete(fake, 0, 0);
    fake_complete(fake, 0, 0);
    assert_taken(queue, 0, 0);
    assert_broken(queue);
}

static void test_index_jumps(void **state)
{
    static const uint16_t jumps[] = {3, 9, 0x8000, 0xffff};
    for (size_t i = 0; i < ARRAY_LENGTH(jumps); i++) {
        struct virtio_queue *queue = begin(8, 0);
        add(queue, 1, 0, 0);
        add(queue, 1, 0, 1);
        fake->used->index = jumps[i];
        assert_broken(queue);
    }
    struct virtio_queue *queue = begin(8, 0); /* nothing is under way */
    fake_complete(fake, 0, 0);
    assert_broken(queue);
}

static void test_lengths(void **state)
{
    static const uint32_t lengths[][2] = {{0, 0}, {199, 199}, {200, 200}, {201, 200}, {UINT32_MAX, 200}};
    for (size_t i = 0; i < ARRAY_LENGTH(lengths); i++) {
        struct virtio_queue *queue = begin(8, 0);
        add(queue, 2, 2, 0);
        fake_complete(fake, 0, lengths[i][0]);
        assert_taken(queue, 0, lengths[i][1]);
        end();
    }
    struct virtio_queue *queue = begin(8, 0); /* nothing in it may be written */
    add(queue, 3, 0, 0);
    fake_complete(fake, 0, 50);
    assert_taken(queue, 0, 0);
    end();
}

/* Everything that the device should only read is scribbled over: it hurts the device alone. */
static void test_scribbling(void **state)
{
    struct virtio_queue *queue = begin(8, 0);
    for (unsigned round = 0; round < 100; round++) {
        add(queue, 1, 1, 0);
        add(queue, 2, 1, 1);
        unsigned first = (unsigned)fake_next(fake), second = (unsigned)fake_next(fake);
        uint16_t flags = fake->available->flags;
        memset(fake->descriptors, (int)round, 8 * sizeof *fake->descriptors);
        memset(fake->available, (int)~round, sizeof *fake->available + 9 * sizeof(uint16_t));
        fake_complete(fake, second, 100);
        fake_complete(fake, first, 100);
        assert_taken(queue, 1, 100);
        assert_taken(queue, 0, 100);
        assert_int_equal(virtio_queue_free_count(queue), 8);
        fake->available->flags = flags;
        fake->seen = (uint16_t)(2 * round + 2);
    }
    end();
}

UNIT_MAIN(cmocka_unit_test(test_negotiation), cmocka_unit_test(test_bad_negotiation), cmocka_unit_test(test_config),
    cmocka_unit_test(test_queue_sizes), cmocka_unit_test(test_no_queue),
    cmocka_unit_test(test_device_that_does_not_stop), cmocka_unit_test(test_chain), cmocka_unit_test(test_full),
    cmocka_unit_test(test_long_run), cmocka_unit_test(test_notification), cmocka_unit_test(test_notification_by_event),
    cmocka_unit_test(test_interrupts), cmocka_unit_test(test_bad_ids), cmocka_unit_test(test_same_twice),
    cmocka_unit_test(test_index_jumps), cmocka_unit_test(test_lengths), cmocka_unit_test(test_scribbling))
