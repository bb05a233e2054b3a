/*
 * The report of a panic: its parts, one function each, in the order in which a reader wants them, and the machine's
 * end. panic.c calls them one after another; one that fails is left where it failed, and the next is called.
 *
 * It is kept to about a screenful, and ends with the reason again, for what was above may have left the screen.
 */
#include "panic_report.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/machine.h"
#include "arch/x86_64/smp.h"
#include "build/gen/version.h"
#include "debug/backtrace.h"
#include "debug/lock_order.h"
#include "debug/probe.h"
#include "debug/stack_depth.h"
#include "debug/symbols.h"
#include "debug/trap_report.h"
#include "lib/cmdline.h"
#include "lib/string.h"
#include "log.h"
#include "mm/vmap.h"
#include "panic.h"
#include "sched/sched.h"
#include "time/clock.h"
#include "tty/console.h"

#define LOG_NAME "panic"

#define LOG_LINES 8 /* of what the console has not shown */
#define REBOOT_SECONDS 5
#define REBOOT_SECONDS_MAX 3600

static vaddr_t boot_stack_base;
static size_t boot_stack_size;

static void sink_write(struct format_sink *sink, const char *text, size_t length)
{
    console_write(text, length);
}
static struct format_sink console_sink = {.write = sink_write};

/* The thread may be what is broken. */
static bool read_thread(struct thread *thread)
{
    const struct thread *current = thread_current();
    return current != NULL && probe_read(thread, (vaddr_t)current, sizeof *thread) == sizeof *thread;
}

/* The stack of this CPU's thread: its size, 0 when it is not known, and its base. The first thread has the loader's. */
static size_t current_stack(vaddr_t *base)
{
    static struct thread thread;
    bool is_thread = read_thread(&thread) && thread.stack_base != 0;
    *base = is_thread ? thread.stack_base : boot_stack_base;
    return is_thread ? THREAD_STACK_SIZE : cpu_number() == 0 ? boot_stack_size : 0;
}

static const char *who(char *text, size_t size)
{
    static struct thread thread;
    if (!read_thread(&thread))
        return "the kernel";
    thread.name[sizeof thread.name - 1] = '\0';
    snprintf(text, size, "thread %s (%lu)", thread.name, thread.id);
    return text;
}

static void report_place(const struct panic_info *info)
{
    char name[64];
    console_printf("Corrode %s, on CPU %u, %s\n", CORRODE_VERSION, cpu_number(), who(name, sizeof name));
}

static void report_registers(const struct panic_info *info)
{
    if (info->trap != NULL)
        trap_write_registers(&console_sink, info->trap);
}

static void report_control_registers(const struct panic_info *info)
{
    console_printf("cr0 %lx  cr2 %lx  cr3 %lx  cr4 %lx  efer %lx\n", cpu_read_cr0(), cpu_read_cr2(), cpu_read_cr3(),
        cpu_read_cr4(), cpu_read_msr(MSR_EFER));
}

static void report_trap(const struct panic_info *info)
{
    if (info->trap != NULL)
        trap_write_details(&console_sink, info->trap, info->address);
}

static void report_callers(const struct panic_info *info)
{
    backtrace_write(&console_sink, info->trap, (uintptr_t)info->frame);
}

/* Debug builds know what the CPU and its thread hold, and how deep its stack has been. */
static void report_locks(const struct panic_info *info)
{
#ifdef DEBUG
    lock_list_write(&console_sink, lock_order_spin_locks());
    if (thread_locks() != NULL)
        lock_list_write(&console_sink, thread_locks());
#endif
}

static void report_stack(const struct panic_info *info)
{
#ifdef DEBUG
    vaddr_t base;
    size_t size = current_stack(&base);
    if (size > 0 && probe_is_mapped(base, size))
        console_printf("this stack, at %#lx, has been %lu bytes deep, of %lu\n", base, stack_depth(base, size), size);
#endif
}

static void write_log_line(enum log_level level, const char *line, size_t length)
{
    static bool begun;
    if (!begun)
        console_print("The last of the log that was not shown:\n");
    begun = true;
    console_write(line, length);
}

static void report_log(const struct panic_info *info)
{
    log_panic_flush(LOG_LINES, write_log_line);
}

static void (*const parts[])(const struct panic_info *info) = {
    report_place,
    report_trap,
    report_registers,
    report_control_registers,
    report_callers,
    report_locks,
    report_stack,
    report_log,
    NULL,
};

static void reboot(uint64_t seconds)
{
    clock_delay(seconds * NS_PER_SECOND);
    machine_reset();
}

static void check_option(void)
{
    char how[32];
    uint64_t seconds;
    if (cmdline_get("panic", how, sizeof how) >= 0 && strcmp(how, "exit") != 0 && strcmp(how, "halt") != 0 &&
        strcmp(how, "reboot") != 0 && !cmdline_parse_number(how, &seconds))
        log_warning("panic=%s is none of exit, halt, reboot, and no number of seconds", how);
}

static void end(const struct panic_info *info)
{
    char how[32] = "exit";
    uint64_t seconds = REBOOT_SECONDS;
    cmdline_get("panic", how, sizeof how);
    bool reboots = strcmp(how, "reboot") == 0 || cmdline_parse_number(how, &seconds);
    seconds = min_u64(seconds, REBOOT_SECONDS_MAX);

    console_set_color(CONSOLE_WHITE, CONSOLE_RED);
    console_printf("The end of it: %s\n", info->reason);
    console_set_color(CONSOLE_LIGHT_GREY, CONSOLE_BLACK);
    if (reboots) {
        console_printf("The machine starts anew in %lu seconds.\n", seconds);
        reboot(seconds);
    } else if (strcmp(how, "halt") == 0) {
        console_print("The machine halts.\n");
        machine_halt();
    }
    machine_exit(BOOT_EXIT_PANIC);
}

void panic_report_init(const struct boot_info *info)
{
    static const struct panic_operations operations = {.stop_others = smp_stop_others, .report = parts, .end = end};
#ifdef DEBUG
    lock_order_set_symbols(symbols_format_return);
#endif
    probe_init(info->direct_map, info->direct_map_size);
    boot_stack_base = info->stack_base;
    boot_stack_size = info->stack_size;
#ifdef DEBUG
    stack_paint_current(boot_stack_base);
#endif
    panic_set_operations(&operations);
    check_option();
}

/* What virtual area an address belongs to, in words. */
static bool describe_area(vaddr_t address, char *text, size_t size)
{
    struct vmap_area_info area;
    if (address < VMAP_BASE || address - VMAP_BASE >= VMAP_SIZE || !vmap_find(address, &area))
        return false;
    snprintf(
        text, size, "%s area at %#lx of %lu bytes", area.guard ? "a guard page of the" : "the", area.base, area.size);
    return true;
}

/* Did the stack of this CPU's thread run into its guard page? Then that is what went wrong, whatever came of it. */
static void look_for_overflow(struct trap_facts *facts, const struct trap_frame *trap)
{
    vaddr_t base;
    size_t size = current_stack(&base);
    bool in_guard = size > 0 && base - facts->address - 1 < PAGE_SIZE;
    bool may_overflow = trap->vector == TRAP_PAGE_FAULT || trap->vector == TRAP_DOUBLE_FAULT;
    facts->overflow =
        !trap_from_user(trap) && ((may_overflow && in_guard) || trap_is_stack_overflow(trap, facts->address));
    facts->stack_base = base;
    facts->stack_size = size;
}

_Noreturn void panic_trap(const struct trap_frame *trap, uintptr_t address)
{
    char name[64], area[80], text[256];
    struct trap_facts facts = {.who = who(name, sizeof name), .address = address};
    look_for_overflow(&facts, trap);
    if (describe_area(facts.address, area, sizeof area))
        facts.area = area;
    probe_read(&facts.code, trap->rip, sizeof facts.code);
    trap_explain(text, sizeof text, trap, &facts);
    panic_at(trap, address, "%s", text);
}
