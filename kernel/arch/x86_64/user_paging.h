/*
 * Page tables of programs: the lower half of an address space, in 4 KiB pages. The upper half is the kernel's and the
 * same in all (paging.h).
 *
 * Entries are handled by whoever owns the address space (mm/vm*.c), under its table lock; this file finds and makes
 * them. Tables stay until the address space goes.
 *
 * Source: Intel SDM volume 3A, 4.5 (4-level paging), 4.10 (what must be forgotten).
 */
#ifndef CORRODE_ARCH_USER_PAGING_H
#define CORRODE_ARCH_USER_PAGING_H

#include "arch/x86_64/paging.h"
#include "arch/x86_64/smp.h"

struct user_tables {
    struct page_table table;
    struct cpu_mask active; /* CPUs that may have the root in CR3: who must hear of a flush */
    uint32_t count;         /* tables, the root among them */
    uint64_t id;            /* never used twice */
    uint64_t generation;    /* grows with each flush */
};

/* A root with the kernel's half in it. 0 or -ENOMEM. */
int user_tables_create(struct user_tables *tables);

/* Frees the tables. No page is mapped any more. CPUs that still have the root loaded leave it; as for tlb_flush_user.
 */
void user_tables_destroy(struct user_tables *tables);

/* The entry for ADDRESS; NULL when there is no table for it, which means that nothing is mapped there. */
uint64_t *user_entry(const struct user_tables *tables, vaddr_t address);

/* The same, with the tables on the way made; NULL: no memory. */
uint64_t *user_entry_create(struct user_tables *tables, vaddr_t address);

/*
 * Calls VISIT for the entries of each table in [start, end), which may be sparse: FIRST is the address of the first
 * entry. Goes on while it returns 0, and returns what it returned last.
 */
typedef int user_visit(uint64_t *entries, vaddr_t first, unsigned count, void *argument);
int user_walk(const struct user_tables *tables, vaddr_t start, vaddr_t end, user_visit *visit, void *argument);

/* Entries. flags: MAP_WRITE, MAP_EXECUTE. An entry that is 0 maps nothing. */
uint64_t user_entry_make(paddr_t page, unsigned flags);
bool user_entry_is_present(uint64_t entry); /* else it is kept, and nobody may touch it */
bool user_entry_is_writable(uint64_t entry);
bool user_entry_is_dirty(uint64_t entry);
paddr_t user_entry_page(uint64_t entry);
uint64_t user_entry_read_only(uint64_t entry);
uint64_t user_entry_allow(uint64_t entry, unsigned flags); /* the same page with other flags */
/* The same page, for the program to read, or (PROT_NONE) for nobody: it stays, but every access faults. */
uint64_t user_entry_allow_user(uint64_t entry, bool readable);

static inline uint64_t user_entry_get(const uint64_t *entry)
{
    return __atomic_load_n(entry, __ATOMIC_RELAXED);
}
static inline void user_entry_set(uint64_t *entry, uint64_t value)
{
    __atomic_store_n(entry, value, __ATOMIC_RELEASE);
}

/* The first entry from INDEX on, below COUNT, that is not 0; COUNT: none. Tables are mostly empty: eight at a time. */
static inline unsigned user_entry_next(const uint64_t *entries, unsigned index, unsigned count)
{
    for (; index % 8 && index < count; index++)
        if (user_entry_get(&entries[index]))
            return index;
    for (const uint64_t *e = entries + index; index + 8 <= count; index += 8, e += 8)
        if (e[0] | e[1] | e[2] | e[3] | e[4] | e[5] | e[6] | e[7])
            break;
    while (index < count && user_entry_get(&entries[index]) == 0)
        index++;
    return index;
}

/*
 * The tables that this CPU translates with. NULL: keep what is loaded, whatever it is, for the thread has no program's
 * memory to look at. The scheduler calls it at each switch, with interrupts off.
 */
void user_tables_switch(struct user_tables *tables);

/* Makes every CPU that has TABLES loaded go back to the kernel's own. */
void user_tables_leave(struct user_tables *tables);
uint64_t user_tables_new_id(void);

/*
 * Makes the CPUs that have TABLES loaded forget [address, address + size), and waits for them. Interrupts are on, as
 * for smp_call, unless no other CPU has.
 */
void tlb_flush_user(struct user_tables *tables, vaddr_t address, uint64_t size);

#endif
