/*
 * A ring of bytes: what comes first goes first. It locks nothing.
 *
 *     static char room[1024];
 *     static struct byte_ring ring = BYTE_RING_INIT(room);
 */
#ifndef CORRODE_LIB_RING_H
#define CORRODE_LIB_RING_H

#include <stddef.h>

struct byte_ring {
    char *bytes;
    size_t size, first, count;
};

#define BYTE_RING_INIT(array) {.bytes = (array), .size = sizeof(array)}

static inline size_t byte_ring_room(const struct byte_ring *ring)
{
    return ring->size - ring->count;
}

/* Adds as many of the bytes as there is room for, and returns how many. */
static inline size_t byte_ring_put(struct byte_ring *ring, const char *bytes, size_t length)
{
    if (length > byte_ring_room(ring))
        length = byte_ring_room(ring);
    size_t at = ring->first + ring->count;
    for (size_t i = 0; i < length; i++, at++)
        ring->bytes[at < ring->size ? at : at - ring->size] = bytes[i];
    ring->count += length;
    return length;
}

/* Forgets the first SIZE bytes, or as many as there are. */
static inline void byte_ring_skip(struct byte_ring *ring, size_t size)
{
    if (size > ring->count)
        size = ring->count;
    ring->first += size;
    if (ring->first >= ring->size)
        ring->first -= ring->size;
    ring->count -= size;
}

/* Takes up to SIZE bytes, and returns how many. */
static inline size_t byte_ring_get(struct byte_ring *ring, char *bytes, size_t size)
{
    if (size > ring->count)
        size = ring->count;
    for (size_t i = 0; i < size; i++) {
        bytes[i] = ring->bytes[ring->first++];
        if (ring->first == ring->size)
            ring->first = 0;
    }
    ring->count -= size;
    return size;
}

#endif
