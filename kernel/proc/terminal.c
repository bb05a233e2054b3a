/*
 * What terminals ask of processes (struct tty_jobs, tty/tty.h), and what processes do to terminals: a session has a
 * controlling terminal, which it loses when its leader ends.
 *
 * Locks: processes_lock guards session->tty.
 *
 * Source: POSIX.1-2017 chapter 11 (General Terminal Interface); credentials(7).
 */
#include "lib/errno.h"
#include "proc/jobs.h"
#include "proc/numbers.h"
#include "proc/process_internal.h"
#include "tty/tty.h"

static int32_t own_session(void)
{
    if (task_current() == NULL)
        return 0;
    spin_lock(&processes_lock);
    int32_t number = task_current()->process->group->session->number;
    spin_unlock(&processes_lock);
    return number;
}

static int32_t own_group(void)
{
    if (task_current() == NULL)
        return 0;
    spin_lock(&processes_lock);
    int32_t number = task_current()->process->group->number;
    spin_unlock(&processes_lock);
    return number;
}

static bool leads_session(void)
{
    spin_lock(&processes_lock);
    bool leads = task_current() && process_leads_session(task_current()->process);
    spin_unlock(&processes_lock);
    return leads;
}

static int32_t session_of_group(int32_t number)
{
    spin_lock(&processes_lock);
    const struct process_group *group = process_group_known_locked(number);
    int32_t session = group ? group->session->number : 0;
    spin_unlock(&processes_lock);
    return session;
}

static void signal_group(int32_t number, int signal)
{
    spin_lock(&processes_lock);
    struct process_group *group = process_group_known_locked(number);
    if (group)
        process_group_signal_locked(group, signal, NULL);
    spin_unlock(&processes_lock);
}

static void signal_session(int32_t number, int signal)
{
    spin_lock(&processes_lock);
    struct process *leader = process_known_locked(number);
    if (leader && process_leads_session(leader))
        signal_send_process(leader, signal, NULL);
    spin_unlock(&processes_lock);
}

static struct tty *terminal(void)
{
    if (task_current() == NULL)
        return NULL;
    spin_lock(&processes_lock);
    struct tty *tty = task_current()->process->group->session->tty;
    if (tty)
        tty_get(tty);
    spin_unlock(&processes_lock);
    return tty;
}

static void set_terminal(int32_t number, struct tty *tty)
{
    struct tty *before = NULL;
    if (tty)
        tty_get(tty);
    spin_lock(&processes_lock);
    const struct number *found = number_find_locked(number);
    struct session *session = found ? found->session : NULL;
    if (session) {
        before = session->tty;
        session->tty = tty;
        tty = NULL;
    }
    spin_unlock(&processes_lock);
    if (before)
        tty_put(before);
    if (tty)
        tty_put(tty); /* the session has ended meanwhile */
}

/* What is blocked or ignored cannot stop the process: it may write, but has nothing to read. */
static int background(int signal)
{
    struct task *task = task_current();
    int result = -ERESTARTSYS;
    if (task->signal_mask & signal_bit(signal) || task->process->actions[signal - 1].handler == SIG_IGN)
        return signal == SIGTTIN ? -EIO : 0;
    spin_lock(&processes_lock);
    struct process_group *group = task->process->group;
    if (group_is_orphaned(group, NULL))
        result = -EIO;
    else
        process_group_signal_locked(group, signal, NULL);
    spin_unlock(&processes_lock);
    if (result == -ERESTARTSYS)
        thread_interrupt(task->thread, ATTENTION_SIGNAL); /* the signal may be another task's to take */
    return result;
}

static bool is_privileged(void)
{
    return credentials_capable(task_current()->credentials, CAP_SYS_ADMIN);
}

static int add_file(struct file *file, bool close_on_exec)
{
    const struct task *task = task_current();
    return files_add(task->files, file, close_on_exec, task->process->limits[RLIMIT_NOFILE].current);
}

void session_terminals_init(void)
{
    static const struct tty_jobs jobs = {.seen = number_translate,
        .known = number_untranslate,
        .session = own_session,
        .group = own_group,
        .leads_session = leads_session,
        .session_of_group = session_of_group,
        .signal_group = signal_group,
        .signal_session = signal_session,
        .terminal = terminal,
        .set_terminal = set_terminal,
        .background = background,
        .privileged = is_privileged,
        .add_file = add_file};
    tty_set_jobs(&jobs);
}

void session_leader_ends(const struct process *process)
{
    struct tty *tty = NULL;
    spin_lock(&processes_lock);
    if (process_leads_session(process))
        tty = process->group->session->tty;
    if (tty)
        tty_get(tty);
    spin_unlock(&processes_lock);
    if (tty == NULL)
        return;
    tty_session_end(process->number, tty);
    tty_put(tty);
}
