# Guest tests: ordinary Linux programs, each built static with musl and with glibc, and position independent with glibc.
# They are not part of `make all`: tests/system/guest.t builds on `make test`.

GUESTS := $(patsubst tests/guest/%.c,%,$(wildcard tests/guest/*.c))
GUEST_CFLAGS := -std=gnu11 -O2 $(WARNINGS) -D_GNU_SOURCE -I.
# They do on purpose what these warn of.
GUEST_CFLAGS += -Wno-infinite-recursion -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread

$(BUILD)/tests/guest/%.musl: tests/guest/%.c tests/guest/guest.h tests/guest/module.mk
	$(call say,CC-GUEST,$@)
	@mkdir -p $(@D)
	$(Q)musl-gcc $(GUEST_CFLAGS) -static -o $@ $<
$(BUILD)/tests/guest/%.glibc: tests/guest/%.c tests/guest/guest.h tests/guest/module.mk
	$(call say,CC-GUEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CFLAGS) -static -o $@ $<
$(BUILD)/tests/guest/%.pie: tests/guest/%.c tests/guest/guest.h tests/guest/module.mk
	$(call say,CC-GUEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CFLAGS) -static-pie -o $@ $<

TEST_DEPS += $(foreach kind,musl glibc pie,$(GUESTS:%=$(BUILD)/tests/guest/%.$(kind)))
