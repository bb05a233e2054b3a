/*
 * Forgetting translations.
 *
 * A short range is forgotten page by page (INVLPG, which also forgets global pages and what the processor remembers of
 * the tables on the way there), a long one by forgetting everything, global pages included, for which CR4.PGE is turned
 * off and on again: that holds for all PCIDs. The other CPUs are asked to do the same, by a call function.
 *
 * Source: Intel SDM volume 3A, 4.10.4.1 (operations that invalidate TLBs).
 */
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/paging_internal.h"
#include "arch/x86_64/preempt.h"
#include "arch/x86_64/smp.h"

#define FLUSH_PAGES_MAX 32 /* beyond, filling the whole TLB again is cheaper */

static void flush_page(vaddr_t address)
{
    __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

void tlb_flush_cpu(void)
{
    bool on = cpu_interrupts_disable();
    uint64_t cr4 = cpu_read_cr4();
    if (cr4 & CR4_PGE) {
        cpu_write_cr4(cr4 & ~(uint64_t)CR4_PGE);
        cpu_write_cr4(cr4);
    } else {
        cpu_write_cr3(cpu_read_cr3());
    }
    if (on)
        cpu_interrupts_enable();
}

struct range {
    vaddr_t address;
    uint64_t size;
};

static void flush_range(void *argument)
{
    const struct range *range = argument;
    if (range->size > FLUSH_PAGES_MAX * PAGE_SIZE)
        tlb_flush_cpu();
    else
        for (uint64_t done = 0; done < range->size; done += PAGE_SIZE)
            flush_page(range->address + done);
}

void tlb_flush_kernel(vaddr_t address, uint64_t size)
{
    struct range range = {address, size};
    preempt_disable(); /* or this CPU might be one of the others halfway */
    flush_range(&range);
    smp_call_others(flush_range, &range);
    preempt_enable();
}
