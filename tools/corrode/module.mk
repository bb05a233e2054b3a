# The corrode tool: every .c file here, the boot loader's parser of corrode.conf, and one object that holds other files,
# so that a single binary is enough. libarchive reads archives.

TOOL_SOURCES := $(wildcard tools/corrode/*.c tools/corrode/*.S) boot/loader/config.c boot/loader/error.c
TOOL_EMBEDDED := $(BUILD)/gen/embedded.S
TOOL_OBJECTS := $(call objects,host,$(TOOL_SOURCES) $(TOOL_EMBEDDED))

# NAME=FILE for every embedded file (embedded.h): the boot stages, and what `corrode new` writes. There the example is
# the kernel, and the generated font a source like any other.
TOOL_FILES := $(foreach f,stage1.bin stage2.bin BOOTX64.EFI pvh.elf,boot/$(f)=$(BUILD)/boot/$(f))
skeleton-name = $(patsubst examples/hello/%,%,$(patsubst $(BUILD)/gen/%,kernel/tty/%,$(1)))
TOOL_FILES += $(foreach f,$(SKELETON_FILES),new/$(call skeleton-name,$(f))=$(f))
TOOL_FILES += $(foreach f,Makefile README.md kernel.ld,new/$(f)=tools/corrode/skeleton/$(f))
TOOL_FILES += kernel.elf=$(BUILD)/gen/kernel.elf session=$(BUILD)/gen/session
TOOL_FILES += new/.gitignore=tools/corrode/skeleton/gitignore new/LICENSE=LICENSE
TOOL_FILE_PATHS := $(foreach f,$(TOOL_FILES),$(lastword $(subst =, ,$(f))))

# Our own kernel, for programs; what it says of itself in a panic needs no debugging information.
$(BUILD)/gen/kernel.elf: $(BUILD)/kernel.elf
	@mkdir -p $(@D)
	$(Q)$(LLVM_OBJCOPY) --strip-all $< $@

$(TOOL_EMBEDDED): tools/corrode/embed.sh $(filter %module.mk,$(MAKEFILE_LIST))
	@mkdir -p $(@D)
	$(Q)tools/corrode/embed.sh $(TOOL_FILES) >$@

$(call objects,host,$(TOOL_EMBEDDED)): $(TOOL_FILE_PATHS)

$(TOOL_OBJECTS): HOST_CFLAGS += -DVERSION=\"$(VERSION)\"

$(BUILD)/corrode: $(TOOL_OBJECTS)
	$(call say,LD-HOST,$@)
	$(Q)$(CC) -o $@ $^ -larchive

ALL += $(BUILD)/corrode
