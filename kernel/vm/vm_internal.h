/*
 * What the files of the address spaces know of each other: areas.c keeps the tree of areas, vm.c changes areas,
 * pages.c what is mapped, fault.c brings pages in.
 */
#ifndef CORRODE_VM_VM_INTERNAL_H
#define CORRODE_VM_VM_INTERNAL_H

#include "mm/slab.h"
#include "vm/vm.h"

extern struct slab_cache *vm_area_cache;
extern struct page *vm_zero_page; /* all zeros, for reads of memory that nobody has written; not counted */

static inline uint64_t vm_area_pages(const struct vm_area *area)
{
    return (area->end - area->start) >> PAGE_SHIFT;
}

/* Index in the object of the page at ADDRESS. */
static inline uint64_t vm_area_index(const struct vm_area *area, vaddr_t address)
{
    return area->offset + ((address - area->start) >> PAGE_SHIFT);
}

/* How entries of the area's pages may look when nothing is shared copy-on-write. */
static inline unsigned vm_map_flags(const struct vm_area *area)
{
    return (area->flags & VM_WRITE ? MAP_WRITE : 0) | (area->flags & VM_EXECUTE ? MAP_EXECUTE : 0);
}

/* areas.c; space->lock is held for writing, but for the last two. */
void vm_area_insert(struct vm_space *space, struct vm_area *area);
void vm_area_remove(struct vm_space *space, struct vm_area *area); /* out of the tree, not freed */
void vm_area_moved(struct vm_space *space, struct vm_area *area);  /* after start or end has changed in place */
struct vm_area *vm_area_previous(const struct vm_area *area);

/* The highest place for SIZE bytes in [low, high); 0: there is none. */
vaddr_t vm_find_hole(const struct vm_space *space, uint64_t size, vaddr_t low, vaddr_t high);

/* vm.c; space->lock is held for writing. */
struct vm_area *vm_area_copy(const struct vm_area *model, struct vm_space *space); /* in no tree; NULL: no memory */
void vm_area_free(struct vm_area *area);
/* Merges AREA with its neighbours where they continue each other; returns what it is part of then. */
struct vm_area *vm_area_merge(struct vm_space *space, struct vm_area *area);
int vm_split_ends(struct vm_space *space, vaddr_t start, vaddr_t end); /* 0 or -ENOMEM */
/* Takes all areas of a range away, whose ends are ends of areas. */
void vm_remove_range(struct vm_space *space, vaddr_t start, vaddr_t end);

bool vm_space_try_get(struct vm_space *space); /* false: its last reference is gone */

/* map.c */

/* Whole pages within the address space? Rounds *size up. 0 or -EINVAL. */
int vm_check_range(vaddr_t address, uint64_t *size);
int vm_unmap_locked(struct vm_space *space, vaddr_t address, uint64_t size);

/* lock.c: brings in what can be of a range, as if it were written to where that may be. 0, or the first error. */
int vm_populate(struct vm_space *space, vaddr_t start, vaddr_t end);

/* fault.c: takes page faults over */
void vm_fault_init(void);

/* shortage.c: a doomed space has gone; and is the current thread to end, so that it gets no memory? */
void vm_doomed_gone(void);
bool vm_must_leave(void);

/* pages.c */

/* Takes out what is mapped in the range and forgets it everywhere. */
void vm_pages_unmap(struct vm_space *space, vaddr_t start, vaddr_t end);

/* Makes the entries of the range, all of one area, follow its flags. */
void vm_pages_protect(struct vm_space *space, const struct vm_area *area, vaddr_t start, vaddr_t end);

/*
 * Maps in CHILD what AREA has in PARENT, copy-on-write if private. 0 or -ENOMEM. Sets *changed when pages of the parent
 * have become read-only: the caller flushes, once for all areas.
 */
int vm_pages_fork(struct vm_space *parent, struct vm_space *child, const struct vm_area *area, bool *changed);

/* Moves entries to another place of the same space. 0 or -ENOMEM. */
int vm_pages_move(struct vm_space *space, vaddr_t from, vaddr_t to, uint64_t size);

/* Does it count as data (RLIMIT_DATA)? What is private and may be written to, but stacks. */
static inline bool vm_is_data(unsigned flags)
{
    return (flags & (VM_WRITE | VM_SHARED | VM_GROWS_DOWN)) == VM_WRITE;
}

/* May there be so many pages more? */
static inline bool vm_has_room(const struct vm_space *space, unsigned flags, uint64_t pages)
{
    return space->pages_mapped + pages <= space->address_limit &&
           (!vm_is_data(flags) || space->pages_data + pages <= space->data_limit >> PAGE_SHIFT);
}

/* So many pages more, or less, belong to areas with these flags. */
static inline void vm_count(struct vm_space *space, unsigned flags, uint64_t pages)
{
    space->pages_mapped += pages;
    space->pages_mapped_peak = max_u64(space->pages_mapped_peak, space->pages_mapped);
    space->pages_data += vm_is_data(flags) ? pages : 0;
    space->pages_locked += flags & VM_LOCKED ? pages : 0;
}
static inline void vm_uncount(struct vm_space *space, unsigned flags, uint64_t pages)
{
    space->pages_mapped -= pages;
    space->pages_data -= vm_is_data(flags) ? pages : 0;
    space->pages_locked -= flags & VM_LOCKED ? pages : 0;
}

static inline void vm_set_flags(struct vm_space *space, struct vm_area *area, unsigned flags)
{
    vm_uncount(space, area->flags, vm_area_pages(area));
    area->flags = flags;
    vm_count(space, flags, vm_area_pages(area));
}

/* 1 for an entry that is a part of VmRSS, else 0: nothing, or the page of zeros, which is nobody's. */
static inline uint64_t vm_page_counts(uint64_t entry)
{
    return entry && user_entry_page(entry) != page_address(vm_zero_page);
}

/* Drops a reference to what an entry maps. */
void vm_page_release(uint64_t entry);

#endif
