# The kernel itself.

# What any kernel on the boot protocol may link, the examples and test kernels too: the linker drops what is not used.
KERNEL_KIT_SOURCES := $(KERNEL_LIB_SOURCES) $(CONSOLE_SOURCES) kernel/arch/x86_64/machine.c kernel/panic.c

# The version as C sees it.
$(BUILD)/gen/version.h: Makefile
	@mkdir -p $(@D)
	$(Q)printf '#define CORRODE_VERSION "%s"\n' '$(VERSION)' >$@

# What the command line asked for, in a file that changes when that does: then every kernel is linked again.
KERNEL_OPTIONS := $(BUILD)/gen/options

.PHONY: FORCE
$(KERNEL_OPTIONS): FORCE
	@mkdir -p $(@D)
	@echo 'DEBUG=$(DEBUG)' | cmp -s - $@ || echo 'DEBUG=$(DEBUG)' >$@

KERNEL_SOURCES := $(KERNEL_KIT_SOURCES) kernel/main.c kernel/boot_report.c

$(OBJ)/kernel/kernel/main.c.o: $(BUILD)/gen/version.h

$(BUILD)/kernel.elf: $(call objects,kernel,$(KERNEL_SOURCES)) $(KERNEL_OPTIONS)
	$(link-kernel)

ALL += $(BUILD)/kernel.elf
