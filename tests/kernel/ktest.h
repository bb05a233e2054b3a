/*
 * Self-tests that run inside the kernel, in build/selftest.elf and build/selftest-debug.elf. To add one:
 *
 *  1. Write it into tests/kernel/PART_test.c; every .c file here is built in. A test is
 *
 *         KTEST(part_does_this)
 *         {
 *             KTEST_EQUAL(strlen("abc"), 3);
 *             KTEST_CHECK(part_is_fine());
 *         }
 *
 *  2. Run it: make build/selftest.elf && build/corrode run --firmware none build/selftest.elf 'test=part_*'
 *
 * Tests run one after the other, in the order of the files' names, with interrupts on and everything up that
 * kernel/main.c starts, for a minute each at most (watchdog=SECONDS). Each has a thread of its own, bound to CPU 0
 * until it asks for something else. It may start threads, and must have ended them when it returns; the checks may be
 * used in any of them. A resource that a test does not give back fails it: see KTEST_COUNT.
 *
 * What must kill the kernel is a KDEATH: one runs in each boot, selected with `death=NAME`, and must not return. What
 * it has to say before the end stands in tests/system/kernel-deaths.t.
 *
 * Results are KTAP (https://docs.kernel.org/dev-tools/ktap.html) on the serial line, and the exit status.
 * tests/system/kernel-*.t boot both kernels on every firmware.
 */
#ifndef CORRODE_TESTS_KERNEL_KTEST_H
#define CORRODE_TESTS_KERNEL_KTEST_H

#include "boot/protocol.h"
#include "lib/types.h"

struct ktest {
    const char *name;
    void (*run)(void);
};

/* How much of a resource is in use, in any unit. Called while no test runs. */
struct ktest_count {
    const char *name;
    uint64_t (*used)(void);
};

/* Pointers to such things make an array in a section of their own, which the linker delimits. */
#define KTEST_REGISTER(section_name, type, id)                                                                         \
    static const struct type *const id##_entry __attribute__((section(section_name), used, retain)) = &id

#define KTEST_DEFINE(section_name, test_name)                                                                          \
    static void ktest_run_##test_name(void);                                                                           \
    static const struct ktest ktest_##test_name = {.name = #test_name, .run = ktest_run_##test_name};                  \
    KTEST_REGISTER(section_name, ktest, ktest_##test_name);                                                            \
    static void ktest_run_##test_name(void)

#define KTEST(name) KTEST_DEFINE("ktests", name)
#define KDEATH(name) KTEST_DEFINE("kdeaths", name)

/*
 * KTEST_COUNT(threads, thread_count): USED tells how many there are. A test after which there are more has leaked
 * some. Since caches fill up and some things are made at first use, such a test runs again, and fails if the number
 * grows each time. There is one for each resource that a part of the kernel counts.
 */
#define KTEST_COUNT(count_name, function)                                                                              \
    static const struct ktest_count ktest_count_##count_name = {.name = #count_name, .used = function};                \
    KTEST_REGISTER("kcounts", ktest_count, ktest_count_##count_name)

/*
 * Both note a failure and go on; their value is whether it passed, so that a test which cannot go on returns:
 *
 *     if (!KTEST_CHECK(page != NULL))
 *         return;
 */
#define KTEST_CHECK(condition) ktest_check((condition), __FILE__, __LINE__, #condition)
#define KTEST_EQUAL(got, wanted) ktest_equal((uint64_t)(got), (uint64_t)(wanted), __FILE__, __LINE__, #got)

/*
 * Walks through every place of FUNCTION that must survive an allocation that fails: runs it with its first, its second,
 * ... allocation failing, until it asks for fewer. It returns 0, also where it can do without, or -ENOMEM; anything
 * else, and whatever it leaves behind, fails the test. It runs once with none failing first, so it may make things for
 * good then.
 */
#define KTEST_EVERY_ALLOCATION(function, argument) ktest_every_allocation((function), (argument), __FILE__, __LINE__)

/* Notes a failure, for checks that know more to say. */
#define KTEST_FAIL(...) ktest_fail(__FILE__, __LINE__, __VA_ARGS__)

/* Says why the machine has no use for the test; the caller returns afterwards. */
void ktest_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line of explanation, which whoever reads the results sees. */
void ktest_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* What the boot loader handed over. */
const struct boot_info *ktest_boot_info(void);

void ktest_every_allocation(int (*function)(void *argument), void *argument, const char *file, int line);
bool ktest_check(bool passed, const char *file, int line, const char *condition);
bool ktest_equal(uint64_t got, uint64_t wanted, const char *file, int line, const char *expression);
void ktest_fail(const char *file, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
