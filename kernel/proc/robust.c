/*
 * What a task leaves in its memory when it ends or executes another program: the word that says that it is there is
 * zeroed, and who waits for that is woken (CLONE_CHILD_CLEARTID: pthread_join); and locks that it holds are marked as
 * their owner's who has died, so that the next one can take them (robust mutexes).
 *
 * The list of these locks is the program's: any word of it may be wrong, point in a circle, or to nothing. Then the
 * rest of it is left alone.
 *
 * Source: get_robust_list(2); Linux Documentation/locking/robust-futexes.rst and robust-futex-ABI.rst.
 */
#include "lib/errno.h"
#include "proc/futex.h"
#include "proc/proc.h"

#define LOCKS_MAX 2048 /* that are looked at */

/* struct robust_list_head: addresses of the program. Bit 0 of an entry's says that the lock inherits priorities. */
struct robust_list {
    uint64_t first;
    int64_t offset;   /* from an entry to its lock's word */
    uint64_t pending; /* one that is being taken or given back just now; 0: none */
};

/* Marks one lock, if it is the task's. PENDING: it may have been given back, but nobody woken yet. */
static int release(uint64_t entry, int64_t offset, bool pending, uint32_t tid)
{
    uaddr_t address = (entry & ~1ull) + (uint64_t)offset;
    bool inherits = entry & 1;
    uint32_t word;
    if (user_read_word(&word, address) < 0)
        return -EFAULT;
    if (pending && !inherits && word == 0) {
        (void)futex_wake(address, true, 1, FUTEX_ANY);
        return 0;
    }
    for (uint32_t expected; (word & FUTEX_TID_MASK) == tid;) {
        expected = word;
        if (user_compare_exchange(address, &word, (word & FUTEX_WAITERS) | FUTEX_OWNER_DIED) < 0)
            return -EFAULT;
        if (word != expected)
            continue;
        if (!inherits && word & FUTEX_WAITERS)
            (void)futex_wake(address, true, 1, FUTEX_ANY);
        break;
    }
    return 0;
}

static void release_all(uaddr_t head, uint32_t tid)
{
    struct robust_list list;
    if (copy_from_user(&list, head) < 0)
        return;
    uint64_t entry = list.first, next;
    for (unsigned i = 0; i < LOCKS_MAX && (entry & ~1ull) != head; i++) {
        bool last = copy_from_user(&next, entry & ~1ull) < 0; /* before its owner may take it out */
        if (entry != list.pending && release(entry, list.offset, false, tid) < 0)
            return;
        if (last)
            return;
        entry = next;
    }
    if (list.pending)
        (void)release(list.pending, list.offset, true, tid);
}

void futex_leave_memory(void)
{
    struct task *task = task_current();
    const uint32_t zero = 0;
    if (task->robust_list)
        release_all(task->robust_list, (uint32_t)task->own_number);
    task->robust_list = 0;
    futex_owner_leaves(task);
    if (task->clear_child_tid && __atomic_load_n(&task->space->references, __ATOMIC_RELAXED) > 1 &&
        copy_to_user(task->clear_child_tid, &zero) == 0) /* else nobody could see it */
        (void)futex_wake(task->clear_child_tid, true, 1, FUTEX_ANY);
    task->clear_child_tid = 0;
}
