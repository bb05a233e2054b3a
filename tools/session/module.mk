# Process 1 of a program's machine: a small static Linux program, which the tool has inside (tools/corrode).

$(BUILD)/gen/session: tools/session/session.c tools/session/session.h tools/session/module.mk
	$(call say,CC-GUEST,$@)
	@mkdir -p $(@D)
	$(Q)musl-gcc -std=gnu11 -Os $(WARNINGS) -D_GNU_SOURCE -I. -static -s -Wl,--gc-sections -o $@ $<
