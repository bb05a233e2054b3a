# Unit tests: production code, untouched, on the host under AddressSanitizer and UBSan. A test is tests/unit/NAME_test.c
# and becomes build/tests/unit/NAME.t, a program that writes TAP. To add one:
#
#     UNIT_TESTS += NAME
#     NAME_UNIT_SOURCES := the production sources that it tests, besides KERNEL_LIB_SOURCES
#     NAME_UNIT_CFLAGS := flags of its own, if any

UNIT_TESTS += memory string printf uart16550 console screens terminal

uart16550_UNIT_SOURCES := kernel/drivers/uart16550.c
console_UNIT_SOURCES := $(CONSOLE_SOURCES) tests/unit/console_machine.c
console_UNIT_CFLAGS := -UBOOT_LOADER # the kernel's view of boot_info
screens_UNIT_SOURCES := $(console_UNIT_SOURCES)
screens_UNIT_CFLAGS := $(console_UNIT_CFLAGS)
terminal_UNIT_SOURCES := $(console_UNIT_SOURCES) $(TERMINAL_SOURCES)
terminal_UNIT_CFLAGS := $(console_UNIT_CFLAGS) $(LIBVTERM_CFLAGS)

# Seeing inside the kernel.
UNIT_TESTS += log cmdline fault_injection lock_order trap_report probe
trap_report_UNIT_SOURCES := kernel/debug/trap_report.c
probe_UNIT_SOURCES := kernel/debug/probe.c
log_UNIT_SOURCES := kernel/debug/log.c
cmdline_UNIT_SOURCES := kernel/lib/cmdline.c
lock_order_UNIT_SOURCES := kernel/debug/lock_order.c
lock_order_UNIT_CFLAGS := -DDEBUG=1
fault_injection_UNIT_SOURCES := kernel/debug/fault_injection.c

# What the kernel's parts are built from.
UNIT_TESTS += list rbtree bitmap radix

rbtree_UNIT_SOURCES := kernel/lib/rbtree.c
bitmap_UNIT_SOURCES := kernel/lib/bitmap.c
radix_UNIT_SOURCES := kernel/lib/radix.c

# What a boot loader brings: archives, and what they are compressed with.
UNIT_TESTS += archive

archive_UNIT_SOURCES := $(ARCHIVE_SOURCES) tests/unit/archive_machine.c
archive_UNIT_CFLAGS := -UBOOT_LOADER $(ARCHIVE_CFLAGS)
$(OBJ)/unit/archive/%.o $(OBJ)/fuzz/archive/%.o: | $(ZLIB)/.fetched $(LZ4)/.fetched

# Who runs next.
UNIT_TESTS += fair

fair_UNIT_SOURCES := kernel/sched/fair.c kernel/lib/rbtree.c

# Memory: tests/unit/mm/machine.h has some.
UNIT_TESTS += page slab slab_debug vmap page_tables

MM_UNIT_SOURCES := tests/unit/mm/machine.c kernel/debug/fault_injection.c
MM_UNIT_CFLAGS := -UBOOT_LOADER -include tests/unit/mm/addresses.h
page_UNIT_SOURCES := $(addprefix kernel/mm/,page.c page_boot.c page_check.c) $(MM_UNIT_SOURCES)
page_UNIT_CFLAGS := $(MM_UNIT_CFLAGS)
slab_UNIT_SOURCES := $(page_UNIT_SOURCES) $(addprefix kernel/mm/,slab.c kmalloc.c slab_debug.c slab_check.c)
slab_UNIT_CFLAGS := $(MM_UNIT_CFLAGS)
slab_debug_UNIT_SOURCES := $(slab_UNIT_SOURCES)
slab_debug_UNIT_CFLAGS := $(MM_UNIT_CFLAGS) -DDEBUG=1
vmap_UNIT_SOURCES := $(slab_UNIT_SOURCES) kernel/mm/vmap.c kernel/lib/rbtree.c
vmap_UNIT_CFLAGS := $(MM_UNIT_CFLAGS)
page_tables_UNIT_SOURCES := kernel/arch/x86_64/paging.c
page_tables_UNIT_CFLAGS := -UBOOT_LOADER -DDIRECT_MAP_BASE=0ull -DPAGE_ARRAY_BASE=0ull

# The loader above the firmware: tests/unit/boot/ holds what these tests and the fuzzers share.
UNIT_TESTS += memory_map disk fat fat_damage elf elf_load config paging entropy acpi loader loader_error

memory_map_UNIT_SOURCES := boot/loader/memory_map.c tests/unit/boot/memory_oracle.c
acpi_UNIT_SOURCES := boot/loader/acpi.c
config_UNIT_SOURCES := boot/loader/config.c boot/loader/error.c
disk_UNIT_SOURCES := boot/loader/disk.c boot/loader/volume.c boot/loader/error.c tests/unit/boot/memory_disk.c
fat_UNIT_SOURCES := boot/loader/fat.c boot/loader/disk.c boot/loader/error.c tests/unit/boot/memory_disk.c
fat_damage_UNIT_SOURCES := $(fat_UNIT_SOURCES) tests/unit/boot/fat_volume.c
elf_UNIT_SOURCES := boot/loader/elf.c boot/loader/error.c tests/unit/boot/elf_file.c
elf_load_UNIT_SOURCES := $(elf_UNIT_SOURCES)
entropy_UNIT_SOURCES := boot/loader/entropy.c
paging_UNIT_SOURCES := boot/loader/paging.c boot/loader/error.c tests/unit/boot/page_walk.c

# What people touch: keyboard, serial line, terminal.
UNIT_TESTS += ps2_keys ps2 serial parser

parser_UNIT_SOURCES := kernel/tty/parser.c kernel/tty/unicode.c
serial_UNIT_SOURCES := kernel/drivers/serial.c kernel/drivers/uart16550.c
# Lines: what becomes of bytes between driver and program, also compared with the host's own pseudo-terminals.
UNIT_TESTS += tty tty_oracle

tty_UNIT_SOURCES := $(DISCIPLINE_SOURCES) kernel/lib/bitmap.c kernel/fs/iov.c tests/unit/tty_machine.c
tty_UNIT_CFLAGS := -UBOOT_LOADER
tty_oracle_UNIT_SOURCES := $(tty_UNIT_SOURCES) tests/unit/tty_linux.c
tty_oracle_UNIT_CFLAGS := $(tty_UNIT_CFLAGS)
ps2_keys_UNIT_SOURCES := kernel/drivers/ps2_keys.c
ps2_UNIT_SOURCES := kernel/drivers/ps2.c kernel/drivers/ps2_keys.c

# Kernels for the tests: as they are, with packed relocations, and linked to one address.
UNIT_KERNELS := $(BUILD)/examples/hello.elf $(BUILD)/kernel.elf
UNIT_KERNELS += $(BUILD)/tests/unit/kernel-relr.elf $(BUILD)/tests/unit/kernel-exec.elf
$(BUILD)/tests/unit/kernel-relr.elf: private KERNEL_LDFLAGS += --pack-dyn-relocs=relr
$(BUILD)/tests/unit/kernel-exec.elf: private KERNEL_LDFLAGS += --no-pie
$(BUILD)/tests/unit/kernel-relr.elf $(BUILD)/tests/unit/kernel-exec.elf: $(call objects,kernel,\
    $(KERNEL_SOURCES) $(KERNEL_INIT_SOURCES)) $(BUILD)/mksymbols
	$(link-whole-kernel)
$(BUILD)/tests/unit/elf_load.t: | $(UNIT_KERNELS)

# All of the loader, with the blob in it; -mno-red-zone because cpu.c pushes and pops.
loader_UNIT_SOURCES := $(LOADER_SOURCES) boot/loader/blob.S $(addprefix tests/unit/boot/,machine.c machine_check.c \
    memory_disk.c memory_oracle.c fat_volume.c elf_file.c page_walk.c)
loader_UNIT_CFLAGS := -mno-red-zone
loader_error_UNIT_SOURCES := $(loader_UNIT_SOURCES)
loader_error_UNIT_CFLAGS := $(loader_UNIT_CFLAGS)
$(foreach t,loader loader_error,$(OBJ)/unit/$t/boot/loader/blob.S.o): $(BUILD)/boot/handoff.bin
$(BUILD)/tests/unit/loader.t: | $(UNIT_KERNELS)

# Clocks and timers: tests/unit/time_machine.h is the machine that they meet.
UNIT_TESTS += clock timebase rtc timer time_sync

TIME_UNIT_SOURCES := $(filter-out kernel/time/hpet.c,$(TIME_SOURCES)) kernel/lib/rbtree.c tests/unit/time_machine.c
clock_UNIT_SOURCES := $(TIME_UNIT_SOURCES)
timer_UNIT_SOURCES := $(TIME_UNIT_SOURCES)
time_sync_UNIT_SOURCES := kernel/time/sync.c
timebase_UNIT_SOURCES := kernel/time/timebase.c
rtc_UNIT_SOURCES := kernel/time/rtc.c

# Randomness.
UNIT_TESTS += chacha20 blake2s random

chacha20_UNIT_SOURCES := kernel/lib/chacha20.c
blake2s_UNIT_SOURCES := kernel/lib/blake2s.c
random_UNIT_SOURCES := kernel/random.c kernel/lib/chacha20.c kernel/lib/blake2s.c
random_UNIT_CFLAGS := -UBOOT_LOADER
# The fakes first: a file in kernel/ itself finds the real ones beside it.
random_UNIT_CFLAGS += $(addprefix -include tests/unit/fake/arch/x86_64/,percpu.h io.h)

# The kernel's drivers.
UNIT_TESTS += acpi_tables acpi_devices acpi_power

acpi_tables_UNIT_SOURCES := $(ACPI_SOURCES) tests/unit/acpi_memory.c
acpi_tables_UNIT_CFLAGS := -UBOOT_LOADER
acpi_power_UNIT_SOURCES := kernel/arch/acpi/power.c
acpi_power_UNIT_CFLAGS := $(acpi_tables_UNIT_CFLAGS)
acpi_devices_UNIT_SOURCES := $(acpi_tables_UNIT_SOURCES)
acpi_devices_UNIT_CFLAGS := $(acpi_tables_UNIT_CFLAGS)

# Sources of others are compiled as they are, against the host's C library; what the compiler thinks of them is not news.
# zlib wants memcpy declared.
$(OBJ)/unit/%.o $(OBJ)/fuzz/%.o: | $(LIBVTERM)/.fetched
hush-others = $(if $(findstring $(THIRD_PARTY),$<),-w) $(if $(findstring $(ZLIB),$<),-include lib/string.h)
UNIT_TESTS += pci virtio virtio_pci

pci_UNIT_SOURCES := $(PCI_SOURCES) tests/unit/pci_machine.c
pci_UNIT_CFLAGS := -UBOOT_LOADER
virtio_UNIT_SOURCES := $(VIRTIO_SOURCES) tests/unit/virtio_machine.c
virtio_UNIT_CFLAGS := -UBOOT_LOADER
virtio_pci_UNIT_SOURCES := $(VIRTIO_PCI_SOURCES) $(PCI_SOURCES) tests/unit/pci_machine.c tests/unit/virtio_driver.c
virtio_pci_UNIT_CFLAGS := -UBOOT_LOADER

# What a test links in any case.
UNIT_COMMON_SOURCES := $(KERNEL_LIB_SOURCES) kernel/arch/x86_64/preempt.c tests/unit/fake/machine.c

# Each test has objects of its own, for its flags. tests/unit/corrode_names.h: why production code sees other names.
define unit-test
$(OBJ)/unit/$(1)/tests/%.c.o: tests/%.c targets/host.mk $(COMMON) | $(BUILD)/gen/version.h
	$$(call compile,CC-UNIT,$$(CLANG) $$(UNIT_CFLAGS) $$($(1)_UNIT_CFLAGS))
$(OBJ)/unit/$(1)/%.S.o: %.S targets/host.mk $(COMMON)
	$$(call compile,AS-UNIT,$$(CLANG) $$(UNIT_CFLAGS))
$(OBJ)/unit/$(1)/%.c.o: %.c targets/host.mk $(COMMON) | $(BUILD)/gen/version.h
	$$(call compile,CC-UNIT,$$(CLANG) $$(UNIT_CFLAGS) -include tests/unit/corrode_names.h $$($(1)_UNIT_CFLAGS) $$(hush-others))
$(BUILD)/tests/unit/$(1).t: $(patsubst %,$(OBJ)/unit/$(1)/%.o,\
    tests/unit/$(1)_test.c $($(1)_UNIT_SOURCES) $(UNIT_COMMON_SOURCES))
	$$(call say,LD-UNIT,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CLANG) $$(SANITIZE) -pthread -Wl,-z,noexecstack -o $$@ $$^ -lcmocka
TEST_DEPS += $(BUILD)/tests/unit/$(1).t
endef
$(foreach test,$(UNIT_TESTS),$(eval $(call unit-test,$(test))))

# The 32-bit library as the BIOS loader links it, as a Linux program of its own: tests/unit/bios/self_test.c.
$(BUILD)/tests/unit/bios_self_test: $(call objects,bios,tests/unit/bios/start.S tests/unit/bios/self_test.c \
    $(KERNEL_LIB_SOURCES))
	$(call say,LD-UNIT,$@)
	@mkdir -p $(@D)
	$(Q)$(LLD) -m elf_i386 --gc-sections -o $@ $^

$(BUILD)/tests/unit/bios_lib.t: $(BUILD)/tests/unit/bios_self_test tests/unit/module.mk
	@printf '#!/bin/sh\n%s || { [ $$? -ne 126 ] || echo "1..0 # SKIP no 32-bit programs here"; }\n' $< >$@
	@chmod +x $@
TEST_DEPS += $(BUILD)/tests/unit/bios_lib.t

# Fuzzers: tests/fuzz/NAME_fuzz.c becomes build/tests/fuzz/NAME (libFuzzer), and build/tests/fuzz/NAME.t, which runs it
# NAME_FUZZ_RUNS times with a fixed seed for `make test`. To add one:
#
#     FUZZ_TESTS += NAME
#     NAME_FUZZ_SOURCES := the production sources that it tests, besides KERNEL_LIB_SOURCES
#     NAME_FUZZ_RUNS := how many runs take a few seconds, if not 50000
#     NAME_FUZZ_CFLAGS := flags of its own, if any
#
# A script tests/fuzz/NAME_seeds, if there is one, writes inputs to start from into the directory that it is given:
# build/tests/fuzz/NAME.seeds/. NAME_FUZZ_NEEDS are what it needs.

FUZZ_TESTS += printf memory_map fat elf config
printf_FUZZ_RUNS := 200000
memory_map_FUZZ_SOURCES := $(memory_map_UNIT_SOURCES)
fat_FUZZ_SOURCES := $(fat_damage_UNIT_SOURCES)
elf_FUZZ_SOURCES := $(elf_UNIT_SOURCES)
elf_FUZZ_NEEDS := $(UNIT_KERNELS)
config_FUZZ_SOURCES := $(config_UNIT_SOURCES)
config_FUZZ_RUNS := 200000

FUZZ_TESTS += symbols
symbols_FUZZ_SOURCES := kernel/debug/symbols_table.c
symbols_FUZZ_NEEDS := $(BUILD)/kernel.elf

FUZZ_TESTS += archive
archive_FUZZ_SOURCES := $(archive_UNIT_SOURCES)
archive_FUZZ_CFLAGS := $(archive_UNIT_CFLAGS)

FUZZ_TESTS += page
page_FUZZ_SOURCES := $(page_UNIT_SOURCES)
page_FUZZ_CFLAGS := $(page_UNIT_CFLAGS)
page_FUZZ_RUNS := 500

FUZZ_TESTS += acpi pci virtio virtio_pci
acpi_FUZZ_SOURCES := $(acpi_tables_UNIT_SOURCES)
acpi_FUZZ_CFLAGS := $(acpi_tables_UNIT_CFLAGS)
pci_FUZZ_RUNS := 4000
pci_FUZZ_SOURCES := $(pci_UNIT_SOURCES)
pci_FUZZ_CFLAGS := $(pci_UNIT_CFLAGS)
virtio_FUZZ_SOURCES := $(virtio_UNIT_SOURCES)
virtio_FUZZ_CFLAGS := $(virtio_UNIT_CFLAGS)
virtio_pci_FUZZ_SOURCES := $(virtio_pci_UNIT_SOURCES)
virtio_pci_FUZZ_CFLAGS := $(virtio_pci_UNIT_CFLAGS)

FUZZ_TESTS += emulator
emulator_FUZZ_SOURCES := $(EMULATOR_SOURCES)
emulator_FUZZ_CFLAGS := $(LIBVTERM_CFLAGS)
emulator_FUZZ_RUNS := 100000

FUZZ_TESTS += tty
tty_FUZZ_SOURCES := $(tty_UNIT_SOURCES)
tty_FUZZ_CFLAGS := $(tty_UNIT_CFLAGS)
tty_FUZZ_RUNS := 5000

# Programs and scripts, as execve reads them.
FUZZ_TESTS += program script
program_FUZZ_SOURCES := kernel/proc/elf.c kernel/proc/elf_plan.c
program_FUZZ_CFLAGS := -UBOOT_LOADER -DDIRECT_MAP_BASE=0ull -DPAGE_ARRAY_BASE=0x100000000000ull
program_FUZZ_NEEDS := $(addprefix $(BUILD)/tests/guest/start.,musl glibc pie)
script_FUZZ_SOURCES := kernel/proc/script.c
script_FUZZ_CFLAGS := -UBOOT_LOADER
script_FUZZ_RUNS := 200000

FUZZ_TESTS += ps2
ps2_FUZZ_SOURCES := $(ps2_UNIT_SOURCES)
ps2_FUZZ_RUNS := 100000

define fuzz-test
$(OBJ)/fuzz/$(1)/tests/%.c.o: tests/%.c targets/host.mk $(COMMON) | $(BUILD)/gen/version.h
	$$(call compile,CC-FUZZ,$$(CLANG) $$(FUZZ_CFLAGS) $$($(1)_FUZZ_CFLAGS))
$(OBJ)/fuzz/$(1)/%.c.o: %.c targets/host.mk $(COMMON) | $(BUILD)/gen/version.h
	$$(call compile,CC-FUZZ,$$(CLANG) $$(FUZZ_CFLAGS) -include tests/unit/corrode_names.h $$($(1)_FUZZ_CFLAGS) $$(hush-others))
$(BUILD)/tests/fuzz/$(1): $(patsubst %,$(OBJ)/fuzz/$(1)/%.o,\
    tests/fuzz/$(1)_fuzz.c $($(1)_FUZZ_SOURCES) $(UNIT_COMMON_SOURCES)) | $(BUILD)/tests/fuzz/$(1).seeds
	$$(call say,LD-FUZZ,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CLANG) $$(SANITIZE) -fsanitize=fuzzer -o $$@ $$^
$(BUILD)/tests/fuzz/$(1).seeds: $(wildcard tests/fuzz/$(1)_seeds) $($(1)_FUZZ_NEEDS)
	$$(call say,SEEDS,$$@)
	$$(Q)rm -rf $$@; mkdir -p $$@; $$(if $$<,$$< $$@; )touch $$@
$(BUILD)/tests/fuzz/$(1).t: $(BUILD)/tests/fuzz/$(1) tests/unit/module.mk
	@printf '#!/bin/sh\nexec tests/fuzz/smoke %s %s\n' $$< $(or $($(1)_FUZZ_RUNS),50000) >$$@
	@chmod +x $$@
FUZZERS += $(BUILD)/tests/fuzz/$(1)
TEST_DEPS += $(BUILD)/tests/fuzz/$(1).t
endef
$(foreach test,$(FUZZ_TESTS),$(eval $(call fuzz-test,$(test))))
