# What the system tests need besides the tool and the test kernels: a program that looks at pictures of the screen, and a
# BIOS with quirks.

$(BUILD)/tests/system/screen: $(call objects,host,tests/system/screen.c $(FONT_SOURCE))
	$(call say,LD-HOST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -o $@ $^

$(BUILD)/tests/system/quirks.bin: $(call objects,bios,tests/system/quirks.S)
	$(call say,LD-BIOS,$@)
	@mkdir -p $(@D)
	$(Q)$(LLD) -m elf_i386 --image-base=0 -Ttext=0 --oformat=binary -o $@ $<

TEST_DEPS += $(BUILD)/tests/system/quirks.bin $(BUILD)/tests/system/screen
