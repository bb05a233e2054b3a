# The hand-off blob: one flat file of 64-bit code for all front ends.

HANDOFF_SOURCES := boot/handoff/entry.S boot/handoff/handoff.c boot/handoff/fault.c boot/handoff/screen.c \
    kernel/drivers/uart16550.c $(KERNEL_LIB_SOURCES)
HANDOFF_OBJECTS := $(call objects,handoff,$(HANDOFF_SOURCES))

# No C object may hold an absolute address: the blob runs wherever it is copied to.
$(BUILD)/boot/handoff.elf: $(HANDOFF_OBJECTS) boot/handoff/handoff.ld
	$(call say,LD-HAND,$@)
	@mkdir -p $(@D)
	$(Q)$(LLD) $(HANDOFF_LDFLAGS) -T boot/handoff/handoff.ld -o $@ $(HANDOFF_OBJECTS)
	@if llvm-readelf-$(LLVM_VERSION) -r $(filter %.c.o,$(HANDOFF_OBJECTS)) | \
	    awk '/^Relocation section/ {s = $$3} s !~ /debug/' | grep -E 'R_X86_64_(64|32S?|.*GOT.*) '; then \
	    echo "handoff: absolute addresses (above) in code that must run anywhere" >&2; rm -f $@; exit 1; fi

$(BUILD)/boot/handoff.bin: $(BUILD)/boot/handoff.elf
	$(Q)$(LLVM_OBJCOPY) -O binary $< $@
