/*
 * The ACPI power management timer: 3.579545 MHz, 24 or 32 bits, one port (or memory, which no PC does and we leave).
 *
 * Some chip sets do not latch it while it is read, and once in a while return a value from the middle of a carry. Such
 * a value is far from the ones before and after it, so a reading counts when the next one is close to it.
 *
 * Source: ACPI 6.5, 4.8.3.3 (PM timer); Intel 82371AB specification update, erratum on PM timer reads.
 */
#include "arch/acpi/acpi.h"
#include "arch/x86_64/io.h"
#include "time/source.h"

#define MASK_24 0xffffffu
#define CLOSE 64 /* counts between two reads in a row: 18 us */
#define TRIES 5

static uint16_t port;

static uint64_t acpi_pm_read(void)
{
    uint32_t value = inl(port);
    for (int i = 0; i < TRIES; i++) {
        uint32_t next = inl(port);
        if (((next - value) & MASK_24) < CLOSE)
            return next & clock_acpi_pm.mask;
        value = next;
    }
    return value & clock_acpi_pm.mask;
}

static bool acpi_pm_find(struct clock_source *source)
{
    const struct acpi_pm_timer *timer = acpi_pm_timer();
    if (!timer || timer->counter.space != ACPI_SPACE_IO || timer->counter.address == 0 ||
        timer->counter.address > UINT16_MAX - 3)
        return false;
    port = (uint16_t)timer->counter.address;
    source->hz = ACPI_PM_TIMER_HZ;
    /* Tables that promise 32 bits for a counter of 24 are known. Taking 24 where there are 32 does no harm. */
    source->mask = timer->mask > MASK_24 && (inl(port) & ~MASK_24) != 0 ? timer->mask : MASK_24;
    return true;
}

struct clock_source clock_acpi_pm = {.name = "acpi_pm", .rating = 100, .find = acpi_pm_find, .read = acpi_pm_read};
