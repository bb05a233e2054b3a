# mksymbols, a build helper: the table with which a kernel names its own addresses. libdw reads the debugging information.

$(BUILD)/mksymbols: $(call objects,host,tools/mksymbols/mksymbols.c tools/mksymbols/elf.c kernel/debug/symbols_table.c)
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $^ -ldw -lelf

ALL += $(BUILD)/mksymbols
