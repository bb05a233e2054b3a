/*
 * What the firmware's ACPI tables say about the machine, as plain structures: processors, interrupt controllers,
 * timers, PCI configuration space, and how to turn the machine off.
 *
 *     acpi_boot(info);
 *     for (unsigned i = 1; i < acpi_cpu_count(); i++)
 *         start(acpi_cpu(i)->apic_id);
 *
 * acpi_boot (acpi_init, on a host) reads every table once and copies what it needs into static storage: it needs no
 * allocator, no interrupts and no threads, and afterwards the tables' memory may be reused. From then on nothing here
 * changes, so everything may be read from any processor without a lock. Pointers that are returned stay valid for ever.
 *
 * Tables lie. What does not hold together (checksum, length, count) is left out with a sentence to `warn`, and every
 * function has an answer for a machine without ACPI: one processor, no I/O APIC, ISA interrupts as they always were.
 *
 * Source of all facts: ACPI 6.5, chapters 4 (registers) and 5.2 (tables); HPET 1.0a, 3.2.4; PCI Firmware 3.3, 4.1.2.
 */
#ifndef CORRODE_ARCH_ACPI_H
#define CORRODE_ARCH_ACPI_H

#include "boot/protocol.h"
#include "lib/types.h"

#define ACPI_MAX_CPUS 256 /* CPU_MAX, which arch/x86_64/percpu.h has */

/* What reading the tables needs from outside. Both are called by acpi_init only. */
struct acpi_ops {
    /*
     * SIZE bytes of physical memory at ADDRESS, readable until acpi_init returns; NULL: there is nothing to read. The
     * range comes from a table and may be anything.
     */
    const void *(*map)(paddr_t address, size_t size);

    /* One sentence about what was wrong, without a line end. NULL: no one wants to know. */
    void (*warn)(const char *sentence);
};

/* RSDP is the physical address of the root pointer, 0 when there is none. Call once, on the boot processor. */
void acpi_init(paddr_t rsdp, const struct acpi_ops *ops);

/* acpi_init as the kernel does it: with what the boot loader found, while its memory map and direct map are there. */
void acpi_boot(const struct boot_info *info);

/* ------------------------------------------------------------------------------------------------------------------
 * Processors and interrupts (MADT)
 */

enum acpi_polarity { ACPI_ACTIVE_HIGH, ACPI_ACTIVE_LOW };
enum acpi_trigger { ACPI_EDGE, ACPI_LEVEL };

#define ACPI_NO_LINT 0xff

struct acpi_cpu {
    uint32_t apic_id;     /* of the local APIC; beyond 254 only an x2APIC has it */
    uint32_t acpi_id;     /* the processor's UID in the namespace */
    bool enabled;         /* may be started now */
    bool online_capable;  /* not enabled, but may become so while the machine runs */
    uint8_t nmi_lint;     /* which LINT pin of its local APIC brings the NMI: 0, 1 or ACPI_NO_LINT */
    uint8_t nmi_polarity; /* enum acpi_polarity */
    uint8_t nmi_trigger;  /* enum acpi_trigger; an NMI is edge-triggered whatever this says */
};

/*
 * The processors that are enabled or may become so, each APIC ID once; at least 1. Number 0 is the one that called
 * acpi_init, whether the tables list it or not. NULL beyond the last.
 */
unsigned acpi_cpu_count(void);
const struct acpi_cpu *acpi_cpu(unsigned i);

/* Of the local APICs' registers: 0xfee00000 unless the tables move it. */
paddr_t acpi_lapic_address(void);

/* Are there two 8259s, which must be silenced before the APICs are used? True when the tables do not say. */
bool acpi_has_8259(void);

struct acpi_ioapic {
    uint32_t id;
    paddr_t address;   /* of its registers: 4 KiB aligned or not, as the table has it */
    uint32_t gsi_base; /* the global system interrupt of its pin 0 */
};

/* 0 when there is none: then only the 8259s bring interrupts of devices. NULL beyond the last. */
unsigned acpi_ioapic_count(void);
const struct acpi_ioapic *acpi_ioapic(unsigned i);

/*
 * Where interrupt IRQ (0 to 15) of the ISA bus arrives: its global system interrupt, and how its line behaves. By
 * default the same number, active high, edge-triggered. POLARITY and TRIGGER may be NULL.
 */
uint32_t acpi_isa_irq_to_gsi(uint8_t irq, enum acpi_polarity *polarity, enum acpi_trigger *trigger);

/* ------------------------------------------------------------------------------------------------------------------
 * Clocks (FADT, HPET)
 */

/* Where a register is (generic address structure). */
enum acpi_space { ACPI_SPACE_MEMORY = 0, ACPI_SPACE_IO = 1, ACPI_SPACE_PCI = 2, ACPI_SPACE_NONE = 0xff };

struct acpi_register {
    uint8_t space;    /* enum acpi_space */
    uint8_t width;    /* bits: 8, 16, 32 or 64 */
    uint64_t address; /* a physical address, a port, or for PCI (device << 32 | function << 16 | offset) on bus 0 */
};

/* Counts at 3579545 Hz and wraps to 0 after MASK, which is 24 or 32 ones. */
#define ACPI_PM_TIMER_HZ 3579545u
struct acpi_pm_timer {
    struct acpi_register counter; /* 32 bits wide, to be read as such */
    uint32_t mask;
};

/* NULL when there is none. */
const struct acpi_pm_timer *acpi_pm_timer(void);

/* Of the registers of the (first) HPET; 0: there is none. */
paddr_t acpi_hpet_address(void);

/* Which byte of the CMOS clock holds the century in BCD; 0: none does. */
uint8_t acpi_century_register(void);

/* ------------------------------------------------------------------------------------------------------------------
 * Devices (FADT, MCFG)
 */

bool acpi_has_8042(void);        /* a PS/2 controller; true when the tables do not say */
bool acpi_has_vga(void);         /* VGA hardware may be probed; true when the tables do not say */
bool acpi_msi_unsupported(void); /* message-signalled interrupts must not be turned on */

/* A range of buses whose configuration space is memory: 4 KiB a function, 1 MiB a bus, bus 0 at `address`. */
struct acpi_mcfg {
    paddr_t address;
    uint16_t segment;
    uint8_t first_bus, last_bus;
};

/* NULL beyond the last. */
const struct acpi_mcfg *acpi_mcfg(unsigned i);

/* ------------------------------------------------------------------------------------------------------------------
 * Turning the machine off (power.c)
 */

/* Tells machine_power_off and machine_reset (arch/x86_64/machine.h) how this machine does it. After vmap_init. */
void acpi_power_init(void);

#endif
