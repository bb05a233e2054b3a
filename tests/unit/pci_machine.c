/*
 * A machine with PCI devices that a test makes up: see pci_machine.h.
 */
#include "tests/unit/pci_machine.h"

#include "arch/acpi/acpi.h"
#include "lib/errno.h"
#include "log.h"
#include "mm/slab.h"
#include "mm/vmap.h"

#include <stdlib.h>
#include <string.h>

static struct fake_function functions[FAKE_FUNCTIONS];
const uint8_t *fake_noise;
size_t fake_noise_size;
uint64_t fake_reads;
unsigned pci_warnings;
unsigned fake_memory;
int fake_allocated, fake_mapped;
struct fake_vector fake_vectors[256];
struct fake_gsi fake_gsis[32];
bool fake_msi_unsupported;
bool fake_no_vectors;
uint64_t fake_last_mapped;
void (*fake_fill)(uint64_t address, uint8_t *memory, size_t size);

/* ------------------------------------------------------------------------------------------------------------------
 * Configuration space
 */

static struct fake_function *function_at(struct pci_address address)
{
    for (unsigned i = 0; i < FAKE_FUNCTIONS && address.segment == 0; i++) {
        struct fake_function *f = &functions[i];
        if (f->present && f->bus == address.bus && f->device == address.device && f->function == address.function)
            return f;
    }
    return NULL;
}

void fake_put(struct fake_function *f, unsigned offset, uint32_t value, unsigned size)
{
    memcpy(f->bytes + offset, &value, size);
}

uint32_t fake_get(const struct fake_function *f, unsigned offset, unsigned size)
{
    uint32_t value = 0;
    memcpy(&value, f->bytes + offset, size);
    return value;
}

static uint32_t config_read(struct pci_address address, unsigned offset, unsigned size)
{
    if (offset % size != 0 || offset + size > 4096 || address.device > 31 || address.function > 7)
        abort();
    fake_reads++;
    if (fake_noise != NULL) {
        uint32_t value = 0;
        for (unsigned i = 0; i < size; i++)
            value |= (uint32_t)fake_noise[(fake_reads * 4 + i) % fake_noise_size] << 8 * i;
        return value;
    }
    struct fake_function *f = function_at(address);
    if (f == NULL || offset >= 256)
        return 0xffffffff >> (32 - 8 * size);
    return fake_get(f, offset, size);
}

static void config_write(struct pci_address address, unsigned offset, unsigned size, uint32_t value)
{
    if (offset % size != 0 || offset + size > 4096)
        abort();
    struct fake_function *f = function_at(address);
    if (f == NULL || offset + size > 256)
        return;
    unsigned bar = (offset - PCI_BAR0) / 4;
    if (offset >= PCI_BAR0 && bar < (f->bytes[PCI_HEADER_TYPE] & 0x7f ? 2 : PCI_BARS)) {
        if (fake_get(f, PCI_COMMAND, 2) & (PCI_COMMAND_IO | PCI_COMMAND_MEMORY))
            f->decoded_while_sizing++;
        uint32_t fixed = fake_get(f, offset, 4) & ~f->bar_mask[bar];
        value = fixed | (value & f->bar_mask[bar]);
    } else if (offset < 0x40 && offset != PCI_COMMAND) {
        return;
    }
    fake_put(f, offset, value, size);
}

bool pci_config_init(void)
{
    static const struct pci_config_ops ops = {.read = config_read, .write = config_write};
    pci_config = &ops;
    return true;
}

void pci_machine_reset(void)
{
    fake_memory = UINT32_MAX;
    pci_config_init();
    pci_forget();
    memset(functions, 0, sizeof functions);
    memset(fake_vectors, 0, sizeof fake_vectors);
    fake_noise = NULL;
    fake_reads = 0;
    pci_warnings = 0;
    fake_msi_unsupported = fake_no_vectors = false;
    fake_fill = NULL;
}

struct fake_function *pci_machine_add(uint8_t bus, uint8_t device, uint8_t function, uint16_t vendor, uint16_t id)
{
    struct fake_function *f = functions;
    while (f->present)
        f++;
    if (f == functions + FAKE_FUNCTIONS)
        abort();
    *f = (struct fake_function){.present = true, .bus = bus, .device = device, .function = function};
    fake_put(f, PCI_VENDOR, vendor, 2);
    fake_put(f, PCI_DEVICE, id, 2);
    fake_put(f, PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MEMORY, 2);
    return f;
}

void fake_bar64(struct fake_function *f, unsigned bar, uint64_t address, uint64_t size)
{
    fake_put(f, PCI_BAR0 + 4 * bar, (uint32_t)address | 0xc, 4);
    fake_put(f, PCI_BAR0 + 4 * bar + 4, (uint32_t)(address >> 32), 4);
    f->bar_mask[bar] = (uint32_t)-size & ~15u;
    f->bar_mask[bar + 1] = (uint32_t)(-size >> 32);
}

void fake_bar(struct fake_function *f, unsigned bar, uint32_t address, uint32_t size)
{
    fake_put(f, PCI_BAR0 + 4 * bar, address, 4);
    f->bar_mask[bar] = -size;
}

void fake_bar_io(struct fake_function *f, unsigned bar, uint32_t port, uint32_t size)
{
    fake_put(f, PCI_BAR0 + 4 * bar, port | 1, 4);
    f->bar_mask[bar] = -size & 0xffff;
}

void fake_capability(struct fake_function *f, unsigned offset, uint8_t id, uint8_t next)
{
    uint16_t status = (uint16_t)fake_get(f, PCI_STATUS, 2);
    if (!(status & PCI_STATUS_CAPABILITIES))
        fake_put(f, PCI_CAPABILITIES, offset, 1);
    fake_put(f, PCI_STATUS, status | PCI_STATUS_CAPABILITIES, 2);
    fake_put(f, offset, id, 1);
    fake_put(f, offset + 1, next, 1);
}

struct pci_device *pci_machine_find(uint8_t bus, uint8_t device, uint8_t function)
{
    struct pci_device *d = pci_next(NULL);
    while (d != NULL && (d->address.bus != bus || d->address.device != device || d->address.function != function))
        d = pci_next(d);
    return d;
}

unsigned pci_machine_count(void)
{
    unsigned count = 0;
    for (struct pci_device *d = pci_next(NULL); d != NULL; d = pci_next(d))
        count++;
    return count;
}

/* ------------------------------------------------------------------------------------------------------------------
 * The rest of the kernel
 */

void *kmalloc(size_t size, unsigned flags)
{
    if (fake_memory == 0)
        return NULL;
    fake_memory--;
    fake_allocated++;
    return calloc(1, size);
}

void kfree(void *object)
{
    fake_allocated -= object != NULL;
    free(object);
}

void *vmap_physical(paddr_t address, size_t size, unsigned map_flags)
{
    if (fake_memory == 0)
        return NULL;
    fake_memory--;
    fake_last_mapped = address;
    fake_mapped++;
    uint8_t *memory = calloc(1, size);
    if (fake_fill != NULL)
        fake_fill(address, memory, size);
    return memory;
}

void vmap_free(void *address)
{
    fake_mapped--;
    free(address);
}

int interrupt_allocate(interrupt_handler *handler, void *argument, const char *name, unsigned cpu,
    uint64_t *message_address, uint32_t *message_data)
{
    int vector = INTERRUPT_FIRST;
    while (vector < INTERRUPT_LAST && fake_vectors[vector].handler != NULL)
        vector++;
    if (fake_no_vectors || vector == INTERRUPT_LAST)
        return -ENOSPC;
    fake_vectors[vector] = (struct fake_vector){handler, argument, cpu};
    *message_address = 0xfee01000;
    *message_data = (uint32_t)vector;
    return vector;
}

void interrupt_free(int vector)
{
    if (fake_vectors[vector].handler == NULL)
        abort();
    fake_vectors[vector].handler = NULL;
}

int interrupt_request_gsi(
    unsigned gsi, bool level, bool active_low, interrupt_handler *handler, void *argument, const char *name)
{
    if (gsi >= 32 || fake_gsis[gsi].handler != NULL)
        return -EBUSY;
    fake_gsis[gsi] = (struct fake_gsi){handler, argument, level, active_low};
    return 0;
}

bool acpi_msi_unsupported(void)
{
    return fake_msi_unsupported;
}

/* ISA interrupt 11 is level-triggered and active high, as QEMU has it; 5 arrives at 21. */
uint32_t acpi_isa_irq_to_gsi(uint8_t irq, enum acpi_polarity *polarity, enum acpi_trigger *trigger)
{
    *polarity = ACPI_ACTIVE_HIGH;
    *trigger = irq == 11 ? ACPI_LEVEL : ACPI_EDGE;
    return irq == 5 ? 21 : irq;
}

const struct acpi_mcfg *acpi_mcfg(unsigned i)
{
    return NULL;
}

void log_write(enum log_level level, const char *format, ...)
{
    pci_warnings += level <= LOG_WARNING;
}
