# The UEFI front end: build/boot/BOOTX64.EFI, at most 64 KiB.

UEFI_SOURCES := $(addprefix boot/uefi/,main.c serial.c disk.c memory.c video.c tables.c leave.c enter.S)
UEFI_OBJECTS := $(call objects,uefi,$(UEFI_SOURCES) boot/loader/blob.S $(LOADER_SOURCES) $(FONT_SOURCE))

$(BUILD)/boot/BOOTX64.EFI: $(UEFI_OBJECTS) targets/uefi.mk
	$(call say,LD-UEFI,$@)
	@mkdir -p $(@D)
	$(Q)$(LLD_LINK) $(UEFI_LDFLAGS) /out:$@ $(UEFI_OBJECTS)
	@[ $$(wc -c <$@) -le 65536 ] || { echo "BOOTX64.EFI is larger than 64 KiB" >&2; rm -f $@; exit 1; }
