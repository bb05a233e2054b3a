# Corrode: `make` builds, `make run` boots, `make test` tests; `make help` lists the rest.
#
# One make for the whole tree: every folder's module.mk says what the folder adds, targets/*.mk say how each kind of
# code is compiled and why. V=1 shows the commands, DEBUG=1 runs and tests kernels with checks.

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

VERSION := 0.1.0

# As many jobs as there are processors, unless the command line says otherwise.
ifeq ($(filter -j%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc)
endif

# What the goals need on this machine comes first. It takes no time when nothing is missing.
GOALS  := $(or $(MAKECMDGOALS),all)
STAGES := $(if $(filter-out help clean format,$(GOALS)),build) $(if $(filter run debug test bench profile fuzz,$(GOALS)),run) \
    $(if $(filter debug test,$(GOALS)),debug) $(if $(filter test bench profile fuzz,$(GOALS)),test) \
    $(if $(filter test format,$(GOALS)),format)
ifneq ($(strip $(STAGES)),)
ifneq ($(shell scripts/setup $(STAGES) >&2 || echo failed),)
$(error scripts/setup could not provide what this needs; see above)
endif
endif

include targets/common.mk targets/host.mk targets/kernel.mk targets/vdso.mk targets/bios.mk targets/uefi.mk targets/handoff.mk

BUILD := build
OBJ   := $(BUILD)/obj

# Both flavours of the kernel, kernel and kernel-debug, are always built, from objects of their own. Everything else that
# is kernel code (examples, test kernels, the default image) is of this flavour:
FLAVOUR := kernel$(if $(DEBUG),-debug)

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-8s %s\n' '$(1)' '$(2)')

# $(call compile,LABEL,COMPILER AND FLAGS): one object, its dependencies, its entry in compile_commands.json.
define compile
$(call say,$(1),$<)
@mkdir -p $(@D)
$(Q)$(2) -MMD -MP -c -o $@ $<
@printf '{"directory":"%s","file":"%s","command":"%s"},\n' '$(CURDIR)' '$<' \
    "$$(printf '%s' '$(2) -c $<' | sed 's/[\\"]/\\&/g')" >$@.json
endef

# $(call objects,TARGET,SOURCES)
objects = $(addsuffix .o,$(addprefix $(OBJ)/$(1)/,$(2)))

# The flags are part of what an object is made of.
COMMON := targets/common.mk

$(OBJ)/kernel/%.c.o: %.c targets/kernel.mk $(COMMON) ; $(call compile,CC,$(CLANG) $(KERNEL_CFLAGS))
$(OBJ)/kernel/%.S.o: %.S targets/kernel.mk $(COMMON) ; $(call compile,AS,$(CLANG) $(KERNEL_CFLAGS))
$(OBJ)/kernel-debug/%.c.o: %.c targets/kernel.mk $(COMMON) ; $(call compile,CC-DEBUG,$(CLANG) $(KERNEL_DEBUG_CFLAGS))
$(OBJ)/kernel-debug/%.S.o: %.S targets/kernel.mk $(COMMON) ; $(call compile,AS-DEBUG,$(CLANG) $(KERNEL_DEBUG_CFLAGS))
$(OBJ)/bios/%.c.o: %.c targets/bios.mk $(COMMON) ; $(call compile,CC-BIOS,$(CLANG) $(BIOS_CFLAGS))
$(OBJ)/bios/%.S.o: %.S targets/bios.mk $(COMMON) ; $(call compile,AS-BIOS,$(CLANG) $(BIOS_CFLAGS))
$(OBJ)/uefi/%.c.o: %.c targets/uefi.mk $(COMMON) ; $(call compile,CC-UEFI,$(CLANG) $(UEFI_CFLAGS))
$(OBJ)/uefi/%.S.o: %.S targets/uefi.mk $(COMMON) ; $(call compile,AS-UEFI,$(CLANG) $(UEFI_CFLAGS))
$(OBJ)/handoff/%.c.o: %.c targets/handoff.mk $(COMMON) ; $(call compile,CC-HAND,$(CLANG) $(HANDOFF_CFLAGS))
$(OBJ)/handoff/%.S.o: %.S targets/handoff.mk $(COMMON) ; $(call compile,AS-HAND,$(CLANG) $(HANDOFF_CFLAGS))
$(OBJ)/host/%.c.o: %.c targets/host.mk $(COMMON) ; $(call compile,CC-HOST,$(CC) $(HOST_CFLAGS))
$(OBJ)/host/%.S.o: %.S targets/host.mk $(COMMON) ; $(call compile,AS-HOST,$(CC) $(HOST_CFLAGS))

include third_party/module.mk
include $(wildcard kernel/*/*/module.mk kernel/*/module.mk) kernel/module.mk
include boot/loader/module.mk boot/handoff/module.mk
include $(wildcard boot/i386/module.mk boot/bios/module.mk boot/uefi/module.mk boot/pvh/module.mk examples/*/module.mk \
    tools/*/module.mk tests/*/module.mk bench/module.mk docs/module.mk)

-include $(shell [ -d $(OBJ) ] && find $(OBJ) -name '*.d')

##@ Building
.PHONY: all
all: $(ALL) compile_commands.json  ## Build the tool, the kernels and the default image into build/

compile_commands.json: $(ALL)
	@{ echo '['; find $(OBJ) -name '*.o.json' -exec cat {} + | sed '$$s/,$$//'; echo ']'; } >$@

.PHONY: install
PREFIX ?= /usr/local
install: all  ## Install the tool and its manual page under PREFIX (/usr/local)
	install -D -m 755 $(BUILD)/corrode $(DESTDIR)$(PREFIX)/bin/corrode
	install -D -m 644 docs/man/corrode.1 $(DESTDIR)$(PREFIX)/share/man/man1/corrode.1

.PHONY: clean
clean:  ## Remove everything that was built
	rm -rf $(BUILD) compile_commands.json

##@ Running
.PHONY: run debug
run: all  ## Boot the default image in QEMU, in this terminal
	$(Q)$(BUILD)/corrode run $(RUN_OPTIONS) $(BUILD)/corrode.img

DEBUG_KERNEL ?= $(BUILD)/examples/hello.elf
debug: all  ## Boot hello, or DEBUG_KERNEL=build/kernel.elf, and stop in its kernel_main under gdb
	$(Q)scripts/debug $(DEBUG_KERNEL)

##@ Checking
.PHONY: tests test bench profile fuzz
tests: all $(TEST_DEPS)  ## Build all that the tests run

test: tests  ## Run every test (TESTS='tests/system/boot-screen.t ...' for some)
	$(Q)scripts/test $(TESTS)

fuzz: $(FUZZERS)  ## Run every fuzzer for SECONDS (60) each
	$(Q)scripts/fuzz $(or $(SECONDS),60) $(FUZZERS)

bench: all $(BENCH_DEPS)  ## Print the figures, beside Linux's (QUICK=1: only what is counted, in a few minutes)
	$(Q)$(if $(QUICK),,bench/run)
	$(Q)QUICK=$(QUICK) bench/prompt
	$(Q)rm -f $(BUILD)/bench/*.lines
	$(Q)QUICK=$(QUICK) bench/compare
	$(Q)$(if $(QUICK),,bench/growth && bench/whole)
	$(Q)bench/chart

FIGURE ?= fork_exit
profile: all $(BENCH_DEPS)  ## Print where the instructions of FIGURE=fork_exit go (bench/figures.list has the words)
	$(Q)bench/profile $(FIGURE)

##@ Keeping
.PHONY: format help
SOURCES = $(shell git ls-files '*.c' '*.h')
format:  ## Lay every C file out as .clang-format says
	clang-format-$(LLVM_VERSION) -i $(SOURCES)

help:  ## Show this list
	@awk 'BEGIN {FS = ":.*##"} /^##@/ {printf "\n%s\n", substr($$0, 5)} \
	    /^[a-z]+:.*##/ {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
