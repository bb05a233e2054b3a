# mkfont, a build helper: the console's glyphs (kernel/tty/font.h) out of a font that console-setup-linux brings.

CONSOLE_FONT ?= /usr/share/consolefonts/Lat15-VGA16.psf.gz

$(BUILD)/mkfont: $(call objects,host,tools/mkfont/mkfont.c)
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $^

$(BUILD)/gen/font.c: $(BUILD)/mkfont $(CONSOLE_FONT)
	$(call say,FONT,$@)
	@mkdir -p $(@D)
	$(Q)gzip -dc $(CONSOLE_FONT) | $(BUILD)/mkfont >$@
