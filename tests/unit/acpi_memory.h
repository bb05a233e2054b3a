/*
 * Physical memory with ACPI tables in it, for the tests and the fuzzer of kernel/arch/acpi.
 *
 *     acpi_memory_reset();
 *     uint32_t madt = acpi_memory_table("APIC", 3, body, sizeof body);
 *     acpi_memory_root(2);
 *     acpi_memory_run();
 *
 * What the parser maps it gets as a copy of exactly the size that it asked for, so that AddressSanitizer sees the first
 * byte that is read beyond.
 */
#ifndef CORRODE_TESTS_ACPI_MEMORY_H
#define CORRODE_TESTS_ACPI_MEMORY_H

#include "arch/acpi/acpi.h"

#define ACPI_MEMORY_SIZE 0x80000u
#define ACPI_MEMORY_RSDP 0x100u

extern uint8_t acpi_memory[ACPI_MEMORY_SIZE]; /* address 0 and on */

/* What the last run has complained about: how often, and the last sentence. */
extern unsigned acpi_warnings;
extern char acpi_warning[256];

/* The processor that runs has this APIC ID, as an x2APIC or not. */
extern uint32_t acpi_memory_boot_id;
extern bool acpi_memory_x2apic;

void acpi_memory_reset(void);

/* A table with a good header and checksum around BODY, listed in the root; returns its address. */
uint32_t acpi_memory_table(const char *signature, uint8_t revision, const void *body, size_t size);
/* The same, not listed. */
uint32_t acpi_memory_unlisted(const char *signature, uint8_t revision, const void *body, size_t size);

/* Makes length and checksum of the table at ADDRESS good again. */
void acpi_memory_seal(uint32_t address, uint32_t length);

/* The root table, and a root pointer of REVISION: 0 brings an RSDT, 2 an XSDT. Returns the root table's address. */
uint32_t acpi_memory_root(uint8_t revision);
void acpi_memory_seal_rsdp(void);

void acpi_memory_put(uint32_t address, uint64_t value, size_t size);

void acpi_memory_run(void); /* acpi_init on the RSDP */
void acpi_memory_run_at(paddr_t rsdp);

#endif
