# The corrode tool: every .c file here and one object that holds other files, so that a single binary is enough.

TOOL_SOURCES := $(wildcard tools/corrode/*.c tools/corrode/*.S)
TOOL_EMBEDDED := $(BUILD)/gen/embedded.S
TOOL_OBJECTS := $(call objects,host,$(TOOL_SOURCES) $(TOOL_EMBEDDED))

# NAME=FILE for every embedded file (embedded.h): the boot stages, and what `corrode new` writes. The font is a generated
# source here and an ordinary one there.
TOOL_BOOT ?= $(BUILD)/boot
TOOL_FILES := $(foreach f,stage1.bin stage2.bin BOOTX64.EFI pvh.elf,boot/$(f)=$(TOOL_BOOT)/$(f))
TOOL_FILES += $(foreach f,$(SKELETON_FILES),new/$(patsubst $(BUILD)/gen/%,kernel/tty/%,$(f))=$(f))
TOOL_FILES += $(foreach f,$(wildcard tools/corrode/skeleton/*),new/$(notdir $(f))=$(f))
TOOL_FILE_PATHS := $(foreach f,$(TOOL_FILES),$(lastword $(subst =, ,$(f))))

$(TOOL_EMBEDDED): tools/corrode/embed.sh tools/corrode/module.mk examples/hello/module.mk
	@mkdir -p $(@D)
	$(Q)tools/corrode/embed.sh $(TOOL_FILES) >$@

$(call objects,host,$(TOOL_EMBEDDED)): $(TOOL_FILE_PATHS)

$(TOOL_OBJECTS): HOST_CFLAGS += -DVERSION=\"$(VERSION)\"

$(BUILD)/corrode: $(TOOL_OBJECTS)
	$(call say,LD-HOST,$@)
	$(Q)$(CC) -o $@ $^

ALL += $(BUILD)/corrode
