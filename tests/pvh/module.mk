# A virtual machine monitor that lies: build/tests/pvh/monitor.elf starts a kernel as tests/pvh/monitor.c describes.

$(BUILD)/tests/pvh/monitor.elf: $(call objects,bios,tests/pvh/monitor.c boot/pvh/entry.S $(KERNEL_LIB_SOURCES)) boot/pvh/pvh.ld
	$(call say,LD-PVH,$@)
	@mkdir -p $(@D)
	$(Q)$(LLD) $(BIOS_LDFLAGS) -T boot/pvh/pvh.ld -o $@ $(filter %.o,$^)

TEST_DEPS += $(BUILD)/tests/pvh/monitor.elf
