/*
 * Address spaces of programs (kernel/vm), from a kernel thread that enters one and touches it as the kernel touches
 * programs' memory: faults, protection, copy-on-write, objects, and random changes against a simple model.
 */
#include "arch/x86_64/user.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/page.h"
#include "mm/slab.h"
#include "random.h"
#include "sched/sched.h"
#include "tests/kernel/ktest.h"
#include "vm/vm.h"

#define PROGRAM 0x400000ull
#define RW (VM_READ | VM_WRITE | VM_MAY_WRITE)

/* A space that the test's thread is in. */
static struct vm_space *enter_new(void)
{
    struct vm_space *space = vm_space_create();
    if (!KTEST_CHECK(space != NULL))
        return NULL;
    space->map_top = USER_END - GIB(1);
    vm_space_enter(space);
    return space;
}

static void leave(struct vm_space *space)
{
    vm_space_enter(NULL);
    vm_space_put(space);
}

static bool poke(uaddr_t address, uint64_t value)
{
    return copy_to_user(address, &value) == 0;
}

/* The word there; ~0 when it cannot be read. */
static uint64_t peek(uaddr_t address)
{
    uint64_t value;
    return copy_from_user(&value, address) == 0 ? value : ~0ull;
}

KTEST(vm_anonymous_memory_is_there_when_touched)
{
    struct vm_space *space = enter_new();
    if (!space)
        return;
    KTEST_EQUAL(peek(PROGRAM), ~0ull);
    KTEST_EQUAL(vm_map(space, PROGRAM, GIB(64), RW, VM_MAP_FIXED, NULL, 0), (uint64_t)-ENOMEM); /* more than there is */
    KTEST_EQUAL(vm_map(space, PROGRAM, GIB(64), RW | VM_NO_RESERVE, VM_MAP_FIXED, NULL, 0), PROGRAM);
    KTEST_EQUAL(space->pages_resident, 0);
    KTEST_EQUAL(peek(PROGRAM + GIB(63)), 0);
    KTEST_CHECK(poke(PROGRAM + GIB(63), 7) && poke(PROGRAM + GIB(1) - 4, 0x1122334455667788)); /* across two pages */
    KTEST_EQUAL(peek(PROGRAM + GIB(63)), 7);
    KTEST_EQUAL(peek(PROGRAM + GIB(1) - 4), 0x1122334455667788);
    KTEST_EQUAL(space->pages_resident, 3);
    KTEST_EQUAL(vm_unmap(space, PROGRAM + GIB(63), PAGE_SIZE), 0);
    KTEST_EQUAL(peek(PROGRAM + GIB(63)), ~0ull);
    KTEST_EQUAL(peek(PROGRAM + GIB(63) + PAGE_SIZE), 0);
    KTEST_EQUAL(space->area_count, 2);
    leave(space);
}

KTEST(vm_copies_stop_where_memory_does)
{
    struct vm_space *space = enter_new();
    if (!space)
        return;
    static char buffer[3 * PAGE_SIZE];
    memset(buffer, 'x', sizeof buffer);
    vm_map(space, PROGRAM, PAGE_SIZE, RW, VM_MAP_FIXED, NULL, 0);
    KTEST_EQUAL(user_write(PROGRAM + 5, buffer, PAGE_SIZE), 5);
    KTEST_EQUAL(user_write(PROGRAM + PAGE_SIZE - 3, buffer, 2 * PAGE_SIZE), 2 * PAGE_SIZE - 3);
    KTEST_EQUAL(user_read(buffer, PROGRAM + PAGE_SIZE - 13, 100), 87);
    KTEST_EQUAL(user_zero(PROGRAM + PAGE_SIZE - 9, 10), 1);
    KTEST_EQUAL(user_read(buffer, PROGRAM - 1, 1), 1);
    KTEST_EQUAL(user_read(buffer, USER_END - 1, 2), 2);
    KTEST_EQUAL(user_read(buffer, ~0ull - 3, 8), 8);
    KTEST_EQUAL(user_write(KERNEL_BASE, buffer, 1), 1);
    KTEST_EQUAL(user_write((uaddr_t)(uintptr_t)buffer, buffer, 1), 1);

    KTEST_EQUAL(user_write(PROGRAM + PAGE_SIZE - 4, "abc", 4), 0);
    KTEST_EQUAL(user_read_string(buffer, PROGRAM + PAGE_SIZE - 4, 10), 3);
    KTEST_EQUAL(user_read_string(buffer, PROGRAM + PAGE_SIZE - 4, 3), (uint64_t)-ENAMETOOLONG);
    KTEST_EQUAL(user_write(PROGRAM + PAGE_SIZE - 4, "abcd", 4), 0);
    KTEST_EQUAL(user_read_string(buffer, PROGRAM + PAGE_SIZE - 4, 10), (uint64_t)-EFAULT);

    uint32_t old = 1;
    user_zero(PROGRAM, 8);
    KTEST_EQUAL(user_compare_exchange(PROGRAM, &old, 5), 0);
    KTEST_EQUAL(old, 0);
    KTEST_EQUAL(user_compare_exchange(PROGRAM, &old, 5), 0);
    KTEST_EQUAL(peek(PROGRAM), 5);
    KTEST_EQUAL(user_compare_exchange(PROGRAM + 2, &old, 5), (uint64_t)-EFAULT);
    KTEST_EQUAL(user_compare_exchange(PROGRAM + PAGE_SIZE, &old, 5), (uint64_t)-EFAULT);
    leave(space);
}

KTEST(vm_protection_holds_for_the_kernel_too)
{
    struct vm_space *space = enter_new();
    if (!space)
        return;
    vm_map(space, PROGRAM, 4 * PAGE_SIZE, RW, VM_MAP_FIXED, NULL, 0);
    for (unsigned i = 0; i < 4; i++)
        KTEST_CHECK(poke(PROGRAM + i * PAGE_SIZE, i + 1));
    KTEST_EQUAL(vm_protect(space, PROGRAM + PAGE_SIZE, PAGE_SIZE, VM_READ), 0);
    KTEST_EQUAL(vm_protect(space, PROGRAM + 2 * PAGE_SIZE, PAGE_SIZE, 0), 0);
    KTEST_EQUAL(space->area_count, 4);
    KTEST_CHECK(poke(PROGRAM, 10));
    KTEST_CHECK(!poke(PROGRAM + PAGE_SIZE, 10));
    KTEST_EQUAL(peek(PROGRAM + PAGE_SIZE), 2);
    KTEST_EQUAL(peek(PROGRAM + 2 * PAGE_SIZE), ~0ull);
    KTEST_CHECK(!poke(PROGRAM + 2 * PAGE_SIZE, 10));
    KTEST_EQUAL(vm_protect(space, PROGRAM, 5 * PAGE_SIZE, VM_READ), (uint64_t)-ENOMEM);
    KTEST_EQUAL(vm_protect(space, PROGRAM, 4 * PAGE_SIZE, VM_READ | VM_WRITE), 0);
    KTEST_EQUAL(space->area_count, 1);
    KTEST_EQUAL(peek(PROGRAM + 2 * PAGE_SIZE), 3);
    KTEST_CHECK(poke(PROGRAM + 2 * PAGE_SIZE, 30));
    KTEST_EQUAL(peek(PROGRAM + 2 * PAGE_SIZE), 30);
    leave(space);
}

KTEST(vm_fork_copies_on_write)
{
    struct vm_space *parent = enter_new();
    if (!parent)
        return;
    vm_map(parent, PROGRAM, 3 * PAGE_SIZE, RW, VM_MAP_FIXED, NULL, 0);
    poke(PROGRAM, 1);
    poke(PROGRAM + PAGE_SIZE, 2);
    struct vm_space *child = vm_space_fork(parent);
    if (KTEST_CHECK(child != NULL)) {
        KTEST_CHECK(poke(PROGRAM, 100) && poke(PROGRAM + 2 * PAGE_SIZE, 3));
        vm_space_enter(child);
        KTEST_EQUAL(peek(PROGRAM), 1);
        KTEST_EQUAL(peek(PROGRAM + PAGE_SIZE), 2);
        KTEST_EQUAL(peek(PROGRAM + 2 * PAGE_SIZE), 0);
        KTEST_CHECK(poke(PROGRAM + PAGE_SIZE, 200));
        vm_space_enter(parent);
        KTEST_EQUAL(peek(PROGRAM), 100);
        KTEST_EQUAL(peek(PROGRAM + PAGE_SIZE), 2);
        vm_space_put(child);
        uint64_t free = page_free_count();
        KTEST_CHECK(poke(PROGRAM + PAGE_SIZE, 20)); /* nobody else has it any more: no copy */
        KTEST_EQUAL(page_free_count(), free);
    }
    leave(parent);
}

KTEST(vm_stack_grows_to_its_limit)
{
    struct vm_space *space = enter_new();
    if (!space)
        return;
    const uaddr_t top = GIB(2);
    space->stack_top = top;
    space->stack_limit = MIB(2);
    vm_map(space, top - PAGE_SIZE, PAGE_SIZE, RW | VM_GROWS_DOWN, VM_MAP_FIXED, NULL, 0);
    KTEST_CHECK(poke(top - 8, 1) && poke(top - MIB(1), 2));
    KTEST_EQUAL(space->pages_mapped, MIB(1) / PAGE_SIZE);
    KTEST_CHECK(poke(top - MIB(2), 3));
    KTEST_CHECK(!poke(top - MIB(2) - 8, 4));
    KTEST_CHECK(!poke(top, 4));
    leave(space);
}

KTEST(vm_brk_and_places)
{
    struct vm_space *space = enter_new();
    if (!space)
        return;
    space->brk_start = space->brk = PROGRAM + 0x123;
    KTEST_EQUAL(vm_set_brk(space, 0), PROGRAM + 0x123);
    KTEST_EQUAL(vm_set_brk(space, PROGRAM + MIB(1)), PROGRAM + MIB(1));
    KTEST_CHECK(poke(PROGRAM + MIB(1) - 8, 5));
    KTEST_EQUAL(vm_set_brk(space, PROGRAM + 0x800), PROGRAM + 0x800);
    KTEST_CHECK(!poke(PROGRAM + MIB(1) - 8, 5));
    KTEST_EQUAL(vm_map(space, PROGRAM + MIB(2), PAGE_SIZE, RW, VM_MAP_FIXED, NULL, 0), PROGRAM + MIB(2));
    KTEST_EQUAL(vm_set_brk(space, PROGRAM + MIB(3)), PROGRAM + 0x800); /* in the way */

    long high = vm_map(space, 0, PAGE_SIZE, RW, 0, NULL, 0),
         next = vm_map(space, 0, 3 * PAGE_SIZE, VM_READ, 0, NULL, 0);
    KTEST_EQUAL(high, space->map_top - PAGE_SIZE);
    KTEST_EQUAL(next, (uint64_t)high - 3 * PAGE_SIZE);
    KTEST_EQUAL(vm_unmap(space, (uint64_t)high, PAGE_SIZE), 0);
    KTEST_EQUAL(vm_map(space, 0, PAGE_SIZE, VM_READ, 0, NULL, 0), high); /* the highest hole that fits */
    KTEST_EQUAL(vm_map(space, PROGRAM + MIB(2), PAGE_SIZE, RW, VM_MAP_NO_REPLACE, NULL, 0), (uint64_t)-EEXIST);
    KTEST_EQUAL(vm_map(space, 0, PAGE_SIZE, RW, VM_MAP_FIXED, NULL, 0), (uint64_t)-EPERM);
    KTEST_EQUAL(vm_map(space, 0, 0, RW, 0, NULL, 0), (uint64_t)-EINVAL);
    KTEST_EQUAL(vm_map(space, 0, USER_END, RW, 0, NULL, 0), (uint64_t)-ENOMEM);
    KTEST_EQUAL(vm_unmap(space, PROGRAM + 1, PAGE_SIZE), (uint64_t)-EINVAL);
    leave(space);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Objects
 */

#define OBJECT_PAGES 8

struct test_object {
    struct vm_object object;
    struct page *pages[OBJECT_PAGES];
    uint64_t count; /* pages that it has */
    unsigned references;
};

static int object_get_page(struct vm_object *object, uint64_t index, bool write, struct page **page)
{
    struct test_object *test = object->owner;
    if (index >= test->count)
        return -EFAULT;
    if (test->pages[index] == NULL && (test->pages[index] = page_allocate(0, ALLOC_ZERO)) == NULL)
        return -ENOMEM;
    page_get(test->pages[index]);
    *page = test->pages[index];
    return 0;
}

static struct page *object_peek_page(struct vm_object *object, uint64_t index)
{
    struct test_object *test = object->owner;
    struct page *page = index < test->count ? test->pages[index] : NULL;
    if (page)
        page_get(page);
    return page;
}

static bool object_holds(struct vm_object *object, uint64_t index)
{
    return index < ((struct test_object *)object->owner)->count;
}

static void object_get(struct vm_object *object)
{
    struct test_object *test = object->owner;
    __atomic_fetch_add(&test->references, 1, __ATOMIC_RELAXED);
}

static void object_put(struct vm_object *object)
{
    struct test_object *test = object->owner;
    __atomic_fetch_sub(&test->references, 1, __ATOMIC_RELAXED);
}

static const struct vm_object_ops object_ops = {.get_page = object_get_page,
    .peek_page = object_peek_page,
    .holds = object_holds,
    .get = object_get,
    .put = object_put};

KTEST(vm_objects_are_shared_or_copied)
{
    struct test_object test = {.count = OBJECT_PAGES};
    vm_object_init(&test.object, &object_ops, &test);
    struct vm_space *space = enter_new();
    if (!space)
        return;
    const uaddr_t shared = PROGRAM, private = PROGRAM + MIB(1), second = PROGRAM + MIB(2);
    vm_map(space, shared, OBJECT_PAGES * PAGE_SIZE, RW | VM_SHARED, VM_MAP_FIXED, &test.object, 0);
    vm_map(space, private, OBJECT_PAGES * PAGE_SIZE, RW, VM_MAP_FIXED, &test.object, 0);
    vm_map(space, second, PAGE_SIZE, VM_READ | VM_SHARED, VM_MAP_FIXED, &test.object, PAGE_SIZE);

    KTEST_CHECK(poke(shared + PAGE_SIZE, 11));
    KTEST_EQUAL(peek(private + PAGE_SIZE), 11);
    KTEST_EQUAL(peek(second), 11);
    KTEST_CHECK(!poke(second, 1));
    KTEST_CHECK(poke(private + PAGE_SIZE, 12));
    KTEST_EQUAL(peek(shared + PAGE_SIZE), 11);
    KTEST_CHECK(poke(shared + PAGE_SIZE, 13));
    KTEST_EQUAL(peek(private + PAGE_SIZE), 12);
    KTEST_EQUAL(peek(second), 13);

    struct vm_space *child = vm_space_fork(space);
    if (KTEST_CHECK(child != NULL)) {
        vm_space_enter(child);
        KTEST_CHECK(poke(shared + 3 * PAGE_SIZE, 33));
        KTEST_CHECK(poke(private + PAGE_SIZE, 120));
        vm_space_enter(space);
        KTEST_EQUAL(peek(shared + 3 * PAGE_SIZE), 33);
        KTEST_EQUAL(peek(private + PAGE_SIZE), 12);
        vm_space_put(child);
    }

    test.count = 1; /* truncated: what is mapped goes, private copies too, as Linux has it */
    vm_object_unmap(&test.object, 1, ~0ull);
    KTEST_EQUAL(peek(shared + PAGE_SIZE), ~0ull);
    KTEST_EQUAL(peek(private + PAGE_SIZE), ~0ull);
    KTEST_EQUAL(peek(shared), 0);
    KTEST_EQUAL(test.references, 3); /* the three areas */
    leave(space);
    KTEST_EQUAL(test.references, 0);
    for (unsigned i = 0; i < OBJECT_PAGES; i++)
        if (test.pages[i])
            page_put(test.pages[i]);
}

KTEST(vm_remap_and_advise)
{
    struct vm_space *space = enter_new();
    if (!space)
        return;
    vm_map(space, PROGRAM, 4 * PAGE_SIZE, RW, VM_MAP_FIXED, NULL, 0);
    for (unsigned i = 0; i < 4; i++)
        poke(PROGRAM + i * PAGE_SIZE, i + 1);
    KTEST_EQUAL(vm_remap(space, PROGRAM, 4 * PAGE_SIZE, 6 * PAGE_SIZE, 0, 0), PROGRAM); /* in place */
    KTEST_EQUAL(space->area_count, 1);
    vm_map(space, PROGRAM + 6 * PAGE_SIZE, PAGE_SIZE, VM_READ, VM_MAP_FIXED, NULL, 0);
    KTEST_EQUAL(vm_remap(space, PROGRAM, 6 * PAGE_SIZE, 8 * PAGE_SIZE, 0, 0), (uint64_t)-ENOMEM);
    long moved = vm_remap(space, PROGRAM, 6 * PAGE_SIZE, 8 * PAGE_SIZE, 1, 0);
    KTEST_CHECK(moved > 0 && (uint64_t)moved != PROGRAM);
    KTEST_EQUAL(peek((uint64_t)moved + 2 * PAGE_SIZE), 3);
    KTEST_EQUAL(peek(PROGRAM), ~0ull);
    KTEST_EQUAL(vm_remap(space, (uint64_t)moved, 8 * PAGE_SIZE, 2 * PAGE_SIZE, 0, 0), moved);
    KTEST_EQUAL(peek((uint64_t)moved + 2 * PAGE_SIZE), ~0ull);
    KTEST_EQUAL(space->pages_mapped, 3);
    KTEST_EQUAL(vm_advise(space, (uint64_t)moved, PAGE_SIZE, 4), 0); /* MADV_DONTNEED */
    KTEST_EQUAL(peek((uint64_t)moved), 0);
    KTEST_EQUAL(peek((uint64_t)moved + PAGE_SIZE), 2);
    KTEST_EQUAL(vm_advise(space, (uint64_t)moved, PAGE_SIZE, 12345), (uint64_t)-EINVAL);
    leave(space);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Random changes
 */

#define MODEL_PAGES 48

struct model {
    bool mapped[MODEL_PAGES];
    unsigned protection[MODEL_PAGES];
    uint64_t value[MODEL_PAGES];
};

static void check_model(const struct model *m)
{
    for (unsigned i = 0; i < MODEL_PAGES; i++) {
        bool readable = m->mapped[i] && m->protection[i];
        uint64_t expected = readable ? m->value[i] : ~0ull;
        if (peek(PROGRAM + i * PAGE_SIZE) != expected)
            KTEST_FAIL("page %u: %lx instead of %lx", i, peek(PROGRAM + i * PAGE_SIZE), expected);
    }
}

static void change(struct vm_space *space, struct model *m, uint64_t random)
{
    static const unsigned protections[] = {VM_READ | VM_WRITE, VM_READ | VM_WRITE, VM_READ, 0};
    unsigned first = random % MODEL_PAGES, count = 1 + (random >> 8) % min_u64(MODEL_PAGES - first, 12);
    unsigned protection = protections[(random >> 16) % 4], kind = (random >> 20) % 8;
    uaddr_t address = PROGRAM + first * PAGE_SIZE;
    bool whole = true;
    for (unsigned i = first; i < first + count; i++)
        whole = whole && m->mapped[i];

    if (kind == 0)
        KTEST_EQUAL(vm_unmap(space, address, count * PAGE_SIZE), 0);
    else if (kind == 1)
        KTEST_EQUAL(
            vm_map(space, address, count * PAGE_SIZE, protection | VM_MAY_WRITE, VM_MAP_FIXED, NULL, 0), address);
    else if (kind == 2)
        KTEST_EQUAL(vm_protect(space, address, count * PAGE_SIZE, protection), whole ? 0 : (uint64_t)-ENOMEM);
    for (unsigned i = first; i < first + count; i++) {
        if (kind < 2) {
            m->mapped[i] = kind == 1;
            m->value[i] = 0;
        }
        if (kind == 1 || (kind == 2 && whole))
            m->protection[i] = protection;
        if (kind > 2) {
            bool writable = m->mapped[i] && m->protection[i] & VM_WRITE;
            KTEST_EQUAL(poke(PROGRAM + i * PAGE_SIZE, random + i), writable);
            if (writable)
                m->value[i] = random + i;
        }
    }
}

KTEST(vm_random_changes_and_forks)
{
    static struct model models[3];
    struct vm_space *spaces[3] = {vm_space_create(), vm_space_create(), vm_space_create()};
    memset(models, 0, sizeof models);
    for (unsigned i = 0; i < 3; i++)
        if (!KTEST_CHECK(spaces[i] != NULL))
            return;
    uint64_t seed = random_u64();
    ktest_note("seed %lu", seed);
    for (unsigned round = 0; round < 3000; round++) {
        seed = seed * 6364136223846793005ull + 1442695040888963407ull;
        uint64_t random = seed >> 20;
        unsigned at = (random >> 32) % 3;
        vm_space_enter(spaces[at]);
        change(spaces[at], &models[at], random);
        if (round % 37 == 0) { /* another one becomes its copy */
            unsigned other = (at + 1) % 3;
            struct vm_space *copy = vm_space_fork(spaces[at]);
            if (!KTEST_CHECK(copy != NULL))
                break;
            vm_space_put(spaces[other]);
            spaces[other] = copy;
            models[other] = models[at];
        }
        if (round % 50 == 0)
            check_model(&models[at]);
    }
    for (unsigned i = 0; i < 3; i++) {
        vm_space_enter(spaces[i]);
        check_model(&models[i]);
        vm_space_enter(NULL);
        vm_space_put(spaces[i]);
    }
}

/* More than a processor has numbers for, where it tells spaces apart by number. */
#define SPACES 10

KTEST(vm_many_spaces_take_turns)
{
    struct vm_space *spaces[SPACES];
    for (unsigned i = 0; i < SPACES; i++) {
        if (!KTEST_CHECK((spaces[i] = vm_space_create()) != NULL))
            return;
        vm_map(spaces[i], PROGRAM, 2 * PAGE_SIZE, RW, VM_MAP_FIXED, NULL, 0);
        vm_space_enter(spaces[i]);
        KTEST_CHECK(poke(PROGRAM, i) && poke(PROGRAM + PAGE_SIZE, i));
    }
    for (unsigned round = 0; round < 200; round++) {
        unsigned at = round * 7 % SPACES, other = (at + round % 3) % SPACES;
        vm_space_enter(spaces[at]);
        KTEST_EQUAL(peek(PROGRAM), at);
        KTEST_EQUAL(vm_protect(spaces[other], PROGRAM, PAGE_SIZE, VM_READ), 0); /* while another is loaded */
        vm_space_enter(spaces[other]);
        KTEST_EQUAL(peek(PROGRAM), other);
        KTEST_CHECK(!poke(PROGRAM, 99));
        KTEST_EQUAL(vm_protect(spaces[other], PROGRAM, PAGE_SIZE, VM_READ | VM_WRITE), 0);
        KTEST_CHECK(poke(PROGRAM, other) && peek(PROGRAM + PAGE_SIZE) == other);
    }
    vm_space_enter(NULL);
    for (unsigned i = 0; i < SPACES; i++)
        vm_space_put(spaces[i]);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Several threads in one space
 */

#define THREADS 4
#define ROUNDS 5 /* each with several flushes on all CPUs, which take long on an emulator */
#define SHARED_PAGES 12

static struct vm_space *crowded;

static long crowd(void *argument)
{
    uint64_t self = (uintptr_t)argument;
    vm_space_enter(crowded);
    long wrong = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        for (unsigned i = 0; i < SHARED_PAGES; i++) /* all touch the same pages, each its own word */
            wrong += !poke(PROGRAM + i * PAGE_SIZE + self * 8, round * 1000 + i);
        for (unsigned i = 0; i < SHARED_PAGES; i++)
            wrong += peek(PROGRAM + i * PAGE_SIZE + self * 8) != round * 1000 + i;
        struct vm_space *child = round == self ? vm_space_fork(crowded) : NULL;
        if (child)
            vm_space_put(child);
        long own = vm_map(crowded, 0, 4 * PAGE_SIZE, RW, 0, NULL, 0);
        wrong += own < 0 || !poke((uint64_t)own, self + 1) || peek((uint64_t)own) != self + 1;
        wrong += vm_unmap(crowded, (uint64_t)own, 4 * PAGE_SIZE) != 0;
        wrong += peek((uint64_t)own) == self + 1; /* what is there now is another thread's */
    }
    vm_space_enter(NULL);
    return wrong;
}

KTEST(vm_many_threads_in_one_space)
{
    crowded = vm_space_create();
    if (!KTEST_CHECK(crowded != NULL))
        return;
    crowded->map_top = USER_END - GIB(1);
    vm_map(crowded, PROGRAM, SHARED_PAGES * PAGE_SIZE, RW, VM_MAP_FIXED, NULL, 0);
    struct thread *threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        threads[i] = thread_create("crowd", crowd, (void *)i);
    for (unsigned i = 0; i < THREADS; i++)
        if (KTEST_CHECK(threads[i] != NULL))
            KTEST_EQUAL(thread_join(threads[i]), 0);
    vm_space_put(crowded);
}
