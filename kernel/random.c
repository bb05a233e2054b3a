/*
 * The random number generator: see random.h.
 *
 *     events ---> per-CPU mixers ---+                                     +--> CPU 0's key --> buffer --> random_bytes
 *     seed, virtio-rng, ... --------+--> pool (BLAKE2s) --> base key -----+--> CPU 1's key --> ...
 *     RDSEED, RDRAND, at every reseeding ----------------------^          ...
 *
 * What comes out is ChaCha20's stream with fast key erasure: of each run of blocks the first half-block becomes the
 * next key and is gone from everywhere else before a byte is handed out. Each CPU has a key of its own, drawn from the
 * base key, so CPUs share neither a lock nor a stream.
 *
 * What goes in is hashed into the pool. Once READY bits have come, and then every RESEED_CYCLES, the pool's hash, the
 * processor's generator and the old base key make a new base key; the generation is counted up, and each CPU draws a
 * new key when it next needs bytes.
 *
 * What this protects against, and what not:
 *   - Who sees any amount of output learns nothing about other output, past or future.
 *   - Who reads all of kernel memory at one moment learns nothing about what was handed out before (keys and buffers
 * are erased as they are used), and loses track with the next reseeding that brings entropy which he does not see.
 *   - Who controls some sources (a device, the moments of interrupts, even the processor's generator) gains nothing
 *     while one source is good: sources are hashed together, none replaces another.
 *   - The count of bits is a belief. The loader's is taken over (less what the stack guard has used of the same seed);
 *     RDSEED and RDRAND count half, as there; 64 events count for one bit; a virtio-rng, which the monitor feeds, in
 *     full.
 *   - A virtual machine that is copied while it runs has the same state twice: the copies part at the next reseeding,
 * or event, not before. Nobody tells us of the copy (no VM generation ID).
 *   - Nothing is kept across a reboot, and there are no defences against physical probing.
 *
 * Locks: `base_lock` (rank RANDOM) guards the pool and the base key. A CPU's own state is guarded by interrupts being
 * off, for no one else touches it.
 *
 * Sources: D. J. Bernstein, "Fast-key-erasure random-number generators", 2017; RFC 8439 (ChaCha20), RFC 7693 (BLAKE2s);
 * Aumasson and Bernstein, "SipHash", 2012 (the mixing round); Intel DRNG software implementation guide, 5.2.
 */
#include "random.h"

#include "arch/x86_64/percpu.h"
#include "arch/x86_64/spinlock.h"
#include "lib/blake2s.h"
#include "lib/chacha20.h"
#include "lib/string.h"
#include "log.h"

#define LOG_NAME "random"

#define READY 128                 /* bits: out of anyone's reach */
#define RESEED_CYCLES (1ll << 37) /* of the time-stamp counter: about a minute */
#define STACK_GUARD_BITS 56       /* of the loader's seed, which stack_guard_init has used */
#define KEY_SIZE CHACHA20_KEY_SIZE

#define LEAF1_ECX_RDRAND (1u << 30)
#define LEAF7_EBX_RDSEED (1u << 18)
#define HARDWARE_TRIES 10

static struct spinlock base_lock = SPINLOCK_INIT(RANDOM);
static uint8_t base_key[KEY_SIZE]; /* base_lock */
static struct blake2s pool;        /* base_lock */
static bool pool_started;          /* base_lock: the pool has been set up */
static unsigned pool_bits;         /* base_lock: entropy that has come in, until `ready` */
static uint64_t reseeded_at;       /* base_lock: time-stamp counter */
static uint64_t generation = 1;    /* of the base key; written with base_lock, read without */
static bool ready;                 /* as generation */

/* Eight blocks at a time: the next key, and bytes to hand out. */
struct generator {
    uint64_t generation; /* of the base key that `key` comes from; 0: none */
    uint8_t key[KEY_SIZE];
    uint8_t bytes[8 * CHACHA20_BLOCK_SIZE - KEY_SIZE];
    size_t used; /* of bytes: these are zero */
};
static PER_CPU(struct generator, generator);

#define EVENTS_PER_FOLD 64
struct mixer {
    uint64_t v[4];
    unsigned events;
};
static PER_CPU(struct mixer, mixer);

static void (*request_more)(void); /* a device's; NULL: there is none */

static bool has_rdseed, has_rdrand;

/* For secrets that are no longer needed: the compiler must believe that someone reads the zeros. */
static void wipe(void *secret, size_t size)
{
    memset(secret, 0, size);
    __asm__ volatile("" : : "r"(secret) : "memory");
}

/* ------------------------------------------------------------------------------------------------------------------
 * The processor's generator
 */

static bool rdseed(uint64_t *word)
{
    uint8_t ok;
    __asm__ volatile("rdseed %0; setc %1" : "=r"(*word), "=qm"(ok) : : "cc");
    return ok;
}

static bool rdrand(uint64_t *word)
{
    uint8_t ok;
    __asm__ volatile("rdrand %0; setc %1" : "=r"(*word), "=qm"(ok) : : "cc");
    return ok;
}

/* One word; the generator may be dry for a moment, or broken for good: some return the same word for ever. */
static bool hardware_word(bool (*generate)(uint64_t *word), uint64_t *word)
{
    for (unsigned i = 0; i < HARDWARE_TRIES; i++) {
        if (generate(word) && *word != 0 && *word != UINT64_MAX)
            return true;
        cpu_pause();
    }
    return false;
}

/* Fills the key-sized WORDS as far as there is something to fill them with; returns the bits that it counts for. */
static unsigned hardware_words(uint64_t *words)
{
    unsigned bits = 0;
    for (unsigned i = 0; i < KEY_SIZE / sizeof *words; i++) {
        words[i] = cpu_tsc();
        if ((has_rdseed && hardware_word(rdseed, &words[i])) || (has_rdrand && hardware_word(rdrand, &words[i])))
            bits += 32;
    }
    return bits;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The base key
 */

/* One block of KEY's stream: its first half replaces KEY, its second half is what was drawn. */
static void draw_key(uint8_t *key, uint8_t *drawn)
{
    struct chacha20 stream;
    uint8_t block[CHACHA20_BLOCK_SIZE];
    chacha20_init(&stream, key, NULL, 0);
    chacha20_block(&stream, block);
    memcpy(key, block, KEY_SIZE);
    memcpy(drawn, block + KEY_SIZE, KEY_SIZE);
    wipe(&stream, sizeof stream);
    wipe(block, sizeof block);
}

/* The first one to come starts the pool: it may be an interrupt, before random_init. */
static void start_pool_locked(void)
{
    if (!pool_started)
        blake2s_init(&pool, BLAKE2S_SIZE, NULL, 0);
    pool_started = true;
}

/* Makes a new base key of all that there is; the pool starts over with a secret of its own. Returns hardware bits. */
static unsigned reseed_locked(void)
{
    struct {
        uint8_t digest[BLAKE2S_SIZE];
        uint64_t hardware[KEY_SIZE / 8];
        uint64_t now;
    } input;
    struct blake2s hash;
    uint8_t seed[KEY_SIZE];

    start_pool_locked();
    blake2s_final(&pool, input.digest);
    unsigned bits = hardware_words(input.hardware);
    input.now = cpu_tsc();
    blake2s_init(&hash, BLAKE2S_SIZE, base_key, KEY_SIZE);
    blake2s_update(&hash, &input, sizeof input);
    blake2s_final(&hash, base_key);
    draw_key(base_key, seed);
    blake2s_init(&pool, BLAKE2S_SIZE, seed, KEY_SIZE);
    __atomic_store_n(&reseeded_at, input.now, __ATOMIC_RELAXED);
    __atomic_store_n(&generation, generation + 1, __ATOMIC_RELEASE);
    wipe(&input, sizeof input);
    wipe(&hash, sizeof hash);
    wipe(seed, sizeof seed);
    return bits;
}

/* Counts BITS that have come in; true when this makes the generator ready, which happens once. */
static bool credit_locked(unsigned bits)
{
    if (ready)
        return false;
    pool_bits = pool_bits + bits < READY ? pool_bits + bits : READY;
    if (pool_bits < READY)
        return false;
    reseed_locked();
    __atomic_store_n(&ready, true, __ATOMIC_RELEASE);
    return true;
}

static void stir(const void *data, size_t size, unsigned bits)
{
    spin_lock(&base_lock);
    start_pool_locked();
    blake2s_update(&pool, data, size);
    bool became_ready = credit_locked(bits);
    spin_unlock(&base_lock);
    if (became_ready)
        log_info("ready: %u bits of entropy have come in", READY);
}

void random_add_entropy(const void *data, size_t size, unsigned bits)
{
    uint64_t head[] = {cpu_tsc(), size};
    stir(head, sizeof head, 0);
    stir(data, size, bits < 8 * size ? bits : 8 * (unsigned)size);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Events
 */

static inline uint64_t rotate(uint64_t n, unsigned by)
{
    return n << by | n >> (64 - by);
}

/* SipHash's round: every bit of the state depends on every bit of what came in a few rounds ago. */
static inline void mix(uint64_t *v, uint64_t word)
{
    v[3] ^= word;
    v[0] += v[1], v[1] = rotate(v[1], 13) ^ v[0], v[0] = rotate(v[0], 32);
    v[2] += v[3], v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3], v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1], v[1] = rotate(v[1], 17) ^ v[2], v[2] = rotate(v[2], 32);
    v[0] ^= word;
}

/* Puts the mixer into the pool, unless another CPU is at the pool: then with a later event. Interrupts are off. */
static void fold(struct mixer *m)
{
    bool became_ready;
    if (!spin_try_lock(&base_lock))
        return;
    start_pool_locked();
    blake2s_update(&pool, m->v, sizeof m->v);
    became_ready = credit_locked(m->events / EVENTS_PER_FOLD);
    m->events = 0;
    spin_unlock(&base_lock);
    if (became_ready)
        log_info("ready: %u bits of entropy have come in", READY);
}

void random_add_event(uint64_t value)
{
    bool interrupts = cpu_interrupts_disable();
    struct mixer *m = this_cpu_pointer(mixer);
    mix(m->v, cpu_tsc());
    mix(m->v, value);
    if (++m->events >= EVENTS_PER_FOLD)
        fold(m);
    if (interrupts)
        cpu_interrupts_enable();
}

/* ------------------------------------------------------------------------------------------------------------------
 * Output
 */

/* Is the base key? CPUs need not agree on the time-stamp counter: one that is behind does not think so. */
static bool is_old(void)
{
    return (int64_t)(cpu_tsc() - __atomic_load_n(&reseeded_at, __ATOMIC_RELAXED)) > RESEED_CYCLES;
}

/* A key for this CPU from the base key, which is renewed first when it is old. */
static void take_key(struct generator *g)
{
    spin_lock(&base_lock);
    bool reseeds = !pool_started || is_old();
    if (reseeds)
        reseed_locked();
    draw_key(base_key, g->key);
    g->generation = generation;
    spin_unlock(&base_lock);
    void (*request)(void) = __atomic_load_n(&request_more, __ATOMIC_ACQUIRE);
    if (reseeds && request != NULL)
        request();
}

static void refill(struct generator *g)
{
    struct chacha20 stream;
    uint8_t first[CHACHA20_BLOCK_SIZE];
    chacha20_init(&stream, g->key, NULL, 0);
    chacha20_block(&stream, first);
    memcpy(g->key, first, KEY_SIZE);
    memcpy(g->bytes, first + KEY_SIZE, sizeof first - KEY_SIZE);
    for (size_t at = sizeof first - KEY_SIZE; at < sizeof g->bytes; at += CHACHA20_BLOCK_SIZE)
        chacha20_block(&stream, g->bytes + at);
    g->used = 0;
    wipe(&stream, sizeof stream);
    wipe(first, sizeof first);
}

/* Up to SIZE bytes for this CPU, whose interrupts are off; returns how many. */
static size_t draw(struct generator *g, uint8_t *to, size_t size)
{
    if (is_old() || g->generation != __atomic_load_n(&generation, __ATOMIC_ACQUIRE)) {
        take_key(g);
        refill(g);
    } else if (g->used == sizeof g->bytes) {
        refill(g);
    }
    size_t part = min_u64(size, sizeof g->bytes - g->used);
    memcpy(to, g->bytes + g->used, part);
    wipe(g->bytes + g->used, part);
    g->used += part;
    return part;
}

void random_bytes(void *to, size_t size)
{
    uint8_t *at = to;
    while (size > 0) {
        bool interrupts = cpu_interrupts_disable();
        size_t part = draw(this_cpu_pointer(generator), at, size);
        if (interrupts)
            cpu_interrupts_enable();
        at += part;
        size -= part;
    }
}

uint64_t random_u64(void)
{
    uint64_t value;
    random_bytes(&value, sizeof value);
    return value;
}

bool random_ready(void)
{
    return __atomic_load_n(&ready, __ATOMIC_ACQUIRE);
}

void random_set_source(void (*request)(void))
{
    __atomic_store_n(&request_more, request, __ATOMIC_RELEASE);
    request();
}

void random_init(struct boot_info *info)
{
    unsigned bits = info->seed_bits > STACK_GUARD_BITS ? info->seed_bits - STACK_GUARD_BITS : 0;
    has_rdseed = cpu_id(0, 0).eax >= 7 && cpu_id(7, 0).ebx & LEAF7_EBX_RDSEED;
    has_rdrand = cpu_id(1, 0).ecx & LEAF1_ECX_RDRAND;

    spin_lock(&base_lock);
    start_pool_locked();
    blake2s_update(&pool, info, sizeof *info); /* the seed, and where everything is in this machine */
    bits += reseed_locked();
    credit_locked(bits);
    spin_unlock(&base_lock);
    wipe(info->seed, sizeof info->seed);
    log_info("%s, seeded with %u bits%s%s", ready ? "ready" : "waiting for entropy", bits, has_rdseed ? ", RDSEED" : "",
        has_rdrand ? ", RDRAND" : "");
}
