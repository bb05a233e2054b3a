/*
 * System calls about the machine as a whole: its names, what it has, its end.
 *
 * Source: uname(2), sethostname(2), sysinfo(2), personality(2), reboot(2).
 */
#include "arch/x86_64/machine.h"
#include "arch/x86_64/smp.h"
#include "log.h"
#include "mm/page.h"
#include "proc/numbers.h"
#include "proc/power.h"
#include "proc/uts.h"
#include "procfs/procfs.h"
#include "syscall/handlers.h"
#include "time/clock.h"

#define LOG_NAME "system"

long sys_uname(const uint64_t a[6])
{
    struct uts names;
    uts_get(&names);
    return copy_to_user(a[0], &names);
}

static long set_uts(const uint64_t a[6], int (*set)(const char *name, size_t length))
{
    char name[UTS_LENGTH - 1];
    int length = (int)a[1];
    if (!credentials_capable(task_current()->credentials, CAP_SYS_ADMIN))
        return -EPERM;
    if (length < 0 || (size_t)length > sizeof name)
        return -EINVAL;
    if (user_read(name, a[0], (size_t)length) != 0)
        return -EFAULT;
    return set(name, (size_t)length);
}

long sys_sethostname(const uint64_t a[6])
{
    return set_uts(a, uts_set_node);
}

long sys_setdomainname(const uint64_t a[6])
{
    return set_uts(a, uts_set_domain);
}

/* struct sysinfo. There is no swap space. */
struct user_sysinfo {
    int64_t uptime;
    uint64_t loads[3]; /* with 16 bits behind the point */
    uint64_t total, free, shared, buffers, swap_total, swap_free;
    uint16_t tasks, pad;
    uint64_t high_total, high_free;
    uint32_t unit; /* bytes */
    uint32_t pad2;
};
_Static_assert(sizeof(struct user_sysinfo) == 112, "struct sysinfo");

long sys_sysinfo(const uint64_t a[6])
{
    struct user_sysinfo info = {.uptime = (int64_t)((clock_monotonic() + NS_PER_SECOND - 1) / NS_PER_SECOND),
        .total = page_total_count() * PAGE_SIZE,
        .free = page_free_count() * PAGE_SIZE,
        .shared = page_use_count(PAGE_SHARED_MEMORY) * PAGE_SIZE,
        .tasks = (uint16_t)min_u64(thread_count(), UINT16_MAX),
        .unit = 1};
    procfs_load_averages(info.loads);
    return copy_to_user(a[0], &info);
}

/* Remembered; only ADDR_NO_RANDOMIZE does something. */
long sys_personality(const uint64_t a[6])
{
    struct process *process = task_current()->process;
    uint32_t before = process->personality, new = (uint32_t)a[0];
    if (new != UINT32_MAX)
        process->personality = new;
    return before;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The end
 */

#define MAGIC_1 0xfee1deadu

enum reboot_command {
    REBOOT_RESTART = 0x01234567,
    REBOOT_CAD_OFF = 0,
    REBOOT_POWER_OFF = 0x4321fedc,
    REBOOT_CAD_ON = (int)0x89abcdef,
    REBOOT_RESTART_2 = (int)0xa1b2c3d4, /* with a text for the firmware, which has no use for it */
    REBOOT_HALT = (int)0xcdef0123,
};

static bool is_magic_2(uint32_t magic)
{
    return magic == 672274793 || magic == 85072278 || magic == 369367448 || magic == 537993216;
}

static _Noreturn void halt(void)
{
    log_notice("the system is halted");
    smp_stop_others();
    machine_halt();
}

/* In a namespace of numbers the machine is nobody's: its process 1 ends, and whoever waits for that one learns why. */
static long reboot_namespace(enum reboot_command command)
{
    switch (command) {
    case REBOOT_RESTART:
    case REBOOT_RESTART_2: process_end_namespace(SIGHUP);
    case REBOOT_HALT:
    case REBOOT_POWER_OFF: process_end_namespace(SIGINT);
    default: return -EINVAL;
    }
}

long sys_reboot(const uint64_t a[6])
{
    char text[256];
    if (!credentials_capable(task_current()->credentials, CAP_SYS_BOOT))
        return -EPERM;
    if ((uint32_t)a[0] != MAGIC_1 || !is_magic_2((uint32_t)a[1]))
        return -EINVAL;
    if (number_space_current()->level)
        return reboot_namespace((int)a[2]);
    switch ((int)a[2]) {
    case REBOOT_CAD_ON: power_set_keys(true); return 0;
    case REBOOT_CAD_OFF: power_set_keys(false); return 0;
    case REBOOT_HALT: halt();
    case REBOOT_POWER_OFF: machine_power_off();
    case REBOOT_RESTART: machine_restart();
    case REBOOT_RESTART_2:
        if (user_read_string(text, a[3], sizeof text) == -EFAULT)
            return -EFAULT;
        machine_restart();
    default: return -EINVAL;
    }
}
