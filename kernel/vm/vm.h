/*
 * Address spaces of programs: which virtual memory there is (areas), what stands behind it (objects), and what has been
 * touched of it (page tables).
 *
 * An area is a range of pages with one protection and one origin. Areas never overlap; neighbours that continue each
 * other are one. They hang in a red-black tree by address in which each node knows the largest gap below it, so that
 * a place for a new area is found in O(log n).
 *
 * Nothing is mapped before it is touched (vm_fault), except that a fault brings in neighbours that are in memory
 * already. Where the pages come from:
 *
 *     anonymous, private   a zero page at the first read; a frame of its own at the first write
 *     file, private        the file's page, read-only; a copy at the first write
 *     shared               the object's page itself; anonymous shared memory is an object without a file
 *
 * After fork parent and child share the frames of private areas, read-only in both page tables. A write to one copies
 * it, unless nobody else refers to it any more (struct page.references). So a frame in a private area is referred to
 * once for each page table that maps it, and a frame of an object once more by the object.
 *
 * Locks: vm_space.lock (a rwlock: faults read, changes of areas write); below it object->lock and space->table_lock
 * (spin).
 *
 * Source: POSIX.1-2017 mmap, munmap, mprotect; Linux's mmap(2), madvise(2) for what POSIX leaves open.
 */
#ifndef CORRODE_VM_VM_H
#define CORRODE_VM_VM_H

#include "arch/x86_64/user_paging.h"
#include "mm/page.h"
#include "sched/mutex.h"

#define VM_AREAS_MAX 65530u       /* areas of one space: Linux's vm.max_map_count */
#define VM_ADDRESS_MIN 0x10000ull /* what Linux lets ordinary programs map lowest */

/* What an area allows: PROT_ of <sys/mman.h>. */
#define VM_READ (1u << 0)
#define VM_WRITE (1u << 1)
#define VM_EXECUTE (1u << 2)
/* How it behaves. */
#define VM_SHARED (1u << 4)
#define VM_GROWS_DOWN (1u << 5)     /* a stack: faults below it, down to its limit, extend it */
#define VM_MAY_WRITE (1u << 6)      /* mprotect may add VM_WRITE: the file was opened for writing, or it is private */
#define VM_NO_FORK (1u << 7)        /* MADV_DONTFORK */
#define VM_SPECIAL (1u << 8)        /* vDSO: not merged, not remapped */
#define VM_HEAP (1u << 9)           /* brk's: for /proc */
#define VM_NO_RESERVE (1u << 10)    /* MAP_NORESERVE: it may be larger than all memory there is */
#define VM_LOCKED (1u << 11)        /* mlock: brought in at once */
#define VM_LOCK_ON_FAULT (1u << 12) /* with VM_LOCKED: no, when it is touched */
#define VM_WIPE_ON_FORK (1u << 13)  /* MADV_WIPEONFORK: a child finds it empty */
#define VM_NEVER_EXECUTE (1u << 14) /* mprotect may not add VM_EXECUTE: its file system forbids it */
#define VM_LOCK_FLAGS (VM_LOCKED | VM_LOCK_ON_FAULT)

/*
 * What stands behind areas: the pages of a file, or of shared anonymous memory. Each area that maps it holds a
 * reference; to what, its owner knows: a file's object lives as long as its inode.
 */
struct vm_object {
    const struct vm_object_ops *ops;
    struct spinlock lock; /* OBJECT; guards `mappings` */
    struct list mappings; /* areas that map it */
    uint64_t generation;  /* grows with each change of `mappings` */
    uint64_t truncations; /* grows with each vm_object_unmap */
    uint64_t writers;     /* shared areas that may write, and those who are about to map such; `lock` */
    bool read_only;       /* no more of these; the same lock */
    void *owner;          /* the ops' */
};

struct vm_object_ops {
    /* Finds page INDEX, reading it in if need be, with a reference for the caller. -ENOMEM, -EIO; -EFAULT beyond the
     * end (SIGBUS). WRITE: it is about to be written through a shared mapping. */
    int (*get_page)(struct vm_object *object, uint64_t index, bool write, struct page **page);
    /* The page is in memory already: returns it with a reference, else NULL. Never sleeps. NULL: no fault-around. */
    struct page *(*peek_page)(struct vm_object *object, uint64_t index);
    /* Does the object still reach that far? Asked when a truncation has gone by. */
    bool (*holds)(struct vm_object *object, uint64_t index);
    /* An area more (1) or less (-1) shows it. The space may be locked; may sleep. NULL: nobody counts. */
    void (*mapped)(struct vm_object *object, int change);
    /* A reference more, and one less; put is called from threads that may sleep. */
    void (*get)(struct vm_object *object);
    void (*put)(struct vm_object *object);
};

/*
 * Through which name an area came to its object, for those who show what is mapped: each area holds a reference.
 * Whoever makes one embeds it (fs/origin.h).
 */
struct vm_origin {
    uint32_t references;
    void (*release)(struct vm_origin *origin); /* the last reference is gone; called from threads that may sleep */
};
static inline void vm_origin_get(struct vm_origin *origin)
{
    __atomic_fetch_add(&origin->references, 1, __ATOMIC_RELAXED);
}
static inline void vm_origin_put(struct vm_origin *origin)
{
    if (__atomic_sub_fetch(&origin->references, 1, __ATOMIC_ACQ_REL) == 0)
        origin->release(origin);
}

/* What a new area shows. */
struct vm_backing {
    struct vm_object *object; /* NULL: private anonymous memory */
    uint64_t offset;          /* in the object, bytes, page aligned */
    struct vm_origin *origin; /* NULL: there is nothing to tell */
};

struct vm_area {
    struct rb_node node;
    struct vm_space *space;
    vaddr_t start, end;       /* [start, end), whole pages */
    uint64_t hole;            /* bytes between the area before and this one */
    uint64_t gap;             /* augmented: the largest `hole` of this subtree */
    uint32_t flags;           /* VM_* */
    struct vm_object *object; /* NULL: private anonymous */
    uint64_t offset;          /* in pages, of `start` in the object */
    struct vm_origin *origin; /* NULL: none */
    struct list_node mapping; /* in object->mappings */
};

struct vm_space {
    struct rwlock lock;
    struct rb_tree areas;
    struct user_tables tables;
    uint32_t references; /* threads, and those who look at it */
    uint32_t area_count;
    bool doomed; /* all who use it end, for the sake of memory: shortage.c */

    uint64_t pages_mapped;      /* all areas, in pages: VmSize */
    uint64_t pages_mapped_peak; /* the most that these have been: VmPeak */
    uint64_t pages_data;        /* of these, data: private, may be written to, no stack */
    uint64_t pages_locked;      /* and locked: VmLck */
    uint64_t pages_resident;    /* VmRSS; table_lock */
    uint64_t pages_peak;        /* the most that these have been: VmHWM; the same lock */
    struct spinlock table_lock; /* SPACE_TABLE; guards the entries of the page tables */
    vaddr_t brk_start, brk;     /* heap */
    vaddr_t map_top;            /* new areas go below */
    vaddr_t stack_top;
    vaddr_t stack_start;                               /* the program's first stack pointer; 0: none yet */
    vaddr_t arguments, arguments_end, environment_end; /* for /proc/PID/cmdline, environ */
    vaddr_t auxiliary, auxiliary_end;                  /* /proc/PID/auxv */
    vaddr_t vdso;
    uint64_t address_limit; /* RLIMIT_AS in pages */
    uint64_t data_limit;    /* RLIMIT_DATA, bytes */
    uint64_t stack_limit;   /* bytes */
    uint64_t lock_limit;    /* RLIMIT_MEMLOCK in pages, as whoever locked last had it */
    uint32_t new_flags;     /* of all new areas: mlockall(MCL_FUTURE) */
};

void vm_init(void); /* after slab_init */

/* For who makes objects; and references to one. */
void vm_object_init(struct vm_object *object, const struct vm_object_ops *ops, void *owner);
void vm_object_get(struct vm_object *object);
void vm_object_put(struct vm_object *object);

/*
 * Objects that nobody may write to by new shared maps. Who makes such a map (VM_SHARED and VM_MAY_WRITE) of an object
 * of a program's says so before, and that he is done after: 0, or -EPERM. vm_object_seal: from now on; -EBUSY: there is
 * such a map, and IDLE is wanted.
 */
int vm_object_begin_write(struct vm_object *object);
void vm_object_end_write(struct vm_object *object);
int vm_object_seal(struct vm_object *object, bool idle);

struct vm_space *vm_space_create(void); /* empty; NULL: no memory */
void vm_space_get(struct vm_space *space);
void vm_space_put(struct vm_space *space); /* the last one unmaps everything */

/* The space whose page tables a thread looks at. */
static inline struct vm_space *vm_space_of(struct user_tables *tables)
{
    return container_of(tables, struct vm_space, tables);
}

/* The current thread works in SPACE from now on; NULL: in none. Its caller keeps the reference. */
void vm_space_enter(struct vm_space *space);

/* A copy for fork: private areas copy-on-write, shared ones shared. NULL: no memory. */
struct vm_space *vm_space_fork(struct vm_space *space);

/*
 * New area of SIZE bytes. ADDRESS is a wish, or with VM_MAP_FIXED an order (what was there goes), with
 * VM_MAP_NO_REPLACE an order that fails with -EEXIST. object: a reference is taken; offset in bytes, page aligned.
 * Returns the address or -ENOMEM, -EINVAL, -EPERM, -EAGAIN (too much would be locked).
 */
#define VM_MAP_FIXED (1u << 0)
#define VM_MAP_NO_REPLACE (1u << 1)
#define VM_MAP_POPULATE (1u << 2)
#define VM_MAP_LOW (1u << 3) /* in the lowest 2 GiB */
long vm_map(struct vm_space *space, vaddr_t address, uint64_t size, unsigned flags, unsigned map_flags,
    struct vm_object *object, uint64_t offset);
/* The same with all that can be told of the object; _locked: space->lock is held for writing, and VM_MAP_POPULATE is
 * not for it. */
long vm_map_backed(struct vm_space *space, vaddr_t address, uint64_t size, unsigned flags, unsigned map_flags,
    const struct vm_backing *backing);
long vm_map_locked(struct vm_space *space, vaddr_t address, uint64_t size, unsigned flags, unsigned map_flags,
    const struct vm_backing *backing);
int vm_unmap(struct vm_space *space, vaddr_t address, uint64_t size);
/* All that is left of a map of an object with these OPS that began at ADDRESS. -EINVAL: there is nothing. */
int vm_unmap_object(struct vm_space *space, vaddr_t address, const struct vm_object_ops *ops);

/* PROTECTION: VM_READ ... and perhaps VM_PROTECT_DOWN: from the lowest address of the stack that ADDRESS is in. */
#define VM_PROTECT_DOWN (1u << 24)
int vm_protect(struct vm_space *space, vaddr_t address, uint64_t size, unsigned protection);

/* As the system calls have it: advise.c, remap.c. */
int vm_advise(struct vm_space *space, vaddr_t address, uint64_t size, int advice);
long vm_remap(struct vm_space *space, vaddr_t old, uint64_t old_size, uint64_t new_size, unsigned flags, vaddr_t new);
int vm_sync(struct vm_space *space, vaddr_t address, uint64_t size, int flags);

/* One byte for each page of the range into RESIDENT, 1: it is in memory. -ENOMEM: it is not all mapped. */
int vm_resident(struct vm_space *space, vaddr_t address, uint64_t pages, uint8_t *resident);

/*
 * lock.c: mlock and munlock (FLAGS 0: unlock, else VM_LOCKED and perhaps VM_LOCK_ON_FAULT), mlockall and munlockall.
 * LIMIT: pages that may be locked in all. 0, -EINVAL, -ENOMEM; -EAGAIN: it is locked, but not all of it is in memory.
 */
int vm_lock(struct vm_space *space, vaddr_t address, uint64_t size, unsigned flags, uint64_t limit);
int vm_lock_all(struct vm_space *space, bool current, unsigned flags, unsigned new_flags, uint64_t limit);
vaddr_t vm_set_brk(struct vm_space *space, vaddr_t brk); /* returns what it is then */

/* RLIMIT_STACK, RLIMIT_DATA and RLIMIT_AS, in bytes; UINT64_MAX: none. */
void vm_set_limits(struct vm_space *space, uint64_t stack, uint64_t data, uint64_t address_space);

/* A place for SIZE bytes below map_top, aligned to ALIGNMENT, a power of two of at least a page; 0: there is none. */
vaddr_t vm_find_place(struct vm_space *space, uint64_t size, uint64_t alignment);

/*
 * A page fault in user memory, from a program or from the kernel's access to it. error: the processor's (FAULT_WRITE,
 * FAULT_FETCH of trap.h, under these names). 0: try again. Otherwise the signal it makes: -EFAULT (SIGSEGV), -EIO
 * (SIGBUS), -ENOMEM (vm_await_memory has not found any). *mapped: whether there is an area. May sleep.
 */
#define VM_FAULT_WRITE (1u << 1)
#define VM_FAULT_FETCH (1u << 4)
int vm_fault(struct vm_space *space, vaddr_t address, unsigned error, bool *mapped);

/*
 * shortage.c: no memory (-ENOMEM), and no spin lock held. Others that have most of it are ended, and the call waits
 * until some is free: true: try again. False: there is none to be had, or the current thread is about to end itself.
 * *TRIES: 0 at first.
 */
bool vm_await_memory(unsigned *tries);

/* Who knows whom to end. One that ends gives its space back, and with the last one's the memory comes. */
struct vm_shortage_ops {
    bool (*must_leave)(void); /* is the current thread to end, or no program's? It is not to wait then */
    /* Ends somebody, and dooms (vm_space_doom) what memory he has. One whose is doomed is not taken into account.
     * False: there is nobody. May not sleep for long. */
    bool (*choose)(void);
    uint32_t leave_bits; /* of thread->attention: the thread is to end */
};
void vm_set_shortage(const struct vm_shortage_ops *ops);
void vm_space_doom(struct vm_space *space); /* any context */

/*
 * From outside (access.c): the page at ADDRESS, brought in, with a reference: 0, or as vm_fault. Bytes of a space that
 * the current thread need not be in: how many were there. May sleep.
 */
int vm_get_page(struct vm_space *space, vaddr_t address, bool write, struct page **page);
size_t vm_read(struct vm_space *space, vaddr_t from, void *to, size_t size);
size_t vm_write(struct vm_space *space, vaddr_t to, const void *from, size_t size);

/*
 * What becomes of a program's fault that vm_fault does not settle: a signal. Called in the faulting thread; true: go on
 * at frame->rip. Without one it is a panic.
 */
struct trap_frame;
void vm_set_program_fault(bool (*handle)(struct trap_frame *frame, vaddr_t address, int result, bool mapped));

/* Pages of an object that was truncated: taken out of every address space that maps them. */
void vm_object_unmap(struct vm_object *object, uint64_t first_index, uint64_t count);

/* What is in memory, in pages, and shares in bytes: a page that N page tables map counts as 1/N (measure.c). */
struct vm_usage {
    uint64_t resident, anonymous, file, shared_memory;
    uint64_t shared_clean, shared_dirty, private_clean, private_dirty; /* add up to `resident`, too */
    uint64_t share, share_dirty, share_anonymous, share_shared_memory;
};
void vm_measure(struct vm_space *space, struct vm_usage *usage);
/* Adds AREA's to *USAGE. space->lock is held. */
void vm_measure_locked(struct vm_space *space, const struct vm_area *area, struct vm_usage *usage);

/* The next area, by address. space->lock is held. */
struct vm_area *vm_area_next(const struct vm_area *area);

/* The area that holds ADDRESS, or the first above it; NULL. The lock is held. */
struct vm_area *vm_find_locked(struct vm_space *space, vaddr_t address);

#endif
