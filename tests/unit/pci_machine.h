/*
 * A machine with PCI devices that a test makes up: configuration space, the memory behind BARs, and an interrupt
 * controller that only notes what it is asked.
 *
 *     pci_machine_reset();
 *     struct fake_function *f = pci_machine_add(0, 3, 0, 0x1af4, 0x1005);
 *     fake_bar(f, 0, 0xfebf1000, 0x1000);
 *     pci_init(drivers);
 */
#ifndef CORRODE_TESTS_PCI_MACHINE_H
#define CORRODE_TESTS_PCI_MACHINE_H

#include "drivers/pci/pci_internal.h"

#define FAKE_FUNCTIONS 64

struct fake_function {
    bool present;
    uint8_t bus, device, function;
    uint8_t bytes[256];
    uint32_t bar_mask[PCI_BARS];   /* the bits of each BAR that can be written */
    unsigned decoded_while_sizing; /* a BAR was written while the device decoded addresses: must stay 0 */
};

/* When set, reads come from here instead, over and over: a device that is not even consistent. */
extern const uint8_t *fake_noise;
extern size_t fake_noise_size;
extern uint64_t fake_reads; /* how many there were */

/* The log's warnings. */
extern unsigned pci_warnings;

/* Allocations may fail: this many succeed first. */
extern unsigned fake_memory;
/* What is allocated or mapped and not freed. */
extern int fake_allocated, fake_mapped;

/* What was asked of the interrupt controller. */
struct fake_vector {
    interrupt_handler *handler;
    void *argument;
    unsigned cpu;
};
extern struct fake_vector fake_vectors[256]; /* by vector, from INTERRUPT_FIRST; handler NULL: free */
struct fake_gsi {
    interrupt_handler *handler;
    void *argument;
    bool level, active_low;
};
extern struct fake_gsi fake_gsis[32];
extern bool fake_msi_unsupported;
extern bool fake_no_vectors; /* there are none left */
/* Fills what is mapped, if it is not NULL: the registers behind a BAR. */
extern void (*fake_fill)(uint64_t address, uint8_t *memory, size_t size);
extern uint64_t fake_last_mapped; /* what vmap_physical was last asked for */

void pci_machine_reset(void);
struct fake_function *pci_machine_add(uint8_t bus, uint8_t device, uint8_t function, uint16_t vendor, uint16_t id);
void fake_put(struct fake_function *f, unsigned offset, uint32_t value, unsigned size);
uint32_t fake_get(const struct fake_function *f, unsigned offset, unsigned size);

/* A memory BAR of 32 bits, below 4 GiB, or of 64; an I/O BAR. SIZE is a power of two. */
void fake_bar(struct fake_function *f, unsigned bar, uint32_t address, uint32_t size);
void fake_bar64(struct fake_function *f, unsigned bar, uint64_t address, uint64_t size);
void fake_bar_io(struct fake_function *f, unsigned bar, uint32_t port, uint32_t size);

/* Puts a capability with this ID at OFFSET; NEXT is where the next one is. The first goes to PCI_CAPABILITIES. */
void fake_capability(struct fake_function *f, unsigned offset, uint8_t id, uint8_t next);

struct pci_device *pci_machine_find(uint8_t bus, uint8_t device, uint8_t function);
unsigned pci_machine_count(void);

#endif
