# `make bench`: the instruction-counting plugin for QEMU; bench/run prints the figures.

$(BUILD)/bench/count.so: bench/count.c bench/qemu_plugin.h
	$(call say,CC-HOST,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 $(WARNINGS) -I. -shared -fPIC -fvisibility=hidden -o $@ $<

BENCH_DEPS += $(BUILD)/bench/count.so

# The kernel with measurements in place of its purpose: bench/kernel/bench.h.
BENCH_SOURCES := $(KERNEL_SOURCES) $(wildcard bench/kernel/*.c) tests/kernel/on_cpus.c

$(BUILD)/bench.elf: $(call objects,kernel,$(BENCH_SOURCES)) $(BUILD)/mksymbols
	$(link-whole-kernel)

ALL += $(BUILD)/bench.elf
