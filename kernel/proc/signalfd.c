/*
 * Signals as a file: see signalfd.h.
 *
 * A file wakes its own queue, since whoever waits there may outlive any process. So that a signal finds the files by
 * which its process waits, there is a link for each pair of a process and a file that it has read or polled: in a list
 * of the process, which ends with it, and in one of the file, which ends when that is closed.
 *
 * Locks: `links` (spin, rank SIGNALFDS) guards all links. Whoever has none, and that is almost every process, does not
 * take it to send a signal.
 *
 * Source: signalfd(2); Linux's <linux/signalfd.h>.
 */
#include "proc/signalfd.h"

#include "fs/poll.h"
#include "lib/errno.h"
#include "mm/slab.h"
#include "proc/signal_internal.h"

struct signalfd {
    uint64_t set;
    struct wait_queue readable;
    struct list watched; /* struct link, by `of_file` */
};

struct link {
    struct process *process;
    struct signalfd *file;
    struct list_node of_process, of_file;
};

/* As programs read them. */
struct signalfd_siginfo {
    uint32_t signal;
    int32_t error, code;
    uint32_t pid, uid;
    int32_t fd;
    uint32_t timer, band, overrun, trap;
    int32_t status, number;
    uint64_t pointer, user_time, system_time, address;
    uint8_t rest[48];
};
_Static_assert(sizeof(struct signalfd_siginfo) == 128, "struct signalfd_siginfo");

static struct spinlock links = SPINLOCK_INIT(SIGNALFDS);

/* ------------------------------------------------------------------------------------------------------------------
 * Links
 */

static bool is_linked(const struct process *process, const struct signalfd *file)
{
    list_for_each(struct link, link, (struct list *)&process->signalfds, of_process)
    {
        if (link->file == file)
            return true;
    }
    return false;
}

/* The current process's signals wake FILE from here on; -ENOMEM. */
static int watch(struct signalfd *file)
{
    struct process *process = task_current()->process;
    spin_lock(&links);
    bool linked = is_linked(process, file);
    spin_unlock(&links);
    struct link *link = linked ? NULL : kmalloc(sizeof *link, 0);
    if (!linked && link == NULL)
        return -ENOMEM;
    if (linked)
        return 0;
    spin_lock(&links);
    linked = is_linked(process, file); /* another task may have been faster */
    if (!linked) {
        *link = (struct link){.process = process, .file = file};
        list_push_back(&process->signalfds, &link->of_process);
        list_push_back(&file->watched, &link->of_file);
    }
    spin_unlock(&links);
    if (linked)
        kfree(link);
    return 0;
}

void signalfds_notify(struct process *process)
{
    if (list_is_empty(&process->signalfds))
        return;
    spin_lock(&links);
    list_for_each(struct link, link, &process->signalfds, of_process)
    {
        wait_queue_wake_all(&link->file->readable);
    }
    spin_unlock(&links);
}

/* Of one list; which one MEMBER says. */
#define TAKE_LINK(list, member) container_of(list_first(list), struct link, member)

static void unlink_locked(struct link *link)
{
    list_remove(&link->of_process);
    list_remove(&link->of_file);
    kfree(link);
}

void signalfds_leave(struct process *process)
{
    if (list_is_empty(&process->signalfds))
        return;
    spin_lock(&links);
    while (!list_is_empty(&process->signalfds))
        unlink_locked(TAKE_LINK(&process->signalfds, of_process));
    spin_unlock(&links);
}

static void release(struct file *file)
{
    struct signalfd *signalfd = file->data;
    spin_lock(&links);
    while (!list_is_empty(&signalfd->watched))
        unlink_locked(TAKE_LINK(&signalfd->watched, of_file));
    spin_unlock(&links);
    kfree(signalfd);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Reading
 */

/* Codes between these two belong to one signal; the others say who has sent it. */
static bool is_of_kernel(const struct siginfo *info)
{
    return info->code > SI_USER && info->code < SI_KERNEL;
}

static bool is_fault(const struct siginfo *info)
{
    return is_of_kernel(info) && (info->signal == SIGILL || info->signal == SIGFPE || info->signal == SIGSEGV ||
                                     info->signal == SIGBUS || info->signal == SIGTRAP);
}

static void translate(struct signalfd_siginfo *to, const struct siginfo *info)
{
    *to = (struct signalfd_siginfo){.signal = (uint32_t)info->signal, .error = info->error, .code = info->code};
    if (is_fault(info)) {
        to->address = info->fault.address;
    } else if (info->code == SI_TIMER) {
        to->timer = (uint32_t)info->timer.timer;
        to->overrun = (uint32_t)info->timer.overrun;
        to->pointer = info->timer.value;
        to->number = (int32_t)info->timer.value;
    } else if (is_of_kernel(info) && info->signal != SIGCHLD) {
        to->band = (uint32_t)info->poll.band;
        to->fd = info->poll.fd;
    } else {
        to->pid = (uint32_t)info->sender.pid;
        to->uid = info->sender.uid;
        if (is_of_kernel(info)) {
            to->status = info->child.status;
            to->user_time = (uint64_t)info->child.user_time;
            to->system_time = (uint64_t)info->child.system_time;
        } else if (info->code < 0) {
            to->pointer = info->sender.value;
            to->number = (int32_t)info->sender.value;
        }
    }
}

static bool is_ready(const struct signalfd *signalfd)
{
    return signals_pending(task_current()) & __atomic_load_n(&signalfd->set, __ATOMIC_RELAXED);
}

static int take(const struct signalfd *signalfd, struct siginfo *info)
{
    struct task *task = task_current();
    spin_lock(&task->process->signal_lock);
    int signal = signal_take_locked(task, signalfd->set, info);
    spin_unlock(&task->process->signal_lock);
    return signal;
}

/* The first one, for which it waits. 0, -EAGAIN, -ERESTARTSYS, -ENOMEM. */
static int take_first(const struct file *file, struct siginfo *info)
{
    struct signalfd *signalfd = file->data;
    int error = watch(signalfd);
    while (error == 0 && take(signalfd, info) == 0)
        error = file->flags & O_NONBLOCK ? -EAGAIN : wait_event_interruptible(&signalfd->readable, is_ready(signalfd));
    return error;
}

static long read(struct file *file, struct iov *to, uint64_t *position)
{
    struct signalfd_siginfo user;
    struct siginfo info;
    long done = 0;
    if (to->left < sizeof user)
        return -EINVAL;
    int error = take_first(file, &info);
    if (error)
        return error;
    do {
        translate(&user, &info);
        if (iov_copy_out(to, &user, sizeof user) < sizeof user)
            return done ? done : -EFAULT;
        done += (long)sizeof user;
    } while (to->left >= sizeof user && take(file->data, &info) != 0);
    return done;
}

static unsigned poll(struct file *file, struct poll_table *table)
{
    struct signalfd *signalfd = file->data;
    if (table && watch(signalfd) < 0)
        return POLLERR;
    poll_wait(table, &signalfd->readable);
    return is_ready(signalfd) ? POLLIN : 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Making one
 */

static const struct file_ops ops = {
    .read = read, .poll = poll, .release = release, .seek = file_seek_nowhere, .stream = true};

struct file *signalfd_create(uint64_t set, unsigned flags)
{
    struct signalfd *signalfd = kmalloc(sizeof *signalfd, 0);
    if (signalfd == NULL)
        return NULL;
    signalfd->set = set & ~SIGNALS_FIRM;
    wait_queue_init(&signalfd->readable);
    list_init(&signalfd->watched);
    struct file *file = file_create_anonymous("anon_inode:[signalfd]", &ops, signalfd, O_RDWR | flags, 0600);
    if (file == NULL)
        kfree(signalfd);
    return file;
}

int signalfd_change(struct file *file, uint64_t set)
{
    struct signalfd *signalfd = file->data;
    if (file->ops != &ops)
        return -EINVAL;
    __atomic_store_n(&signalfd->set, set & ~SIGNALS_FIRM, __ATOMIC_RELAXED);
    wait_queue_wake_all(&signalfd->readable);
    return 0;
}
