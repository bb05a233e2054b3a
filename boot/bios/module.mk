# The BIOS front end: build/boot/stage1.bin, exactly 512 bytes, and build/boot/stage2.bin, at most 32 KiB.

$(BUILD)/boot/stage1.bin: $(call objects,bios,boot/bios/stage1.S)
	$(call say,LD-BIOS,$@)
	@mkdir -p $(@D)
	$(Q)$(LLD) -m elf_i386 --image-base=0 -Ttext=0x7c00 --oformat=binary -o $@ $<
	@[ $$(wc -c <$@) -eq 512 ] || { echo "stage1.bin is not 512 bytes" >&2; rm -f $@; exit 1; }

STAGE2_OBJECTS := $(call objects,bios,$(addprefix boot/bios/,entry.S main.c a20.c disk.c memory.c video.c) \
    $(I386_SOURCES) boot/loader/blob.S $(LOADER_SOURCES))

$(BUILD)/boot/stage2.elf: $(STAGE2_OBJECTS) boot/bios/stage2.ld
	$(call say,LD-BIOS,$@)
	@mkdir -p $(@D)
	$(Q)$(LLD) $(BIOS_LDFLAGS) -T boot/bios/stage2.ld -o $@ $(STAGE2_OBJECTS)

$(BUILD)/boot/stage2.bin: $(BUILD)/boot/stage2.elf
	$(Q)$(LLVM_OBJCOPY) -O binary $< $@
	@[ $$(wc -c <$@) -le 32768 ] || { echo "stage2.bin is larger than 32 KiB" >&2; rm -f $@; exit 1; }
