/*
 * POSIX timers: see timers.h. The states of one that repeats:
 *
 *     set, not pending     its struct timer will go off at `expires`
 *     set, pending         it has gone off at `expires`, and its signal is queued. Whoever takes that sets it again,
 * for the next moment of its grid that is to come
 *
 * A function of struct timer that comes late, because the timer has just been set anew, finds that it is not due. So
 * timers may be stopped and set under the lock without waiting for their function; only freeing one waits.
 */
#include "lib/errno.h"
#include "mm/slab.h"
#include "proc/timers_internal.h"

#define OVERRUN_MAX INT32_MAX

/* ------------------------------------------------------------------------------------------------------------------
 * Time
 */

static uint64_t now_of(const struct posix_timer *timer)
{
    return timer->by_wall ? clock_wall() : clock_monotonic();
}

/* Lets it go off at `expires`, and no sooner than in GAP. */
static void start_locked(struct posix_timer *timer, uint64_t gap)
{
    if (is_by_processor(timer)) {
        processor_check_locked(timer->process->timers);
        return;
    }
    if (timer->event.notify == SIGEV_NONE)
        return; /* nobody is told */
    uint64_t now = now_of(timer), steady = clock_monotonic();
    uint64_t left = max_u64(timer->expires > now ? timer->expires - now : 0, gap);
    timer_start(&timer->timer, left < UINT64_MAX - steady ? steady + left : UINT64_MAX);
}

/* The next moment of the grid after NOW; how many have been left out. */
static uint64_t advance(struct posix_timer *timer, uint64_t now)
{
    uint64_t missed = now > timer->expires ? (now - timer->expires) / timer->interval : 0;
    uint64_t step;
    if (__builtin_mul_overflow(missed + 1, timer->interval, &step) || step > INT64_MAX - timer->expires)
        timer->expires = INT64_MAX;
    else
        timer->expires += step;
    return missed;
}

static uint64_t processor_time_locked(const struct posix_timer *timer)
{
    uint64_t ns;
    return program_clock_read_locked(timer->process, &timer->clock, &ns) == 0 ? ns : 0;
}

static uint64_t clock_of_locked(const struct posix_timer *timer)
{
    return is_by_processor(timer) ? processor_time_locked(timer) : now_of(timer);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Expiring
 */

static bool is_alive(const struct process *process)
{
    return !process->exiting && process->task_count > 0;
}

/* The task of SIGEV_THREAD_ID. NULL: none, or it is gone. */
static struct task *target_locked(const struct posix_timer *timer)
{
    struct task *found = NULL;
    list_for_each(struct task, task, &timer->process->tasks, in_process)
    {
        if (task->own_number == timer->event.task)
            found = task;
    }
    return found;
}

static bool send_locked(struct posix_timer *timer)
{
    const struct siginfo info = {
        .signal = timer->event.signal, .code = SI_TIMER, .timer = {.timer = timer->id, .value = timer->event.value}};
    struct task *task = NULL;
    if (timer->event.notify == SIGEV_NONE)
        return false;
    if (timer->event.notify & SIGEV_THREAD_ID && (task = target_locked(timer)) == NULL)
        return false;
    timer->queue = task ? &task->signals : &timer->process->signals;
    timer->queued.timer = timer;
    return signal_send_timer_locked(timer->process, task, &timer->queued, &info);
}

void posix_timer_expire_locked(struct posix_timer *timer, uint64_t now)
{
    timer->pending = send_locked(timer);
    if (timer->interval == 0)
        timer->set = false;
    else if (!timer->pending && is_alive(timer->process)) {
        advance(timer, now);
        start_locked(timer, TIMER_GAP);
    }
}

static void goes_off(struct timer *one)
{
    struct posix_timer *timer = container_of(one, struct posix_timer, timer);
    spin_lock(&timer->process->signal_lock);
    uint64_t now = now_of(timer);
    if (!timer->set || timer->pending)
        ; /* it has been set anew, or not, since it was to go off */
    else if (now < timer->expires)
        start_locked(timer, 0);
    else
        posix_timer_expire_locked(timer, now);
    spin_unlock(&timer->process->signal_lock);
}

void timer_signal_taken_locked(struct posix_timer *timer, struct siginfo *info)
{
    timer->pending = false;
    uint64_t missed = 0;
    if (timer->set && timer->interval && is_alive(timer->process)) {
        missed = advance(timer, clock_of_locked(timer));
        start_locked(timer, info ? 0 : TIMER_GAP);
    }
    if (info == NULL)
        return;
    timer->overrun = min_u64(missed, OVERRUN_MAX);
    info->timer.overrun = (int32_t)timer->overrun;
}

/* Stops it, without waiting for its function; a signal that it has queued goes. */
static void stop_locked(struct posix_timer *timer)
{
    timer->set = false;
    timer_stop(&timer->timer);
    if (timer->pending)
        signal_unqueue_timer_locked(timer->process, timer->queue, &timer->queued);
    timer->pending = false;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Making and finding
 */

struct process_timers *process_timers_get(struct process *process)
{
    struct process_timers *timers = __atomic_load_n(&process->timers, __ATOMIC_ACQUIRE);
    if (timers)
        return timers;
    timers = kmalloc(sizeof *timers, ALLOC_ZERO);
    if (timers == NULL)
        return NULL;
    timers->process = process;
    list_init(&timers->posix);
    processor_check_init(timers);
    struct process_timers *there = NULL;
    if (__atomic_compare_exchange_n(&process->timers, &there, timers, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return timers;
    kfree(timers);
    return there;
}

static struct posix_timer *find_locked(const struct process *process, int id)
{
    struct posix_timer *found = NULL;
    if (process->timers)
        list_for_each(struct posix_timer, timer, &process->timers->posix, link)
        {
            if (timer->id == id)
                found = timer;
        }
    return found;
}

static bool event_is_sound(const struct timer_event *event)
{
    bool signals = event->signal > 0 && event->signal <= SIGNALS;
    if (event->notify == SIGEV_NONE)
        return true;
    if (event->notify == SIGEV_THREAD_ID) {
        struct process *process = task_current()->process;
        const struct posix_timer probe = {.process = process, .event = *event};
        spin_lock(&process->signal_lock);
        bool there = target_locked(&probe) != NULL;
        spin_unlock(&process->signal_lock);
        return there && signals;
    }
    return (event->notify == SIGEV_SIGNAL || event->notify == SIGEV_THREAD) && signals;
}

int process_timer_create(const struct program_clock *clock, const struct timer_event *event)
{
    struct process *process = task_current()->process;
    if (!event_is_sound(event))
        return -EINVAL;
    struct process_timers *timers = process_timers_get(process);
    struct posix_timer *timer = timers ? kmalloc(sizeof *timer, ALLOC_ZERO) : NULL;
    if (timer == NULL)
        return -EAGAIN;
    timer->process = process;
    timer->clock = *clock;
    program_clock_fix(&timer->clock);
    timer->event = *event;
    timer_init(&timer->timer, goes_off);
    spin_lock(&process->signal_lock);
    bool room = timers->count < process->limits[RLIMIT_SIGPENDING].current;
    int id = timers->next_id;
    while (room && find_locked(process, id))
        id = id == INT32_MAX ? 0 : id + 1;
    if (room) {
        timers->next_id = id == INT32_MAX ? 0 : id + 1;
        timers->count++;
        timer->id = id;
        if (event->value_is_id)
            timer->event.value = (uint64_t)id;
        list_push_back(&timers->posix, &timer->link);
    }
    spin_unlock(&process->signal_lock);
    if (room)
        return id;
    kfree(timer);
    return -EAGAIN;
}

/* Not with the lock held: it waits for the timer's function. */
static void end(struct posix_timer *timer)
{
    timer_stop_wait(&timer->timer);
    kfree(timer);
}

int process_timer_delete(int id)
{
    struct process *process = task_current()->process;
    spin_lock(&process->signal_lock);
    struct posix_timer *timer = find_locked(process, id);
    if (timer) {
        stop_locked(timer);
        list_remove(&timer->link);
        process->timers->count--;
    }
    spin_unlock(&process->signal_lock);
    if (timer == NULL)
        return -EINVAL;
    end(timer);
    return 0;
}

/* Of process_timers.posix, the first that is left. NULL: none. */
static struct posix_timer *take_first(struct process *process)
{
    struct posix_timer *timer = NULL;
    spin_lock(&process->signal_lock);
    struct list_node *node = list_first(&process->timers->posix);
    if (node) {
        timer = container_of(node, struct posix_timer, link);
        stop_locked(timer);
        list_remove(node);
        process->timers->count--;
    }
    spin_unlock(&process->signal_lock);
    return timer;
}

static void delete_all(struct process *process)
{
    struct posix_timer *timer;
    while ((timer = take_first(process)) != NULL)
        end(timer);
}

void process_timers_forget(void)
{
    struct process *process = task_current()->process;
    if (process->timers)
        delete_all(process);
}

void process_timers_free(struct process *process)
{
    struct process_timers *timers = process->timers;
    if (timers == NULL)
        return;
    delete_all(process);
    timer_stop_wait(&timers->alarm);
    timer_stop_wait(&timers->check);
    kfree(timers);
    process->timers = NULL;
}

/* ------------------------------------------------------------------------------------------------------------------
 * Setting and reading
 */

static void read_locked(const struct posix_timer *timer, struct timer_setting *setting)
{
    *setting = (struct timer_setting){.interval = timer->interval};
    if (!timer->set)
        return;
    uint64_t now = clock_of_locked(timer);
    if (now < timer->expires)
        setting->value = timer->expires - now;
    else if (timer->interval)
        setting->value = timer->interval - (now - timer->expires) % timer->interval;
    else
        setting->value = timer->event.notify == SIGEV_NONE ? 0 : 1; /* any moment now */
}

static void set_locked(struct posix_timer *timer, bool absolute, const struct timer_setting *new)
{
    stop_locked(timer);
    timer->interval = new->interval;
    timer->overrun = 0;
    if (new->value == 0)
        return;
    timer->by_wall = absolute && timer->clock.kind == PROGRAM_CLOCK_WALL;
    uint64_t from = absolute ? 0 : clock_of_locked(timer);
    timer->expires = new->value < INT64_MAX - from ? from + new->value : INT64_MAX;
    timer->set = true;
    start_locked(timer, 0);
}

int process_timer_set(int id, bool absolute, const struct timer_setting *new, struct timer_setting *old)
{
    struct process *process = task_current()->process;
    spin_lock(&process->signal_lock);
    struct posix_timer *timer = find_locked(process, id);
    if (timer) {
        if (old)
            read_locked(timer, old);
        set_locked(timer, absolute, new);
    }
    spin_unlock(&process->signal_lock);
    return timer ? 0 : -EINVAL;
}

int process_timer_get(int id, struct timer_setting *setting)
{
    struct process *process = task_current()->process;
    spin_lock(&process->signal_lock);
    const struct posix_timer *timer = find_locked(process, id);
    if (timer)
        read_locked(timer, setting);
    spin_unlock(&process->signal_lock);
    return timer ? 0 : -EINVAL;
}

int process_timer_overrun(int id)
{
    struct process *process = task_current()->process;
    spin_lock(&process->signal_lock);
    const struct posix_timer *timer = find_locked(process, id);
    int overrun = timer ? (int)timer->overrun : -EINVAL;
    spin_unlock(&process->signal_lock);
    return overrun;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The clock is set: moments of the day come sooner or later now
 */

static void follow_clock(struct process *process)
{
    spin_lock(&process->signal_lock);
    if (process->timers)
        list_for_each(struct posix_timer, timer, &process->timers->posix, link)
        {
            if (timer->set && timer->by_wall && !timer->pending)
                start_locked(timer, 0);
        }
    spin_unlock(&process->signal_lock);
}

static void clock_was_set(struct clock_listener *listener)
{
    struct process *process = process_next(0);
    while (process) {
        follow_clock(process);
        struct process *next = process_next(process->number + 1);
        process_put(process);
        process = next;
    }
}

void process_timers_init(void)
{
    static struct clock_listener listener = {.clock_was_set = clock_was_set};
    clock_listen(&listener);
}
