# The test kernels: build/tests/boot/NAME.elf, each one file here and what hello is made of.

TEST_KERNELS := defaults custom higher_half pie direct_map write_usable low_memory stack modules permissions framebuffer \
    state die
TEST_KERNEL_COMMON := $(call objects,$(FLAVOUR),tests/boot/test.c) $(KERNEL_KIT_OBJECTS)

$(TEST_KERNELS:%=$(BUILD)/tests/boot/%.elf): $(BUILD)/tests/boot/%.elf: \
    $(OBJ)/$(FLAVOUR)/tests/boot/%.c.o $(TEST_KERNEL_COMMON) $(KERNEL_OPTIONS)
	$(link-kernel)

# Notes the registers before any C code runs.
$(BUILD)/tests/boot/state.elf: $(call objects,$(FLAVOUR),tests/boot/state_entry.S)
$(BUILD)/tests/boot/state.elf: KERNEL_LDFLAGS += --entry=state_entry

# The same kernels, linked in other ways. A fixed address is the linker's to choose and the kernel's to know.
FLAVOUR_CFLAGS := $(if $(DEBUG),$(KERNEL_DEBUG_CFLAGS),$(KERNEL_CFLAGS))
FIXED_LDFLAGS = $(filter-out -pie --no-dynamic-linker --image-base=%,$(KERNEL_LDFLAGS)) -no-pie --image-base=$(FIXED)
define fixed-kernel
TEST_KERNELS += $(1)
$(OBJ)/$(FLAVOUR)/$(1)/%.c.o: %.c ; $$(call compile,CC,$$(CLANG) $$(FLAVOUR_CFLAGS) -DFIXED_ADDRESS=$(3))
$(BUILD)/tests/boot/$(1).elf: FIXED = $(3)
$(BUILD)/tests/boot/$(1).elf: $(OBJ)/$(FLAVOUR)/$(1)/tests/boot/$(2).c.o $(TEST_KERNEL_COMMON) $(KERNEL_OPTIONS)
	$$(call say,LD,$$@)
	@mkdir -p $$(@D)
	$$(Q)$$(LLD) $$(FIXED_LDFLAGS) -o $$@ $$(filter %.o,$$^)
endef
$(eval $(call fixed-kernel,fixed_high,fixed,0xffffffffa0000000))
$(eval $(call fixed-kernel,fixed_low,fixed,0x40000000))
$(eval $(call fixed-kernel,physical,physical,0x4000000))
$(eval $(call fixed-kernel,physical_rom,physical,0xfff00000))
$(eval $(call fixed-kernel,physical_beyond,physical,0xc0000000))

# Link-time optimisation of the whole kernel, without checks.
LTO_OBJECTS := $(addprefix $(OBJ)/kernel/lto/,$(addsuffix .o,tests/boot/custom.c tests/boot/test.c $(KERNEL_KIT_SOURCES)))
$(OBJ)/kernel/lto/%.c.o: %.c ; $(call compile,CC,$(CLANG) $(KERNEL_CFLAGS) -flto)
TEST_KERNELS += custom_lto
$(BUILD)/tests/boot/custom_lto.elf: $(LTO_OBJECTS) $(KERNEL_OPTIONS)
	$(link-kernel)

TEST_DEPS += $(TEST_KERNELS:%=$(BUILD)/tests/boot/%.elf)
