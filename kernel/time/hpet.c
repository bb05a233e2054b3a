/*
 * The high precision event timer's main counter. Only its lower 32 bits are read: some have no more, some busses tear
 * 64-bit reads in two, and even at the highest rate they wrap only after seconds.
 *
 * Source: IA-PC HPET 1.0a, 2.3 (registers).
 */
#include "arch/acpi/acpi.h"
#include "log.h"
#include "mm/vmap.h"
#include "time/source.h"

#define LOG_NAME "clock"

#define HPET_SIZE 0x400
#define HPET_PERIOD 0x04 /* femtoseconds a count: the upper half of the capabilities */
#define HPET_CONFIG 0x10
#define HPET_ENABLE 1u
#define HPET_COUNTER 0xf0

#define FS_PER_SECOND 1000000000000000ull
#define PERIOD_MAX 100000000u /* the specification's: 10 MHz */
#define PERIOD_MIN 100000u    /* ours: 10 GHz */

static volatile uint32_t *registers;

static uint64_t hpet_read(void)
{
    return registers[HPET_COUNTER / 4];
}

static bool hpet_find(struct clock_source *source)
{
    paddr_t address = acpi_hpet_address();
    if (address == 0)
        return false;
    if (!registers)
        registers = vmap_physical(address, HPET_SIZE, MAP_WRITE | MAP_UNCACHED);
    if (!registers) {
        log_warning("the HPET at %#lx cannot be mapped", (unsigned long)address);
        return false;
    }
    uint32_t period = registers[HPET_PERIOD / 4];
    if (period < PERIOD_MIN || period > PERIOD_MAX)
        return false;
    registers[HPET_CONFIG / 4] |= HPET_ENABLE;
    source->hz = FS_PER_SECOND / period;
    source->mask = UINT32_MAX;
    return true;
}

struct clock_source clock_hpet = {.name = "hpet", .rating = 200, .find = hpet_find, .read = hpet_read};
