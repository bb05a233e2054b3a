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

# All of CONSOLE_FONT's style; what one lacks the next may have.
CONSOLE_FONTS ?= $(patsubst %,/usr/share/consolefonts/%-VGA16.psf.gz,Uni2 Uni1 FullGreek FullCyrSlav)

$(BUILD)/gen/unicode_font_data.c: $(BUILD)/mkfont $(CONSOLE_FONTS)
	$(call say,FONT,$@)
	@mkdir -p $(BUILD)/gen/fonts
	$(Q)for font in $(CONSOLE_FONTS); do \
	    gzip -dc $$font >$(BUILD)/gen/fonts/$$(basename $$font .gz) || exit 1; done
	$(Q)$(BUILD)/mkfont $(patsubst %.gz,$(BUILD)/gen/fonts/%,$(notdir $(CONSOLE_FONTS))) >$@
