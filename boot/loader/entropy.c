/*
 * Random bytes for the kernel's seed and for KASLR.
 *
 * A sponge over the ChaCha permutation: input is XORed into the first half of the state, the permutation mixes it with
 * the second half, output is the first half, and the second half never leaves. What goes in: the time-stamp counter at
 * every step (firmware and disks are never equally fast twice), RDSEED and RDRAND where the processor has them, and
 * what the front end offers (the UEFI generator). Only the generators are counted as entropy; timing is a bonus.
 *
 * Sources: D. J. Bernstein, "ChaCha, a variant of Salsa20", 2008; Intel Digital Random Number Generator guide, 5.2.
 */
#include "boot/loader/loader_internal.h"

#include "arch/x86_64/io.h"
#include "lib/string.h"

#define RATE 32 /* bytes of the state that input and output touch */
#define LEAF1_ECX_RDRAND (1u << 30)
#define LEAF7_EBX_RDSEED (1u << 18)
#define TRIES 16

static uint32_t state[16];
static uint32_t bits;

static uint32_t rotate(uint32_t n, int by)
{
    return n << by | n >> (32 - by);
}

static void quarter_round(int a, int b, int c, int d)
{
    state[a] += state[b], state[d] = rotate(state[d] ^ state[a], 16);
    state[c] += state[d], state[b] = rotate(state[b] ^ state[c], 12);
    state[a] += state[b], state[d] = rotate(state[d] ^ state[a], 8);
    state[c] += state[d], state[b] = rotate(state[b] ^ state[c], 7);
}

static void permute(void)
{
    for (int i = 0; i < 10; i++) {
        for (int column = 0; column < 4; column++)
            quarter_round(column, column + 4, column + 8, column + 12);
        for (int diagonal = 0; diagonal < 4; diagonal++)
            quarter_round(diagonal, (diagonal + 1) % 4 + 4, (diagonal + 2) % 4 + 8, (diagonal + 3) % 4 + 12);
    }
}

void entropy_stir(const void *data, size_t size)
{
    const uint8_t *bytes = data;
    uint8_t *pool = (uint8_t *)state;
    do {
        size_t part = size < RATE - 9 ? size : RATE - 9;
        uint64_t now = cpu_tsc();
        for (size_t i = 0; i < part; i++)
            pool[i] ^= bytes[i];
        pool[RATE - 9] ^= (uint8_t)(part + 1); /* where the input ends is input, too */
        for (size_t i = 0; i < 8; i++)
            pool[RATE - 8 + i] ^= (uint8_t)(now >> 8 * i);
        permute();
        bytes += part;
        size -= part;
    } while (size > 0);
}

/* One word of the processor's generator; it may be dry for a moment, or broken for good. */
static bool hardware_word(bool seed, unsigned long *word)
{
    for (int i = 0; i < TRIES; i++) {
        uint8_t ok;
        if (seed)
            __asm__ volatile("rdseed %0; setc %1" : "=r"(*word), "=qm"(ok) : : "cc");
        else
            __asm__ volatile("rdrand %0; setc %1" : "=r"(*word), "=qm"(ok) : : "cc");
        if (ok && *word != 0 && *word != ~0ul)
            return true;
        cpu_pause();
    }
    return false;
}

void entropy_gather(struct loader *l)
{
    bool has_seed = cpu_id(0, 0).eax >= 7 && (cpu_id(7, 0).ebx & LEAF7_EBX_RDSEED);
    bool has_random = cpu_id(1, 0).ecx & LEAF1_ECX_RDRAND;
    unsigned long word;
    for (int i = 0; (has_seed || has_random) && i < 64 / (int)sizeof word; i++) {
        if (!hardware_word(has_seed, &word) && !(has_seed && has_random && hardware_word(false, &word)))
            break;
        entropy_stir(&word, sizeof word);
        bits += 4 * sizeof word; /* half of what is promised */
    }
    uint8_t firmware[32];
    size_t size = l->platform->entropy ? l->platform->entropy(firmware, sizeof firmware) : 0;
    if (size > 0) {
        entropy_stir(firmware, size);
        bits += 8 * (uint32_t)size;
        memset(firmware, 0, sizeof firmware);
    }
    entropy_stir(&l->info.memory_count, sizeof l->info.memory_count);
}

void entropy_draw(void *to, size_t size)
{
    uint8_t *out = to;
    while (size > 0) {
        size_t part = size < RATE ? size : RATE;
        memcpy(out, state, part);
        permute();
        out += part;
        size -= part;
    }
    /* What was drawn cannot be computed from the state that remains. */
    memset(state, 0, RATE);
    permute();
}

uint32_t entropy_bits(void)
{
    return bits < 256 ? bits : 256;
}
