/*
 * Random bytes that no one can predict or compute back.
 *
 *     random_init(info);                       once, early
 *     random_bytes(key, sizeof key);           from then on, anywhere
 *     random_add_event(device);                wherever the moment or the value is hard to guess
 *
 * Nothing here ever waits: before enough entropy has come in, the bytes are as good as what there was (the boot
 * loader's seed, the processor's generator, timing), and random_ready says so. Everything may be called in any context
 * but NMI, on any processor, with any lock of a rank below RANDOM held.
 *
 * random.c tells what it protects against.
 */
#ifndef CORRODE_RANDOM_H
#define CORRODE_RANDOM_H

#include "boot/protocol.h"
#include "lib/types.h"

/* Takes the boot loader's seed, and wipes it there. */
void random_init(struct boot_info *info);

void random_bytes(void *to, size_t size);
uint64_t random_u64(void);

/* Has the generator had READY bits of entropy? Once true, for ever true. */
bool random_ready(void);

/*
 * Something has happened, now: stirs the time-stamp counter and VALUE (0 will do) in. Meant for interrupt handlers:
 * some dozen instructions, and one in 64 calls hashes.
 */
void random_add_event(uint64_t value);

/* Stirs DATA in, of which the caller believes that it holds so many BITS of entropy: 0 when it may be known. */
void random_add_entropy(const void *data, size_t size, unsigned bits);

/*
 * REQUEST is called now, and each time that the generator has used up what had come in: it asks a device for more,
 * which random_add_entropy brings when it is there. It is called with interrupts off and whatever locks the caller of
 * random_bytes holds: it may try to take a lock, and must not wait for one.
 */
void random_set_source(void (*request)(void));

#endif
