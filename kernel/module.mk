# The kernel itself.

# What any kernel on the boot protocol may link, the examples and test kernels too: the linker drops what is not used.
KERNEL_KIT_SOURCES := $(KERNEL_LIB_SOURCES) $(CONSOLE_SOURCES) kernel/arch/x86_64/machine.c kernel/panic.c
KERNEL_KIT_SOURCES += kernel/arch/x86_64/percpu.c kernel/arch/x86_64/preempt.c

# The kit as objects of the flavour that DEBUG chose: what examples and test kernels link.
KERNEL_KIT_OBJECTS := $(call objects,$(FLAVOUR),$(KERNEL_KIT_SOURCES) $(if $(DEBUG),$(CHECK_SOURCES)))

# The version as C sees it.
$(BUILD)/gen/version.h: Makefile
	@mkdir -p $(@D)
	$(Q)printf '#define CORRODE_VERSION "%s"\n' '$(VERSION)' >$@

# What the command line asked for, in a file that changes when that does: then what depends on FLAVOUR is linked
# again.
KERNEL_OPTIONS := $(BUILD)/gen/options

.PHONY: FORCE
$(KERNEL_OPTIONS): FORCE
	@mkdir -p $(@D)
	@echo 'DEBUG=$(DEBUG)' | cmp -s - $@ || echo 'DEBUG=$(DEBUG)' >$@

# All of it, bottom to top, but its purpose (kernel/init.h), for which build/selftest.elf has its tests. Each folder's
# module.mk says what is in it.
KERNEL_SOURCES := $(KERNEL_KIT_SOURCES) $(LIB_SOURCES) $(DEBUG_SOURCES) $(ARCH_SOURCES) $(ACPI_SOURCES) \
    $(ACPI_BOOT_SOURCES) $(MM_SOURCES) $(TIME_SOURCES) $(SCHED_SOURCES) $(VM_SOURCES) $(ARCHIVE_SOURCES) $(FS_SOURCES) $(NET_SOURCES) $(IPC_SOURCES) $(DRIVER_SOURCES) \
    $(TERMINAL_SOURCES) $(TTY_SOURCES) $(VDSO_SOURCES) $(PROC_SOURCES) $(PROCFS_SOURCES) $(SYSFS_SOURCES) $(SYSCALL_SOURCES) \
    $(addprefix kernel/,random.c panic_report.c cpus.c main.c)
KERNEL_INIT_SOURCES := kernel/init.c kernel/boot_report.c

$(foreach t,kernel kernel-debug,$(call objects,$t,kernel/main.c kernel/panic_report.c kernel/proc/uts.c)): \
    $(BUILD)/gen/version.h

# The kernel, and the same with checks.
$(BUILD)/kernel.elf: $(call objects,kernel,$(KERNEL_SOURCES) $(KERNEL_INIT_SOURCES)) $(BUILD)/mksymbols
	$(link-whole-kernel)
$(BUILD)/kernel-debug.elf: $(call objects,kernel-debug,$(KERNEL_SOURCES) $(KERNEL_INIT_SOURCES) $(CHECK_SOURCES)) \
    $(BUILD)/mksymbols
	$(link-whole-kernel)

ALL += $(BUILD)/kernel.elf $(BUILD)/kernel-debug.elf
