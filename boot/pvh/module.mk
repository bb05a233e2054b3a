# The PVH front end: build/boot/pvh.elf, for monitors that boot without firmware; pvh.debug is the same with symbols.

PVH_OBJECTS := $(call objects,bios,$(addprefix boot/pvh/,entry.S main.c memory.c disk.c text.c) $(I386_SOURCES) \
    boot/loader/blob.S $(LOADER_SOURCES))

$(BUILD)/boot/pvh.debug: $(PVH_OBJECTS) boot/pvh/pvh.ld
	$(call say,LD-PVH,$@)
	@mkdir -p $(@D)
	$(Q)$(LLD) $(BIOS_LDFLAGS) -T boot/pvh/pvh.ld -o $@ $(PVH_OBJECTS)

$(BUILD)/boot/pvh.elf: $(BUILD)/boot/pvh.debug
	$(Q)$(LLVM_OBJCOPY) --strip-all $< $@
