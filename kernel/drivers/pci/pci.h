/*
 * PCI and PCI Express: which devices there are, where their registers are, how they interrupt, and who drives them.
 *
 *     pci_init(pci_drivers);                                  once, at start-up: finds devices, calls drivers
 *
 * A driver is a row in the table of drivers.h. Its `probe` is called in thread context for each device that it matches:
 *
 *     uint8_t *registers = pci_map_bar(device, 0, 0, SIZE);   NULL: no such registers
 *     pci_enable(device, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
 *     int count = pci_interrupts_enable(device, 3);           as many as there are, 1 to 3
 *     pci_interrupt_request(device, 0, handler, argument, "name", INTERRUPT_ANY_CPU);
 *
 * Devices are found once and stay for ever; struct pci_device belongs to the driver that has taken it, and is read-only
 * for all others. So nothing here is locked but the access to configuration space itself.
 *
 * What a device says is not believed until it fits: registers lie within what the device has, lists end.
 *
 * Sources: PCI Local Bus 3.0, chapter 6 (configuration space, MSI 6.8.1, MSI-X 6.8.2); PCI-to-PCI Bridge 1.2, 3.2; PCI
 * Express Base 3.0, 7.2 (enhanced access).
 */
#ifndef CORRODE_DRIVERS_PCI_H
#define CORRODE_DRIVERS_PCI_H

#include "arch/x86_64/interrupt.h"
#include "lib/types.h"

/* Registers in configuration space. */
enum pci_register {
    PCI_VENDOR = 0x00,
    PCI_DEVICE = 0x02,
    PCI_COMMAND = 0x04,
    PCI_STATUS = 0x06,
    PCI_REVISION = 0x08,
    PCI_CLASS = 0x09, /* three bytes: interface, subclass, class */
    PCI_HEADER_TYPE = 0x0e,
    PCI_BAR0 = 0x10,
    PCI_SECONDARY_BUS = 0x19, /* of a bridge */
    PCI_SUBSYSTEM_VENDOR = 0x2c,
    PCI_SUBSYSTEM = 0x2e,
    PCI_CAPABILITIES = 0x34,
    PCI_INTERRUPT_LINE = 0x3c,
    PCI_INTERRUPT_PIN = 0x3d,
};

#define PCI_COMMAND_IO (1u << 0)
#define PCI_COMMAND_MEMORY (1u << 1)
#define PCI_COMMAND_MASTER (1u << 2) /* the device may access memory */
#define PCI_COMMAND_NO_INTX (1u << 10)
#define PCI_STATUS_CAPABILITIES (1u << 4)

enum pci_capability_id { PCI_CAP_MSI = 0x05, PCI_CAP_VENDOR = 0x09, PCI_CAP_EXPRESS = 0x10, PCI_CAP_MSIX = 0x11 };

struct pci_address {
    uint16_t segment;
    uint8_t bus;
    uint8_t device;   /* 0 to 31 */
    uint8_t function; /* 0 to 7 */
};

enum pci_bar_kind { PCI_BAR_NONE, PCI_BAR_MEMORY, PCI_BAR_IO };

/* One base address register (two, when 64 bits wide: the second has the kind NONE). */
struct pci_bar {
    uint64_t address; /* physical address or port; 0: the firmware has not placed it, so it cannot be used */
    uint64_t size;    /* bytes */
    uint8_t kind;     /* enum pci_bar_kind */
    bool prefetchable;
};

#define PCI_BARS 6

enum pci_interrupt_mode { PCI_NO_INTERRUPTS, PCI_INTX, PCI_MSI, PCI_MSIX };

struct pci_interrupt; /* interrupt.c */

struct pci_device {
    struct pci_device *next; /* in the order of addresses on each bus */
    struct pci_address address;
    uint16_t vendor, device;
    uint16_t subsystem_vendor, subsystem;
    uint32_t class; /* class << 16 | subclass << 8 | interface */
    uint8_t revision;
    uint8_t header_type; /* 0: a device; 1: a bridge to another bus; without the multifunction bit */
    uint8_t interrupt_line, interrupt_pin;
    struct pci_bar bars[PCI_BARS];

    const struct pci_driver *driver; /* NULL: no one's */
    void *driver_data;               /* the driver's */

    uint8_t interrupt_mode;           /* enum pci_interrupt_mode */
    uint8_t interrupt_capability;     /* where MSI-X or MSI is set up in configuration space */
    uint16_t interrupt_count;         /* how many are enabled */
    struct pci_interrupt *interrupts; /* so many */
    volatile uint32_t *msix_table;
    struct {
        struct pci_device *next;    /* on the same wire */
        interrupt_handler *handler; /* NULL: it uses no wire now */
        void *argument;
        bool is_linked;
    } intx; /* interrupt.c's */
};

#define PCI_ANY 0xffff

/* What a driver is for: vendor and device (or PCI_ANY), and those bits of the class that the mask selects. */
struct pci_match {
    uint16_t vendor, device;
    uint32_t class, class_mask;
};

struct pci_driver {
    const char *name;
    const struct pci_match *matches;
    unsigned match_count;
    /* Takes the device: 0, or a negative errno and the device is offered to the next driver. It may sleep. */
    int (*probe)(struct pci_device *device);
};

/* Finds all devices, through the tables that acpi_init has read, and offers each to DRIVERS, a list that ends in NULL.
 */
void pci_init(const struct pci_driver *const *drivers);

/* One device after another; NULL begins, and NULL ends. */
struct pci_device *pci_next(const struct pci_device *device);

/* Configuration space. OFFSET is a multiple of the size; beyond 255 only PCI Express has anything. Reads of what is not
 * there give all ones. Any context. */
uint8_t pci_read8(const struct pci_device *device, unsigned offset);
uint16_t pci_read16(const struct pci_device *device, unsigned offset);
uint32_t pci_read32(const struct pci_device *device, unsigned offset);
void pci_write8(const struct pci_device *device, unsigned offset, uint8_t value);
void pci_write16(const struct pci_device *device, unsigned offset, uint16_t value);
void pci_write32(const struct pci_device *device, unsigned offset, uint32_t value);

/*
 * Where the first capability with this ID lies, after the one at PREVIOUS (0: from the start); 0 when there is none.
 * From there to the end of configuration space there are at least 4 bytes.
 */
unsigned pci_capability(const struct pci_device *device, enum pci_capability_id id, unsigned previous);

/* Sets and clears bits of the command register. */
void pci_enable(const struct pci_device *device, uint16_t command_bits);
void pci_disable(const struct pci_device *device, uint16_t command_bits);

/*
 * Maps SIZE bytes of a memory BAR, from OFFSET on, uncached; NULL when the BAR does not have them, or there is no
 * memory for the mapping. vmap_free undoes it.
 */
void *pci_map_bar(const struct pci_device *device, unsigned bar, uint64_t offset, uint64_t size);

/*
 * Interrupts: turns on MSI-X, with up to MOST interrupts, or else MSI or INTx, with one. Returns how many there are;
 * all are masked until they are requested. -EBUSY: they are on already. -ENODEV: the device has none that can be used.
 * -ENOMEM.
 */
int pci_interrupts_enable(struct pci_device *device, unsigned most);

/* MSI-X or nothing. */
int pci_msix_enable(struct pci_device *device, unsigned count);

/*
 * From now on interrupt INDEX calls HANDLER on CPU (INTERRUPT_ANY_CPU). An INTx handler is also called for interrupts
 * of others on the same line, and must tell the device to be silent. 0, -EINVAL, -EBUSY, or what interrupt_allocate
 * says.
 */
int pci_interrupt_request(struct pci_device *device, unsigned index, interrupt_handler *handler, void *argument,
    const char *name, unsigned cpu);

/* Turns them all off; afterwards no handler runs. Thread context. */
void pci_interrupts_disable(struct pci_device *device);

#endif
