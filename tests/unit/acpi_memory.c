/*
 * Physical memory with ACPI tables in it: see acpi_memory.h.
 */
#include "tests/unit/acpi_memory.h"

#include "arch/x86_64/io.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER 36
#define MAX_LISTED 300
#define MAX_COPIES 4096

uint8_t acpi_memory[ACPI_MEMORY_SIZE];
unsigned acpi_warnings;
char acpi_warning[256];
uint32_t acpi_memory_boot_id;
bool acpi_memory_x2apic;

static uint32_t listed[MAX_LISTED];
static unsigned listed_count;
static uint32_t next_free;

static void *copies[MAX_COPIES];
static unsigned copy_count;

struct cpuid fake_cpuid(uint32_t leaf, uint32_t subleaf)
{
    switch (leaf) {
    case 0: return (struct cpuid){.eax = acpi_memory_x2apic ? 0xd : 1};
    case 1: return (struct cpuid){.ebx = acpi_memory_boot_id << 24};
    case 0xb: return (struct cpuid){.ebx = 1, .edx = acpi_memory_boot_id};
    default: return (struct cpuid){0};
    }
}

void acpi_memory_put(uint32_t address, uint64_t value, size_t size)
{
    memcpy(acpi_memory + address, &value, size);
}

static void seal_sum(uint32_t address, uint32_t length, uint32_t at)
{
    uint8_t sum = 0;
    acpi_memory[at] = 0;
    for (uint32_t i = 0; i < length; i++)
        sum = (uint8_t)(sum + acpi_memory[address + i]);
    acpi_memory[at] = (uint8_t)-sum;
}

void acpi_memory_seal(uint32_t address, uint32_t length)
{
    acpi_memory_put(address + 4, length, 4);
    seal_sum(address, length, address + 9);
}

void acpi_memory_reset(void)
{
    memset(acpi_memory, 0, sizeof acpi_memory);
    listed_count = 0;
    next_free = 0x1000;
    acpi_memory_boot_id = 0;
    acpi_memory_x2apic = false;
}

uint32_t acpi_memory_unlisted(const char *signature, uint8_t revision, const void *body, size_t size)
{
    uint32_t address = next_free;
    if (address + HEADER + size > ACPI_MEMORY_SIZE)
        abort();
    next_free = (uint32_t)(address + HEADER + size + 15) & ~15u;
    memcpy(acpi_memory + address, signature, 4);
    acpi_memory[address + 8] = revision;
    if (size != 0)
        memcpy(acpi_memory + address + HEADER, body, size);
    acpi_memory_seal(address, (uint32_t)(HEADER + size));
    return address;
}

uint32_t acpi_memory_table(const char *signature, uint8_t revision, const void *body, size_t size)
{
    if (listed_count == MAX_LISTED)
        abort();
    return listed[listed_count++] = acpi_memory_unlisted(signature, revision, body, size);
}

void acpi_memory_seal_rsdp(void)
{
    acpi_memory_put(ACPI_MEMORY_RSDP + 20, 36, 4);
    seal_sum(ACPI_MEMORY_RSDP, 20, ACPI_MEMORY_RSDP + 8);
    seal_sum(ACPI_MEMORY_RSDP, 36, ACPI_MEMORY_RSDP + 32);
}

uint32_t acpi_memory_root(uint8_t revision)
{
    uint8_t body[8 * MAX_LISTED] = {0};
    unsigned width = revision >= 2 ? 8 : 4;
    for (unsigned i = 0; i < listed_count; i++)
        memcpy(body + i * width, &listed[i], 4);
    uint32_t root = acpi_memory_unlisted(revision >= 2 ? "XSDT" : "RSDT", 1, body, listed_count * width);
    memcpy(acpi_memory + ACPI_MEMORY_RSDP, "RSD PTR ", 8);
    acpi_memory[ACPI_MEMORY_RSDP + 15] = revision;
    acpi_memory_put(ACPI_MEMORY_RSDP + (revision >= 2 ? 24 : 16), root, width);
    acpi_memory_seal_rsdp();
    return root;
}

static const void *map(paddr_t address, size_t size)
{
    if (address >= ACPI_MEMORY_SIZE || size > ACPI_MEMORY_SIZE - address || copy_count == MAX_COPIES)
        return NULL;
    void *copy = malloc(size);
    copies[copy_count++] = copy;
    return memcpy(copy, acpi_memory + address, size);
}

static void warn(const char *sentence)
{
    acpi_warnings++;
    snprintf(acpi_warning, sizeof acpi_warning, "%s", sentence);
}

void acpi_memory_run_at(paddr_t rsdp)
{
    static const struct acpi_ops ops = {.map = map, .warn = warn};
    acpi_warnings = 0;
    acpi_warning[0] = 0;
    acpi_init(rsdp, &ops);
    while (copy_count > 0)
        free(copies[--copy_count]);
}

void acpi_memory_run(void)
{
    acpi_memory_run_at(ACPI_MEMORY_RSDP);
}
