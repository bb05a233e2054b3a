# drive, the person at a machine's terminal or keyboard: see drive.c.

$(BUILD)/tests/drive/drive: $(call objects,host,$(addprefix tests/drive/,drive.c keyboard.c picture.c view.c) $(FONT_SOURCE))
	$(call say,LD-HOST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -o $@ $^ -lvterm

TEST_DEPS += $(BUILD)/tests/drive/drive
