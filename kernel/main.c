/*
 * The kernel begins here: each part starts after those that it stands on. What it is all for is in init.h.
 */
#include "arch/acpi/acpi.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/interrupt.h"
#include "arch/x86_64/machine.h"
#include "arch/x86_64/machine_check.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/smp.h"
#include "arch/x86_64/trap.h"
#include "build/gen/version.h"
#include "cpus.h"
#include "debug/fault_injection.h"
#include "drivers/drivers.h"
#include "drivers/ps2.h"
#include "drivers/serial.h"
#include "fs/fs.h"
#include "init.h"
#include "lib/cmdline.h"
#include "lib/errno.h"
#include "log.h"
#include "mm/page.h"
#include "mm/slab.h"
#include "mm/vmap.h"
#include "net/socket.h"
#include "panic.h"
#include "panic_report.h"
#include "proc/power.h"
#include "proc/proc.h"
#include "procfs/procfs.h"
#include "random.h"
#include "sched/sched.h"
#include "sched/work.h"
#include "syscall/syscall.h"
#include "sysfs/sysfs.h"
#include "time/clock.h"
#include "time/timer.h"
#include "tty/console.h"
#include "tty/console_tty.h"
#include "tty/terminal.h"
#include "tty/virtual_console.h"
#include "vm/vm.h"

#define LOG_NAME "kernel"

BOOT_REQUEST(.flags = BOOT_REQUEST_KASLR);

static void show_log(enum log_level level, const char *line, size_t length)
{
    console_write_line(line, length);
}

static void start_log(void)
{
    char text[16];
    enum log_level level;
    log_set_console(show_log);
    if (cmdline_get("loglevel", text, sizeof text) < 0)
        return;
    if (log_parse_level(text, &level))
        log_set_level(level);
    else
        log_warning("loglevel=%s is none of error, warning, notice, info, debug", text);
}

static void check_version(const struct boot_info *info)
{
    if (info->version < BOOT_PROTOCOL_VERSION || info->size < sizeof *info)
        panic("the boot loader speaks version %u of the boot protocol and this kernel needs %u; update the boot loader",
            info->version, BOOT_PROTOCOL_VERSION);
}

static void *allocate_zeroed(size_t size)
{
    return kmalloc(size, ALLOC_ZERO);
}

static void start_terminal(void)
{
    static const struct terminal_memory memory = {.allocate = allocate_zeroed, .release = kfree};
    if (terminal_init(&memory) == -ENOMEM)
        log_warning("no memory for a terminal: the screen shows plain text only");
}

static void type_key(const struct key_event *event)
{
    const unsigned both = KEY_MODIFIER_CONTROL | KEY_MODIFIER_ALT;
    if (event->key != KEY_DELETE || (event->modifiers & both) != both)
        virtual_console_key(event);
    else if (event->pressed)
        power_keys_pressed();
}

/* fail=N: a test wants to see what becomes of the start when its Nth allocation fails; 0 only counts them. */
static void start_failing(void)
{
    uint64_t n;
    if (cmdline_number("fail", &n))
        fault_injection_arm_everyone(n);
}

static void stop_failing(void)
{
    if (fault_injection_armed)
        log_notice("the start has asked for memory %lu times", fault_injection_disarm());
}

static void print_banner(void)
{
    console_set_color(CONSOLE_WHITE, CONSOLE_BLACK);
    console_printf("Corrode %s\n", CORRODE_VERSION);
    console_set_color(CONSOLE_LIGHT_GREY, CONSOLE_BLACK);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The order of it all
 */

/* From here on whatever goes wrong is reported: text on screen and serial line, exceptions, panics, the log. */
static void start_reporting(struct boot_info *info)
{
    console_init(info);
    cpu_features_init();
    cpu_control_init();
    trap_init();
    trap_set_boot_stack(info->stack_base);
    machine_check_init_cpu();
    check_version(info);
    cmdline_init(info->cmdline);
    start_log();
    panic_report_init(info);
    random_init(info); /* and the seed is wiped */
}

/* Our own page tables, and memory to allocate: frames, objects, virtual areas. */
static void start_memory(const struct boot_info *info)
{
    page_early_init(info);
    paging_init(info, page_early_frame);
    start_failing();
    page_init();
    slab_init();
    smp_choose_page(info);
    vmap_init();
    cpus_init();
    start_terminal();
    print_banner();
}

/* What machine is this? The clocks are read twice; what is done in between costs no time of its own. */
static void start_machine(const struct boot_info *info)
{
    acpi_boot(info);
    clock_init_early();
    acpi_power_init();
    interrupt_init();
    timers_init_early();
    sched_init(); /* the code that runs here becomes a thread */
    vm_init();
    fs_init();
    sockets_init();
    syscall_init();
    syscall_init_cpu();
    cpu_interrupts_enable();
    serial_init(info->serial.port);
    ps2_init(type_key);
    clock_init();
    timers_init_cpu();
}

/* The other CPUs, the threads that work for interrupts, and the devices that may need both. */
static void start_the_rest(void)
{
    cpus_start();
    if (work_init_shared() != 0)
        panic("there is no memory for the threads that do what interrupts leave to be done");
    pci_init(pci_drivers);
    ttys_init();
    processes_init();
    procfs_init();
    sysfs_init();
}

void kernel_main(struct boot_info *info)
{
    if (info->magic != BOOT_INFO_MAGIC)
        machine_exit(BOOT_EXIT_PANIC); /* whoever called us, there is no telling where the screen is */

    percpu_init();
    stack_guard_init(info);
    start_reporting(info);
    start_memory(info);
    start_machine(info);
    start_the_rest();
    stop_failing();
    init_main(info);
}
