# The self-tests: the kernel, both flavours, with tests in place of its purpose. tests/kernel/ktest.h tells how to add one.

SELFTEST_SOURCES := $(KERNEL_SOURCES) $(wildcard tests/kernel/*.c)

$(BUILD)/selftest.elf: $(call objects,kernel,$(SELFTEST_SOURCES)) $(BUILD)/mksymbols
	$(link-whole-kernel)
$(BUILD)/selftest-debug.elf: $(call objects,kernel-debug,$(SELFTEST_SOURCES) $(CHECK_SOURCES)) $(BUILD)/mksymbols
	$(link-whole-kernel)

ALL += $(BUILD)/selftest.elf $(BUILD)/selftest-debug.elf
