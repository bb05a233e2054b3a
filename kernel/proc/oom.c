/*
 * Who ends when memory runs out: see vm/shortage.c, which asks.
 *
 * As on Linux, it is whoever has most: pages in memory, page tables and what describes the areas; and oom_score_adj
 * counts as so many thousandths of all memory more, or less. With -1000 nobody is chosen, and process 1 never is, nor
 * who shares its memory. Of equals the youngest goes. The whole process ends, and every other one that shares its
 * memory, whatever they do about signals: as by SIGKILL.
 *
 * One that is about to end anyway is not killed, but waited for; one that was chosen and is still there (its space is
 * doomed) has had its time, and the next is looked for.
 *
 * Locks: processes_lock, for as long as all processes are looked at; below it what kill and /proc take.
 *
 * Source: Linux's behaviour; proc(5), oom_score and oom_score_adj.
 */
#include "proc/oom.h"

#include "lib/string.h"
#include "log.h"
#include "proc/process_internal.h"
#include "proc/signal_internal.h"

#define LOG_NAME "memory"

/* The memory of a process. */
struct holding {
    uint64_t space; /* the number of its page tables, which none has had before; 0: it has none any more */
    uint64_t resident, all;
    bool doomed;
};

struct victim {
    struct process *process; /* NULL: there is none */
    struct holding holding;
    int64_t points;
};

/* Whichever of its tasks still has the memory that they share. processes_lock is held. */
static void look(struct process *process, struct holding *holding)
{
    *holding = (struct holding){0};
    list_for_each(struct task, task, &process->tasks, in_process)
    {
        spin_lock(&task->parts_lock);
        const struct vm_space *space = task->space;
        if (space)
            *holding = (struct holding){.space = space->tables.id,
                .resident = space->pages_resident,
                .all = space->pages_resident + space->tables.count +
                       space->area_count * sizeof(struct vm_area) / PAGE_SIZE,
                .doomed = space->doomed};
        spin_unlock(&task->parts_lock);
        if (space)
            return;
    }
}

/* False: it is not to be chosen. */
static bool weigh(const struct process *process, const struct holding *holding, int64_t *points)
{
    int adjustment = __atomic_load_n(&process->oom_adjustment, __ATOMIC_RELAXED);
    int64_t total = (int64_t)page_total_count();
    *points = (int64_t)holding->all + adjustment * (total / OOM_ADJUSTMENT_MAX);
    return process->number != 1 && holding->space && adjustment > -OOM_ADJUSTMENT_MAX &&
           !__atomic_load_n(&process->borrows, __ATOMIC_RELAXED);
}

int64_t process_oom_score(struct process *process)
{
    struct holding holding;
    int64_t points, total = (int64_t)page_total_count();
    spin_lock(&processes_lock);
    look(process, &holding);
    bool may_go = weigh(process, &holding, &points);
    spin_unlock(&processes_lock);
    return may_go ? (1000 + points * 1000 / total) * 2 / 3 : 0;
}

/* ------------------------------------------------------------------------------------------------------------------
 * processes_lock is held
 */

static void find_victim(struct victim *victim)
{
    struct process *process = process_first();
    struct holding first = {0}, holding;
    int64_t points;
    *victim = (struct victim){.points = INT64_MIN};
    if (process)
        look(process, &first);
    for (int32_t number = 1; (process = process_next_locked(number)) != NULL; number = process->number + 1) {
        look(process, &holding);
        if (!weigh(process, &holding, &points) || holding.doomed || holding.space == first.space)
            continue;
        if (points >= victim->points)
            *victim = (struct victim){process, holding, points};
    }
}

/* Dooms the space if it is PROCESS's. */
static bool doom(struct process *process, uint64_t space)
{
    bool has = false;
    list_for_each(struct task, task, &process->tasks, in_process)
    {
        spin_lock(&task->parts_lock);
        if (task->space && task->space->tables.id == space) {
            vm_space_doom(task->space);
            has = true;
        }
        spin_unlock(&task->parts_lock);
    }
    return has;
}

/* Everybody who shares the victim's memory. True: the victim was not about to end anyway. */
static bool end_sharers(const struct victim *victim)
{
    bool killed = false;
    struct process *process;
    for (int32_t number = 2; (process = process_next_locked(number)) != NULL; number = process->number + 1)
        if (doom(process, victim->holding.space)) {
            bool had_to_be = process_kill(process, SIGKILL);
            killed |= had_to_be && process == victim->process;
        }
    return killed;
}

/* ------------------------------------------------------------------------------------------------------------------
 * For vm
 */

static bool choose(void)
{
    struct victim victim;
    char name[THREAD_NAME_SIZE];
    int number = 0, adjustment = 0;
    bool killed = false;
    spin_lock(&processes_lock);
    find_victim(&victim);
    if (victim.process) {
        number = victim.process->number;
        adjustment = victim.process->oom_adjustment;
        memcpy(name, victim.process->name, sizeof name);
        killed = end_sharers(&victim);
    }
    spin_unlock(&processes_lock);
    if (killed && program_end_may_be_told())
        log_warning("Out of memory: killed process %d (%s), %lu KiB resident, oom_score_adj %d", number, name,
            victim.holding.resident * (PAGE_SIZE / 1024), adjustment);
    return victim.process != NULL;
}

static bool must_leave(void)
{
    const struct task *task = task_current();
    return task == NULL || task_has_to_end(task) ||
           __atomic_load_n(&task->thread->attention, __ATOMIC_RELAXED) & ATTENTION_EXIT;
}

void process_oom_init(void)
{
    static const struct vm_shortage_ops ops = {
        .must_leave = must_leave, .choose = choose, .leave_bits = ATTENTION_EXIT};
    vm_set_shortage(&ops);
}
