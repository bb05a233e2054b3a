/*
 * Interrupts of PCI devices, in the three ways that there are:
 *
 *   - MSI-X: a table in the device's memory, one entry an interrupt: what the device writes, and where. Each interrupt
 *     has its own vector, on a CPU of the driver's choice.
 *   - MSI: the same with a single entry, in configuration space.
 *   - INTx: a wire, level-triggered and shared with others. Where it ends at the interrupt controllers only the
 *     namespace tells (_PRT), which is not interpreted; but firmware also connects it to an ISA interrupt, for systems
 *     without I/O APIC, and writes the number into the device. That one is used.
 *
 * A device's `interrupts` come with pci_interrupts_enable and go with pci_interrupts_disable; each is masked until its
 * handler is known. An INTx line, once it is requested, stays for ever; devices come and go in its list. The list has
 * no lock: entries are added at its head and never removed or freed, only emptied, and `running` says whether a handler
 * may still be using one.
 *
 * Source: PCI Local Bus 3.0, 6.8.1 (MSI), 6.8.2 (MSI-X), 2.2.6 (INTx); Intel SDM volume 3A, 10.11 (message format).
 */
#include "drivers/pci/pci_internal.h"

#include "arch/acpi/acpi.h"
#include "arch/x86_64/spinlock.h"
#include "lib/errno.h"
#include "log.h"
#include "mm/slab.h"
#include "mm/vmap.h"

#define LOG_NAME "pci"

#define MSIX_CONTROL 2
#define MSIX_TABLE 4
#define MSIX_SIZE 12 /* of the capability */
#define MSIX_ENABLE (1u << 15)
#define MSIX_MASK_ALL (1u << 14)
#define MSIX_TABLE_SIZE(control) (((control) & 0x7ffu) + 1)
#define MSIX_ENTRY 16
enum msix_word { MSIX_ADDRESS_LOW, MSIX_ADDRESS_HIGH, MSIX_DATA, MSIX_VECTOR_CONTROL };
#define MSIX_MASKED 1u

#define MSI_CONTROL 2
#define MSI_ADDRESS 4
#define MSI_LARGEST 24 /* the capability with everything */
#define MSI_ENABLE (1u << 0)
#define MSI_MULTIPLE (7u << 4)
#define MSI_64BIT (1u << 7)
#define MSI_MASKABLE (1u << 8)

#define CONFIG_SIZE 256
#define ISA_IRQS 16

struct pci_interrupt {
    bool requested;
    int vector; /* of a message */
};

static struct intx_line {
    struct pci_device *first; /* of those that have used it, linked by intx.next */
    uint32_t running;         /* CPUs that are going through them now */
    bool requested;
} intx_lines[ISA_IRQS];

/* ------------------------------------------------------------------------------------------------------------------
 * MSI-X
 */

static volatile uint32_t *msix_entry(const struct pci_device *device, unsigned index)
{
    return device->msix_table + index * (MSIX_ENTRY / 4);
}

/* Makes the device's list of COUNT interrupts, none of them requested. The capability is looked up once. */
static int make_interrupts(struct pci_device *device, enum pci_interrupt_mode mode, unsigned capability, unsigned count)
{
    device->interrupts = kmalloc(count * sizeof *device->interrupts, ALLOC_ZERO);
    if (device->interrupts == NULL)
        return -ENOMEM;
    device->interrupt_mode = (uint8_t)mode;
    device->interrupt_capability = (uint8_t)capability;
    device->interrupt_count = (uint16_t)count;
    return (int)count;
}

int pci_msix_enable(struct pci_device *device, unsigned count)
{
    unsigned at = pci_capability(device, PCI_CAP_MSIX, 0);
    if (device->interrupt_mode != PCI_NO_INTERRUPTS)
        return -EBUSY;
    if (at == 0 || at + MSIX_SIZE > CONFIG_SIZE || count == 0)
        return -ENODEV;

    uint16_t control = pci_read16(device, at + MSIX_CONTROL);
    uint32_t table = pci_read32(device, at + MSIX_TABLE);
    unsigned size = MSIX_TABLE_SIZE(control);
    device->msix_table = pci_map_bar(device, table & 7, table & ~7u, size * MSIX_ENTRY);
    if (device->msix_table == NULL)
        return -ENODEV;
    int result = make_interrupts(device, PCI_MSIX, at, min_u64(count, size));
    if (result < 0) {
        vmap_free((void *)device->msix_table);
        device->msix_table = NULL;
        return result;
    }
    pci_enable(device, PCI_COMMAND_MEMORY | PCI_COMMAND_NO_INTX);
    pci_write16(device, at + MSIX_CONTROL, control | MSIX_ENABLE | MSIX_MASK_ALL);
    for (unsigned i = 0; i < size; i++)
        msix_entry(device, i)[MSIX_VECTOR_CONTROL] |= MSIX_MASKED;
    pci_write16(device, at + MSIX_CONTROL, (control | MSIX_ENABLE) & ~MSIX_MASK_ALL);
    return result;
}

static void msix_set(struct pci_device *device, unsigned index, uint64_t address, uint32_t data)
{
    volatile uint32_t *entry = msix_entry(device, index);
    entry[MSIX_VECTOR_CONTROL] |= MSIX_MASKED; /* an entry must not change while it is in use */
    entry[MSIX_ADDRESS_LOW] = (uint32_t)address;
    entry[MSIX_ADDRESS_HIGH] = (uint32_t)(address >> 32);
    entry[MSIX_DATA] = data;
    entry[MSIX_VECTOR_CONTROL] &= ~MSIX_MASKED;
}

static void msix_disable(struct pci_device *device)
{
    unsigned at = device->interrupt_capability;
    for (unsigned i = 0; i < device->interrupt_count; i++)
        msix_entry(device, i)[MSIX_VECTOR_CONTROL] |= MSIX_MASKED;
    pci_write16(device, at + MSIX_CONTROL, pci_read16(device, at + MSIX_CONTROL) & ~MSIX_ENABLE);
    vmap_free((void *)device->msix_table);
    device->msix_table = NULL;
}

/* ------------------------------------------------------------------------------------------------------------------
 * MSI
 */

static int msi_enable(struct pci_device *device)
{
    unsigned at = pci_capability(device, PCI_CAP_MSI, 0);
    if (at == 0 || at + MSI_LARGEST > CONFIG_SIZE)
        return -ENODEV;
    return make_interrupts(device, PCI_MSI, at, 1);
}

static void msi_set(struct pci_device *device, uint64_t address, uint32_t data)
{
    unsigned at = device->interrupt_capability;
    uint16_t control = pci_read16(device, at + MSI_CONTROL);
    unsigned data_at = at + MSI_ADDRESS + (control & MSI_64BIT ? 8 : 4);
    pci_write32(device, at + MSI_ADDRESS, (uint32_t)address);
    if (control & MSI_64BIT)
        pci_write32(device, at + MSI_ADDRESS + 4, (uint32_t)(address >> 32));
    pci_write16(device, data_at, (uint16_t)data);
    if (control & MSI_MASKABLE)
        pci_write32(device, data_at + 4, 0);
    pci_enable(device, PCI_COMMAND_NO_INTX);
    pci_write16(device, at + MSI_CONTROL, (control & ~MSI_MULTIPLE) | MSI_ENABLE);
}

static void msi_disable(struct pci_device *device)
{
    unsigned at = device->interrupt_capability;
    pci_write16(device, at + MSI_CONTROL, pci_read16(device, at + MSI_CONTROL) & ~MSI_ENABLE);
}

/* ------------------------------------------------------------------------------------------------------------------
 * INTx
 */

static void intx_interrupt(void *argument)
{
    struct intx_line *line = argument;
    __atomic_fetch_add(&line->running, 1, __ATOMIC_SEQ_CST);
    struct pci_device *device = __atomic_load_n(&line->first, __ATOMIC_ACQUIRE);
    for (; device != NULL; device = device->intx.next) {
        interrupt_handler *handler = __atomic_load_n(&device->intx.handler, __ATOMIC_SEQ_CST);
        if (handler != NULL)
            handler(device->intx.argument);
    }
    __atomic_fetch_sub(&line->running, 1, __ATOMIC_SEQ_CST);
}

static int intx_enable(struct pci_device *device)
{
    bool is_wired = device->interrupt_pin >= 1 && device->interrupt_pin <= 4;
    if (!is_wired || device->interrupt_line == 0 || device->interrupt_line >= ISA_IRQS)
        return -ENODEV;
    return make_interrupts(device, PCI_INTX, 0, 1);
}

/* A PCI wire is level-triggered and active low, unless the tables know better about this one. */
static int intx_request_line(unsigned irq, const char *name)
{
    enum acpi_polarity polarity;
    enum acpi_trigger trigger;
    uint32_t gsi = acpi_isa_irq_to_gsi((uint8_t)irq, &polarity, &trigger);
    bool active_low = trigger == ACPI_EDGE || polarity == ACPI_ACTIVE_LOW;
    return interrupt_request_gsi(gsi, true, active_low, intx_interrupt, &intx_lines[irq], name);
}

/* Puts the device at the head of its line's list, unless it is there from an earlier time. */
static void intx_link(struct intx_line *line, struct pci_device *device)
{
    if (device->intx.is_linked)
        return;
    device->intx.is_linked = true;
    device->intx.next = __atomic_load_n(&line->first, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(
        &line->first, &device->intx.next, device, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        cpu_pause();
}

static int intx_set(struct pci_device *device, interrupt_handler *handler, void *argument, const char *name)
{
    struct intx_line *line = &intx_lines[device->interrupt_line];
    int result = 0;
    device->intx.argument = argument;
    __atomic_store_n(&device->intx.handler, handler, __ATOMIC_SEQ_CST);
    intx_link(line, device);
    if (!__atomic_exchange_n(&line->requested, true, __ATOMIC_SEQ_CST))
        result = intx_request_line(device->interrupt_line, name);
    if (result < 0) {
        __atomic_store_n(&line->requested, false, __ATOMIC_SEQ_CST);
        __atomic_store_n(&device->intx.handler, NULL, __ATOMIC_SEQ_CST);
        return result;
    }
    pci_disable(device, PCI_COMMAND_NO_INTX);
    return 0;
}

static void intx_disable(struct pci_device *device)
{
    struct intx_line *line = &intx_lines[device->interrupt_line];
    pci_enable(device, PCI_COMMAND_NO_INTX);
    __atomic_store_n(&device->intx.handler, NULL, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(&line->running, __ATOMIC_SEQ_CST) != 0)
        cpu_pause();
}

void pci_intx_forget(void)
{
    for (unsigned irq = 0; irq < ISA_IRQS; irq++)
        intx_lines[irq].first = NULL;
}

/* ------------------------------------------------------------------------------------------------------------------ */

int pci_interrupts_enable(struct pci_device *device, unsigned most)
{
    if (device->interrupt_mode != PCI_NO_INTERRUPTS)
        return -EBUSY;
    int result = -ENODEV;
    if (!acpi_msi_unsupported()) {
        result = pci_msix_enable(device, most);
        if (result == -ENODEV)
            result = msi_enable(device);
    }
    return result == -ENODEV ? intx_enable(device) : result;
}

int pci_interrupt_request(struct pci_device *device, unsigned index, interrupt_handler *handler, void *argument,
    const char *name, unsigned cpu)
{
    uint64_t address;
    uint32_t data;
    if (index >= device->interrupt_count)
        return -EINVAL;
    struct pci_interrupt *interrupt = &device->interrupts[index];
    if (interrupt->requested)
        return -EBUSY;
    if (device->interrupt_mode == PCI_INTX) {
        int result = intx_set(device, handler, argument, name);
        interrupt->requested = result == 0;
        return result;
    }
    int vector = interrupt_allocate(handler, argument, name, cpu, &address, &data);
    if (vector < 0)
        return vector;
    interrupt->vector = vector;
    interrupt->requested = true;
    if (device->interrupt_mode == PCI_MSIX)
        msix_set(device, index, address, data);
    else
        msi_set(device, address, data);
    return 0;
}

void pci_interrupts_disable(struct pci_device *device)
{
    static void (*const disable[])(struct pci_device *) = {
        [PCI_INTX] = intx_disable, [PCI_MSI] = msi_disable, [PCI_MSIX] = msix_disable};
    if (device->interrupt_mode == PCI_NO_INTERRUPTS)
        return;
    disable[device->interrupt_mode](device);
    for (unsigned i = 0; i < device->interrupt_count; i++) {
        if (device->interrupts[i].requested && device->interrupt_mode != PCI_INTX)
            interrupt_free(device->interrupts[i].vector);
    }
    kfree(device->interrupts);
    device->interrupts = NULL;
    device->interrupt_count = 0;
    device->interrupt_mode = PCI_NO_INTERRUPTS;
}
