/*
 * Accounts: see accounts.h.
 */
#include "proc/accounts.h"

#include "lib/errno.h"
#include "lib/radix.h"
#include "mm/page.h"
#include "mm/slab.h"
#include "proc/numbers.h"
#include "sched/sched.h"

#define TASKS_LEAST 64 /* on the smallest machine */

static struct radix_node *allocate_node(void)
{
    return kmalloc(sizeof(struct radix_node), ALLOC_ZERO);
}

static void free_node(struct radix_node *node)
{
    kfree(node);
}

static const struct radix_memory memory = {.allocate = allocate_node, .free = free_node};
static struct radix accounts = {.memory = &memory};
static struct spinlock lock = SPINLOCK_INIT(ACCOUNTS);
static uint32_t tasks, tasks_max;

struct account *account_find(uint32_t uid)
{
    struct account *new = kmalloc(sizeof *new, ALLOC_ZERO);
    spin_lock(&lock);
    struct account *account = radix_get(&accounts, uid);
    if (account == NULL && new && radix_set(&accounts, uid, new) == 0) {
        account = new;
        account->uid = uid;
        new = NULL;
    }
    if (account)
        account->references++;
    spin_unlock(&lock);
    kfree(new);
    return account;
}

void account_put(struct account *account)
{
    if (account == NULL)
        return;
    spin_lock(&lock);
    bool last = --account->references == 0;
    if (last)
        radix_remove(&accounts, account->uid);
    spin_unlock(&lock);
    if (last)
        kfree(account);
}

int account_add_task(struct account *account, uint64_t limit)
{
    int error = -EAGAIN;
    spin_lock(&lock);
    if (account->tasks < limit && tasks < tasks_max) {
        account->references++;
        account->tasks++;
        tasks++;
        error = 0;
    }
    spin_unlock(&lock);
    return error;
}

void account_remove_task(struct account *account)
{
    spin_lock(&lock);
    account->tasks--;
    tasks--;
    spin_unlock(&lock);
    account_put(account);
}

void account_move_task(struct account *from, struct account *to)
{
    spin_lock(&lock);
    to->references++;
    to->tasks++;
    from->tasks--;
    spin_unlock(&lock);
    account_put(from);
}

bool account_is_over(struct account *account, uint64_t limit)
{
    return __atomic_load_n(&account->tasks, __ATOMIC_RELAXED) > limit;
}

bool account_add_signal(struct account *account, uint64_t limit)
{
    spin_lock(&lock);
    bool fits = account->signals < limit;
    if (fits) {
        account->references++;
        account->signals++;
    }
    spin_unlock(&lock);
    return fits;
}

void account_remove_signal(struct account *account)
{
    spin_lock(&lock);
    account->signals--;
    spin_unlock(&lock);
    account_put(account);
}

uint32_t account_tasks_max(void)
{
    return tasks_max;
}

void accounts_init(void)
{
    uint64_t by_memory = page_total_count() * PAGE_SIZE / (8 * THREAD_STACK_SIZE);
    tasks_max = (uint32_t)min_u64(max_u64(by_memory, TASKS_LEAST), NUMBERS_MAX - NUMBERS_AGAIN);
}
