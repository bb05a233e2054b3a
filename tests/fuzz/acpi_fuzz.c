/*
 * Fuzzes the kernel's parser of ACPI tables (kernel/arch/acpi). The first byte of the input chooses how the rest is
 * meant:
 *
 *     0  physical memory, byte for byte, with the root pointer at its start
 *     1  AML code
 *     2 and on  bodies of tables, which get good headers: records of a kind (index into names), a length of two bytes
 *        and so many bytes; the next higher bit decides between RSDT and XSDT. The first DSDT goes into each FADT.
 *
 * Whatever comes, the parser must not read beyond what it has mapped, must come to an end, and what it says about the
 * machine must make sense.
 */
#include "arch/acpi/acpi_internal.h"
#include "tests/unit/acpi_memory.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
    if (!good)
        abort();
}

static void check_processors(void)
{
    require(acpi_cpu_count() >= 1 && acpi_cpu_count() <= ACPI_MAX_CPUS);
    require(acpi_cpu(0)->enabled && acpi_cpu(0)->apic_id == acpi_memory_boot_id);
    require(acpi_cpu(acpi_cpu_count()) == NULL);
    for (unsigned i = 0; i < acpi_cpu_count(); i++) {
        const struct acpi_cpu *cpu = acpi_cpu(i);
        require(cpu->enabled != cpu->online_capable);
        require(cpu->nmi_lint <= 1 || cpu->nmi_lint == ACPI_NO_LINT);
        for (unsigned j = 0; j < i; j++)
            require(acpi_cpu(j)->apic_id != cpu->apic_id);
    }
    for (unsigned i = 0; i < acpi_ioapic_count(); i++)
        require(acpi_ioapic(i)->address != 0);
    require(acpi_ioapic(acpi_ioapic_count()) == NULL);
    for (unsigned irq = 0; irq < 256; irq++) {
        enum acpi_polarity polarity;
        enum acpi_trigger trigger;
        acpi_isa_irq_to_gsi((uint8_t)irq, &polarity, &trigger);
        require(polarity <= ACPI_ACTIVE_LOW && trigger <= ACPI_LEVEL);
    }
    require(acpi_lapic_address() != 0 && is_aligned(acpi_lapic_address(), PAGE_SIZE));
}

static void check_register(struct acpi_register r)
{
    require(r.space == ACPI_SPACE_NONE || r.space <= ACPI_SPACE_PCI);
    require(r.space == ACPI_SPACE_NONE || r.address != 0);
    require(r.space != ACPI_SPACE_IO || r.address + r.width / 8 <= 0x10000);
}

static void check_devices(void)
{
    const struct acpi_fadt *fadt = acpi_fadt();
    check_register(fadt->pm1a_control);
    check_register(fadt->pm1b_control);
    check_register(fadt->sleep_control);
    check_register(fadt->reset);
    require(!fadt->has_s5 || (fadt->sleep_type_a <= 7 && fadt->sleep_type_b <= 7));
    if (acpi_pm_timer() != NULL)
        check_register(acpi_pm_timer()->counter);
    unsigned n = 0;
    for (; acpi_mcfg(n) != NULL; n++)
        require(acpi_mcfg(n)->first_bus <= acpi_mcfg(n)->last_bus && is_aligned(acpi_mcfg(n)->address, MIB(1)));
    require(n <= 16);
}

static void run_aml(const uint8_t *data, size_t size)
{
    uint8_t a = 0xff, b = 0xff;
    uint8_t *copy = malloc(size + (size == 0));
    memcpy(copy, data, size);
    if (acpi_aml_find_s5(copy, size, &a, &b))
        require(a <= 7 && b <= 7);
    free(copy);
}

static void make_tables(const uint8_t *data, size_t size, uint8_t revision)
{
    static const char names[][5] = {"DSDT", "APIC", "FACP", "SSDT", "HPET", "MCFG"};
    uint32_t dsdt = 0, total = 0;
    for (unsigned n = 0; n < 64 && size >= 3; n++) {
        const char *name = names[data[0] % ARRAY_LENGTH(names)];
        size_t length = (data[1] | (size_t)data[2] << 8) % 0x4000;
        data += 3;
        size -= 3;
        if (length > size)
            length = size;
        total += (uint32_t)length + 64;
        if (total > ACPI_MEMORY_SIZE / 2)
            break;
        uint32_t address = acpi_memory_table(name, data[-3] >> 5, data, length);
        if (strcmp(name, "DSDT") == 0) {
            dsdt = address;
        } else if (strcmp(name, "FACP") == 0 && length >= 8 && dsdt != 0) {
            acpi_memory_put(address + 40, dsdt, 4);
            acpi_memory_seal(address, (uint32_t)(36 + length));
        }
        data += length;
        size -= length;
    }
    acpi_memory_root(revision);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    uint8_t mode = *data++;
    size--;
    acpi_memory_reset();
    acpi_memory_x2apic = mode & 0x80;
    if (mode == 1) {
        run_aml(data, size);
        return 0;
    }
    if (mode == 0)
        memcpy(acpi_memory + ACPI_MEMORY_RSDP, data, min_u64(size, ACPI_MEMORY_SIZE - ACPI_MEMORY_RSDP));
    else
        make_tables(data, size, mode & 4 ? 2 : 0);
    acpi_memory_run();
    check_processors();
    check_devices();
    return 0;
}
