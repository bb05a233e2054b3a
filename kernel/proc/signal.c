/*
 * Sending signals, and what is pending.
 *
 * A process and each of its tasks has a queue: a bit for each pending signal, and a list of those with information.
 * A signal of the old kind (below SIGRTMIN) that is pending already is not queued again. What is sent to a process is
 * taken by whichever task does not block it; one such task is told (thread_interrupt), the first if it will do.
 *
 * What nobody wants is not even queued: a signal that is ignored, by the action or by default, unless the task blocks
 * it, for then the action may change before it is delivered. Stop signals and SIGCONT take each other out of the
 * queues, and SIGCONT continues, when they are sent and not when they are delivered.
 *
 * Locks: process->signal_lock for all of it, but for the mask, which its task changes without. It then looks at what is
 * pending, and a sender, who has made something pending, at the mask: one of them sees the other.
 *
 * Source: POSIX.1-2017, 2.4; signal(7), sigaction(2).
 */
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "proc/accounts.h"
#include "proc/signal_internal.h"
#include "proc/signalfd.h"
#include "proc/timers.h"

/* They come before others: what has happened to the program before what it is told. */
#define SYNCHRONOUS                                                                                                    \
    (SIGNAL_BIT(SIGSEGV) | SIGNAL_BIT(SIGBUS) | SIGNAL_BIT(SIGILL) | SIGNAL_BIT(SIGTRAP) | SIGNAL_BIT(SIGFPE) |        \
        SIGNAL_BIT(SIGSYS))

#define IGNORED_BY_DEFAULT (SIGNAL_BIT(SIGCHLD) | SIGNAL_BIT(SIGCONT) | SIGNAL_BIT(SIGURG) | SIGNAL_BIT(SIGWINCH))

enum signal_default signal_default(int signal)
{
    uint64_t bit = signal_bit(signal);
    return bit & IGNORED_BY_DEFAULT ? SIGNAL_IS_IGNORED : bit & SIGNALS_STOPPING ? SIGNAL_STOPS : SIGNAL_ENDS;
}

static bool is_ignored(const struct process *process, int signal)
{
    uint64_t handler = process->actions[signal - 1].handler;
    return handler == SIG_IGN ||
           (handler == SIG_DFL && (process->unkillable || signal_default(signal) == SIGNAL_IS_IGNORED));
}

/* ------------------------------------------------------------------------------------------------------------------
 * Queues
 */

void signal_queue_init(struct signal_queue *queue)
{
    queue->pending = 0;
    list_init(&queue->queued);
    queue->spare_used = false;
}

/* Out of the queue; NULL, or the timer that it belongs to. */
static struct posix_timer *release(struct signal_queue *queue, struct queued_signal *queued)
{
    list_remove(&queued->link);
    if (queued->timer)
        return queued->timer;
    if (queued->account)
        account_remove_signal(queued->account);
    if (queued == &queue->spare)
        queue->spare_used = false;
    else
        kfree(queued);
    return NULL;
}

static void discard(struct process *process, struct signal_queue *queue, uint64_t set)
{
    if (!(queue->pending & set))
        return;
    __atomic_store_n(&queue->pending, queue->pending & ~set, __ATOMIC_RELAXED);
    list_for_each_safe(struct queued_signal, queued, &queue->queued, link)
    {
        if (!(signal_bit(queued->signal) & set))
            continue;
        struct posix_timer *timer = release(queue, queued);
        if (timer)
            timer_signal_taken_locked(timer, NULL);
    }
    if (set & SIGNAL_BIT(SIGALRM))
        alarm_signal_taken_locked(process);
}

void signal_queue_clear(struct process *process, struct signal_queue *queue)
{
    discard(process, queue, ~0ull);
}

void signals_discard_locked(struct process *process, uint64_t set)
{
    discard(process, &process->signals, set);
    list_for_each(struct task, task, &process->tasks, in_process)
    {
        discard(process, &task->signals, set);
    }
}

/* Room for one more; NULL: there is none, or it would be too many. COUNTED: its user may have only so many. */
static struct queued_signal *allocate(struct process *process, struct signal_queue *queue, bool counted)
{
    const struct task *first = container_of(list_first(&process->tasks), struct task, in_process);
    struct account *account = counted ? first->account : NULL;
    if (account && !account_add_signal(account, process->limits[RLIMIT_SIGPENDING].current))
        return NULL;
    struct queued_signal *queued = queue->spare_used ? kmalloc(sizeof *queued, 0) : &queue->spare;
    if (queued == NULL) {
        if (account)
            account_remove_signal(account);
        return NULL;
    }
    queue->spare_used = true;
    queued->account = account;
    queued->timer = NULL;
    return queued;
}

/* 1: it is pending now; 0: it was. */
static int enqueue(struct process *process, struct signal_queue *queue, int signal, const struct siginfo *info)
{
    static const struct siginfo from_kernel = {.code = SI_KERNEL};
    uint64_t bit = signal_bit(signal);
    bool real_time = signal >= SIGRTMIN, user_queued = info && info->code < 0;
    if (queue->pending & bit && !real_time)
        return 0;
    if (signal == SIGKILL)
        goto out; /* nobody asks why */
    struct queued_signal *queued = allocate(process, queue, real_time || user_queued);
    if (queued) {
        queued->kept = info ? info->kept : from_kernel.kept;
        queued->signal = signal;
        list_push_back(&queue->queued, &queued->link);
    } else if (real_time && info && info->code != SI_USER) {
        return -EAGAIN;
    }
out:
    __atomic_store_n(&queue->pending, queue->pending | bit, __ATOMIC_SEQ_CST);
    return 1;
}

/* The lowest of SET, which is not empty, but for those that come first. */
static int first_of(uint64_t set)
{
    uint64_t urgent = set & SIGNAL_BIT(SIGKILL) ? SIGNAL_BIT(SIGKILL) : set & SYNCHRONOUS;
    return __builtin_ctzll(urgent ? urgent : set) + 1;
}

static int take(struct process *process, struct signal_queue *queue, uint64_t wanted, struct siginfo *info)
{
    if (!(queue->pending & wanted))
        return 0;
    int signal = first_of(queue->pending & wanted);
    struct queued_signal *found = NULL;
    bool more = false;
    list_for_each(struct queued_signal, queued, &queue->queued, link)
    {
        if (queued->signal != signal)
            continue;
        more = found != NULL;
        if (more)
            break;
        found = queued;
    }
    if (!more)
        __atomic_store_n(&queue->pending, queue->pending & ~signal_bit(signal), __ATOMIC_RELAXED);
    if (info) {
        *info = (struct siginfo){.signal = signal};
        if (found)
            info->kept = found->kept;
    }
    struct posix_timer *timer = found ? release(queue, found) : NULL;
    struct siginfo unwanted;
    if (timer)
        timer_signal_taken_locked(timer, info ? info : &unwanted);
    if (signal == SIGALRM)
        alarm_signal_taken_locked(process);
    return signal;
}

int signal_take_locked(struct task *task, uint64_t wanted, struct siginfo *info)
{
    struct process *process = task->process;
    int signal = take(process, &task->signals, wanted, info);
    return signal ? signal : take(process, &process->signals, wanted, info);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Sending
 */

/* Would TASK take it? */
static bool accepts(const struct task *task, int signal)
{
    uint64_t blocked = __atomic_load_n(&task->signal_mask, __ATOMIC_SEQ_CST) & ~task->signals_awaited;
    return !(blocked & signal_bit(signal));
}

/* Tells a task that SIGNAL is pending for it, or for its process. */
static void announce(struct process *process, struct task *task, int signal)
{
    signalfds_notify(process);
    if (task == NULL)
        list_for_each(struct task, other, &process->tasks, in_process)
        {
            if (!accepts(other, signal))
                continue;
            task = other;
            break;
        }
    else if (!accepts(task, signal))
        return;
    if (task == NULL)
        return;
    bool ends = process->actions[signal - 1].handler == SIG_DFL && signal_default(signal) == SIGNAL_ENDS &&
                !(task->signal_mask & signal_bit(signal));
    thread_interrupt(task->thread, ends ? ATTENTION_SIGNAL | ATTENTION_EXIT : ATTENTION_SIGNAL);
}

/* What a signal does as soon as it is sent. */
static void act_at_once(struct process *process, int signal)
{
    if (signal == SIGCONT)
        signals_discard_locked(process, SIGNALS_STOPPING);
    else if (signal_bit(signal) & SIGNALS_STOPPING)
        signals_discard_locked(process, SIGNAL_BIT(SIGCONT));
    if (signal == SIGCONT || signal == SIGKILL)
        process_go_on_locked(process, signal == SIGCONT);
}

/* Has nobody use for it? Then it is not even queued. */
static bool is_lost(const struct process *process, const struct task *task, int signal)
{
    if (process->exiting || list_is_empty(&process->tasks))
        return true;
    const struct task *first = task ? task : container_of(process->tasks.head.next, struct task, in_process);
    return is_ignored(process, signal) && !(first->signal_mask & signal_bit(signal));
}

int signal_send_locked(struct process *process, struct task *task, int signal, const struct siginfo *info)
{
    if (!process->exiting && !list_is_empty(&process->tasks))
        act_at_once(process, signal);
    if (is_lost(process, task, signal))
        return 0;
    int result = enqueue(process, task ? &task->signals : &process->signals, signal, info);
    if (result <= 0)
        return result;
    announce(process, task, signal);
    return 0;
}

bool signal_send_timer_locked(
    struct process *process, struct task *task, struct queued_signal *queued, const struct siginfo *info)
{
    struct signal_queue *queue = task ? &task->signals : &process->signals;
    if (is_lost(process, task, info->signal))
        return false;
    queued->kept = info->kept;
    list_push_back(&queue->queued, &queued->link);
    __atomic_store_n(&queue->pending, queue->pending | signal_bit(info->signal), __ATOMIC_SEQ_CST);
    announce(process, task, info->signal);
    return true;
}

void signal_unqueue_timer_locked(struct process *process, struct signal_queue *queue, struct queued_signal *queued)
{
    int signal = queued->signal;
    list_remove(&queued->link);
    list_for_each(struct queued_signal, other, &queue->queued, link)
    {
        if (other->signal == signal)
            return;
    }
    __atomic_store_n(&queue->pending, queue->pending & ~signal_bit(signal), __ATOMIC_RELAXED);
}

static int send(struct process *process, struct task *task, int signal, const struct siginfo *info)
{
    spin_lock(&process->signal_lock);
    int result = signal_send_locked(process, task, signal, info);
    spin_unlock(&process->signal_lock);
    return result;
}

int signal_send_process(struct process *process, int signal, const struct siginfo *info)
{
    return send(process, NULL, signal, info);
}

int signal_send_task(struct task *task, int signal, const struct siginfo *info)
{
    return send(task->process, task, signal, info);
}

void signal_send_self(int signal)
{
    struct task *task = task_current();
    const struct siginfo info = {
        .signal = signal, .code = SI_USER, .sender = {.pid = task->process->own_number, .uid = task->credentials->uid}};
    signal_send_task(task, signal, &info);
}

bool signal_is_deadly(int signal)
{
    const struct task *task = task_current();
    return task->process->actions[signal - 1].handler <= SIG_IGN || task->signal_mask & signal_bit(signal);
}

void signal_force(int signal, const struct siginfo *info)
{
    struct task *task = task_current();
    struct process *process = task->process;
    spin_lock(&process->signal_lock);
    if (signal_is_deadly(signal)) {
        process->actions[signal - 1].handler = SIG_DFL;
        process->unkillable = false;
        __atomic_store_n(&task->signal_mask, task->signal_mask & ~signal_bit(signal), __ATOMIC_SEQ_CST);
    }
    enqueue(process, &task->signals, signal, info);
    thread_interrupt(task->thread, ATTENTION_SIGNAL);
    spin_unlock(&process->signal_lock);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Masks and actions
 */

bool signal_is_pending(void)
{
    return signals_deliverable(task_current());
}

void signals_pass_on_locked(struct process *process, uint64_t set)
{
    for (set &= process->signals.pending; set; set &= set - 1)
        announce(process, NULL, __builtin_ctzll(set) + 1);
}

static void pass_on(struct process *process, uint64_t set)
{
    spin_lock(&process->signal_lock);
    signals_pass_on_locked(process, set);
    spin_unlock(&process->signal_lock);
}

void signal_set_mask(uint64_t mask)
{
    struct task *task = task_current();
    uint64_t old = task->signal_mask;
    mask &= ~SIGNALS_FIRM;
    if (mask == old)
        return;
    __atomic_store_n(&task->signal_mask, mask, __ATOMIC_SEQ_CST); /* before the look at what is pending */
    if (signals_deliverable(task))
        thread_interrupt(task->thread, ATTENTION_SIGNAL);
    if (task->process->task_count > 1 && task->process->signals.pending & mask & ~old)
        pass_on(task->process, mask & ~old);
}

void signal_mask_for_wait(uint64_t mask)
{
    struct task *task = task_current();
    if (!task->restores_mask)
        task->saved_mask = task->signal_mask;
    task->restores_mask = true;
    signal_set_mask(mask);
    thread_attend_later(ATTENTION_MASK);
}

void signal_set_action(int signal, const struct signal_action *new, struct signal_action *old)
{
    struct process *process = task_current()->process;
    struct signal_action *action = &process->actions[signal - 1];
    spin_lock(&process->signal_lock);
    if (old)
        *old = *action;
    if (new) {
        *action = *new;
        action->flags &= SA_NOCLDSTOP | SA_NOCLDWAIT | SA_SIGINFO | SA_EXPOSE_TAGBITS | SA_RESTORER | SA_ONSTACK |
                         SA_RESTART | SA_NODEFER | SA_RESETHAND;
        action->mask &= ~SIGNALS_FIRM;
        bool ignores =
            action->handler == SIG_IGN || (action->handler == SIG_DFL && signal_default(signal) == SIGNAL_IS_IGNORED);
        if (ignores)
            signals_discard_locked(process, signal_bit(signal));
    }
    spin_unlock(&process->signal_lock);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Waiting for one
 */

static int take_awaited(struct task *task, uint64_t wanted, struct siginfo *info)
{
    spin_lock(&task->process->signal_lock);
    int signal = signal_take_locked(task, wanted, info);
    task->signals_awaited = signal ? 0 : wanted;
    spin_unlock(&task->process->signal_lock);
    return signal;
}

/*
 * Until something has come: 0, -EINTR, or -EAGAIN when the time is over. What was announced to us may be what is
 * awaited, or have been taken by another task: then it is no interruption.
 */
static int wait_for_any(struct task *task, uint64_t wanted, uint64_t deadline)
{
    struct thread *self = task->thread;
    thread_prepare_block();
    if (signals_pending(task) & wanted || deadline <= clock_monotonic()) {
        thread_cancel_block();
        return signals_pending(task) & wanted ? 0 : -EAGAIN;
    }
    if (thread_block_interruptible(deadline) != -ERESTARTSYS)
        return 0;
    uint32_t others = __atomic_and_fetch(&self->attention, ~ATTENTION_SIGNAL, __ATOMIC_SEQ_CST);
    bool pending = signals_pending(task) & ~task->signal_mask & ~wanted;
    if (pending)
        thread_interrupt(self, ATTENTION_SIGNAL);
    return pending || others & ~THREAD_ATTENTION_LATER ? -EINTR : 0;
}

long signal_wait(uint64_t wanted, struct siginfo *info, uint64_t deadline)
{
    struct task *task = task_current();
    int result = 0, signal;
    wanted &= ~SIGNALS_FIRM;
    while ((signal = take_awaited(task, wanted, info)) == 0 && result == 0)
        result = wait_for_any(task, wanted, deadline);
    task->signals_awaited = 0;
    return signal ? signal : result;
}
