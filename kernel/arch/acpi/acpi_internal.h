/*
 * What the files of this folder share: a table as bytes that have been checked, and the parts that read one each.
 */
#ifndef CORRODE_ARCH_ACPI_INTERNAL_H
#define CORRODE_ARCH_ACPI_INTERNAL_H

#include "arch/acpi/acpi.h"

#define ACPI_HEADER_SIZE 36

/* A table whose checksum is good, all of it readable: `length` bytes, at least ACPI_HEADER_SIZE. */
struct acpi_table {
    const uint8_t *bytes;
    uint32_t length;
    char signature[5];
};

/* Fields of tables are little-endian and lie at any address. */
static inline uint16_t acpi_get16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t acpi_get32(const uint8_t *p)
{
    return acpi_get16(p) | (uint32_t)acpi_get16(p + 2) << 16;
}

static inline uint64_t acpi_get64(const uint8_t *p)
{
    return acpi_get32(p) | (uint64_t)acpi_get32(p + 4) << 32;
}

/* tables.c: maps and checks the table at ADDRESS; false, with a sentence, when it does not hold together. */
bool acpi_table_open(struct acpi_table *table, paddr_t address);
void acpi_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* madt.c. acpi_madt_init forgets everything and asks the processor who it is. */
void acpi_madt_init(void);
void acpi_madt_read(const struct acpi_table *madt);

/*
 * fadt.c: what turning the machine off and resetting it needs (power.c). A register that is not there has the space
 * ACPI_SPACE_NONE.
 */
struct acpi_fadt {
    struct acpi_register pm1a_control, pm1b_control; /* PM1_CNT: 16 bits each */
    struct acpi_register sleep_control;              /* SLEEP_CONTROL_REG of machines without PM1: 8 bits */
    uint16_t smi_command;                            /* a port; 0: the machine is always in ACPI mode */
    uint8_t acpi_enable;                             /* what, written there, turns ACPI mode on */
    bool has_s5;
    uint8_t sleep_type_a, sleep_type_b; /* SLP_TYP of PM1a and PM1b for S5 */
    struct acpi_register reset;         /* 8 bits */
    uint8_t reset_value;
};
const struct acpi_fadt *acpi_fadt(void);
void acpi_fadt_init(void);
void acpi_fadt_read(const struct acpi_table *fadt);
void acpi_ssdt_read(const struct acpi_table *ssdt);

/* devices.c */
void acpi_devices_init(void);
void acpi_hpet_read(const struct acpi_table *hpet);
void acpi_mcfg_read(const struct acpi_table *mcfg);

/*
 * aml.c: looks in a DSDT or SSDT for the package _S5_, and in it for the two values that the sleep-type fields of PM1a
 * and PM1b take to turn the machine off. False: it is not there.
 */
bool acpi_aml_find_s5(const uint8_t *aml, size_t length, uint8_t *type_a, uint8_t *type_b);

#endif
