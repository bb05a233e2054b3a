/*
 * See machine.h.
 */
#include "tests/unit/mm/machine.h"

#include "arch/x86_64/paging.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/smp.h"
#include "debug/lock_order.h"
#include "log.h"
#include "mm/page.h"
#include "panic.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ARRAY_SIZE (MACHINE_MEMORY / PAGE_SIZE * sizeof(struct page))
#define RUBBISH_MAX KIB(256) /* in a piece of the array, at either end: more would take long */
#define TAKEN_MAX 4096

uint64_t fake_direct_map, fake_page_array;
struct page_table paging_kernel;
uint64_t cpu_feature_bits;
bool machine_has_threads;
jmp_buf machine_panic_jump;

static int memory = -1;
static struct boot_info info;
static struct boot_memory ranges[MACHINE_RANGES];
static struct {
    uint64_t first, end; /* frames */
    vaddr_t address;     /* where they are mapped in the array; 0: nowhere */
} taken[TAKEN_MAX];
static unsigned taken_count;
static bool panic_expected, panicked;
static char panic_message[512];

/* ------------------------------------------------------------------------------------------------------------------
 * Memory
 */

static void fail(const char *what)
{
    perror(what);
    abort();
}

static uint64_t reserve(uint64_t size)
{
    void *p = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        fail("mmap");
    return (uintptr_t)p;
}

void machine_destroy(void)
{
    if (memory < 0)
        return;
    munmap((void *)fake_direct_map, MACHINE_MEMORY);
    munmap((void *)fake_page_array, ARRAY_SIZE);
    close(memory);
    memory = -1;
}

const struct boot_info *machine_create(const struct machine_range *map, unsigned count)
{
    machine_destroy();
    memory = memfd_create("memory", 0);
    if (memory < 0 || ftruncate(memory, (off_t)MACHINE_MEMORY) < 0)
        fail("memfd_create");
    fake_direct_map = reserve(MACHINE_MEMORY);
    fake_page_array = reserve(ARRAY_SIZE);
    if (mmap((void *)fake_direct_map, MACHINE_MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED | MAP_NORESERVE,
            memory, 0) == MAP_FAILED)
        fail("mmap");

    for (unsigned i = 0; i < count; i++)
        ranges[i] = (struct boot_memory){map[i].base, map[i].end - map[i].base, map[i].type, 0};
    info = (struct boot_info){.memory = ranges, .memory_count = count, .direct_map = fake_direct_map};
    taken_count = 0;
    paging_kernel.root = 0;
    return &info;
}

static void take(paddr_t physical, uint64_t size, vaddr_t address)
{
    if (taken_count == TAKEN_MAX)
        abort();
    taken[taken_count].first = physical >> PAGE_SHIFT;
    taken[taken_count].end = (physical + size) >> PAGE_SHIFT;
    taken[taken_count++].address = address;
}

bool machine_is_taken(uint64_t frame)
{
    for (unsigned i = 0; i < taken_count; i++)
        if (frame >= taken[i].first && frame < taken[i].end)
            return true;
    return false;
}

void machine_start_pages(const struct boot_info *boot)
{
    page_early_init(boot);
    for (unsigned i = 0; i < 21; i++) {
        paddr_t frame = page_early_frame();
        if (frame == 0)
            abort();
        take(frame, PAGE_SIZE, 0);
        memset((void *)(fake_direct_map + frame), 0xee, PAGE_SIZE);
        paging_kernel.root = frame;
    }
    page_init();
}

/* ------------------------------------------------------------------------------------------------------------------
 * What page_boot.c needs of page tables
 */

/* What would do most harm: free blocks of all orders. */
static void fill_with_rubbish(struct page *page, uint64_t bytes)
{
    for (uint64_t i = 0; i < bytes / sizeof *page; i++) {
        memset(&page[i], 0x5c, sizeof page[i]);
        page[i].state = PAGE_FREE;
        page[i].order = (uint8_t)(i % (PAGE_ORDER_MAX + 1));
    }
}

int paging_map(struct page_table *table, vaddr_t address, paddr_t physical, uint64_t size, unsigned flags)
{
    if (address >= VMAP_BASE)
        return 0; /* nobody looks there */
    if (address < fake_page_array || address + size > fake_page_array + ARRAY_SIZE || physical + size > MACHINE_MEMORY)
        abort();
    take(physical, size, address);
    if (mmap((void *)address, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, memory, (off_t)physical) ==
        MAP_FAILED)
        fail("mmap");
    uint64_t part = min_u64(size, RUBBISH_MAX);
    fill_with_rubbish((struct page *)address, part);
    fill_with_rubbish((struct page *)(address + size - part), part);
    return 0;
}

/* Of the array alone: is it there? */
uint64_t paging_lookup(const struct page_table *table, vaddr_t address, paddr_t *physical, unsigned *flags)
{
    for (unsigned i = 0; i < taken_count; i++)
        if (taken[i].address && address - taken[i].address < (taken[i].end - taken[i].first) << PAGE_SHIFT)
            return PAGE_SIZE;
    return 0;
}

int paging_unmap(struct page_table *table, vaddr_t address, uint64_t size)
{
    return 0;
}

void paging_set_frame_source(paddr_t (*allocate)(void)) {}

/* ------------------------------------------------------------------------------------------------------------------
 * What everything needs
 */

void smp_call_all_if_possible(void (*function)(void *), void *argument)
{
    unsigned self = fake_cpu;
    function(argument);
    for (unsigned cpu = 0; cpu < cpu_count && !machine_has_threads; cpu++) {
        fake_cpu = cpu;
        if (cpu != self)
            function(argument);
    }
    fake_cpu = self;
}

#ifdef DEBUG
/* Not checked: a panic that is expected leaves locks behind. Self-tests in the kernel check it. */
void lock_order_acquire(const void *lock, unsigned rank, enum lock_order_kind kind) {}
void lock_order_release(const void *lock, unsigned rank) {}
#endif

void log_write(enum log_level level, const char *format, ...) {}

void machine_panic_begin(void)
{
    panic_expected = true;
    panicked = false;
    panic_message[0] = '\0';
}

bool machine_panicked(const char *text)
{
    panic_expected = false;
    if (panicked && strstr(panic_message, text) == NULL)
        fprintf(stderr, "panic: %s\n", panic_message);
    return panicked && strstr(panic_message, text) != NULL;
}

const char *machine_panic_message(void)
{
    return panic_message;
}

_Noreturn void panic(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(panic_message, sizeof panic_message, format, arguments);
    va_end(arguments);
    if (!panic_expected) {
        fprintf(stderr, "panic: %s\n", panic_message);
        abort();
    }
    panicked = true;
    longjmp(machine_panic_jump, 1);
}
