# What the system tests need besides the tool and the test kernels: a program that looks at pictures of the screen.

$(BUILD)/tests/system/screen: $(call objects,host,tests/system/screen.c $(FONT_SOURCE))
	$(call say,LD-HOST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -o $@ $^

TEST_DEPS += $(BUILD)/tests/system/screen
