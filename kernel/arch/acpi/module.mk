# What the firmware's tables tell. Beside the processor, which asks it. ACPI_SOURCES are portable: the unit tests and
# fuzzers build them too.

ACPI_SOURCES := $(addprefix kernel/arch/acpi/,tables.c madt.c fadt.c devices.c aml.c)
ACPI_BOOT_SOURCES := kernel/arch/acpi/boot.c kernel/arch/acpi/power.c
