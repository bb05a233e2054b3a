/*
 * What must fault does: writing to what is read-only, executing what is data, touching guard pages and what is not
 * mapped. And a walk through the page tables themselves, for what no one has thought of trying.
 */
#include "ktest.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/paging.h"
#include "arch/x86_64/trap.h"
#include "mm/slab.h"
#include "mm/vmap.h"

static const volatile uint64_t constant = 1;
static uint64_t variable;

static void read(void *at)
{
    (void)*(volatile uint8_t *)at;
}

static void write(void *at)
{
    *(volatile uint8_t *)at = 0xc3;
}

static void execute(void *at)
{
    __asm__ volatile("call *%0" : : "r"(at) : "memory");
}

/* Is there a page fault at that address, for that reason, whoever does it? */
static bool faults(void (*how)(void *), const volatile void *at, uint64_t wanted)
{
    struct trap_frame frame;
    vaddr_t address = 0;
    if (trap_try(how, (void *)(uintptr_t)at, &frame, &address)) {
        ktest_note("there is no fault at %p", (const void *)(uintptr_t)at);
        return false;
    }
    if (frame.vector == TRAP_PAGE_FAULT && frame.error == wanted && address == (vaddr_t)at)
        return true;
    ktest_note("vector %lu, error %#lx at %#lx; wanted a page fault, error %#lx at %p", frame.vector, frame.error,
        address, wanted, (const void *)(uintptr_t)at);
    return false;
}

static void *alias(const volatile void *of)
{
    paddr_t physical = 0;
    paging_lookup(&paging_kernel, (vaddr_t)of, &physical, NULL);
    return direct_map(physical);
}

KTEST(mm_read_only_is_not_written)
{
    KTEST_CHECK(faults(write, (const void *)(uintptr_t)alias, FAULT_PRESENT | FAULT_WRITE));
    KTEST_CHECK(faults(write, &constant, FAULT_PRESENT | FAULT_WRITE));
    KTEST_CHECK(faults(write, "a string", FAULT_PRESENT | FAULT_WRITE));
    KTEST_CHECK(faults(write, alias((const void *)(uintptr_t)alias), FAULT_PRESENT | FAULT_WRITE));
    KTEST_CHECK(faults(write, alias(&constant), FAULT_PRESENT | FAULT_WRITE));
    KTEST_EQUAL(*(uint64_t *)alias(&constant), 1);
}

KTEST(mm_data_is_not_executed)
{
    uint64_t local = 0xc3;
    void *object = kmalloc(64, ALLOC_ZERO), *area = vmap_allocate(PAGE_SIZE, ALLOC_ZERO);
    if (!KTEST_CHECK(object != NULL && area != NULL))
        return;
    variable = 0xc3;
    write(object);
    write(area);
    KTEST_CHECK(faults(execute, &variable, FAULT_PRESENT | FAULT_FETCH));
    KTEST_CHECK(faults(execute, &constant, FAULT_PRESENT | FAULT_FETCH));
    KTEST_CHECK(faults(execute, &local, FAULT_PRESENT | FAULT_FETCH));
    KTEST_CHECK(faults(execute, object, FAULT_PRESENT | FAULT_FETCH));
    KTEST_CHECK(faults(execute, area, FAULT_PRESENT | FAULT_FETCH));
    KTEST_CHECK(faults(execute, page_of(0), FAULT_PRESENT | FAULT_FETCH));
    KTEST_CHECK(faults(execute, alias((const void *)(uintptr_t)alias), FAULT_PRESENT | FAULT_FETCH));
    vmap_free(area);
    kfree(object);
}

KTEST(mm_nothing_is_where_nothing_was_mapped)
{
    KTEST_CHECK(faults(read, NULL, 0));
    KTEST_CHECK(faults(write, NULL, FAULT_WRITE));
    KTEST_CHECK(faults(execute, NULL, FAULT_FETCH));
    KTEST_CHECK(faults(read, (void *)0x1000, 0));
    KTEST_CHECK(faults(read, (void *)(USER_END - 1), 0));
    KTEST_CHECK(faults(read, (void *)(DIRECT_MAP_BASE + DIRECT_MAP_SIZE - 1), 0));
    KTEST_CHECK(faults(read, (void *)VMAP_BASE, 0));
}

KTEST(mm_guard_pages)
{
    const struct boot_info *info = ktest_boot_info();
    KTEST_CHECK(faults(write, (void *)(info->stack_base - 1), FAULT_WRITE));
    KTEST_CHECK(faults(write, (void *)(info->stack_base + info->stack_size), FAULT_WRITE));

    uint8_t *area = vmap_allocate(2 * PAGE_SIZE, 0), *next = vmap_allocate(1, 0);
    if (!KTEST_CHECK(area != NULL && next != NULL))
        return;
    write(area);
    write(area + 2 * PAGE_SIZE - 1);
    KTEST_CHECK(faults(write, area - 1, FAULT_WRITE));
    KTEST_CHECK(faults(read, area + 2 * PAGE_SIZE, 0));
    KTEST_CHECK(faults(write, next - 1, FAULT_WRITE));
    KTEST_CHECK(faults(write, next + PAGE_SIZE, FAULT_WRITE));
    vmap_free(area);
    vmap_reclaim();
    KTEST_CHECK(faults(read, area, 0));
    vmap_free(next);
}

/* ------------------------------------------------------------------------------------------------------------------
 * The tables
 */

#define PRESENT 1ull
#define WRITABLE 2ull
#define USER 4ull
#define LARGE 0x80ull
#define GLOBAL 0x100ull
#define NO_EXECUTE (1ull << 63)
#define ADDRESS 0x000ffffffffff000ull

static struct {
    uint64_t pages[3]; /* of 4 KiB, 2 MiB, 1 GiB */
    uint64_t writable_and_executable, user, local;
} seen;

/* ALLOWED: what the tables above allow. */
static void walk(paddr_t table, unsigned level, uint64_t allowed, unsigned from)
{
    const uint64_t *entries = direct_map(table);
    for (unsigned i = from; i < 512; i++) {
        uint64_t entry = entries[i];
        if (!(entry & PRESENT))
            continue;
        uint64_t allows = (entry & allowed & (WRITABLE | USER)) | ((entry | allowed) & NO_EXECUTE);
        if (level > 0 && !(entry & LARGE)) {
            walk(entry & ADDRESS, level - 1, allows, 0);
            continue;
        }
        seen.pages[level]++;
        seen.writable_and_executable += (allows & WRITABLE) && !(allows & NO_EXECUTE);
        seen.user += (allows & USER) != 0;
        seen.local += !(entry & GLOBAL);
    }
}

KTEST(mm_page_tables)
{
    seen = (__typeof__(seen)){0};
    walk(cpu_read_cr3() & ADDRESS, 3, WRITABLE | USER, 256);
    ktest_note("pages of 4 KiB: %lu, 2 MiB: %lu, 1 GiB: %lu", seen.pages[0], seen.pages[1], seen.pages[2]);
    KTEST_EQUAL(seen.writable_and_executable, 0);
    KTEST_EQUAL(seen.user, 0);
    KTEST_EQUAL(seen.local, 0);
    KTEST_CHECK(seen.pages[1] + seen.pages[2] > 0);
    KTEST_EQUAL(paging_kernel.root, cpu_read_cr3() & ADDRESS);
}
