/*
 * Machine checks. An emulator lets software fill the error banks, and INT 18 comes in by the same gate as the real
 * thing.
 */
#include "ktest.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/interrupt.h"
#include "arch/x86_64/preempt.h"
#include "arch/x86_64/trap.h"

#define MSR_MCG_STATUS 0x17a
#define MSR_MC3_STATUS 0x40d
#define MSR_MC3_ADDR 0x40e
#define MCG_STATUS_RIPV 1
#define MCG_STATUS_MCIP 4
#define VALID_UNCORRECTED_WITH_ADDRESS (1ull << 63 | 1ull << 61 | 1ull << 58)

static void write_status(void *value)
{
    cpu_write_msr(MSR_MCG_STATUS, (uint64_t)(uintptr_t)value);
}

/* It says that the code can go on, and this CPU's banks are empty: it was another CPU's, and that one will say so. */
KTEST(machine_check_of_another_cpu)
{
    if (!cpu_has(CPU_MCA) || !trap_try(write_status, (void *)(MCG_STATUS_RIPV | MCG_STATUS_MCIP), NULL, NULL)) {
        ktest_skip("this processor lets no one write MCG_STATUS");
        return;
    }
    preempt_disable();
    write_status((void *)(MCG_STATUS_RIPV | MCG_STATUS_MCIP));
    uint64_t before = interrupt_count(TRAP_MACHINE_CHECK, cpu_number());
    __asm__ volatile("int $18");
    KTEST_EQUAL(interrupt_count(TRAP_MACHINE_CHECK, cpu_number()), before + 1);
    KTEST_EQUAL(cpu_read_msr(MSR_MCG_STATUS), MCG_STATUS_RIPV); /* another may come */
    preempt_enable();
    write_status(NULL);
}

KDEATH(machine_check)
{
    cpu_write_msr(MSR_MC3_ADDR, 0x12345000);
    cpu_write_msr(MSR_MC3_STATUS, VALID_UNCORRECTED_WITH_ADDRESS | 0x9f);
    __asm__ volatile("int $18");
}
