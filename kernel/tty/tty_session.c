/*
 * Whose controlling terminal a terminal is, and what that means: who gets its signals, who may read and write, and what
 * happens when the session's leader ends or the line is gone.
 *
 * A session has at most one controlling terminal and a terminal at most one session: both ends of that are changed
 * together, under sessions_lock; this end (tty->session, tty->foreground) also under input_lock, so that receivers,
 * which may be interrupt handlers, can look.
 *
 * Source: POSIX.1-2017, 11.1.2 to 11.1.4 and 11.1.10; tcsetpgrp, tcgetpgrp, tcgetsid; ioctl_tty(2), credentials(7).
 */
#include "arch/x86_64/user.h"
#include "lib/errno.h"
#include "tty/tty_internal.h"

static struct mutex sessions_lock = MUTEX_INIT(sessions_lock, TTY_SETTINGS);

/* ------------------------------------------------------------------------------------------------------------------
 * Before there are processes
 */

static int32_t nobody(void)
{
    return 0;
}

static bool never(void)
{
    return false;
}

static bool always(void)
{
    return true;
}

static int32_t no_session(int32_t group)
{
    return 0;
}

static void no_signal(int32_t to, int signal) {}

static struct tty *no_terminal(void)
{
    return NULL;
}

static void set_no_terminal(int32_t session, struct tty *tty) {}

static int let_it(int signal)
{
    return 0;
}

static const struct tty_jobs no_jobs = {
    .session = nobody,
    .group = nobody,
    .leads_session = never,
    .session_of_group = no_session,
    .signal_group = no_signal,
    .signal_session = no_signal,
    .terminal = no_terminal,
    .set_terminal = set_no_terminal,
    .background = let_it,
    .privileged = always,
};
const struct tty_jobs *tty_jobs = &no_jobs;

void tty_set_jobs(const struct tty_jobs *jobs)
{
    tty_jobs = jobs;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Belonging together
 */

static void set_session(struct tty *tty, int32_t session, int32_t foreground)
{
    spin_lock(&tty->input_lock);
    tty->session = session;
    tty->foreground = foreground;
    spin_unlock(&tty->input_lock);
}

static void join_locked(struct tty *tty)
{
    int32_t session = tty_jobs->session();
    set_session(tty, session, tty_jobs->group());
    tty_jobs->set_terminal(session, tty);
}

static void part_locked(struct tty *tty)
{
    int32_t session = tty->session;
    if (session == 0)
        return;
    set_session(tty, 0, 0);
    tty_jobs->set_terminal(session, NULL);
}

static bool is_mine(const struct tty *tty)
{
    int32_t session = tty_jobs->session();
    return session != 0 && tty->session == session;
}

static bool has_terminal(void)
{
    struct tty *tty = tty_jobs->terminal();
    if (tty)
        tty_put(tty);
    return tty != NULL;
}

static bool may_join_locked(const struct tty *tty)
{
    return tty->session == 0 && tty_jobs->session() != 0 && tty_jobs->leads_session() && !has_terminal();
}

void tty_adopt(struct tty *tty, const struct file *file)
{
    if (tty->session != 0 || (file->flags & O_ACCMODE) == O_WRONLY || !tty_jobs->leads_session())
        return;
    mutex_lock(&sessions_lock);
    if (may_join_locked(tty))
        join_locked(tty);
    mutex_unlock(&sessions_lock);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Signals
 */

void tty_signal_locked(struct tty *tty, int signal)
{
    if (tty->foreground != 0)
        tty_jobs->signal_group(tty->foreground, signal);
}

int tty_check_background(struct tty *tty, int signal)
{
    int32_t foreground = __atomic_load_n(&tty->foreground, __ATOMIC_RELAXED);
    if (foreground == 0 || !is_mine(tty) || tty_jobs->group() == foreground)
        return 0;
    return tty_jobs->background(signal);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Ends
 */

/* Files that are open are dead from now on, and who waits for something in one of them hears of it. */
static void kill_files(struct tty *tty)
{
    __atomic_fetch_add(&tty->hang_ups, 1, __ATOMIC_SEQ_CST);
    spin_lock(&tty->input_lock);
    tty_discard_input_locked(tty);
    tty->held = tty->stopped = false;
    tty_discard_output_locked(tty);
    spin_unlock(&tty->input_lock);
    wait_queue_wake_all(&tty->readers);
}

void tty_hang_up_now(struct tty *tty)
{
    mutex_lock(&sessions_lock);
    int32_t session = tty->session;
    part_locked(tty);
    if (session != 0) {
        tty_jobs->signal_session(session, SIGHUP);
        tty_jobs->signal_session(session, SIGCONT);
    }
    mutex_unlock(&sessions_lock);
    kill_files(tty);
}

void tty_session_end(int32_t session, struct tty *tty)
{
    mutex_lock(&sessions_lock);
    bool ours = tty->session == session;
    int32_t foreground = tty->foreground;
    if (ours) {
        part_locked(tty);
        if (foreground != 0)
            tty_jobs->signal_group(foreground, SIGHUP);
    }
    mutex_unlock(&sessions_lock);
    if (ours && !tty->driver->survives_leader)
        kill_files(tty);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Requests
 */

static int join(struct tty *tty, const struct file *file, bool steal)
{
    int result = -EPERM;
    mutex_lock(&sessions_lock);
    if (tty_jobs->leads_session() && is_mine(tty)) {
        result = 0;
        goto out_unlock;
    }
    if ((file->flags & O_ACCMODE) == O_WRONLY && !tty_jobs->privileged())
        goto out_unlock;
    if (steal && tty_jobs->privileged() && tty_jobs->leads_session() && !has_terminal())
        part_locked(tty);
    if (may_join_locked(tty)) {
        join_locked(tty);
        result = 0;
    }
out_unlock:
    mutex_unlock(&sessions_lock);
    return result;
}

/* A leader's session has no terminal from then on; others cannot leave their session. */
static int leave(struct tty *tty)
{
    int result = -ENOTTY;
    mutex_lock(&sessions_lock);
    if (is_mine(tty)) {
        result = 0;
        if (tty_jobs->leads_session()) {
            int32_t foreground = tty->foreground;
            part_locked(tty);
            if (foreground != 0) {
                tty_jobs->signal_group(foreground, SIGHUP);
                tty_jobs->signal_group(foreground, SIGCONT);
            }
        }
    }
    mutex_unlock(&sessions_lock);
    return result;
}

static long get_group(const struct tty *tty, uaddr_t to)
{
    int32_t group = tty_jobs->seen(tty->foreground);
    return copy_to_user(to, &group);
}

static long get_session(const struct tty *tty, uaddr_t to)
{
    int32_t session = tty->session, seen = tty_jobs->seen(session);
    return session != 0 ? copy_to_user(to, &seen) : -ENOTTY;
}

static long set_foreground(struct tty *tty, uaddr_t from)
{
    int32_t group;
    int result = tty_check_background(tty, SIGTTOU);
    if (result)
        return result == -EIO ? -ENOTTY : result;
    if (copy_from_user(&group, from))
        return -EFAULT;
    if (group < 0)
        return -EINVAL;
    if (!is_mine(tty))
        return -ENOTTY;
    group = tty_jobs->known(group);
    int32_t session = tty_jobs->session_of_group(group);
    if (session == 0)
        return -ESRCH;
    if (session != tty_jobs->session())
        return -EPERM;
    mutex_lock(&sessions_lock);
    if (tty->session == session)
        set_session(tty, session, group);
    mutex_unlock(&sessions_lock);
    return 0;
}

long tty_session_ioctl(struct tty *tty, struct file *file, unsigned command, uintptr_t argument)
{
    bool may_look = is_mine(tty) || file->ops != &tty_file_ops; /* the other side may always */
    switch (command) {
    case TIOCSCTTY: return join(tty, file, argument == 1);
    case TIOCNOTTY: return leave(tty);
    case TIOCGPGRP: return may_look ? get_group(tty, argument) : -ENOTTY;
    case TIOCSPGRP: return set_foreground(tty, argument);
    case TIOCGSID: return may_look ? get_session(tty, argument) : -ENOTTY;
    default: return -ENOTTY;
    }
}
