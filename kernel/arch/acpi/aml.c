/*
 * The one thing that is wanted from the firmware's AML byte code: the package _S5_, whose first two numbers put the
 * machine into sleep state S5, "soft off".
 *
 * There is no interpreter. A declaration by name has a fixed shape, so it is looked for as bytes:
 *
 *     NameOp [\] _ S 5 _ PackageOp PkgLength NumElements  number number ...
 *     08    [5c] 5f 53 35 5f  12    1 to 4    1           each ZeroOp, OneOp, OnesOp or a prefix and a constant
 *
 * What has that name and not that shape is passed over. A package that is computed at run time is not found; nor does
 * the scan know in which scope a name stands. Both have not been seen for _S5_.
 *
 * Source: ACPI 6.5, 20.2 (AML grammar), 7.4.2 (the system states' packages).
 */
#include "arch/acpi/acpi_internal.h"

enum aml_op {
    AML_ZERO = 0x00,
    AML_ONE = 0x01,
    AML_NAME = 0x08,
    AML_BYTE = 0x0a,
    AML_WORD = 0x0b,
    AML_DWORD = 0x0c,
    AML_QWORD = 0x0e,
    AML_PACKAGE = 0x12,
    AML_VAR_PACKAGE = 0x13,
    AML_ONES = 0xff,
};

#define S5_NAME 0x5f35535f /* "_S5_" as a little-endian word: the scan looks at every byte of large tables */
#define MAX_SLEEP_TYPE 7   /* the field has three bits */

/* What is left to read. `bad` once something was read that is not there; it then reads as zeroes. */
struct aml {
    const uint8_t *at, *end;
    bool bad;
};

static uint8_t next_byte(struct aml *aml)
{
    if (aml->at == aml->end) {
        aml->bad = true;
        return 0;
    }
    return *aml->at++;
}

static uint64_t next_bytes(struct aml *aml, unsigned count)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < count; i++)
        value |= (uint64_t)next_byte(aml) << 8 * i;
    return value;
}

static uint64_t next_number(struct aml *aml)
{
    switch (next_byte(aml)) {
    case AML_ZERO: return 0;
    case AML_ONE: return 1;
    case AML_ONES: return UINT64_MAX;
    case AML_BYTE: return next_bytes(aml, 1);
    case AML_WORD: return next_bytes(aml, 2);
    case AML_DWORD: return next_bytes(aml, 4);
    case AML_QWORD: return next_bytes(aml, 8);
    default: aml->bad = true; return 0;
    }
}

/* PkgLength counts itself; from now on AML ends where the package does. */
static void enter_package(struct aml *aml)
{
    const uint8_t *start = aml->at;
    uint8_t lead = next_byte(aml);
    unsigned more = lead >> 6;
    size_t length = more == 0 ? lead & 0x3f : (lead & 0xf) | (size_t)next_bytes(aml, more) << 4;
    if (length < (size_t)(aml->at - start) || length > (size_t)(aml->end - start))
        aml->bad = true;
    else
        aml->end = start + length;
}

/* Decodes what follows the name. */
static bool decode_s5(struct aml aml, uint8_t *type_a, uint8_t *type_b)
{
    uint8_t op = next_byte(&aml);
    if (op != AML_PACKAGE && op != AML_VAR_PACKAGE)
        return false;
    enter_package(&aml);
    uint64_t count = op == AML_PACKAGE ? next_byte(&aml) : next_number(&aml);
    uint64_t a = next_number(&aml), b;
    if (count == 0)
        return false;
    if (count == 1) { /* some firmware packs both into one number */
        b = a >> 8;
        a &= 0xff;
    } else {
        b = next_number(&aml);
    }
    if (aml.bad || a > MAX_SLEEP_TYPE || b > MAX_SLEEP_TYPE)
        return false;
    *type_a = (uint8_t)a;
    *type_b = (uint8_t)b;
    return true;
}

bool acpi_aml_find_s5(const uint8_t *code, size_t length, uint8_t *type_a, uint8_t *type_b)
{
    for (size_t i = 1; i + 4 <= length; i++) {
        if (acpi_get32(code + i) != S5_NAME)
            continue;
        bool declared = code[i - 1] == AML_NAME || (i >= 2 && code[i - 1] == '\\' && code[i - 2] == AML_NAME);
        struct aml rest = {.at = code + i + 4, .end = code + length};
        if (declared && decode_s5(rest, type_a, type_b))
            return true;
    }
    return false;
}
