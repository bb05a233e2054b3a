# A kernel whose purpose is to show what its terminal can, and what it is typed: tests/system/kernel-terminal.t looks.

TERMINAL_TEST_SOURCES := $(KERNEL_SOURCES) tests/terminal/main.c

$(BUILD)/tests/terminal.elf: $(call objects,kernel,$(TERMINAL_TEST_SOURCES)) $(BUILD)/mksymbols
	$(link-whole-kernel)
$(BUILD)/tests/terminal-debug.elf: $(call objects,kernel-debug,$(TERMINAL_TEST_SOURCES) $(CHECK_SOURCES)) $(BUILD)/mksymbols
	$(link-whole-kernel)

TEST_DEPS += $(BUILD)/tests/terminal.elf $(BUILD)/tests/terminal-debug.elf
