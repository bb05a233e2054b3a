/*
 * Seeing inside: symbols, backtraces, probing, counters, stack depth; and panics that happen where panics are hard.
 * tests/system/kernel-deaths.t knows what each death has to say.
 */
#include "ktest.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/paging.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/spinlock.h"
#include "arch/x86_64/trap.h"
#include "debug/backtrace.h"
#include "debug/counter.h"
#include "debug/lock_order.h"
#include "debug/probe.h"
#include "debug/stack_depth.h"
#include "debug/symbols.h"
#include "lib/string.h"
#include "log.h"
#include "panic.h"
#include "sched/sched.h"
#include "tty/console.h"

#define LOG_NAME "inside"

COUNTER(test_events, "what inside_test.c has counted");

/* ------------------------------------------------------------------------------------------------------------------
 * Symbols
 */

static __attribute__((noinline)) uintptr_t where_am_i(void)
{
    return (uintptr_t)__builtin_return_address(0);
}

KTEST(symbols_name_this_function)
{
    char text[SYMBOL_TEXT];
    struct symbol symbol;
    int line = __LINE__ + 1;
    uintptr_t here = where_am_i();
    if (!KTEST_CHECK(symbols_find(here - 1, &symbol)))
        return;
    KTEST_CHECK(strcmp(symbol.name, "ktest_run_symbols_name_this_function") == 0);
    KTEST_CHECK(symbol.file != NULL && strcmp(symbol.file, "tests/kernel/inside_test.c") == 0);
    KTEST_EQUAL(symbol.line, line);
    symbols_format_return(text, sizeof text, here);
    KTEST_CHECK(strncmp(text, "ktest_run_symbols_name_this_function+0x", 39) == 0);

    KTEST_CHECK(symbols_find((uintptr_t)where_am_i, &symbol));
    KTEST_CHECK(strcmp(symbol.name, "where_am_i") == 0);
    KTEST_EQUAL(symbol.offset, 0);
}

KTEST(symbols_survive_any_address)
{
    static int data;
    const uintptr_t addresses[] = {0, 1, 0x1000, (uintptr_t)&data, (uintptr_t)addresses, (uintptr_t)__start_symbols,
        ~0ul, 0x7fffffffffff, 0x8000000000000000, 0xffffffff80000000};
    char text[SYMBOL_TEXT], number[24];
    for (unsigned i = 0; i < ARRAY_LENGTH(addresses); i++) {
        symbols_format(text, sizeof text, addresses[i]);
        snprintf(number, sizeof number, "%#lx", addresses[i]);
        KTEST_CHECK(strcmp(text, number) == 0);
    }
}

/* ------------------------------------------------------------------------------------------------------------------
 * Backtraces
 */

static __attribute__((noinline)) unsigned callers_named(const char *name, uintptr_t frame)
{
    struct backtrace trace;
    struct backtrace_entry entry;
    struct symbol symbol;
    unsigned count = 0;
    backtrace_begin(&trace, frame);
    while (backtrace_next(&trace, &entry))
        count += symbols_find(entry.address - 1, &symbol) && strcmp(symbol.name, name) == 0;
    KTEST_CHECK(trace.broken == NULL);
    return count;
}

static __attribute__((noinline)) unsigned climb(unsigned height)
{
    volatile unsigned above = height > 0 ? climb(height - 1) : callers_named("climb", BACKTRACE_HERE);
    return above;
}

KTEST(backtrace_sees_every_caller)
{
    KTEST_EQUAL(climb(5), 5); /* the sixth is the one that asks */
}

static unsigned seen_through_trap;

static bool count_in_trap(struct trap_frame *frame, vaddr_t address)
{
    struct backtrace trace;
    struct backtrace_entry entry;
    backtrace_begin(&trace, BACKTRACE_HERE);
    while (backtrace_next(&trace, &entry))
        seen_through_trap += entry.trap == frame && entry.exact && entry.address == frame->rip;
    seen_through_trap += 10 * callers_named("ktest_run_backtrace_goes_through_traps", BACKTRACE_HERE);
    return true;
}

KTEST(backtrace_goes_through_traps)
{
    seen_through_trap = 0;
    trap_handler *before = trap_set_handler(TRAP_BREAKPOINT, count_in_trap);
    __asm__ volatile("int3" : : : "memory");
    trap_set_handler(TRAP_BREAKPOINT, before);
    KTEST_EQUAL(seen_through_trap, 11);
}

KTEST(backtrace_stops_where_the_chain_is_broken)
{
    uintptr_t good[2] = {0, (uintptr_t)where_am_i + 1};
    uintptr_t chains[][2] = {
        {0x10, (uintptr_t)where_am_i + 1},                /* then nothing */
        {(uintptr_t)good + 1, (uintptr_t)where_am_i + 1}, /* misaligned */
        {0x8000000000000000, (uintptr_t)where_am_i + 1},  /* not canonical */
        {(uintptr_t)good, (uintptr_t)good},               /* returns to data */
    };
    for (unsigned i = 0; i < ARRAY_LENGTH(chains); i++) {
        struct backtrace trace;
        struct backtrace_entry entry;
        unsigned count = 0;
        backtrace_begin(&trace, (uintptr_t)chains[i]);
        while (backtrace_next(&trace, &entry) && count < 10)
            count++;
        KTEST_CHECK(trace.broken != NULL);
        KTEST_CHECK(count <= 1);
    }
    uintptr_t circle[2] = {(uintptr_t)circle, (uintptr_t)where_am_i + 1};
    struct backtrace trace;
    struct backtrace_entry entry;
    unsigned count = 0;
    backtrace_begin(&trace, (uintptr_t)circle);
    while (backtrace_next(&trace, &entry) && count < 100)
        count++;
    KTEST_EQUAL(count, 1);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Probing, counting, measuring
 */

KTEST(probe_tells_what_is_mapped)
{
    static uint64_t data = 42;
    struct probe_walk walk;
    uint64_t copy = 0;
    KTEST_CHECK(probe_walk((vaddr_t)&data, &walk) && walk.writable && !walk.executable && !walk.user);
    KTEST_CHECK(probe_walk((vaddr_t)where_am_i, &walk) && !walk.writable && walk.executable);
    KTEST_CHECK(!probe_walk(0, &walk) && !probe_walk(0x8000000000000000, &walk));
    KTEST_EQUAL(probe_read(&copy, (vaddr_t)&data, sizeof copy), sizeof copy);
    KTEST_EQUAL(copy, 42);
    KTEST_EQUAL(probe_read(&copy, 8, sizeof copy), 0);
    KTEST_CHECK(!probe_is_mapped(~0ull - 3, 8));
}

KTEST(counters_count)
{
    const struct counter *counter = counter_find("test_events");
    if (!KTEST_CHECK(counter != NULL))
        return;
    uint64_t before = counter_value(counter);
    for (int i = 0; i < 1000; i++)
        counter_add(test_events, 1);
    counter_add(test_events, 234);
    KTEST_EQUAL(counter_value(counter) - before, 1234);
    KTEST_CHECK(counter_find("test_event") == NULL);
}

static uint64_t painted[512];

KTEST(stack_depth_finds_the_deepest_word)
{
    vaddr_t base = (vaddr_t)painted;
    stack_paint(base, sizeof painted);
    KTEST_EQUAL(stack_depth(base, sizeof painted), 0);
    painted[511] = 1;
    KTEST_EQUAL(stack_depth(base, sizeof painted), 8);
    painted[100] = 1;
    KTEST_EQUAL(stack_depth(base, sizeof painted), 412 * 8);
    painted[0] = 0;
    KTEST_EQUAL(stack_depth(base, sizeof painted), sizeof painted);
    KTEST_CHECK(!stack_is_short(768, 1024) && stack_is_short(769, 1024));
}

KTEST(log_remembers)
{
    struct log_message message;
    uint64_t cursor = log_ring.next;
    log_debug("remember %d", 17);
    bool found = false;
    while (!found && log_read(&cursor, &message))
        found = strcmp(message.text, "inside: remember 17") == 0;
    KTEST_CHECK(found);
    KTEST_EQUAL(message.level, LOG_DEBUG);
}

/* An NMI's record is kept, and shown when the next one is written. */
static bool log_in_nmi(struct trap_frame *frame, vaddr_t address)
{
    log_debug("from an NMI");
    return true;
}

KTEST(log_takes_records_of_nmis)
{
    struct log_message message;
    uint64_t cursor = log_ring.next;
    trap_handler *before = trap_set_handler(TRAP_NMI, log_in_nmi);
    __asm__ volatile("int $2" : : : "memory");
    trap_set_handler(TRAP_NMI, before);
    bool found = false;
    while (!found && log_read(&cursor, &message))
        found = strcmp(message.text, "inside: from an NMI") == 0;
    KTEST_CHECK(found);
}

/* Every CPU writes lines of one letter, in many lengths, at the same time; a reader gets whole lines or none. */
#define LINES 500
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static void write_lines(void *unused)
{
    char text[200];
    memset(text, LETTERS[cpu_number() % 26], sizeof text);
    for (int i = 0; i < LINES; i++)
        log_write(LOG_DEBUG, "%.*s", 1 + i % 199, text);
}

KTEST(log_from_all_cpus)
{
    static struct log_message message;
    uint64_t cursor = log_ring.next, seen = 0, torn = 0;
    smp_call_others(write_lines, NULL);
    write_lines(NULL);
    while (log_read(&cursor, &message)) {
        if (message.text[0] < 'A' || message.text[0] > 'Z' || message.text[1] == 'r')
            continue;
        for (size_t i = 1; i < message.length; i++)
            torn += message.text[i] != message.text[0];
        seen++;
    }
    KTEST_EQUAL(torn, 0);
    KTEST_CHECK(seen > LOG_RECORDS / 4);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Deaths
 */

KDEATH(assertion)
{
    volatile int two = 2;
    ASSERT(two + two == 5);
}

/* The console's lock is held when the fault happens: a pointer that a format follows. */
KDEATH(panic_under_console_lock)
{
    console_printf("a string from nowhere: %s\n", (const char *)0x4000);
}

/* What cannot even be formatted. */
KDEATH(panic_with_a_bad_argument)
{
    panic("here is %s", (const char *)0x5000);
}

static bool panic_in_handler(struct trap_frame *frame, vaddr_t address)
{
    panic("a handler gives up");
}

KDEATH(panic_in_nmi)
{
    trap_set_handler(TRAP_NMI, panic_in_handler);
    __asm__ volatile("int $2" : : : "memory");
}

KDEATH(panic_in_trap)
{
    trap_set_handler(TRAP_BREAKPOINT, panic_in_handler);
    __asm__ volatile("int3" : : : "memory");
}

static void panic_there(void *unused)
{
    panic("CPU %u gives up", cpu_number());
}

/* All at once, with several CPUs: one is the first, and reports in peace. */
KDEATH(panic_on_all_cpus)
{
    smp_call_others(panic_there, NULL);
    panic_there(NULL);
}

/* The stack's chain of frames leads nowhere. */
static __attribute__((noinline)) void break_chain(uintptr_t *frame)
{
    frame[0] = 0xdead0000dead0008;
    panic("the chain is broken");
}

KDEATH(broken_chain)
{
    break_chain(__builtin_frame_address(0));
}

/* A thread's stack, not the first one's: in an area of its own, with a guard page. */
static __attribute__((noinline)) long dig(volatile long depth)
{
    char frame[200];
    memset(frame, (int)depth, sizeof frame);
    return depth > 0 ? dig(depth + 1) + frame[depth % 200] : 0;
}

static long dig_deep(void *unused)
{
    return dig(1);
}

KDEATH(thread_stack_overflow)
{
    struct thread *thread = thread_create("digger", dig_deep, NULL);
    thread_join(thread);
}

/* Non-canonical: the processor does not say which address, the report does. */
KDEATH(not_canonical)
{
    uintptr_t address = 0x1234567812345678;
    __asm__ volatile("mov (%0), %%rax" : : "b"(address) : "rax", "memory");
}

/* Each part of the report fails, in turn: the reason is there all the same, and the end is reached. */
static void fail_part(const struct panic_info *info)
{
    *(volatile int *)0x3000 = 1;
}
static void last_part(const struct panic_info *info)
{
    console_printf("the last part, of %s\n", info->reason);
}

KDEATH(panic_in_panic)
{
    static void (*const parts[])(const struct panic_info *) = {fail_part, fail_part, last_part, NULL};
    static const struct panic_operations operations = {.report = parts};
    panic_set_operations(&operations);
    panic("the first of several");
}

/* The memory of the screen is gone: what there is to say goes to the serial line. */
KDEATH(panic_without_screen)
{
    const struct boot_info *info = ktest_boot_info();
    vaddr_t screen = (vaddr_t)info->text.cells != 0 ? (vaddr_t)info->text.cells : (vaddr_t)info->framebuffer.address;
    if (screen != 0) {
        KTEST_EQUAL(paging_unmap(&paging_kernel, align_down(screen, PAGE_SIZE), 8 * PAGE_SIZE), 0);
        tlb_flush_kernel(align_down(screen, PAGE_SIZE), 8 * PAGE_SIZE);
    }
    panic("there is no screen");
}

/* Nothing works any more, not even the printing. */
KDEATH(panic_without_end)
{
    static void (*const parts[])(const struct panic_info *) = {fail_part, fail_part, fail_part, fail_part, fail_part,
        fail_part, fail_part, fail_part, fail_part, fail_part, fail_part, fail_part, fail_part, fail_part, last_part,
        NULL};
    static const struct panic_operations operations = {.report = parts};
    panic_set_operations(&operations);
    panic("the first of many");
}

#ifdef DEBUG
static struct spinlock timers_lock = SPINLOCK_INIT(TIMERS), pages_lock = SPINLOCK_INIT(PAGES);

KDEATH(lock_order)
{
    spin_lock(&pages_lock);
    spin_lock(&timers_lock);
}

KDEATH(lock_twice)
{
    spin_lock(&pages_lock);
    spin_lock(&pages_lock);
}

KDEATH(lock_not_held)
{
    spin_unlock(&pages_lock);
}

KDEATH(sleep_under_spin_lock)
{
    spin_lock(&timers_lock);
    lock_order_may_sleep();
}
#endif
