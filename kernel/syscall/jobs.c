/*
 * System calls about groups and sessions: kernel/proc/jobs.c does it.
 *
 * Source: setpgid(2), setsid(2), getsid(2).
 */
#include "syscall/handlers.h"

long sys_setpgid(const uint64_t a[6])
{
    return process_set_group((int32_t)a[0], (int32_t)a[1]);
}

long sys_getpgid(const uint64_t a[6])
{
    return process_get_group((int32_t)a[0]);
}

long sys_getpgrp(const uint64_t a[6])
{
    return process_get_group(0);
}

long sys_setsid(const uint64_t a[6])
{
    return process_new_session();
}

long sys_getsid(const uint64_t a[6])
{
    return process_get_session((int32_t)a[0]);
}
