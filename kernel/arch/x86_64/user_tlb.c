/*
 * Which program's page tables each CPU translates with, and what it remembers of others.
 *
 * A CPU tags translations with the number of the address space (PCID) where it can, so that a switch to another and
 * back finds them again. Each CPU has a few numbers to give (slots); a slot notes whose translations it tags and as of
 * which generation of those tables. Tables get a generation more with each flush. A CPU that has them loaded is asked
 * to forget; one that has not finds out when it loads them again: another generation, and it forgets all of that slot.
 * Tables have an identity that is never used twice, so a slot cannot be taken for one of their successors at the same
 * address. Number 0 is the kernel's own tables', and everybody's on a processor without PCIDs.
 *
 * No flush is missed: who switches first says so in `active` and then reads the generation; who flushes raises the
 * generation and then reads `active`. One of the two sees the other.
 *
 * Source: Intel SDM volume 3A, 4.10.1 (PCIDs), 4.10.4.1 (MOV to CR3 and its bit 63).
 */
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/paging_internal.h"
#include "arch/x86_64/preempt.h"
#include "arch/x86_64/user_paging.h"

#define FLUSH_PAGES_MAX 32
#define SLOTS 6 /* PCIDs 1 to 6 */
#define CR3_KEEP (1ull << 63)

struct slot {
    uint64_t id; /* of tables; 0: nobody's */
    uint64_t generation;
};

static PER_CPU(struct user_tables *, loaded_tables); /* NULL: the kernel's own */
static PER_CPU(unsigned, loaded_slot);
static PER_CPU(struct slot[SLOTS], slots);
static PER_CPU(unsigned, next_slot); /* whose turn it is to be given to others */
static uint64_t last_id;

uint64_t user_tables_new_id(void)
{
    return __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED);
}

/* The slot of TABLES on this CPU; another's is taken if need be, with a generation that is not theirs. */
static unsigned slot_of(const struct user_tables *tables)
{
    struct slot *all = *this_cpu_pointer(slots);
    for (unsigned i = 0; i < SLOTS; i++)
        if (all[i].id == tables->id)
            return i;
    unsigned taken = this_cpu(next_slot);
    this_cpu(next_slot) = (taken + 1) % SLOTS;
    all[taken] = (struct slot){.id = tables->id, .generation = ~0ull};
    return taken;
}

static void load_tagged(const struct user_tables *tables)
{
    unsigned number = slot_of(tables);
    struct slot *slot = &(*this_cpu_pointer(slots))[number];
    uint64_t generation = __atomic_load_n(&tables->generation, __ATOMIC_SEQ_CST);
    uint64_t keep = slot->generation == generation ? CR3_KEEP : 0;
    slot->generation = generation;
    this_cpu(loaded_slot) = number;
    cpu_write_cr3(tables->table.root | (number + 1) | keep);
}

void user_tables_switch(struct user_tables *tables)
{
    struct user_tables *old = this_cpu(loaded_tables);
    if (tables == NULL || tables == old)
        return;
    unsigned self = cpu_number();
    cpu_mask_add(&tables->active, self); /* before the first translation */
    if (cpu_has(CPU_PCID))
        load_tagged(tables);
    else
        cpu_write_cr3(tables->table.root);
    this_cpu(loaded_tables) = tables;
    if (old)
        cpu_mask_remove(&old->active, self);
}

static bool is_active_elsewhere(const struct user_tables *tables)
{
    unsigned self = cpu_number();
    for (unsigned word = 0; word < ARRAY_LENGTH(tables->active.bits); word++) {
        uint64_t others = __atomic_load_n(&tables->active.bits[word], __ATOMIC_RELAXED);
        if (word == self / 64)
            others &= ~(1ull << self % 64);
        if (others)
            return true;
    }
    return false;
}

/* Calls FUNCTION here and on every other CPU that has TABLES loaded, with interrupts off. */
static void call_active(struct user_tables *tables, void (*function)(void *), void *argument)
{
    preempt_disable(); /* or this CPU might be one of the others halfway */
    bool interrupts = cpu_interrupts_disable();
    function(argument);
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* entries are written before we look who may have read them */
    bool elsewhere = is_active_elsewhere(tables);
    if (interrupts)
        cpu_interrupts_enable();
    if (elsewhere)
        smp_call_mask(&tables->active, function, argument);
    preempt_enable();
}

static void leave(void *argument)
{
    struct user_tables *tables = argument;
    if (this_cpu(loaded_tables) != tables)
        return;
    cpu_write_cr3(paging_kernel.root);
    this_cpu(loaded_tables) = NULL;
    cpu_mask_remove(&tables->active, cpu_number());
}

void user_tables_leave(struct user_tables *tables)
{
    call_active(tables, leave, tables);
}

struct flush {
    const struct user_tables *tables;
    uint64_t generation; /* as of this flush */
    vaddr_t address;
    uint64_t size;
};

/* INVLPG and a load of CR3 forget what is tagged with the number that is loaded. */
static void flush_here(void *argument)
{
    const struct flush *flush = argument;
    if (this_cpu(loaded_tables) != flush->tables)
        return;
    if (flush->size > FLUSH_PAGES_MAX * PAGE_SIZE)
        cpu_write_cr3(cpu_read_cr3()); /* bit 63 is never read as set */
    else
        for (uint64_t done = 0; done < flush->size; done += PAGE_SIZE)
            __asm__ volatile("invlpg (%0)" : : "r"(flush->address + done) : "memory");
    struct slot *slot = &(*this_cpu_pointer(slots))[this_cpu(loaded_slot)];
    if (cpu_has(CPU_PCID) && slot->generation + 1 == flush->generation)
        slot->generation = flush->generation; /* no flush of another's is in between: this slot is up to date */
}

void tlb_flush_user(struct user_tables *tables, vaddr_t address, uint64_t size)
{
    uint64_t generation = __atomic_add_fetch(&tables->generation, 1, __ATOMIC_SEQ_CST);
    struct flush flush = {.tables = tables, .generation = generation, .address = address, .size = size};
    call_active(tables, flush_here, &flush);
}
