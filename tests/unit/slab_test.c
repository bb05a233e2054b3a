/*
 * Slabs (kernel/mm/slab*.c): objects of all sizes against a model that remembers what was written to each, caches of
 * all shapes, several CPUs, memory that runs out. The build makes two programs of this file: slab, and slab_debug,
 * which has the checks of debug builds and tests them, too.
 */
#include "tests/unit/unit.h"

#include "arch/x86_64/io.h"
#include "debug/fault_injection.h"
#include "mm/page_internal.h"
#include "mm/slab_internal.h"
#include "tests/unit/boot/random.h"
#include "tests/unit/mm/machine.h"

#include <pthread.h>
#include <string.h>

static uint64_t frames_at_start;

static int start(void **state)
{
    static const struct machine_range map[] = {{0x100000, 0x4000000, BOOT_MEMORY_USABLE}};
    memset(page_zones, 0, sizeof page_zones);
    memset(percpu_page_cache, 0, sizeof percpu_page_cache);
    memset(slab_caches, 0, sizeof slab_caches);
    memset(percpu_slab_cpus, 0, sizeof percpu_slab_cpus);
    page_total = 0;
    list_init(&page_shrinkers);
    machine_start_pages(machine_create(map, 1));
    slab_init();
    slab_reclaim();
    frames_at_start = page_free_count();
    return 0;
}

static int stop(void **state)
{
    slab_check();
    assert_int_equal(slab_object_count(NULL), 0);
    slab_reclaim();
    slab_check();
    page_check();
    assert_int_equal(page_free_count(), frames_at_start);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The model
 */

struct object {
    uint8_t *memory;
    size_t size;
    uint8_t mark;
};

static void mark(struct object *object, uint8_t with)
{
    object->mark = with;
    memset(object->memory, with, object->size);
}

static void check_mark(const struct object *object)
{
    for (size_t i = 0; i < object->size; i++)
        if (object->memory[i] != object->mark)
            fail_msg("byte %zu of %zu is %#x", i, object->size, object->memory[i]);
}

static void check_zero(const uint8_t *memory, size_t size)
{
    for (size_t i = 0; i < size; i++)
        assert_int_equal(memory[i], 0);
}

static size_t random_size(struct random *random)
{
    size_t limit = 16u << random_below(random, 11);
    return random_below(random, limit + 1);
}

static void test_kmalloc_against_model(void **state)
{
    static struct object objects[1500];
    struct random random = {4711};
    cpu_count = 3;
    for (unsigned i = 0; i < 60000; i++) {
        struct object *object = &objects[random_below(&random, ARRAY_LENGTH(objects))];
        fake_cpu = (unsigned)random_below(&random, 3);
        if (object->memory) {
            check_mark(object);
            kfree(object->memory);
            object->memory = NULL;
            continue;
        }
        unsigned flags = i % 16 ? 0 : ALLOC_ZERO;
        object->size = random_size(&random);
        object->memory = kmalloc(object->size, flags);
        assert_non_null(object->memory);
        assert_true(is_aligned((uintptr_t)object->memory, object->size >= PAGE_SIZE ? PAGE_SIZE : 16));
        assert_true(kmalloc_size(object->memory) >= object->size);
        assert_true(object->size <= 16 || kmalloc_size(object->memory) < 2 * object->size);
        if (flags)
            check_zero(object->memory, object->size);
        mark(object, (uint8_t)i);
        if (i % 4096 == 0)
            slab_check();
    }
    for (unsigned i = 0; i < ARRAY_LENGTH(objects); i++) {
        kfree(objects[i].memory);
        objects[i].memory = NULL;
    }
    fake_cpu = 0;
}

static struct random moves = {4712};

static void move_thread(void)
{
    fake_cpu = (unsigned)random_below(&moves, cpu_count);
}

/* The same where the thread may go on on another CPU whenever interrupts come on. */
static void test_thread_that_moves(void **state)
{
    fake_interrupts_on = true;
    fake_interrupt = move_thread;
    test_kmalloc_against_model(state);
    fake_interrupt = NULL;
    fake_interrupts_on = false;
}

static void use_cache(size_t size, size_t alignment)
{
    static struct object objects[400];
    struct random random = {size * 64 + alignment};
    struct slab_cache *cache = slab_cache_create("test", size, alignment);
    assert_non_null(cache);
    for (unsigned i = 0; i < 3000; i++) {
        struct object *object = &objects[random_below(&random, ARRAY_LENGTH(objects))];
        if (object->memory) {
            check_mark(object);
            slab_free(cache, object->memory);
            object->memory = NULL;
        } else {
            object->memory = slab_allocate(cache, 0);
            object->size = size;
            assert_true(is_aligned((uintptr_t)object->memory, alignment));
            mark(object, (uint8_t)i);
        }
    }
    slab_check();
    uint64_t count = 0;
    for (unsigned i = 0; i < ARRAY_LENGTH(objects); i++)
        count += objects[i].memory != NULL;
    assert_int_equal(slab_object_count(cache), count);
    for (unsigned i = 0; i < ARRAY_LENGTH(objects); i++) {
        slab_free(cache, objects[i].memory);
        objects[i].memory = NULL;
    }
    assert_int_equal(slab_object_count(cache), 0);
    slab_cache_destroy(cache);
}

static void test_caches_of_all_shapes(void **state)
{
    static const size_t sizes[] = {1, 7, 8, 24, 100, 192, 1000, 2500, 5000};
    for (unsigned i = 0; i < ARRAY_LENGTH(sizes); i++)
        for (size_t alignment = 1; alignment <= PAGE_SIZE; alignment *= 8)
            use_cache(sizes[i], alignment);
}

static void test_many_caches(void **state)
{
    struct slab_cache *caches[SLAB_CACHE_MAX];
    struct slab_report report;
    unsigned count = 0, reports = 0;
    while ((caches[count] = slab_cache_create("many", 64, 8)) != NULL)
        slab_free(caches[count], slab_allocate(caches[count], 0)), count++;
    assert_in_range(count, 100, SLAB_CACHE_MAX);
    while (slab_report(reports, &report))
        reports++;
    assert_int_equal(reports, SLAB_CACHE_MAX);
    while (count > 0)
        slab_cache_destroy(caches[--count]);
    assert_false(slab_report(SLAB_CACHE_MAX - 1, &report));
}

static void test_large(void **state)
{
    uint8_t *large = kmalloc(100000, ALLOC_ZERO);
    check_zero(large, 100000);
    assert_int_equal(kmalloc_size(large), 128 << 10);
    kfree(large);
    if (machine_expects_panic())
        kfree(large);
    assert_true(machine_panicked("which kmalloc did not return, or which is free already"));
    assert_null(kmalloc((PAGE_SIZE << PAGE_ORDER_MAX) + 1, 0));
    assert_null(kmalloc(SIZE_MAX, 0));
    kfree(NULL);
}

static void test_destroyed_in_use(void **state)
{
    struct slab_cache *cache = slab_cache_create("used", 64, 8);
    void *object = slab_allocate(cache, 0);
    if (machine_expects_panic())
        slab_cache_destroy(cache);
    assert_true(machine_panicked("slab cache used is destroyed, and 1 of its objects are in use"));
    slab_free(cache, object);
    slab_cache_destroy(cache);
}

/* Every allocation fails in turn, also those of magazines, without which all goes on. */
static void test_every_failure(void **state)
{
    void *objects[100];
    for (uint64_t n = 1; n < 1000; n++) {
        struct slab_cache *cache = slab_cache_create("failing", 300, 8);
        unsigned failed = 0;
        fault_injection_arm(n);
        for (unsigned i = 0; i < ARRAY_LENGTH(objects); i++)
            failed += (objects[i] = slab_allocate(cache, 0)) == NULL;
        for (unsigned i = 0; i < ARRAY_LENGTH(objects); i++)
            slab_free(cache, objects[i]);
        uint64_t asked = fault_injection_disarm();
        assert_in_range(failed, 0, 1);
        slab_check();
        slab_cache_destroy(cache);
        if (asked < n)
            return;
    }
    fail_msg("it asks for ever");
}

static struct slab_cache *cache_named(const char *name)
{
    for (unsigned i = 0; i < SLAB_CACHE_MAX; i++)
        if (slab_caches[i].name && strcmp(slab_caches[i].name, name) == 0)
            return &slab_caches[i];
    fail_msg("there is no cache %s", name);
    return NULL;
}

/* Magazines run out while one is full, and come back: what is in it is given out once. */
static void test_no_magazine_for_a_while(void **state)
{
    static struct object objects[200];
    static void *magazines[64];
    struct slab_cache *cache = slab_cache_create("short", 64, 8), *magazine_cache = cache_named("magazine");
    for (unsigned i = 0; i < ARRAY_LENGTH(objects); i++)
        objects[i] = (struct object){slab_allocate(cache, 0), 64, 0};
    unsigned taken = 0;
    do {
        fault_injection_arm(2); /* the first is the allocation's own, the second the slab's frame */
        magazines[taken] = slab_allocate(magazine_cache, 0);
        fault_injection_disarm();
    } while (magazines[taken] && ++taken < ARRAY_LENGTH(magazines));
    assert_in_range(taken, 1, ARRAY_LENGTH(magazines) - 1);

    for (unsigned i = 0; i < 40; i++) {
        fault_injection_arm(1);
        slab_free(cache, objects[i].memory);
        fault_injection_disarm();
    }
    while (taken > 0)
        slab_free(magazine_cache, magazines[--taken]);
    slab_free(cache, slab_allocate(cache, 0));
    for (unsigned i = 40; i < ARRAY_LENGTH(objects); i++)
        slab_free(cache, objects[i].memory);
    slab_check();
    for (unsigned i = 0; i < ARRAY_LENGTH(objects); i++) {
        objects[i].memory = slab_allocate(cache, 0);
        mark(&objects[i], (uint8_t)i);
    }
    for (unsigned i = 0; i < ARRAY_LENGTH(objects); i++) {
        check_mark(&objects[i]);
        slab_free(cache, objects[i].memory);
    }
    slab_cache_destroy(cache);
}

static void test_exhaust(void **state)
{
    static void *objects[200000];
    unsigned count = 0;
    while (count < ARRAY_LENGTH(objects) && (objects[count] = kmalloc(1000, 0)) != NULL)
        count++;
    assert_in_range(count, 30000, ARRAY_LENGTH(objects) - 1);
    slab_check();
    void *urgent = kmalloc(1000, ALLOC_URGENT);
    assert_non_null(urgent);
    kfree(urgent);
    while (count > 0)
        kfree(objects[--count]);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Several CPUs
 */

#define THREADS 4
#define SHARED 64

static uint64_t *shared[SHARED];

/* Objects change hands, so that most are freed by another CPU than took them. */
static void *play_cpu(void *argument)
{
    struct random random = {(uintptr_t)argument + 5};
    fake_cpu = (unsigned)(uintptr_t)argument;
    for (unsigned i = 0; i < 30000; i++) {
        uint64_t *object = kmalloc(16 + random_below(&random, 300), 0);
        assert_non_null(object);
        object[0] = (uintptr_t)object;
        object = __atomic_exchange_n(&shared[random_below(&random, SHARED)], object, __ATOMIC_ACQ_REL);
        if (object)
            assert_int_equal(object[0], (uintptr_t)object);
        kfree(object);
    }
    return NULL;
}

static void test_threads(void **state)
{
    pthread_t threads[THREADS];
    machine_has_threads = true;
    cpu_count = THREADS;
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, play_cpu, (void *)i), 0);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    machine_has_threads = false;
    for (unsigned i = 0; i < SHARED; i++) {
        kfree(shared[i]);
        shared[i] = NULL;
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Mistakes, which only debug builds notice; each leaves the machine as it is, for the next starts another
 */

#ifdef DEBUG
static struct slab_cache *victims;
static uint8_t *victim;

static void make_victim(void)
{
    victims = slab_cache_create("victim", 100, 8);
    victim = slab_allocate(victims, 0);
}

#define DIES(statement, sentence)                                                                                      \
    do {                                                                                                               \
        start(NULL);                                                                                                   \
        make_victim();                                                                                                 \
        if (machine_expects_panic()) {                                                                                 \
            statement;                                                                                                 \
        }                                                                                                              \
        assert_true(machine_panicked(sentence));                                                                       \
    } while (0)

static void test_mistakes(void **state)
{
    struct slab_cache *other;
    DIES(slab_free(victims, victim); slab_free(victims, victim), "is freed twice");
    DIES(victim[100] = 1; slab_free(victims, victim), "the red zone behind an object of cache victim");
    DIES(victim[103] = 1; slab_free(victims, victim), "byte 103 is 0x1");
    DIES(victim[-1] = 1; slab_check(), "object of cache victim");
    DIES(slab_free(victims, victim); victim[50] = 1; slab_allocate(victims, 0), "byte 50 is 0x1");
    DIES(slab_free(victims, victim); victim[50] = 1; slab_reclaim(); slab_check(), "a free object of cache victim");
    DIES(other = slab_cache_create("other", 100, 8); slab_free(other, victim), "but it belongs to victim");
    DIES(slab_free(victims, victim + 8), "no object of cache victim begins there");
    DIES(slab_free(victims, (void *)(uintptr_t)&victim), "it is not in a slab");
    DIES(kfree(victim + 1), "no object of cache victim begins there");
}

static void test_new_objects_have_a_pattern(void **state)
{
    uint8_t *object = kmalloc(40, 0);
    for (unsigned i = 0; i < 40; i++)
        assert_int_equal(object[i], 0xa5);
    kfree(object);
}

#define DEBUG_TESTS                                                                                                    \
    , cmocka_unit_test_setup_teardown(test_new_objects_have_a_pattern, start, stop), cmocka_unit_test(test_mistakes)
#else
#define DEBUG_TESTS
#endif

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)
UNIT_MAIN(TEST(test_kmalloc_against_model), TEST(test_thread_that_moves), TEST(test_caches_of_all_shapes),
    TEST(test_many_caches), TEST(test_large), TEST(test_destroyed_in_use), TEST(test_every_failure),
    TEST(test_no_magazine_for_a_while), TEST(test_exhaust), TEST(test_threads) DEBUG_TESTS)
