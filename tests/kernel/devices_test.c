/*
 * What the machine says of itself, and devices that interrupt: ACPI, PCI, virtio, and the random numbers that come of
 * it. tests/system/kernel-devices.t boots machines that have the devices: virtio-rng-pci, and edu, QEMU's device for
 * learning how to drive devices (its docs/specs/edu).
 */
#include "ktest.h"

#include "arch/acpi/acpi.h"
#include "arch/x86_64/apic.h"
#include "arch/x86_64/io.h"
#include "arch/x86_64/smp.h"
#include "drivers/pci/pci.h"
#include "drivers/virtio/virtio_rng.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/vmap.h"
#include "random.h"
#include "time/clock.h"

#define PATIENCE (10 * NS_PER_SECOND) /* on a host that does something else beside */

static bool wait_until(bool (*condition)(void))
{
    uint64_t end = clock_monotonic() + PATIENCE;
    while (!condition() && clock_monotonic() < end)
        cpu_pause();
    return condition();
}

/* ------------------------------------------------------------------------------------------------------------------
 * ACPI
 */

KTEST(devices_acpi_lists_processors)
{
    KTEST_EQUAL(acpi_cpu(0)->apic_id, cpu_local(apic_id, 0));
    KTEST_CHECK(acpi_cpu_count() >= cpu_count);
    for (unsigned i = 0; i < acpi_cpu_count(); i++) {
        KTEST_CHECK(acpi_cpu(i)->enabled || acpi_cpu(i)->online_capable);
        for (unsigned j = 0; j < i; j++)
            KTEST_CHECK(acpi_cpu(i)->apic_id != acpi_cpu(j)->apic_id);
    }
}

KTEST(devices_acpi_knows_a_pc)
{
    if (ktest_boot_info()->rsdp == 0) {
        ktest_skip("no ACPI");
        return;
    }
    if (!KTEST_CHECK(acpi_ioapic_count() >= 1))
        return;
    KTEST_EQUAL(acpi_ioapic(0)->gsi_base, 0);
    KTEST_EQUAL(acpi_lapic_address(), 0xfee00000);
}

/* ------------------------------------------------------------------------------------------------------------------
 * PCI
 */

static struct pci_device *find(uint16_t vendor, uint16_t device)
{
    for (struct pci_device *d = pci_next(NULL); d != NULL; d = pci_next(d)) {
        if (d->vendor == vendor && d->device == device)
            return d;
    }
    return NULL;
}

static bool has_pci(void)
{
    if (pci_next(NULL) == NULL)
        ktest_skip("no PCI");
    return pci_next(NULL) != NULL;
}

/* The first register of each device as the ports show it, whichever way pci.h takes. */
KTEST(devices_pci_both_ways_agree)
{
    if (!has_pci())
        return;
    for (struct pci_device *d = pci_next(NULL); d != NULL; d = pci_next(d)) {
        for (unsigned offset = 0; offset <= 8; offset += 8) {
            outl(0xcf8, 0x80000000u | (uint32_t)d->address.bus << 16 | (uint32_t)d->address.device << 11 |
                            (uint32_t)d->address.function << 8 | offset);
            KTEST_EQUAL(inl(0xcfc), pci_read32(d, offset));
        }
        KTEST_EQUAL(pci_read16(d, PCI_VENDOR), d->vendor);
        KTEST_EQUAL(pci_read16(d, PCI_DEVICE), d->device);
        KTEST_EQUAL(pci_read8(d, PCI_DEVICE + 1), d->device >> 8);
    }
}

static bool overlaps_ram(uint64_t base, uint64_t size)
{
    const struct boot_info *info = ktest_boot_info();
    for (uint64_t i = 0; i < info->memory_count; i++) {
        const struct boot_memory *range = &info->memory[i];
        if (range->type == BOOT_MEMORY_USABLE && base < range->base + range->length && range->base < base + size)
            return true;
    }
    return false;
}

KTEST(devices_pci_bars_are_apart)
{
    if (!has_pci())
        return;
    unsigned count = 0;
    for (struct pci_device *d = pci_next(NULL); d != NULL; d = pci_next(d)) {
        for (unsigned i = 0; i < PCI_BARS; i++) {
            const struct pci_bar *bar = &d->bars[i];
            if (bar->kind != PCI_BAR_MEMORY || bar->address == 0)
                continue;
            KTEST_CHECK(!overlaps_ram(bar->address, bar->size));
            KTEST_CHECK(pci_read16(d, PCI_COMMAND) & PCI_COMMAND_MEMORY);
            count++;
        }
    }
    ktest_note("%u ranges", count);
}

/* ------------------------------------------------------------------------------------------------------------------
 * Message-signalled interrupts, with edu
 */

#define EDU_SIZE 0x100
enum edu_register { EDU_ID = 0 / 4, EDU_RAISE = 0x60 / 4, EDU_ACKNOWLEDGE = 0x64 / 4, EDU_PENDING = 0x24 / 4 };

static volatile uint32_t *edu;
static unsigned edu_interrupts, edu_cpu, edu_wanted;
static uint32_t edu_pending;

static void edu_interrupt(void *argument)
{
    edu_pending = edu[EDU_PENDING];
    edu[EDU_ACKNOWLEDGE] = edu_pending;
    edu_cpu = cpu_number();
    __atomic_fetch_add(&edu_interrupts, 1, __ATOMIC_SEQ_CST);
}

static bool edu_has_interrupted(void)
{
    return __atomic_load_n(&edu_interrupts, __ATOMIC_SEQ_CST) == edu_wanted;
}

/* One interrupt to CPU; then none any more, once it is turned off. */
static void interrupt_cpu(struct pci_device *device, unsigned cpu)
{
    if (!KTEST_EQUAL(pci_interrupts_enable(device, 1), 1))
        return;
    KTEST_EQUAL(device->interrupt_mode, PCI_MSI);
    KTEST_EQUAL(pci_interrupt_request(device, 0, edu_interrupt, NULL, "edu", cpu), 0);
    edu_wanted = edu_interrupts + 1;
    edu[EDU_RAISE] = 0x10 + cpu;
    KTEST_CHECK(wait_until(edu_has_interrupted));
    KTEST_EQUAL(edu_cpu, cpu);
    KTEST_EQUAL(edu_pending, 0x10 + cpu);
    pci_interrupts_disable(device);
}

KTEST(devices_msi_reaches_each_cpu)
{
    struct pci_device *device = find(0x1234, 0x11e8);
    if (device == NULL) {
        ktest_skip("no edu device");
        return;
    }
    edu = pci_map_bar(device, 0, 0, EDU_SIZE);
    if (!KTEST_CHECK(edu != NULL))
        return;
    KTEST_EQUAL(edu[EDU_ID], 0x010000ed);
    pci_enable(device, PCI_COMMAND_MASTER);
    for (unsigned cpu = 0; cpu < cpu_count; cpu++)
        interrupt_cpu(device, cpu);
    pci_disable(device, PCI_COMMAND_MASTER);
    vmap_free((void *)edu);
}

static int use_edu(void *argument)
{
    struct pci_device *device = argument;
    void *registers = pci_map_bar(device, 0, 0, EDU_SIZE);
    if (registers == NULL)
        return -ENOMEM;
    int result = pci_interrupts_enable(device, 1);
    if (result >= 0)
        result = pci_interrupt_request(device, 0, edu_interrupt, NULL, "edu", INTERRUPT_ANY_CPU);
    pci_interrupts_disable(device);
    vmap_free(registers);
    return result;
}

KTEST(devices_pci_without_memory)
{
    struct pci_device *device = find(0x1234, 0x11e8);
    if (device == NULL)
        ktest_skip("no edu device");
    else
        KTEST_EVERY_ALLOCATION(use_edu, device);
}

/* ------------------------------------------------------------------------------------------------------------------
 * virtio-rng
 */

static uint64_t rng_before;

static bool rng_has_delivered(void)
{
    return virtio_rng_received() > rng_before;
}

/* Interrupts that came for the device, on all CPUs, by whatever name its line has. */
static uint64_t rng_interrupts(void)
{
    struct interrupt_row row;
    uint64_t sum = 0;
    for (unsigned i = 0; interrupt_row(i, &row); i++) {
        for (unsigned cpu = 0; cpu < cpu_count && strcmp(row.name, "virtio-rng") == 0; cpu++)
            sum += interrupt_count(row.number, cpu);
    }
    return sum;
}

KTEST(devices_virtio_rng_delivers)
{
    struct pci_device *device = find(0x1af4, 0x1005);
    if (device == NULL)
        device = find(0x1af4, 0x1044);
    if (device == NULL || device->driver == NULL) {
        ktest_skip("no virtio-rng");
        return;
    }
    static const char *const modes[] = {"no interrupts", "INTx", "MSI", "MSI-X"};
    ktest_note("virtio-rng interrupts by %s", modes[device->interrupt_mode]);
    for (unsigned i = 0; i < 100; i++) {
        uint64_t interrupts = rng_interrupts();
        rng_before = virtio_rng_received();
        KTEST_CHECK(virtio_rng_request());
        if (!KTEST_CHECK(wait_until(rng_has_delivered)))
            return;
        KTEST_CHECK(rng_interrupts() > interrupts);
    }
    KTEST_CHECK(random_ready());
}

/* ------------------------------------------------------------------------------------------------------------------
 * Random numbers
 */

#define DRAWING_CPUS 8
#define DRAWS 300
static uint64_t drawn[DRAWING_CPUS][DRAWS];

/* Small and large pieces, as fast as they come. */
static void draw(void *argument)
{
    unsigned cpu = cpu_number();
    for (unsigned i = 0; cpu < DRAWING_CPUS && i < DRAWS; i += 3) {
        drawn[cpu][i] = random_u64();
        random_bytes(&drawn[cpu][i + 1], 2 * sizeof drawn[0][0]);
    }
}

/* All CPUs at once: no number comes twice. */
KTEST(devices_random_differs_on_each_cpu)
{
    draw(NULL);
    smp_call_others(draw, NULL);
    const uint64_t *all = drawn[0];
    size_t count = min_u64(cpu_count, DRAWING_CPUS) * DRAWS;
    for (size_t i = 0; i < count; i++) {
        KTEST_CHECK(all[i] != 0);
        for (size_t j = 0; j < i; j++) {
            if (all[i] == all[j])
                KTEST_FAIL("numbers %lu and %lu are both %#lx", j, i, all[i]);
        }
    }
}

/* 2^20 bits: half of them, within six standard deviations (of 512). */
KTEST(devices_random_looks_random)
{
    uint64_t ones = 0;
    for (unsigned i = 0; i < (1u << 20) / 64; i++) {
        for (uint64_t word = random_u64(); word != 0; word &= word - 1)
            ones++;
    }
    KTEST_CHECK(ones > (1u << 19) - 6 * 512 && ones < (1u << 19) + 6 * 512);
}

KTEST(devices_random_seed_is_wiped)
{
    const struct boot_info *info = ktest_boot_info();
    for (unsigned i = 0; i < sizeof info->seed; i++)
        KTEST_EQUAL(info->seed[i], 0);
}
