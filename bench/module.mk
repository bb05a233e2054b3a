# `make bench`: plugins for QEMU, the kernel that measures itself, programs to be measured on it and on Linux.

$(BUILD)/bench/%.so: bench/%.c bench/qemu_plugin.h
	$(call say,CC-HOST,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 $(WARNINGS) -I. -shared -fPIC -fvisibility=hidden -o $@ $<

BENCH_DEPS += $(BUILD)/bench/count.so $(BUILD)/bench/profile.so

$(BUILD)/bench/until: $(call objects,host,bench/until.c)
	$(call say,LD-HOST,$@)
	$(Q)$(CC) -o $@ $^

BENCH_DEPS += $(BUILD)/bench/until

# The kernel with measurements in place of its purpose: bench/kernel/bench.h.
BENCH_SOURCES := $(KERNEL_SOURCES) $(wildcard bench/kernel/*.c) tests/kernel/on_cpus.c

$(BUILD)/bench.elf: $(call objects,kernel,$(BENCH_SOURCES)) $(BUILD)/mksymbols
	$(link-whole-kernel)

ALL += $(BUILD)/bench.elf

# The micro-benchmarks, which are ordinary Linux programs, and the initramfs that has them, for Linux and Corrode alike.
# Apart from programs that it starts, so that bench/profile can tell its addresses from theirs.
$(BUILD)/bench/micro: private MICRO_CFLAGS += -Wl,-Ttext-segment=0x8000000
MICRO_CFLAGS  := -std=gnu11 -O2 $(WARNINGS) -D_GNU_SOURCE -I. -static
MICRO_SOURCES := $(addprefix bench/programs/,micro.c calls.c memory.c processes.c talk.c bandwidth.c growth.c)

$(BUILD)/bench/micro: $(MICRO_SOURCES) bench/programs/micro.h bench/module.mk
	$(call say,CC-GUEST,$@)
	@mkdir -p $(@D)
	$(Q)musl-gcc $(MICRO_CFLAGS) -o $@ $(MICRO_SOURCES)
$(BUILD)/bench/nothing $(BUILD)/bench/whole: $(BUILD)/bench/%: bench/programs/%.c bench/module.mk
	$(call say,CC-GUEST,$@)
	@mkdir -p $(@D)
	$(Q)musl-gcc $(MICRO_CFLAGS) -o $@ $<

$(BUILD)/bench/micro.cpio: $(BUILD)/bench/micro $(BUILD)/bench/nothing $(BUSYBOX)
	$(call say,CPIO,$@)
	@rm -rf $@.root && mkdir -p $@.root/dev $@.root/bin
	$(Q)cp $(BUILD)/bench/micro $@.root/init && cp $(BUILD)/bench/nothing $@.root && cp $(BUSYBOX) $@.root/bin/sh
	$(Q)(cd $@.root && find . | LC_ALL=C sort | cpio -o -H newc -R 0:0 2>/dev/null) >$@
	@rm -rf $@.root

$(BUILD)/bench/linux/version: scripts/fetch-linux
	$(call say,FETCH,linux)
	@mkdir -p $(BUILD)/bench
	$(Q)scripts/fetch-linux $(BUILD)/bench/linux

BENCH_DEPS += $(BUILD)/bench/whole $(BUILD)/bench/micro.cpio $(BUILD)/bench/linux/version
