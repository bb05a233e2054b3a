/*
 * Machine checks: the processor has found broken hardware (memory, cache, bus) and says what it knows in its banks of
 * registers. An error that was not corrected ends the kernel with the contents of all banks in the log; Intel's
 * processors tell all CPUs of it, and those with nothing in their banks go on until the one that has stops them.
 * Corrected errors do not come here.
 *
 * Source: Intel SDM volume 3B, chapter 16 (machine-check architecture: 16.3.2 the banks, 16.10.2 the handler).
 */
#include "arch/x86_64/machine_check.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/trap_internal.h"
#include "log.h"
#include "panic.h"

#define LOG_NAME "machine check"

#define MSR_MCG_CAP 0x179
#define MSR_MCG_STATUS 0x17a
#define MSR_MCG_CTL 0x17b
#define MSR_MC_CTL(bank) (0x400 + 4 * (bank))
#define MSR_MC_STATUS(bank) (0x401 + 4 * (bank))
#define MSR_MC_ADDR(bank) (0x402 + 4 * (bank))
#define MSR_MC_MISC(bank) (0x403 + 4 * (bank))

#define MCG_CAP_BANKS 0xff
#define MCG_CAP_CTL_P (1u << 8)
#define MCG_STATUS_RIPV (1u << 0) /* the interrupted code can go on */
#define MCG_STATUS_MCIP (1u << 2) /* a second machine check would shut the machine down */
#define MC_STATUS_VAL (1ull << 63)
#define MC_STATUS_UC (1ull << 61) /* not corrected */
#define MC_STATUS_MISCV (1ull << 59)
#define MC_STATUS_ADDRV (1ull << 58)
#define MC_STATUS_PCC (1ull << 57) /* the processor's own state is corrupt */

static unsigned bank_count(void)
{
    return cpu_has(CPU_MCE) && cpu_has(CPU_MCA) ? cpu_read_msr(MSR_MCG_CAP) & MCG_CAP_BANKS : 0;
}

/* On the older of Intel's family 6 the first bank's control register is the firmware's (SDM 16.3.2.1). */
static bool first_bank_is_firmwares(void)
{
    uint32_t signature = cpu_id(1, 0).eax;
    unsigned family = signature >> 8 & 0xf, model = (signature >> 4 & 0xf) | (signature >> 12 & 0xf0);
    return cpu_id(0, 0).ebx == 0x756e6547 /* "Genu" */ && family == 6 && model < 0x1a;
}

/* Logs what a bank holds, and empties it; whether that was an error that was not corrected. */
static bool report_bank(unsigned bank, const char *when)
{
    uint64_t status = cpu_read_msr(MSR_MC_STATUS(bank));
    if (!(status & MC_STATUS_VAL))
        return false;
    uint64_t address = status & MC_STATUS_ADDRV ? cpu_read_msr(MSR_MC_ADDR(bank)) : 0;
    uint64_t more = status & MC_STATUS_MISCV ? cpu_read_msr(MSR_MC_MISC(bank)) : 0;
    log_error("%sCPU %u, bank %u: %scorrected error, status %#lx, address %#lx, misc %#lx%s", when, cpu_number(), bank,
        status & MC_STATUS_UC ? "un" : "", status, address, more,
        status & MC_STATUS_PCC ? ", processor state corrupt" : "");
    cpu_write_msr(MSR_MC_STATUS(bank), 0);
    return status & MC_STATUS_UC;
}

void machine_check_init_cpu(void)
{
    unsigned banks = bank_count();
    if (!banks)
        return;
    if (cpu_read_msr(MSR_MCG_CAP) & MCG_CAP_CTL_P)
        cpu_write_msr(MSR_MCG_CTL, ~0ull);
    for (unsigned bank = 0; bank < banks; bank++) {
        report_bank(bank, "before the kernel started, ");
        if (bank > 0 || !first_bank_is_firmwares())
            cpu_write_msr(MSR_MC_CTL(bank), ~0ull);
    }
}

bool machine_check_handle(struct trap_frame *frame, vaddr_t address)
{
    bool mine = false;
    for (unsigned bank = 0; bank < bank_count(); bank++)
        mine |= report_bank(bank, "");
    uint64_t status = bank_count() ? cpu_read_msr(MSR_MCG_STATUS) : 0;
    if (mine || !(status & MCG_STATUS_RIPV))
        panic("machine check on CPU %u at %#lx, MCG_STATUS %#lx: the hardware has failed", cpu_number(), frame->rip,
            status);
    cpu_write_msr(MSR_MCG_STATUS, status & ~(uint64_t)MCG_STATUS_MCIP);
    return true;
}
