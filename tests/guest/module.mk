# Guest tests: ordinary Linux programs, each built static with musl and with glibc, some also position independent with
# glibc (`guest: pie`, see guest.h). They are not part of `make all`: tests/system/guest.t builds on `make test`.

GUESTS := $(patsubst tests/guest/%.c,%,$(wildcard tests/guest/*.c))
GUEST_CFLAGS := -std=gnu11 -O2 $(WARNINGS) -D_GNU_SOURCE -I.
# They do on purpose what these warn of.
GUEST_CFLAGS += -Wno-infinite-recursion -Wno-array-bounds -Wno-stringop-overflow -Wno-stringop-overread

$(BUILD)/tests/guest/%.musl: tests/guest/%.c $(wildcard tests/guest/*.h) tests/guest/module.mk
	$(call say,CC-GUEST,$@)
	@mkdir -p $(@D)
	$(Q)musl-gcc $(GUEST_CFLAGS) -static -o $@ $<
$(BUILD)/tests/guest/%.glibc: tests/guest/%.c $(wildcard tests/guest/*.h) tests/guest/module.mk
	$(call say,CC-GUEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CFLAGS) -static -o $@ $<
$(BUILD)/tests/guest/%.pie: tests/guest/%.c $(wildcard tests/guest/*.h) tests/guest/module.mk
	$(call say,CC-GUEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CFLAGS) -static-pie -o $@ $<

# These two call everything that is in the table.
$(foreach kind,musl glibc,$(BUILD)/tests/guest/hostile.$(kind) $(BUILD)/tests/guest/fuzz.$(kind)): kernel/syscall/table.h

# What runs them, here and inside.
$(BUILD)/tests/guest/run/run: tests/guest/run/run.c tests/guest/counts.h tests/guest/module.mk
	$(call say,CC-GUEST,$@)
	@mkdir -p $(@D)
	$(Q)musl-gcc $(GUEST_CFLAGS) -static -o $@ $<

GUEST_PIES := $(patsubst tests/guest/%.c,%,$(shell grep -l '^ \* guest:.* pie' tests/guest/*.c))
GUEST_PROGRAMS := $(foreach kind,musl glibc,$(GUESTS:%=$(BUILD)/tests/guest/%.$(kind)))
GUEST_PROGRAMS += $(GUEST_PIES:%=$(BUILD)/tests/guest/%.pie) $(BUILD)/tests/guest/run/run

.PHONY: guests
guests: $(GUEST_PROGRAMS)

TEST_DEPS += $(GUEST_PROGRAMS)
