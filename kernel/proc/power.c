/* Ctrl-Alt-Del: see power.h. Source: reboot(2), "LINUX_REBOOT_CMD_CAD_OFF". */
#include "proc/power.h"

#include "arch/x86_64/machine.h"
#include "proc/proc.h"

static bool keys_wait; /* for process 1: written by one CPU at a time, or the last counts */

void power_set_keys(bool at_once)
{
    __atomic_store_n(&keys_wait, !at_once, __ATOMIC_RELAXED);
}

void power_keys_pressed(void)
{
    if (!__atomic_load_n(&keys_wait, __ATOMIC_RELAXED))
        machine_restart();
    spin_lock(&processes_lock);
    struct process *first = process_known_locked(1);
    if (first)
        signal_send_process(first, SIGINT, NULL);
    spin_unlock(&processes_lock);
}
