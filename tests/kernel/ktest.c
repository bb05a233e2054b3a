/*
 * Runs the self-tests: see ktest.h. This is the purpose (kernel/init.h) of build/selftest.elf.
 *
 * A test's verdict is gathered in `verdict` by whichever thread notices something, without a lock: failures are counted
 * atomically and the one that makes the count 1 is told in the result's line, the others at once in lines of their own.
 */
#include "ktest.h"
#include "ktest_internal.h"

#include "arch/x86_64/machine.h"
#include "arch/x86_64/preempt.h"
#include "fs/devtmpfs.h"
#include "init.h"
#include "lib/cmdline.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "sched/sched.h"
#include "time/clock.h"
#include "tty/console.h"

#include <stdarg.h>

#define RUNS_MAX 3 /* of a test that seems to leak */
#define NAME_SIZE 128
#define SLOW 1000 /* ms; a test that takes longer says so */

static struct verdict {
    uint32_t failures;
    bool expected; /* they are not told */
    char first_failure[256];
    char skipped[128]; /* why; "" when it was not */
} verdict;

static const struct boot_info *boot_info;

const struct boot_info *ktest_boot_info(void)
{
    return boot_info;
}

/* ------------------------------------------------------------------------------------------------------------------
 * What a test says
 */

void ktest_note(const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    console_printf("# %s\n", text);
}

void ktest_skip(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(verdict.skipped, sizeof verdict.skipped, format, arguments);
    va_end(arguments);
}

void ktest_fail(const char *file, int line, const char *format, ...)
{
    char what[200], text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    snprintf(text, sizeof text, "%s:%d: %s", file, line, what);
    if (__atomic_fetch_add(&verdict.failures, 1, __ATOMIC_RELAXED) == 0)
        strlcpy(verdict.first_failure, text, sizeof verdict.first_failure);
    else if (!verdict.expected)
        ktest_note("%s", text);
}

bool ktest_check(bool passed, const char *file, int line, const char *condition)
{
    if (!passed)
        ktest_fail(file, line, "%s", condition);
    return passed;
}

bool ktest_equal(uint64_t got, uint64_t wanted, const char *file, int line, const char *expression)
{
    if (got != wanted)
        ktest_fail(file, line, "%s is %ld (%#lx), not %ld (%#lx)", expression, (long)got, (unsigned long)got,
            (long)wanted, (unsigned long)wanted);
    return got == wanted;
}

uint32_t ktest_count_failures(void (*function)(void))
{
    static struct verdict kept; /* no test of a check tests a test of a check */
    kept = verdict;
    verdict = (struct verdict){.expected = true};
    function();
    uint32_t failures = verdict.failures;
    verdict = kept;
    return failures;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Running
 */

static long test_thread(void *argument)
{
    const struct ktest *test = argument;
    test->run();
    if (!cpu_interrupts_are_on()) {
        ktest_fail(__FILE__, __LINE__, "%s returned with interrupts off", test->name);
        cpu_interrupts_enable();
    }
    if (this_cpu(preempt_count) != 0) {
        ktest_fail(__FILE__, __LINE__, "%s returned with preemption off", test->name);
        this_cpu(preempt_count) = 0;
    }
    return 0;
}

static void run_in_thread(const struct ktest *test)
{
    struct thread *thread = thread_create_stopped(test->name, test_thread, (void *)(uintptr_t)test);
    if (!thread) {
        ktest_fail(__FILE__, __LINE__, "there is no memory for a thread");
        return;
    }
    thread_bind(thread, 0);
    thread_start(thread);
    thread_join(thread);
}

void ktest_run(const struct ktest *test)
{
    uint64_t before[KTEST_COUNTS_MAX];
    for (int runs = 1; runs <= RUNS_MAX; runs++) {
        ktest_counts_read(before);
        run_in_thread(test);
        uint64_t by = 0;
        const struct ktest_count *grown = ktest_counts_grown(before, &by);
        if (!grown || verdict.failures || verdict.skipped[0])
            return;
        if (runs == RUNS_MAX)
            ktest_fail(__FILE__, __LINE__, "%s leaks: each of %d runs left more %s than before, the last %ld",
                test->name, RUNS_MAX, grown->name, (long)by);
    }
}

static bool run_test(const struct ktest *test, unsigned number)
{
    memset(&verdict, 0, sizeof verdict);
    uint64_t begin = clock_monotonic();
    ktest_watch(test->name, ktest_watch_seconds());
    ktest_run(test);
    ktest_unwatch();
    uint64_t milliseconds = (clock_monotonic() - begin) / 1000000;
    if (milliseconds >= SLOW)
        ktest_note("%s took %lu ms", test->name, (unsigned long)milliseconds);
    if (verdict.failures)
        console_printf("not ok %u %s # %s\n", number, test->name, verdict.first_failure);
    else if (verdict.skipped[0])
        console_printf("ok %u %s # SKIP %s\n", number, test->name, verdict.skipped);
    else
        console_printf("ok %u %s\n", number, test->name);
    return verdict.failures == 0;
}

/* Does NAME match a pattern in which * stands for any characters? */
static bool matches(const char *pattern, const char *name)
{
    for (; *pattern != '*'; pattern++, name++) {
        if (*pattern != *name)
            return false;
        if (*pattern == '\0')
            return true;
    }
    while (!matches(pattern + 1, name))
        if (*name++ == '\0')
            return false;
    return true;
}

static _Noreturn void run_tests(const char *pattern)
{
    unsigned count = 0, number = 0, failed = 0;
    KTEST_EACH (test, ktests)
        count += matches(pattern, (*test)->name);
    console_printf("KTAP version 1\n1..%u\n", count);
    KTEST_EACH (test, ktests)
        if (matches(pattern, (*test)->name) && !run_test(*test, ++number))
            failed++;
    console_printf("# %u passed, %u failed\n", count - failed, failed);
    if (count == 0)
        ktest_note("no test is called %s", pattern);
    machine_exit(count == 0 || failed ? BOOT_EXIT_FAILURE : BOOT_EXIT_SUCCESS);
}

static _Noreturn void run_death(const char *name)
{
    console_print("KTAP version 1\n1..1\n");
    KTEST_EACH (death, kdeaths) {
        if (strcmp((*death)->name, name) == 0) {
            run_in_thread(*death);
            console_printf("not ok 1 %s # it is still alive\n", name);
            machine_exit(BOOT_EXIT_FAILURE);
        }
    }
    console_printf("not ok 1 %s # no death is called so; there are:\n", name);
    KTEST_EACH (death, kdeaths)
        ktest_note("death=%s", (*death)->name);
    machine_exit(BOOT_EXIT_FAILURE);
}

void init_main(const struct boot_info *info)
{
    char name[NAME_SIZE];
    boot_info = info;
    devtmpfs_mount();
    if (cmdline_get("death", name, sizeof name) >= 0)
        run_death(name);
    run_tests(cmdline_get("test", name, sizeof name) >= 0 ? name : "*");
}
