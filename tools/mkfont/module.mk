# mkfont, a build helper: glyphs for the console (kernel/tty/font.h) and for terminals (kernel/tty/unicode_font.h) out of
# fonts that console-setup-linux brings.

CONSOLE_FONT ?= /usr/share/consolefonts/Lat15-VGA16.psf.gz

$(BUILD)/mkfont: $(call objects,host,tools/mkfont/mkfont.c)
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $^

$(BUILD)/gen/font.c: $(BUILD)/mkfont $(CONSOLE_FONT)
	$(call say,FONT,$@)
	@mkdir -p $(@D)
	$(Q)gzip -dc $(CONSOLE_FONT) | $(BUILD)/mkfont >$@

# The same style as CONSOLE_FONT; what one lacks the next may have.
CONSOLE_FONTS ?= $(addprefix /usr/share/consolefonts/,Uni2-VGA16.psf.gz Uni1-VGA16.psf.gz FullGreek-VGA16.psf.gz)

$(BUILD)/gen/unicode_font_data.c: $(BUILD)/mkfont $(CONSOLE_FONTS)
	$(call say,FONT,$@)
	@mkdir -p $(BUILD)/gen/fonts
	$(Q)for font in $(CONSOLE_FONTS); do \
	    gzip -dc $$font >$(BUILD)/gen/fonts/$$(basename $$font .gz) || exit 1; done
	$(Q)$(BUILD)/mkfont $(patsubst %.gz,$(BUILD)/gen/fonts/%,$(notdir $(CONSOLE_FONTS))) >$@
