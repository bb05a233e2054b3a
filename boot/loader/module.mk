# The firmware-independent loader: sources that every front end compiles for its own target.

LOADER_SOURCES := $(addprefix boot/loader/,loader.c error.c memory.c memory_map.c volume.c disk.c fat.c config.c elf.c \
    kernel.c paging.c handoff.c entropy.c acpi.c cpu.c) \
    kernel/drivers/uart16550.c $(KERNEL_LIB_SOURCES)

$(foreach t,bios uefi,$(call objects,$t,boot/loader/blob.S)): $(BUILD)/boot/handoff.bin
$(foreach t,bios uefi,$(call objects,$t,$(filter boot/loader/%,$(LOADER_SOURCES)))): $(BUILD)/gen/version.h
